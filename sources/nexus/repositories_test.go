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
		{"cache", "maven2", proxy}, {"public", "maven2", group},
	}
	for _, c := range []struct {
		patterns []string
		proxies  bool
		want     string
		err      string
	}{
		{nil, false, "maven-b maven-tmp-b raw-a", ""},
		{nil, true, "cache maven-b maven-tmp-b raw-a", ""},
		{[]string{"*"}, false, "maven-b maven-tmp-b raw-a", ""},
		{[]string{"maven-*", "!*-tmp-*"}, false, "maven-b", ""},
		{[]string{"!maven-*"}, false, "raw-a", ""},
		{[]string{"{raw,maven}-?"}, false, "maven-b raw-a", ""},
		{[]string{"cache"}, false, "cache", ""},
		{[]string{"ca*"}, false, "", "no repository is selected; the user can browse cache (proxy), maven-b (hosted)"},
		{[]string{"public"}, false, "", "public is a group"},
		{[]string{"[a"}, false, "", `"[a" is not a pattern`},
		{[]string{"!{"}, false, "", `"!{" is not a pattern`},
	} {
		s := New("old", nil, Options{Repositories: c.patterns, Proxies: c.proxies})
		chosen, err := s.selected(append([]repository(nil), all...))
		var got []string
		for _, one := range chosen {
			got = append(got, one.Name)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.patterns, diff)
		}
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: error %v, want %q", c.patterns, err, c.err)
		}
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
