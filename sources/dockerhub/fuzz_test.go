package dockerhub

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// FuzzPages: whatever the API answers, a listing ends, lists what it was told at most, and tells nobody else who we are.
func FuzzPages(f *testing.F) {
	f.Add(`{"count":1,"next":null,"results":[{"name":"app","repository_type":"image","is_private":true}]}`,
		`{"count":2,"next":"/v2/namespaces/acme/repositories/app/tags?page=2","results":[{"name":"1","digest":"sha256:`+strings.Repeat("a", 64)+`","media_type":null,"tag_last_pushed":"2024-03-20T20:11:07.183053Z","last_updated":""}]}`)
	f.Add(`{"count":1,"results":[{"name":"../app","repository_type":null}]}`, `{"count":0,"next":"https://elsewhere.test/?page=2","results":[]}`)
	f.Add(`{"results":null}`, `[]`)
	f.Add(`{"count":300,"next":"?page=2","results":[{"name":"plugin","repository_type":"plugin"},{"name":"b"}]}`, `{"count":1,"results":[{"name":"a/b"}]}`)
	var bodies atomic.Pointer[[2]string]
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body := bodies.Load(); {
		case requests.Add(1) > 200:
			http.NotFound(w, r)
		case strings.HasSuffix(r.URL.Path, "/repositories"):
			_, _ = w.Write([]byte(body[0]))
		case strings.HasSuffix(r.URL.Path, "/tags"), strings.HasSuffix(r.URL.Path, "/tags/list"):
			_, _ = w.Write([]byte(body[1]))
		default:
			http.NotFound(w, r)
		}
	}))
	f.Cleanup(server.Close)
	base, _ := url.Parse(server.URL)
	client, err := httpx.New(httpx.Options{Name: "source hub", Base: base, Attempts: 1, Stall: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, repositories, tags string) {
		bodies.Store(&[2]string{repositories, tags})
		requests.Store(0)
		s, err := New("hub", client, client, Options{Namespace: "acme", Listings: 1})
		if err != nil {
			t.Fatal(err)
		}
		for item, err := range s.Packages(t.Context(), sources.Start{}) {
			if err != nil {
				continue
			}
			p := item.Package
			if !strings.HasPrefix(p.Name, "acme/") || item.Skip == "" && len(p.Files) != 1 || strings.Contains(p.Version, "/") {
				t.Errorf("listed: %+v", item)
			}
		}
	})
}

func FuzzFollowing(f *testing.F) {
	f.Add("https://hub.example.test/v2/namespaces/acme/repositories?page=1&page_size=100", "https://other.test/v2/namespaces/acme/repositories?page=2")
	f.Add("http://127.0.0.1/base/v2/x?page=3", "?page=4&x=%zz")
	f.Fuzz(func(t *testing.T, from, link string) {
		u, err := url.Parse(from)
		if err != nil || u.Host == "" {
			return
		}
		next, err := following(u, link)
		if err == nil && (next.Host != u.Host || next.Scheme != u.Scheme || next.Path != u.Path || next.Query().Get("page") == u.Query().Get("page")) {
			t.Errorf("from %s to %s", u, next)
		}
	})
}

func FuzzReadRate(f *testing.F) {
	f.Add("100;w=21600", "76;w=21600")
	f.Add(";;w=", "9223372036854775807;w=9223372036854775807")
	f.Fuzz(func(t *testing.T, limit, left string) {
		h := http.Header{"Ratelimit-Limit": {limit}, "Ratelimit-Remaining": {left}}
		r, ok := readRate(h)
		if ok && (r.left < 0 || r.window < time.Second || r.window > longWindow) {
			t.Errorf("%+v", r)
		}
		p := pulls{keep: 20, underway: 3}
		p.note(h, 1)
		if ok && p.left > r.left {
			t.Errorf("%d are left, not %d", r.left, p.left)
		}
	})
}
