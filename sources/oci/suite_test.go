package oci_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/oci"
	"pkgferry/sources/sourcetest"
)

const (
	user     = "reader"
	password = "a-password-of-the-registry"
)

// server is a registry with everything around it: a token service and a CDN, each at an address of its own.
type server struct {
	registry.Registry
	url, tokenService string
	basic, bearer     bool
	terse             bool // the token service says access_token and no lifetime
	faults            *standin.Faults
	stats             standin.Stats

	mu       sync.Mutex
	requests []string
	tokens   atomic.Int64 // given out
	revoked  atomic.Int64 // tokens up to this one are not taken any more
	foreign  atomic.Int64 // credentials where none belong
}

// newServer serves a store. Mode changes the registry before it is asked for the first time.
func newServer(t *testing.T, seed func(*registry.Store), mode func(*server)) *server {
	t.Helper()
	store := registry.NewStore()
	seed(store)
	s := &server{faults: standin.NewFaults(nil, 1)}
	s.faults.Refuse = registry.Refuse
	s.Registry = registry.Registry{Store: store, Catalog: &registry.Paging{}, Stats: &s.stats, Faults: s.faults}
	s.Allow = s.allow
	front := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(front.Close)
	tokens := httptest.NewServer(http.HandlerFunc(s.serveToken))
	t.Cleanup(tokens.Close)
	s.url, s.tokenService = front.URL, tokens.URL
	mode(s)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	s.ServeHTTP(w, r)
}

