package gitlab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// listed is a repository of a GitLab whose registry answers with pages of two tags, and with this Link after the last.
func listed(t *testing.T, pages int, last string) (repository, *[]string) {
	t.Helper()
	asked := &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/jwt/auth" {
			granting(300)(0, w, r.URL.Query()["scope"])
			return
		}
		*asked = append(*asked, r.URL.RawQuery)
		page, _ := strconv.Atoi(r.URL.Query().Get("last"))
		switch {
		case r.URL.Path != "/v2/a/b/tags/list" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer e30."):
			w.WriteHeader(http.StatusNotFound)
			return
		case page+1 < pages:
			w.Header().Set("Link", fmt.Sprintf(`</v2/a/b/tags/list?n=2&last=%d>; rel="next"`, page+1))
		case last != "":
			w.Header().Set("Link", last)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "a/b", "tags": []string{fmt.Sprint("v", page, ".0"), fmt.Sprint("v", page, ".1")}})
	}))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	r, err := newRegistry(client, &tokens{gitlab: client}, base.Host, false)
	if err != nil {
		t.Fatal(err)
	}
	r.listingHolds = time.Hour
	return repository{r, "a/b"}, asked
}

func TestTagsInPages(t *testing.T) {
	r, asked := listed(t, 3, "")
	s, err := r.shelf(t.Context())
	if err != nil || !s.has("v0.0") || !s.has("v2.1") || s.has("v3.0") || s.isFresh() {
		t.Errorf("%d tags, fresh %v: %v", len(s.tags), s.isFresh(), err)
	}
	if want := "[n=1000 n=2&last=1 n=2&last=2]"; fmt.Sprint(*asked) != want {
		t.Errorf("asked for %v, want %s", *asked, want)
	}
	r, asked = listed(t, 3, "")
	exists, err := r.tags(t.Context(), func([]string) bool { return false })
	if err != nil || !exists || len(*asked) != 1 {
		t.Errorf("left after the first page: exists %v, %v, asked for %v", exists, err, *asked)
	}
	r.path = "a/c"
	if s, err := r.shelf(t.Context()); err != nil || !s.isFresh() {
		t.Errorf("a repository that is not there: %v", err)
	}
}

// A list whose pages never end is an error.
func TestTagsInCircles(t *testing.T) {
	for _, again := range []string{"n=2&last=1", "n=2&last=2", "n=1000"} {
		r, asked := listed(t, 3, `</v2/a/b/tags/list?`+again+`>; rel="next"`)
		if _, err := r.shelf(t.Context()); err == nil || fault.SideOf(err) != fault.Sink || len(*asked) != 3 {
			t.Errorf("asked for %v: %v", *asked, err)
		}
	}
}

func TestSchemeOfTheRegistry(t *testing.T) {
	for _, c := range []struct {
		gitlab, host string
		plainHTTP    bool
		want         string // "" for none
	}{
		{"https://gitlab.example", "registry.example", false, "https://registry.example"},
		{"https://gitlab.example", "gitlab.example:5050", true, "https://gitlab.example:5050"},
		{"https://gitlab.example", "127.0.0.1:5000", true, "https://127.0.0.1:5000"},
		{"http://gitlab.example", "registry.example", false, "https://registry.example"},
		{"http://gitlab.example", "registry.example:5000", true, "http://registry.example:5000"},
		{"http://127.0.0.1:8080", "127.0.0.2:5000", false, "http://127.0.0.2:5000"},
		{"http://localhost:8080", "localhost:5000", false, "http://localhost:5000"},
		{"http://localhost:8080", "[::1]:5000", false, "http://[::1]:5000"},
		{"http://localhost:8080", "10.0.0.1:5000", false, "https://10.0.0.1:5000"},
		{"https://gitlab.example", "user@registry.example", false, ""},
		{"https://gitlab.example", "registry.example?x", false, ""},
		{"https://gitlab.example", "", false, ""},
		{"https://gitlab.example", "a b", false, ""},
	} {
		base, err := url.Parse(c.gitlab)
		if err != nil {
			t.Fatal(err)
		}
		client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base})
		if err != nil {
			t.Fatal(err)
		}
		r, err := newRegistry(client, &tokens{gitlab: client}, c.host, c.plainHTTP)
		switch {
		case err != nil:
			if c.want != "" {
				t.Errorf("%s beside %s: %v", c.host, c.gitlab, err)
			}
		case strings.TrimSuffix(r.client.URL("", nil).String(), "/") != c.want:
			t.Errorf("%s beside %s, plain %v: %s, want %s", c.host, c.gitlab, c.plainHTTP, r.client.URL("", nil), c.want)
		}
	}
}
