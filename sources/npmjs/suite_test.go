package npmjs

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"pkgferry/integration/standin"
	registry "pkgferry/integration/standin/npmjs"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/sourcetest"
)

// server is a stand-in that remembers what it was asked.
type server struct {
	*registry.Server
	url string

	mu       sync.Mutex
	requests []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	s.mu.Unlock()
	s.Server.ServeHTTP(w, r)
}

func (s *server) asked(*testing.T) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// serve starts a stand-in with modes, written KEY=VALUE.
func serve(t *testing.T, seed string, modes ...string) *server {
	t.Helper()
	parsed, err := standin.ParseModes(modes)
	if err != nil {
		t.Fatal(err)
	}
	held, err := registry.New(standin.Options{Seed: seed, Modes: parsed})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: held}
	s.url = standintest.Start(t, s)
	return s
}

// changes speaks to the change host.
func (s *server) changes(t *testing.T) *httpx.Client {
	t.Helper()
	base, err := url.Parse(s.Ready("").Changes)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "source npm", Base: base, Attempts: 3})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// as is a source onto the server with some credentials.
func (s *server) as(t *testing.T, auth httpx.Auth, o Options) *Source {
	t.Helper()
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "source npm", Base: base, Auth: auth, Attempts: 3, Secrets: []string{registry.Token, registry.Password}})
	if err != nil {
		t.Fatal(err)
	}
	return New("npm", client, o)
}

func (s *server) source(t *testing.T, o Options) *Source {
	return s.as(t, httpx.Bearer(registry.Token), o)
}

// bytes reads a tarball as anybody would who knows npm's addresses.
func (s *server) bytes(t *testing.T, p artifact.Package, f artifact.File) []byte {
	t.Helper()
	if tag, version := artifact.NPMIndexFile(f.Path); tag != "" || version != "" {
		return []byte(f.Locator)
	}
	base := p.Name[strings.LastIndexByte(p.Name, '/')+1:]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/"+p.Name+"/-/"+base+"-"+p.Version+".tgz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(registry.Username, registry.Password)
	resp, err := noSecond.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", req.URL, resp.Status, err)
	}
	return body
}

// noSecond follows redirects without credentials: net/http itself takes two ports of one host for one place.
var noSecond = &http.Client{CheckRedirect: func(req *http.Request, _ []*http.Request) error {
	req.Header.Del("Authorization")
	return nil
}}

// version is what must be listed of one version, digests as the bytes have them.
func (s *server) version(t *testing.T, name, number string) artifact.Package {
	t.Helper()
	p := artifact.Package{Source: "npm", Format: artifact.NPM, Name: name, Version: number}
	f := artifact.File{Path: artifact.NPMTarball(name, number), Size: -1}
	h := artifact.NewHasher(artifact.Digests{SHA512: "wanted"})
	_, _ = h.Write(s.bytes(t, p, f))
	f.Digests = h.Digests()
	f.Digests.SHA256 = ""
	p.Files = []artifact.File{f}
	return p
}

func index(name string, files ...artifact.File) artifact.Package {
	return artifact.Package{Source: "npm", Format: artifact.NPM, Name: name, Files: files}
}

// acme is what the seed "small" holds in @acme.
func (s *server) acme(t *testing.T) []artifact.Package {
	t.Helper()
	tag := artifact.NPMTag
	return []artifact.Package{
		s.version(t, "@acme/cli", "0.3.0+build.7"), index("@acme/cli", tag("latest", "0.3.0+build.7")),
		s.version(t, "@acme/core", "1.0.0"), s.version(t, "@acme/core", "1.1.0"), s.version(t, "@acme/core", "2.0.0-beta.1"),
		index("@acme/core", tag("latest", "1.1.0"), tag("next", "2.0.0-beta.1")),
		s.version(t, "@acme/ui", "1.0.0"), s.version(t, "@acme/ui", "1.2.0-rc.1"), s.version(t, "@acme/ui", "1.2.0"), s.version(t, "@acme/ui", "1.10.0"),
		index("@acme/ui", artifact.NPMDeprecation("1.0.0", "Use 1.2.0 or newer: it is faster."), tag("latest", "1.10.0"), tag("legacy", "1.0.0")),
	}
}

// mutate makes changes as a publisher would.
func (s *server) mutate(t *testing.T, changes ...string) {
	t.Helper()
	for _, change := range changes {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/_standin/mutate", strings.NewReader(change))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %s", change, resp.Status)
		}
	}
}

// change publishes a version, moves a tag, deprecates and unpublishes, and tells what of it a listing of changes has.
func (s *server) change(name, first, last string) func(*testing.T) []artifact.Package {
	return func(t *testing.T) []artifact.Package {
		t.Helper()
		s.mutate(t,
			`{"publish":{"name":"`+name+`","version":"9.0.0","tag":"latest"}}`,
			`{"tag":{"name":"`+name+`","version":"`+first+`","tag":"stable"}}`,
			`{"deprecate":{"name":"`+name+`","version":"`+first+`","message":"Too old."}}`,
			`{"unpublish":{"name":"`+name+`","version":"`+last+`"}}`,
		)
		return []artifact.Package{
			s.version(t, name, "9.0.0"),
			index(name, artifact.NPMDeprecation(first, "Too old."), artifact.NPMTag("latest", "9.0.0"), artifact.NPMTag("stable", first)),
		}
	}
}