func (s *server) allow(w http.ResponseWriter, r *http.Request, c registry.Call) bool {
	name, pass, _ := r.BasicAuth()
	number, scope, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), " ")
	var n int64
	_, _ = fmt.Sscan(number, &n)
	wanted := "repository:" + c.Repository + ":pull"
	if c.Route == registry.Catalog {
		wanted = "registry:catalog:*"
	}
	switch {
	case !s.basic && !s.bearer, s.basic && name == user && pass == password:
		return true
	case s.bearer && scope == wanted && n > s.revoked.Load():
		return true
	case s.bearer:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="registry.test",scope="%s"`, s.tokenService, wanted))
	default:
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
	}
	registry.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", nil)
	return false
}

func (s *server) serveToken(w http.ResponseWriter, r *http.Request) {
	if name, pass, ok := r.BasicAuth(); ok && (name != user || pass != password) {
		registry.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", nil)
		return
	}
	token := fmt.Sprintf("%d %s", s.tokens.Add(1), r.URL.Query().Get("scope"))
	answer := map[string]any{"token": token, "expires_in": 300}
	if s.terse {
		answer = map[string]any{"access_token": token}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// cdn has blobs served by another address, which takes no credentials.
func (s *server) cdn(t *testing.T) {
	network := registry.NewCDN(s.Store)
	network.Stats, network.Faults = &s.stats, s.faults
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if registry.Credential(r) {
			s.foreign.Add(1)
		}
		network.ServeHTTP(w, r)
	}))
	t.Cleanup(far.Close)
	s.Redirect = func(_ *http.Request, c registry.Call) string { return network.Address(far.URL, c.Reference) }
}

// registryOf is the server as a new process sees it.
func (s *server) registryOf(t *testing.T, secret string) *oci.Registry {
	t.Helper()
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "source registry", Base: base, Secrets: []string{secret}, Attempts: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	service, err := url.Parse(s.tokenService)
	if err != nil {
		t.Fatal(err)
	}
	r, err := oci.New(client, oci.Options{Prefix: s.Prefix, Login: httpx.Basic(user, secret), Direct: s.basic, TokenService: service})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// images are the tags that a store holds.
func images(s *registry.Store) (all []artifact.Package) {
	for _, name := range s.Repositories() {
		tags, _, _ := s.NamesAfter(name, "", -1)
		for _, tag := range tags {
			m, ok := s.Manifest(name, tag)
			if !ok {
				continue
			}
			all = append(all, artifact.Package{
				Format: artifact.Container, Name: name, Version: tag, Files: []artifact.File{artifact.ImageManifest(m.Digest, int64(len(m.Body)), "")},
			})
		}
	}
	return all
}

// seed has odd names, some thirty tags and every kind of image.
func seed(s *registry.Store) {
	registry.Seed(s, "acme/")
	s.Generate("acme/builds", 12)
	s.PutArtifact("acme/odd_name.with-all", "1.0_rc.1-x", registry.PlatformImage("", "linux", "arm64", "odd"))
	s.PutArtifact("acme/odd_name.with-all", "V2", registry.PlatformImage("", "linux", "arm64", "odd"))
}

var modes = map[string]func(*testing.T, *server){
	"open": func(*testing.T, *server) {},
	"a prefix, links without it": func(_ *testing.T, s *server) {
		s.Prefix, s.Tags, s.Catalog = "/repository/images", paging(registry.LinkRoot), pages(registry.LinkRoot)
	},
	"pages with links": func(_ *testing.T, s *server) {
		s.Tags, s.Catalog = paging(registry.LinkPath), pages(registry.LinkAbsolute)
	},
	"everything at once": func(_ *testing.T, s *server) {
		s.Tags, s.Catalog = registry.Paging{Whole: true}, &registry.Paging{Whole: true}
	},
	"a strict maximum":               func(_ *testing.T, s *server) { s.Catalog = &registry.Paging{Default: 2, Max: 2, Strict: true} },
	"referrers":                      func(_ *testing.T, s *server) { s.Referrers = &registry.Paging{Default: 1} },
	"a password":                     func(_ *testing.T, s *server) { s.basic = true },
	"tokens":                         func(_ *testing.T, s *server) { s.bearer = true },
	"tokens that say little":         func(_ *testing.T, s *server) { s.bearer, s.terse = true, true },
	"a CDN, tokens":                  func(t *testing.T, s *server) { s.bearer = true; s.cdn(t) },
	"a CDN, a password, both at 302": func(t *testing.T, s *server) { s.basic, s.RedirectStatus = true, http.StatusFound; s.cdn(t) },
}

func paging(link registry.Link) registry.Paging {
	return registry.Paging{Default: 3, Max: 3, Link: link}
}
func pages(link registry.Link) *registry.Paging { p := paging(link); return &p }

func TestSource(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, seed, func(s *server) { mode(t, s) })
			c := sourcetest.Case{
				New:  func(t *testing.T) sources.Source { return oci.NewSource(s.registryOf(t, password), 3) },
				Want: images(s.Store),
				Content: func(t *testing.T, p artifact.Package, _ artifact.File) []byte {
					m, _ := s.Store.Manifest(p.Name, p.Version)
					return m.Body
				},
				Requests: func(*testing.T) []string {
					s.mu.Lock()
					defer s.mu.Unlock()
					return append([]string(nil), s.requests...)
				},
				Absent: func(_ *testing.T, f artifact.File) artifact.File {
					return artifact.ImageManifest("sha256:"+strings.Repeat("0", 64), f.Size, f.Locator)
				},
				Change: func(*testing.T) []artifact.Package {
					m := s.Store.PutArtifact("acme/builds", "new", registry.PlatformImage("", "linux", "amd64", "new"))
					return []artifact.Package{{
						Format: artifact.Container, Name: "acme/builds", Version: "new", Files: []artifact.File{artifact.ImageManifest(m.Digest, -1, "")},
					}}
				},
			}
			if s.basic || s.bearer {
				c.Token = password
				c.Rejected = func(t *testing.T) sources.Source { return oci.NewSource(s.registryOf(t, "wrong"), 3) }
			}
			sourcetest.Run(t, c)
			if n := s.foreign.Load(); n > 0 {
				t.Errorf("credentials came to the CDN %d times", n)
			}
		})
	}
}

// TestManyTags need more than one page of our own length.
func TestManyTags(t *testing.T) {
	for name, mode := range map[string]registry.Paging{
		"links": {Link: registry.LinkPath}, "no links": {Link: registry.LinkNone}, "at once": {Whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(s *registry.Store) { s.Generate("acme/many", 3000) }, func(s *server) { s.Tags = mode })
			tags, err := s.registryOf(t, password).Tags(t.Context(), "acme/many")
			if err != nil || len(tags) != 3000 {
				t.Errorf("%d tags, %v", len(tags), err)
			}
		})
	}
}

// TestDirtyRegistry: one tag is broken, another repository is empty, and the rest is listed all the same.
func TestDirtyRegistry(t *testing.T) {
	s := newServer(t, func(s *registry.Store) {
		registry.SeedOdd(s, "odd/")
		m := s.PutArtifact("odd/lost", "1", registry.PlatformImage("", "linux", "amd64", "lost"))
		s.PutArtifact("odd/lost", "2", registry.PlatformImage("", "linux", "amd64", "kept"))
		if err := s.Lose("odd/lost", "manifests/"+m.Digest); err != nil {
			t.Fatal(err)
		}
		s.Create("odd/none")
	}, func(*server) {})
	said := map[string]artifact.Reason{}
	schema1 := 0
	for item, err := range oci.NewSource(s.registryOf(t, password), 2).Packages(t.Context(), sources.Start{}) {
		if err != nil {
			t.Fatal(err)
		}
		said[item.Package.Name+":"+item.Package.Version] = item.Skip
		if strings.Contains(item.Package.Metadata[artifact.ImageMediaType], "v1+") {
			schema1++
		}
	}
	for name, want := range map[string]artifact.Reason{
		"odd/lost:1": artifact.SourceMissing, "odd/lost:2": "", "odd/none:": artifact.EmptyRepository,
	} {
		if got, listed := said[name]; !listed || got != want {
			t.Errorf("%s: %q, listed %v; want %q", name, got, listed, want)
		}
	}
	if schema1 == 0 {
		t.Error("no image says that it has a schema 1 manifest")
	}
}

func TestATokenThatEndsIsRenewed(t *testing.T) {
	s := newServer(t, seed, func(s *server) { s.bearer = true })
	r := s.registryOf(t, password)
	if _, err := r.Tags(t.Context(), "acme/builds"); err != nil {
		t.Fatal(err)
	}
	before := s.tokens.Load()
	for range 3 {
		if _, err := r.Tags(t.Context(), "acme/builds"); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.tokens.Load(); got != before {
		t.Errorf("%d tokens for the same repository", got-before)
	}
	s.revoked.Store(before)
	if _, err := r.Tags(t.Context(), "acme/builds"); err != nil {
		t.Errorf("with a token that has ended: %v", err)
	}
	s.revoked.Store(1 << 40)
	_, err := r.Tags(t.Context(), "acme/builds")
	if fault.CodeOf(err) != string(artifact.NotPermitted) || fault.IsStop(err) {
		t.Errorf("a repository that no token opens fails alone: %v", err)
	}
}

// TestATokenServiceElsewhereGetsNoCredentials unless the operator named it.
func TestATokenServiceElsewhereGetsNoCredentials(t *testing.T) {
	s := newServer(t, seed, func(s *server) { s.bearer = true })
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "source registry", Base: base})
	if err != nil {
		t.Fatal(err)
	}
	r, err := oci.New(client, oci.Options{Login: httpx.Basic(user, password)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Tags(t.Context(), "acme/builds"); !fault.IsStop(err) || s.tokens.Load() != 0 {
		t.Errorf("credentials went to a host that nobody named (%d tokens): %v", s.tokens.Load(), err)
	}
}

// TestReferrers are those of the API and of the tag together.
func TestReferrers(t *testing.T) {
	for name, api := range map[string]*registry.Paging{"by the API": {Default: 1}, "by the tag": nil} {
		t.Run(name, func(t *testing.T) {
			var subject registry.Manifest
			want := map[string]bool{}
			s := newServer(t, func(s *registry.Store) {
				subject = s.PutArtifact("acme/app", "1", registry.PlatformImage("", "linux", "amd64", "app"))
				of := subject.Descriptor()
				for i := range 3 {
					sbom := registry.PlatformImage("", "linux", "amd64", fmt.Sprint("sbom", i))
					sbom.Subject, sbom.ArtifactType = &of, "application/vnd.test.sbom"
					m := s.PutArtifact("acme/app", "", sbom)
					if i == 0 || api != nil {
						want[m.Digest] = true
					}
					if i == 0 {
						s.PutIndex("acme/app", artifact.FallbackTag(subject.Digest), "", registry.Entry{Manifest: m})
					}
				}
			}, func(s *server) { s.Referrers = api })
			r := s.registryOf(t, password)
			content, err := r.Open(t.Context(), "acme/app", artifact.ImageReferrers(subject.Digest, ""), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = content.Close() }()
			var index struct{ Manifests []struct{ Digest string } }
			if err := json.NewDecoder(content).Decode(&index); err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, one := range index.Manifests {
				got[one.Digest] = true
			}
			if len(index.Manifests) != len(want) || len(got) != len(want) {
				t.Errorf("%d referrers, want %d", len(index.Manifests), len(want))
			}
			none, err := r.Open(t.Context(), "acme/app", artifact.ImageReferrers("sha256:"+strings.Repeat("1", 64), ""), 0)
			if err != nil || none.Size == 0 {
				t.Fatalf("nothing refers to it, which is an empty index: %v", err)
			}
			_ = none.Close()
		})
	}
}

// TestFaultsWhileListing: whatever the registry answers, what is missing is said.
func TestFaultsWhileListing(t *testing.T) {
	for _, word := range []string{
		"500@list=0.4", "404@list=1", "cut@list=0.4", "short@list=0.3", "reset@list=0.4", "429@list=2", "500@manifest=0.5", "404@manifest=2", "reset@manifest=0.4",
	} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			one, err := standin.ParseFault(word)
			if err != nil {
				t.Fatal(err)
			}
			s := newServer(t, seed, func(s *server) { s.Tags, s.Catalog = paging(registry.LinkPath), pages(registry.LinkPath) })
			s.faults.Add(one)
			listed, said := map[string]bool{}, 0
			for item, err := range oci.NewSource(s.registryOf(t, password), 1).Packages(t.Context(), sources.Start{}) {
				if err != nil || item.Skip != "" {
					said++
					continue
				}
				listed[item.Package.Name+":"+item.Package.Version] = true
			}
			for _, p := range images(s.Store) {
				if !listed[p.Name+":"+p.Version] && said == 0 {
					t.Errorf("lost without a word: %s:%s", p.Name, p.Version)
				}
			}
		})
	}
}

func TestBlobsGoOnAfterADrop(t *testing.T) {
	s := newServer(t, seed, func(s *server) { s.bearer = true; s.cdn(t) })
	s.faults.Add(standin.Fault{Kind: standin.Cut, Stage: standin.Blob, Rate: 2})
	r := s.registryOf(t, password)
	found := 0
	for line := range s.Store.Lines("") {
		digest, isBlob := strings.CutPrefix(line.File, "blobs/")
		if !isBlob {
			continue
		}
		found++
		content, err := r.Open(t.Context(), line.Package, artifact.ImageBlob(digest, line.Size, ""), 0)
		if err != nil {
			t.Fatal(err)
		}
		h := artifact.NewHasher(artifact.Digests{})
		buffer := make([]byte, 1000)
		for err == nil {
			var n int
			n, err = content.Read(buffer)
			_, _ = h.Write(buffer[:n])
		}
		if got := h.Digests().SHA256; got != line.SHA256 {
			t.Errorf("%s: %s", line.File, got)
		}
		_ = content.Close()
	}
	if found == 0 || s.foreign.Load() > 0 {
		t.Errorf("%d blobs, %d credentials at the CDN", found, s.foreign.Load())
	}
}

func FuzzLinks(f *testing.F) {
	f.Add(`</v2/_catalog?last=b%2Fc&n=2>; rel="next"`, `{"tags":["a"]}`)
	f.Add(`<https://registry.test/v2/a/tags/list?last=x>; rel=next`, `{"tags":null}`)
	f.Fuzz(func(t *testing.T, link, body string) {
		answers := 0
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if answers++; answers < 3 {
				w.Header().Set("Link", strings.Map(printable, link))
			}
			_, _ = w.Write([]byte(body))
		}))
		defer front.Close()
		base, _ := url.Parse(front.URL)
		client, err := httpx.New(httpx.Options{Name: "source registry", Base: base, Attempts: 1, Stall: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer client.HTTP().CloseIdleConnections()
		r, err := oci.New(client, oci.Options{})
		if err != nil {
			t.Fatal(err)
		}
		tags, err := r.Tags(t.Context(), "a")
		if err != nil && len(tags) > 0 {
			t.Error("a list that is not whole is given out")
		}
	})
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}
