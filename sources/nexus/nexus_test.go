package nexus

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
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
	return s.sourceOf(t, standinnexus.Username, password, o)
}

func (s *server) sourceOf(t *testing.T, user, password string, o Options) *Source {
	t.Helper()
	o.Login = httpx.Basic(user, password)
	client, err := httpx.New(httpx.Options{
		Name: "source nexus", Base: s.url, Auth: o.Login, Secrets: []string{password}, Attempts: 2,
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

// limited is a source that may send so many requests.
func (s *server) limited(t *testing.T, requests int, o Options) *Source {
	t.Helper()
	client, err := httpx.New(httpx.Options{
		Name: "source nexus", Base: s.url, Auth: httpx.Basic(standinnexus.Username, standinnexus.Password), Daily: httpx.NewDaily(requests),
	})
	if err != nil {
		t.Fatal(err)
	}
	return New("old", client, o)
}

// holds is what the stand-in's dump says that a source must list of the hosted repositories.
func (s *server) holds() (all []artifact.Package) {
	for line := range s.Dump {
		if p, ok := expected(line); ok {
			all = append(all, p)
		}
	}
	return append(all, s.indexes()...)
}

// expected is the file of a package that a line of the dump tells; false for what belongs to none, or to a proxy.
func expected(line standin.DumpLine) (artifact.Package, bool) {
	f := artifact.File{Path: line.File, Size: line.Size}
	format, foreign := formats[line.Format]
	switch {
	case line.Repository == standinnexus.Cache || line.Repository == standinnexus.NuGetProxy:
		return artifact.Package{}, false
	case foreign || artifact.Format(line.Format).Foreign():
		if !foreign {
			format = artifact.Format(line.Format)
		}
		g := artifact.ParseGenericPath(line.Repository, line.File)
		line.Package, line.Version, f.Path = g.Name, g.Version, g.Path
	default:
		format = artifact.Format(line.Format)
	}
	switch {
	case line.Package == "", format == artifact.Maven && artifact.IsSidecar(line.File),
		format == artifact.Container && strings.Contains(line.Version, ":"):
		return artifact.Package{}, false
	case format == artifact.Container:
		f.Path, f.Digests.SHA256 = "manifests/sha256:"+line.SHA256, line.SHA256 // of schema 1 that is not its digest
	}
	return artifact.Package{Repository: line.Repository, Format: format, Name: line.Package, Version: line.Version, Files: []artifact.File{f}}, true
}

// indexes are the index packages of the npm repository.
func (s *server) indexes() (all []artifact.Package) {
	for _, name := range s.NPMNames(standinnexus.NPM) {
		p := artifact.Package{Repository: standinnexus.NPM, Format: artifact.NPM, Name: name}
		tags, deprecated := s.NPMIndex(standinnexus.NPM, name)
		for tag, version := range tags {
			p.Files = append(p.Files, artifact.NPMTag(tag, version))
		}
		for version, message := range deprecated {
			p.Files = append(p.Files, artifact.NPMDeprecation(version, message))
		}
		all = append(all, p)
	}
	return all
}

var smallSkips = map[string]artifact.Reason{
	".index/nexus-maven-repository-index.properties": artifact.NotAPackage,
	"archetype-catalog.xml":                          artifact.NotAPackage,
	"notes/README.txt":                               artifact.FileNameNotAllowed,
	"-/all":                                          artifact.NotAPackage,
	"simple/acme-ui/":                                artifact.NotAPackage,
	"index.yaml":                                     artifact.NotAPackage,
}

const manyFormats = "formats=maven2+raw+npm+pypi+nuget+helm+docker"

func TestSuite(t *testing.T) {
	for _, c := range []struct {
		seed, modes string
		skips       map[string]artifact.Reason
		packages    int
	}{
		{"small", "era=orient", smallSkips, 56},
		{"small", "era=orient version=3.20.1-01", smallSkips, 47},
		{"small", "era=sqlA page=10 context=/nexus", smallSkips, 56},
		{"small", "era=sqlA version=3.71.0-06 page=10 manifests=all docker=bearer", smallSkips, 56},
		{"small", "era=sqlB version=3.96.3-01 edition=COMMUNITY signin=limited", smallSkips, 56},
		{"80", "era=sqlA page=100 anonymous=off", map[string]artifact.Reason{}, 81},
		{"80", "era=sqlB", map[string]artifact.Reason{}, 81},
		{"70", "era=sqlB page=10 " + manyFormats, map[string]artifact.Reason{}, 73},
		{"70", "era=orient " + manyFormats, map[string]artifact.Reason{}, 73},
	} {
		t.Run(c.modes, func(t *testing.T) {
			s := start(t, c.seed, strings.Fields(c.modes)...)
			if c.seed != "small" {
				s.change(standinnexus.Change{Op: "put", Repository: standinnexus.Raw, Path: "größe 1+1/100%.txt", Body: "odd"})
			}
			s.suite(t, s.theCase(t, c.modes, c.skips, c.packages))
		})
	}
}

// theCase is the suite's case for the user who may do everything.
func (s *server) theCase(t *testing.T, modes string, skips map[string]artifact.Reason, packages int) sourcetest.Case {
	t.Helper()
	var o Options
	want, names := s.holds(), map[string]bool{}
	if strings.Contains(modes, "3.20") { // which tells no sizes, but those of npm's tags are known
		o.Repositories, skips = []string{"!npm-*"}, maps.Clone(skips)
		delete(skips, "-/all")
		want = slices.DeleteFunc(want, func(p artifact.Package) bool { return p.Format == artifact.NPM })
		for _, p := range want {
			p.Files[0].Size = -1
		}
	}
	for _, p := range want {
		names[p.Repository+" "+p.Name+"@"+p.Version] = true
	}
	if len(names) != packages {
		t.Errorf("the stand-in holds %d packages, not %d", len(names), packages)
	}
	c := sourcetest.Case{
		New:      func(t *testing.T) sources.Source { return s.source(t, standinnexus.Password, o) },
		Want:     want,
		Skipped:  skips,
		Content:  s.content,
		Requests: s.requests,
		Token:    standinnexus.Password,
		Cut:      s.cut,
		Rejected: func(t *testing.T) sources.Source { return s.source(t, "not-the-password", o) },
		Absent:   absent,
		Change:   s.day,
	}
	if strings.Contains(modes, "3.20") {
		c.Change = nil
	}
	if strings.Contains(modes, "signin=limited") {
		c.Rejected = nil // the right password would be refused, too, from then on
	}
	return c
}

func (s *server) suite(t *testing.T, c sourcetest.Case) {
	t.Helper()
	sourcetest.Run(t, c)
	if n := s.Stats().ForeignCredentials; n != 0 {
		t.Errorf("%d requests brought credentials of another kind", n)
	}
}

func (s *server) content(t *testing.T, _ artifact.Package, f artifact.File) []byte {
	t.Helper()
	l, err := parseLocator(f.Locator)
	if err != nil {
		t.Fatal(err)
	}
	if l.Text != nil {
		return []byte(*l.Text)
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
	f.Locator = locator{Repository: standinnexus.Raw, Hosted: true, ID: "bm9uZTox", Path: "absent/file"}.String()
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