func (s *server) run(t *testing.T, want []artifact.Package, o Options) {
	s.runChanged(t, want, o, nil)
}

func (s *server) runChanged(t *testing.T, want []artifact.Package, o Options, change func(*testing.T) []artifact.Package) {
	sourcetest.Run(t, sourcetest.Case{
		Change:   change,
		New:      func(t *testing.T) sources.Source { return s.source(t, o) },
		Want:     want,
		Content:  s.bytes,
		Requests: s.asked,
		Token:    registry.Token,
		Cut: func(on bool) {
			s.Faults.Clear()
			if on {
				s.Faults.Add(standin.Fault{Kind: standin.Cut, Stage: standin.Read, Rate: 1000})
			}
		},
		Rejected: func(t *testing.T) sources.Source { return s.as(t, httpx.Bearer("wrong"), o) },
		Absent: func(*testing.T, artifact.File) artifact.File {
			return artifact.File{Path: want[0].Name + "-9.9.9.tgz", Size: -1, Locator: want[0].Name + "/-/lost-9.9.9.tgz"}
		},
	})
	if n := s.Stats().ForeignCredentials; n != 0 {
		t.Errorf("%d requests brought credentials to another host", n)
	}
}

// TestChangesReadWhatIsOther and nothing else: the other names are answered without a document.
func TestChangesReadWhatIsOther(t *testing.T) {
	s := serve(t, "small", "private=yes")
	source, notes := s.source(t, Options{Scopes: []string{"@acme"}}), map[string]string{}
	list := func(changes bool) (names []string) {
		start := sources.Start{Changes: changes, Recall: func(_ context.Context, key string) (string, error) { return notes[key], nil }}
		for item, err := range source.Packages(t.Context(), start) {
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(notes, item.Notes)
			if name := item.Package.Name; name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	}
	whole := []string{"@acme/cli", "@acme/core", "@acme/ui"}
	if got := list(false); !slices.Equal(got, whole) {
		t.Fatalf("listed %v", got)
	}
	if got := list(true); len(got) != 0 {
		t.Errorf("nothing changed, and listed were %v", got)
	}
	s.mutate(t, `{"deprecate":{"name":"@acme/core","version":"1.0.0","message":"old"}}`)
	if got := list(true); !slices.Equal(got, whole[1:2]) {
		t.Errorf("@acme/core changed, and listed were %v", got)
	}
	if got := list(false); !slices.Equal(got, whole) {
		t.Errorf("a whole listing had %v", got)
	}
}

func TestSuite(t *testing.T) {
	for _, modes := range [][]string{
		{"private=yes"},
		{"permissions=write", "private=yes"},
		{"gzip=truncated"},
		{"tarball=redirect", "private=yes"},
		{"host=old"},
		{"etag=weak", "permissions=mixed"},
		{"etag=none"},
		{"whoami=missing", "teams=404"},
		{"flavour=verdaccio", "private=yes"},
		{"flavour=verdaccio", "private=yes", "web=ok", "all=off"},
		{"flavour=verdaccio", "private=yes", "web=off"},
	} {
		t.Run(strings.Join(modes, ","), func(t *testing.T) {
			s := serve(t, "small", modes...)
			s.runChanged(t, s.acme(t), Options{Scopes: []string{"@acme"}}, s.change("@acme/core", "1.0.0", "2.0.0-beta.1"))
		})
	}
}

// TestSuiteOfChangeHost: public names alone, without a token; and beside the organisation's.
func TestSuiteOfChangeHost(t *testing.T) {
	for _, modes := range [][]string{{"changes.page=2"}, {"changes.endkey=ignored", "changes.page=3"}, {"changes.order=late"}} {
		for _, names := range []Names{AutoNames, ChangesNames} {
			t.Run(strings.Join(modes, ",")+" "+string(names), func(t *testing.T) {
				s := serve(t, "small", modes...)
				s.runChanged(t, s.acme(t), Options{Scopes: []string{"@acme"}, Names: names, Changes: s.changes(t)}, s.change("@acme/core", "1.0.0", "2.0.0-beta.1"))
			})
		}
	}
}

func TestSuiteByName(t *testing.T) {
	s := serve(t, "small")
	want := s.acme(t)[2:6]
	want = append(want, s.version(t, "tidy-lines", "0.9.0"), s.version(t, "tidy-lines", "1.0.0"), index("tidy-lines", artifact.NPMTag("latest", "1.0.0")))
	want = append(want, s.acme(t)[:2]...)
	s.run(t, want, Options{Packages: []string{"tidy-lines", "@acme/core", "@acme/cli"}, Names: ListNames})
}

func TestSuiteBulk(t *testing.T) {
	s := serve(t, "10")
	var want []artifact.Package
	for i, name := range []string{"@acme/bulk-0000000", "@acme/bulk-0000001", "@acme/bulk-0000002"} {
		for _, number := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"}[:min(4, 10-4*i)] {
			want = append(want, s.version(t, name, number))
		}
		want = append(want, index(name, artifact.NPMTag("latest", want[len(want)-1].Version)))
	}
	s.runChanged(t, want, Options{Scopes: []string{"acme"}, Listings: 1}, s.change("@acme/bulk-0000001", "1.0.0", "1.3.0"))
}
