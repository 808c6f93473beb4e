package registry

// The lists of a registry: registry/handlers/{tags,catalog}.go of the distribution project, and how other registries
// page them.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Link says how an answer tells where its next page is.
type Link int

// The forms of a Link header.
const (
	// LinkPath names the path with its prefix, as distribution does.
	LinkPath Link = iota
	// LinkRoot leaves the prefix out, as Nexus 3.71 and Artifactory do.
	LinkRoot
	// LinkAbsolute is a whole address.
	LinkAbsolute
	// LinkNone: there is no header, as in go-containerregistry's registry. Who asks on from the last name gets on.
	LinkNone
)

// Paging is how a list is cut into pages.
type Paging struct {
	// Whole: the parameters n and last are ignored and the list comes in one answer, as distribution 2 and Docker Hub
	// list tags.
	Whole bool
	// Default is how many entries a page has that asks for no number; 0 is all.
	Default int
	// Max is the most entries of a page; 0 is any number. A higher n is cut down to it, or with Strict refused with 400
	// PAGINATION_NUMBER_INVALID.
	Max    int
	Strict bool
	Link   Link
}

// size is how many entries a page has, -1 for all; false when it has answered.
func (p Paging) size(w http.ResponseWriter, r *http.Request) (int, bool) {
	text := r.URL.Query().Get("n")
	n, err := strconv.Atoi(text)
	switch {
	case p.Whole:
		return -1, true
	case text != "" && (err != nil || n < 0), p.Strict && p.Max > 0 && n > p.Max:
		Fail(w, http.StatusBadRequest, "PAGINATION_NUMBER_INVALID", map[string]any{"n": n})
		return 0, false
	case text == "" && p.Default == 0 && p.Max == 0:
		return -1, true
	case text == "":
		n = p.Default
		if n == 0 {
			n = p.Max
		}
	}
	if p.Max > 0 {
		n = min(n, p.Max)
	}
	return n, true
}

// next tells where the page after last is.
func (g Registry) next(w http.ResponseWriter, r *http.Request, p Paging, path string, query url.Values) {
	address := ""
	switch p.Link {
	case LinkPath:
		address = g.Prefix + path
	case LinkRoot:
		address = path
	case LinkAbsolute:
		address = "http://" + r.Host + g.Prefix + path
	case LinkNone:
		return
	}
	w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, address, query.Encode()))
}

// tags lists the names of a repository's tags.
func (g Registry) tags(w http.ResponseWriter, r *http.Request, c Call) {
	size, ok := g.Tags.size(w, r)
	if !ok {
		return
	}
	last := r.URL.Query().Get("last")
	if g.Tags.Whole {
		last = ""
	}
	names, more, known := g.Store.NamesAfter(c.Repository, last, size)
	if !known || len(names) == 0 && last == "" && size != 0 && !g.EmptyKnown {
		Fail(w, http.StatusNotFound, "NAME_UNKNOWN", map[string]string{"name": c.Repository})
		return
	}
	if more && size > 0 {
		g.next(w, r, g.Tags, "/v2/"+c.Repository+"/tags/list", url.Values{"last": {names[len(names)-1]}, "n": {strconv.Itoa(size)}})
	}
	g.list(w, map[string]any{"name": c.Repository, "tags": names})
}

func (g Registry) list(w http.ResponseWriter, answer map[string]any) {
	w.Header().Set("Content-Type", jsonType)
	_ = json.NewEncoder(w).Encode(answer)
}

// catalog lists the names of the repositories.
func (g Registry) catalog(w http.ResponseWriter, r *http.Request, _ Call) {
	size, ok := g.Catalog.size(w, r)
	if !ok {
		return
	}
	last := r.URL.Query().Get("last")
	if g.Catalog.Whole {
		last = ""
	}
	names, more := cut(g.Store.Repositories(), last, size)
	if more && size > 0 {
		g.next(w, r, *g.Catalog, "/v2/_catalog", url.Values{"last": {names[len(names)-1]}, "n": {strconv.Itoa(size)}})
	}
	g.list(w, map[string]any{"repositories": names})
}

// cut is a page of sorted names after last, and whether more follow. A size below 0 is all.
func cut(names []string, last string, size int) (page []string, more bool) {
	at := 0
	for last != "" && at < len(names) && names[at] <= last {
		at++
	}
	names = names[at:]
	if size >= 0 && len(names) > size {
		return names[:size:size], true
	}
	return names, false
}
