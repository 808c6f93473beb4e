package nexus

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"pkgferry/integration/standin"
	standinnexus "pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/sourcetest"
)

// server is a stand-in that remembers what it was asked, and can answer some of it in its own way.
type server struct {
	*standinnexus.Server
	t    *testing.T
	url  *url.URL
	mu   sync.Mutex
	seen []string
	// instead answers a request and returns true, or leaves it to the stand-in.
	instead func(w http.ResponseWriter, r *http.Request) bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
	instead := s.instead
	s.mu.Unlock()
	if instead == nil || !instead(w, r) {
		s.Server.ServeHTTP(w, r)
	}
}

func (s *server) answer(instead func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead = instead
}

func (s *server) requests(*testing.T) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func start(t *testing.T, seed string, modes ...string) *server {
	t.Helper()
	parsed, err := standin.ParseModes(append([]string{"odd=true"}, modes...))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := standinnexus.New(standin.Options{Seed: seed, Modes: parsed})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: inner, t: t}
	if s.url, err = url.Parse(inner.Ready(standintest.Start(t, s)).URL); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) source(t *testing.T, password string, o Options) *Source {
	t.Helper()
	client, err := httpx.New(httpx.Options{
		Name: "source nexus", Base: s.url, Auth: httpx.Basic(standinnexus.Username, password), Secrets: []string{password}, Attempts: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return New("old", client, o)
}

func (s *server) change(changes ...standinnexus.Change) {
	s.t.Helper()
	for _, one := range changes {
		if err := s.Change(one); err != nil {
			s.t.Fatal(err)
		}
	}
}

// holds is what the stand-in's dump says that a source must list of the hosted repositories.
func (s *server) holds() (all []artifact.Package) {
	for line := range s.Dump {
		maven := line.Format == string(artifact.Maven)
		if line.Package == "" || line.Repository == standinnexus.Cache || maven && artifact.IsSidecar(line.File) {
			continue
		}
		f := artifact.File{Path: line.File, Size: line.Size}
		all = append(all, artifact.Package{
			Repository: line.Repository, Format: artifact.Format(line.Format), Name: line.Package, Version: line.Version,
			Files: []artifact.File{f},
		})
	}
	return all
}

var smallSkips = map[string]artifact.Reason{
	".index/nexus-maven-repository-index.properties": artifact.NotAPackage,
	"archetype-catalog.xml":                          artifact.NotAPackage,
	"notes/README.txt":                               artifact.FileNameNotAllowed,
	"pool/a/acme-tool/acme-tool_1.0_amd64.deb":       artifact.FormatUnsupported,
	"dists/stable/Release":                           artifact.FormatUnsupported,
}

func TestSuite(t *testing.T) {
	for _, c := range []struct {
		seed, modes string
		skips       map[string]artifact.Reason
		packages    int
	}{
		{"small", "era=orient", smallSkips, 15},
		{"small", "era=orient version=3.20.1-01", smallSkips, 15},
		{"small", "era=sqlA page=10 context=/nexus", smallSkips, 15},
		{"80", "era=sqlA page=100 anonymous=off", map[string]artifact.Reason{}, 81},
		{"80", "era=sqlB", map[string]artifact.Reason{}, 81},
	} {
		t.Run(c.modes, func(t *testing.T) {
			s := start(t, c.seed, strings.Fields(c.modes)...)
			if c.seed != "small" {
				s.change(standinnexus.Change{Op: "put", Repository: standinnexus.Raw, Path: "größe 1+1/100%.txt", Body: "odd"})
			}
			want, names := s.holds(), map[string]bool{}
			for i, p := range want {
				names[p.Repository+" "+p.Name+"@"+p.Version] = true
				if strings.Contains(c.modes, "3.20") {
					want[i].Files[0].Size = -1
				}
			}
			if len(names) != c.packages {
				t.Errorf("the stand-in holds %d packages, not %d", len(names), c.packages)
			}
			sourcetest.Run(t, sourcetest.Case{
				New:      func(t *testing.T) sources.Source { return s.source(t, standinnexus.Password, Options{}) },
				Want:     want,
				Skipped:  c.skips,
				Content:  s.content,
				Requests: s.requests,
				Token:    standinnexus.Password,
				Cut:      s.cut,
				Rejected: func(t *testing.T) sources.Source { return s.source(t, "not-the-password", Options{}) },
				Absent:   absent,
			})
		})
	}
}

func (s *server) content(t *testing.T, _ artifact.Package, f artifact.File) []byte {
	t.Helper()
	l, err := parseLocator(f.Locator)
	if err != nil {
		t.Fatal(err)
	}
	body, ok := s.Body(l.Repository, l.Path)
	if !ok {
		t.Fatalf("the stand-in does not hold %s", l.Path)
	}
	return body
}

func (s *server) cut(on bool) {
	if s.Faults.Clear(); on {
		s.Faults.Add(standin.Fault{Kind: standin.Cut, Stage: standin.Read, Rate: 1000})
	}
}

func absent(t *testing.T, f artifact.File) artifact.File {
	t.Helper()
	l, err := parseLocator(f.Locator)
	if err != nil {
		t.Fatal(err)
	}
	l.Path = "absent/" + l.Path
	f.Locator = l.String()
	return f
}

// list collects a listing: its items and its errors.
func list(t *testing.T, s *Source, from sources.Cursor) (items []sources.Listed, errs []error) {
	t.Helper()
	for item, err := range s.Packages(t.Context(), sources.Start{Cursor: from}) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		items = append(items, item)
	}
	return items, errs
}

// find returns the file of a listing that lies at path in its repository.
func find(t *testing.T, s *Source, repository, path string) (artifact.Package, artifact.File) {
	t.Helper()
	items, errs := list(t, s, "")
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
