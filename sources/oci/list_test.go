package oci

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lister is a registry with one list, as odd as registries are.
type lister struct {
	tags       int
	most       int    // of a page
	ignoreLast bool   // each answer begins at the beginning
	behind     string // what is answered behind the last name; "": an empty list
	links      bool
}

func (l lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	all := make([]string, l.tags)
	for i := range all {
		all[i] = fmt.Sprintf("%05d", i)
	}
	if last := r.FormValue("last"); last != "" && !l.ignoreLast {
		at, _ := slices.BinarySearch(all, last)
		all = all[min(at+1, len(all)):]
	}
	if len(all) == 0 && l.behind != "" {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(l.behind))
		return
	}
	n, err := strconv.Atoi(r.FormValue("n"))
	if l.most > 0 && (err != nil || n > l.most) {
		n, err = l.most, nil
	}
	if err == nil && n < len(all) {
		all = all[:n]
		if l.links {
			w.Header().Add("Link", fmt.Sprintf(`</v2/acme/app/tags/list?n=%d>; rel="first", <x?last=%s&n=%d>; title="a, b"; rel="last Next"`, n, all[n-1], n))
			w.Header().Add("Link", `</v2/>; rel=prev`)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"tags": all})
}

// TestListsAreReadToTheirEnd however a registry cuts them.
func TestListsAreReadToTheirEnd(t *testing.T) {
	for name, l := range map[string]lister{
		"a maximum of its own, no links":     {tags: 250, most: 100},
		"a maximum that divides the list":    {tags: 300, most: 50},
		"not found behind the last":          {tags: 300, most: 50, behind: `{"errors":[{"code":"NAME_UNKNOWN"}]}`},
		"no last, all that it was asked":     {tags: pageLength, ignoreLast: true},
		"no last, more than it was asked":    {tags: 5*pageLength + 1, ignoreLast: true},
		"no last, a round number":            {tags: 20, ignoreLast: true},
		"several links in one header":        {tags: 300, most: 33, links: true},
		"several links, not found behind":    {tags: 300, most: 33, links: true, behind: `{"errors":[{"code":"NAME_UNKNOWN"}]}`},
		"an empty list":                      {},
		"one page that is no round number":   {tags: 7},
		"a round number, and nothing behind": {tags: 40},
	} {
		t.Run(name, func(t *testing.T) {
			tags, err := serve(t, l.ServeHTTP, Options{}).Tags(t.Context(), "acme/app")
			if err != nil || len(tags) != l.tags || !slices.IsSorted(tags) {
				t.Errorf("%d of %d tags, %v", len(tags), l.tags, err)
			}
		})
	}
}

// TestOddAnswersAreNoEnd of a list.
func TestOddAnswersAreNoEnd(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"another object":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"errors":[]}`)) },
		"another list":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"repositories":["a"]}`)) },
		"no list":            func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"tags":"a"}`)) },
		"names in a circle":  circle(`{"tags":["a","b"]}`),
		"nothing, for ever":  circle(`{"tags":[]}`),
		"a link to nowhere":  link(`<x?page=2>; rel="next"`),
		"not found, by whom": lister{tags: 50, most: 50, behind: "404 page not found"}.ServeHTTP,
		"not found behind a link": func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("last") != "" {
				lister{behind: `{"errors":[{"code":"NAME_UNKNOWN"}]}`}.ServeHTTP(w, r)
				return
			}
			link(`<x?last=b>; rel="next"`)(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			counted := func(w http.ResponseWriter, r *http.Request) { requests++; answer(w, r) }
			tags, err := serve(t, counted, Options{}).Tags(t.Context(), "acme/app")
			if err == nil || requests > 5 {
				t.Errorf("taken for the whole list, or asked %d times: %q", requests, tags)
			}
		})
	}
}

func link(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", to)
		_, _ = w.Write([]byte(`{"tags":["a","b"]}`))
	}
}

func circle(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", `</v2/acme/app/tags/list?last=b&n=2>; rel="next"`)
		_, _ = w.Write([]byte(body))
	}
}

// FuzzNextPage: a link is read without its address being believed.
func FuzzNextPage(f *testing.F) {
	f.Add(`</v2/_catalog?last=b%2Fc&n=2>; rel="next"`)
	f.Add(`<x?n=1>; rel="first", <y?last=b>; rel="next"`)
	f.Add(`<x?last=%zz>; rel=next; rel=prev, <`)
	f.Fuzz(func(t *testing.T, text string) {
		next, err := nextPage(http.Header{"Link": {text}})
		if err != nil && next != nil {
			t.Error("an error and a page")
		}
		if next != nil && (!next.Has("last") || len(next) > 2 || !strings.Contains(strings.ToLower(text), "next")) {
			t.Errorf("%q leads to %v", text, next)
		}
	})
}
