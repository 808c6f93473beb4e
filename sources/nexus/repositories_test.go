package nexus

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	standinnexus "pkgferry/integration/standin/nexus"
	"pkgferry/internal/fault"
)

func TestWhichRepositoriesAreListed(t *testing.T) {
	all := []repository{
		{"raw-a", "raw", hosted}, {"maven-b", "maven2", hosted}, {"maven-tmp-b", "maven2", hosted},
		{"cache", "maven2", proxy}, {"public", "maven2", group}, {"everything", "maven2", group}, {"secret", "maven2", group}, {"partly", "raw", group},
	}
	known := map[string]settings{}
	for name, members := range map[string][]string{
		"public": {"maven-tmp-b", "cache", "maven-b"}, "everything": {"public", "everything", "maven-b"}, "partly": {"raw-a", "hidden"},
	} {
		one := settings{Name: name}
		one.Group.MemberNames = members
		known[name] = one
	}
	for _, c := range []struct {
		patterns   []string
		proxies    bool
		want, left string
		err        string
	}{
		{nil, false, "maven-b maven-tmp-b raw-a", "cache everything partly public secret", ""},
		{nil, true, "cache maven-b maven-tmp-b raw-a", "everything partly public secret", ""},
		{[]string{"*"}, false, "maven-b maven-tmp-b raw-a", "cache everything partly public secret", ""},
		{[]string{"maven-*", "!*-tmp-*"}, false, "maven-b", "", ""},
		{[]string{"!maven-*"}, false, "raw-a", "cache everything partly public secret", ""},
		{[]string{"{raw,maven}-?"}, false, "maven-b raw-a", "", ""},
		{[]string{"cache"}, false, "cache", "", ""},
		{[]string{"public"}, false, "maven-b maven-tmp-b", "cache", ""},
		{[]string{"public", "!maven-tmp-*"}, false, "maven-b", "cache", ""},
		{[]string{"public", "cache", "maven-b"}, false, "cache maven-b maven-tmp-b", "", ""},
		{[]string{"everything", "raw-*"}, false, "maven-b maven-tmp-b raw-a", "cache", ""},
		{[]string{"everything", "!public"}, false, "maven-b", "", ""},
		{[]string{"partly", "!hid*"}, false, "raw-a", "", ""},
		{[]string{"raw-*", "old-*"}, false, "raw-a", "", ""},
		{[]string{"partly"}, false, "", "", "hidden, which the user can not browse"},
		{[]string{"secret"}, false, "", "", "nx-repository-admin-maven2-secret-read"},
		{[]string{"ca*"}, false, "", "", "no repository is selected; the user can browse cache (proxy), everything (group)"},
		{[]string{"raw-a", "gone"}, false, "", "", "there is no repository gone"},
		{[]string{"[a"}, false, "", "", `"[a" is not a pattern`},
		{[]string{"!{"}, false, "", "", `"!{" is not a pattern`},
	} {
		s := New("old", nil, Options{Repositories: c.patterns, Proxies: c.proxies})
		chosen, err := s.choose(append([]repository(nil), all...), func() (map[string]settings, error) { return known, nil })
		called := func(all []repository) string {
			var got []string
			for _, one := range all {
				got = append(got, one.Name)
			}
			return strings.Join(got, " ")
		}
		if diff := cmp.Diff([]string{c.want, c.left}, []string{called(chosen.listed), called(chosen.left)}); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.patterns, diff)
		}
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: error %v, want %q", c.patterns, err, c.err)
		}
	}
}

