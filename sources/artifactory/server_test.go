package artifactory

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"pkgferry/integration/standin"
	art "pkgferry/integration/standin/artifactory"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// server is a stand-in that remembers what it was asked, and can answer some of it in its own way.
type server struct {
	*art.Server
	t    testing.TB
	url  *url.URL
	mu   sync.Mutex
	seen []string
	// instead answers a request and returns true, or leaves it to the stand-in. It may read the question of a query.
	instead func(w http.ResponseWriter, r *http.Request, question string) bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	question := ""
	if r.Method == http.MethodPost {
		text, _ := io.ReadAll(r.Body)
		question = string(text)
		r.Body = io.NopCloser(strings.NewReader(question))
	}
	s.mu.Lock()
	s.seen = append(s.seen, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+question))
	instead := s.instead
	s.mu.Unlock()
	if instead == nil || !instead(w, r, question) {
		s.Server.ServeHTTP(w, r)
	}
}

func (s *server) answer(instead func(w http.ResponseWriter, r *http.Request, question string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead = instead
}

// asked are the requests so far that contain a text.
func (s *server) asked(containing string) (requests []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.seen {
		if strings.Contains(one, containing) {
			requests = append(requests, one)
		}
	}
	return requests
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}

// reads are the requests so far. A query in AQL is a read, though it is sent by POST.
func (s *server) reads(*testing.T) []string {
	requests := s.asked("")
	for i, one := range requests {
		if strings.Contains(one, "/api/search/aql") {
			requests[i] = strings.Replace(one, http.MethodPost, http.MethodGet, 1)
		}
	}
	return requests
}

func start(t testing.TB, seed string, modes ...string) *server {
	t.Helper()
	parsed, err := standin.ParseModes(modes)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := art.New(standin.Options{Seed: seed, Modes: parsed, Random: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: inner, t: t}
	if s.url, err = url.Parse(inner.Ready(standintest.Start(t, s)).URL); err != nil {
		t.Fatal(err)
	}
	return s
}

// client is one of a user; "" signs in nobody.
func (s *server) client(user, password string) *httpx.Client {
	s.t.Helper()
	o := httpx.Options{Name: "source artifactory", Base: s.url, Secrets: []string{password}, Attempts: 2}
	if user != "" {
		o.Auth = httpx.Basic(user, password)
	}
	client, err := httpx.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

func (s *server) source(user string, o Options) *Source {
	s.t.Helper()
	if user != "" {
		o.Login = httpx.Basic(user, art.Password)
	}
	source := New("old", s.client(user, art.Password), o)
	source.recounts = []time.Duration{0}
	return source
}

func (s *server) change(changes ...art.Change) {
	s.t.Helper()
	for _, one := range changes {
		if err := s.Change(one); err != nil {
			s.t.Fatal(err)
		}
	}
}

// denied are the paths that the reader may not read, in the stand-in as it is started by default.
var denied = []string{art.Secret, art.Secret + "/**", "*/**/secret/**", "*/**/area01/**", "*/**/*7.bin"}

// sees tells whether a user may read a path of a repository.
func sees(user, path string) bool {
	return user == art.Username || !slices.ContainsFunc(denied, func(pattern string) bool {
		match, _ := doublestar.Match(pattern, path)
		return match
	})
}

// list collects a listing: its items that have a package, and its errors.
func list(t testing.TB, s *Source, start sources.Start) (items []sources.Listed, errs []error) {
	t.Helper()
	for item, err := range s.Packages(t.Context(), start) {
		switch {
		case err != nil:
			errs = append(errs, err)
		case item.Package.Name != "":
			items = append(items, item)
		}
	}
	return items, errs
}

// paths are where the files of a listing lie, "repository/path", in order and each once.
func paths(items []sources.Listed) (all []string) {
	for _, item := range items {
		for _, f := range item.Package.Files {
			if l, err := parseLocator(f.Locator); err == nil && l.Text == nil {
				all = append(all, l.Repository+"/"+l.Path)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// find returns the listed file that lies at a path in its repository.
func find(t testing.TB, s *Source, repository, path string) (artifact.Package, artifact.File) {
	t.Helper()
	items, errs := list(t, s, sources.Start{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, item := range items {
		for _, f := range item.Package.Files {
			if l, err := parseLocator(f.Locator); err == nil && l.Repository == repository && l.Path == path {
				return item.Package, f
			}
		}
	}
	t.Fatalf("%s %s is not listed", repository, path)
	return artifact.Package{}, artifact.File{}
}