func TestCheckTellsWhatIsNotListed(t *testing.T) {
	server := start(t, "small")
	var told []string
	o := Options{Repositories: []string{"maven-*", "!maven-all", "old-*"}, Notice: func(text string) { told = append(told, text) }}
	if err := server.source(t, standinnexus.Password, o).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"source old: not listed: maven-proxy (proxy), maven-public (group); name under repositories what shall be (of a group its hosted members are listed, of a proxy what it has cached)",
		"source old: no repository that the user can browse is called like old-*",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A group stands for its hosted members, for a user who may see which they are.
func TestGroup(t *testing.T) {
	server := start(t, "small")
	o := Options{Repositories: []string{standinnexus.All}}
	items, errs := list(t, server.source(t, standinnexus.Password, o), "")
	want, _ := list(t, server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Releases, standinnexus.Snapshots}}), "")
	if diff := cmp.Diff(want, items); diff != "" || len(errs) > 0 || len(items) < 10 {
		t.Errorf("%d items, %v (-members +group):\n%s", len(items), errs, diff)
	}
	err := server.sourceOf(t, standinnexus.Reader, standinnexus.Password, o).Check(t.Context())
	if !fault.IsStop(err) || !strings.Contains(err.Error(), "nx-repository-admin-maven2-maven-all-read") {
		t.Errorf("without the right: %v", err)
	}
}

// Whoever may read and not browse is shown nothing, which is no empty server.
func TestReadWithoutBrowse(t *testing.T) {
	server := start(t, "small")
	err := server.sourceOf(t, standinnexus.Blind, standinnexus.Password, Options{}).Check(t.Context())
	if !fault.IsStop(err) || !strings.Contains(err.Error(), "privilege browse") {
		t.Errorf("got %v", err)
	}
	if _, errs := list(t, server.sourceOf(t, standinnexus.Outsider, standinnexus.Password, Options{}), ""); len(errs) != 1 || !fault.IsStop(errs[0]) {
		t.Errorf("got %v", errs)
	}
}

func TestWhatCheckSays(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	for _, c := range []struct {
		name, path, says string
		answer           http.HandlerFunc
	}{
		{"no Nexus there", "/service/rest/v1/status", "context path", status(http.StatusNotFound)},
		{"wrong password", "/service/rest/v1/status", "refuses this user and password", status(http.StatusUnauthorized)},
		{"blocked", "/service/rest/v1/status", "send nothing for 15 minutes", status(http.StatusTooManyRequests)},
		{"starting", "/service/rest/v1/status", "not ready", status(http.StatusServiceUnavailable)},
		{"no rights", "/service/rest/v1/repositories", "browse", text("[ ]")},
		{"refused later", "/service/rest/v1/repositories", "refuses this user and password", status(http.StatusUnauthorized)},
		{"forbidden", "/service/rest/v1/repositories", "can not be listed", status(http.StatusForbidden)},
		{"another server", "/service/rest/v1/repositories", "can not be listed", text("<html>Welcome</html>")},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := start(t, "small")
			server.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == c.path {
					c.answer(w, r)
				}
				return r.URL.Path == c.path
			})
			err := server.source(t, standinnexus.Password, Options{}).Check(t.Context())
			if !fault.IsStop(err) || fault.SideOf(err) != fault.Source || !strings.Contains(errors.Unwrap(err).Error(), c.says) {
				t.Errorf("got %v, want a stop that says %q", err, c.says)
			}
		})
	}
}

// A user whom failed sign-ins have blocked is asked for once: more requests would prolong the block.
func TestCheckDoesNotProlongABlock(t *testing.T) {
	server := start(t, "small", "signin=limited")
	for range 4 {
		if err := server.source(t, "wrong", Options{}).Check(t.Context()); !fault.IsStop(err) {
			t.Fatal(err)
		}
	}
	before := len(server.requests(t))
	err := server.source(t, standinnexus.Password, Options{}).Check(t.Context())
	if after := len(server.requests(t)); before != 4 || after != 5 || !fault.IsStop(err) || !strings.Contains(err.Error(), "blocks this user") {
		t.Errorf("%d requests, then %d: %v", before, after, err)
	}
}

func TestCheckIsTwoRequests(t *testing.T) {
	server := start(t, "small")
	if err := server.source(t, standinnexus.Password, Options{}).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /service/rest/v1/status", "GET /service/rest/v1/repositories"}
	if diff := cmp.Diff(want, server.requests(t)); diff != "" {
		t.Error(diff)
	}
}
