package dockerhub

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pkgferry/integration/standin"
	hub "pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/sourcetest"
)

// server is a stand-in that remembers what its API was asked.
type server struct {
	*hub.Server
	at    standin.Ready
	hosts *httpx.Hosts
	pause time.Duration // after a bare 429; 0: httpx's own
	daily *httpx.Daily

	mu       sync.Mutex
	requests []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	s.mu.Unlock()
	s.Server.ServeHTTP(w, r)
}

// asked are the requests to all roles but the sign-in, which changes nothing although it is a POST.
func (s *server) asked(*testing.T) []string {
	s.mu.Lock()
	all := slices.DeleteFunc(slices.Clone(s.requests), func(one string) bool { return one == "POST /v2/auth/token" })
	s.mu.Unlock()
	for key := range s.Stats().Requests {
		if !strings.Contains(key, "hub ") && !strings.HasPrefix(key, "PULL ") {
			all = append(all, key)
		}
	}
	return all
}

// serve starts a stand-in with modes, written KEY=VALUE. Its API takes any number of requests unless a mode says otherwise.
func serve(t *testing.T, seed string, modes ...string) *server {
	t.Helper()
	parsed, err := standin.ParseModes(append([]string{"api.limit=0"}, modes...))
	if err != nil {
		t.Fatal(err)
	}
	held, err := hub.New(standin.Options{Seed: seed, Modes: parsed})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: held, hosts: httpx.NewHosts()}
	s.at = held.Ready(standintest.Start(t, s))
	s.change(t, hub.Change{Op: "push", Repository: "acme/odd_name.with-all", Tag: "V1.0_rc.1-x", Body: "odd", Private: true})
	return s
}

// change makes changes at the server.
func (s *server) change(t *testing.T, all ...hub.Change) {
	t.Helper()
	for _, one := range all {
		if err := s.Change(one); err != nil {
			t.Fatal(err)
		}
	}
}

// who is how one signs in.
type who struct{ name, secret string }

var (
	owner  = who{hub.Username, hub.Token}
	nobody = who{}
)

// client is one to an address of the stand-in.
func (s *server) client(t *testing.T, address string) *httpx.Client {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{
		Name: "source hub", Base: base, Attempts: 3, Hosts: s.hosts, Daily: s.daily, Limits: httpx.Limits{Pause: s.pause},
		Secrets: []string{hub.Token, hub.Password, hub.TokenOrg, hub.TokenPublic, hub.TokenOrgBlind, hub.TokenOrgFew},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	return client
}

// as is a source onto the server, as a new process sees it.
func (s *server) as(t *testing.T, who who, change ...func(*Options)) *Source {
	t.Helper()
	service, err := url.Parse(s.at.Auth)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Namespace: hub.Org, Username: who.name, Secret: who.secret, TokenService: service}
	for _, one := range change {
		one(&o)
	}
	source, err := New("hub", s.client(t, s.at.URL), s.client(t, s.at.Registry), o)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// images are the tags of a namespace that the store holds.
func (s *server) images(namespace string, without ...string) (all []artifact.Package) {
	for _, name := range s.Store().Repositories() {
		if !strings.HasPrefix(name, namespace+"/") || slices.Contains(without, name) {
			continue
		}
		tags, _, _ := s.Store().NamesAfter(name, "", -1)
		for _, tag := range tags {
			if m, ok := s.Store().Manifest(name, tag); ok {
				all = append(all, image(name, tag, m.Digest))
			}
		}
	}
	return all
}

func image(name, tag, digest string) artifact.Package {
	return artifact.Package{
		Source: "hub", Repository: name[strings.IndexByte(name, '/')+1:], Format: artifact.Container, Name: name, Version: tag,
		Files: []artifact.File{artifact.ImageManifest(digest, -1, name)},
	}
}

func (s *server) bytes(_ *testing.T, p artifact.Package, _ artifact.File) []byte {
	m, _ := s.Store().Manifest(p.Name, p.Version)
	return m.Body
}

// run runs the suite as somebody.
func (s *server) run(t *testing.T, who who, c sourcetest.Case, change ...func(*Options)) {
	t.Helper()
	c.New = func(t *testing.T) sources.Source { return s.as(t, who, change...) }
	c.Content, c.Requests, c.Token = s.bytes, s.asked, who.secret
	c.Cut = func(on bool) {
		s.Faults.Clear()
		if on {
			s.Faults.Add(standin.Fault{Kind: standin.Cut, Stage: standin.Manifest, Rate: 1000})
		}
	}
	c.Rejected = func(t *testing.T) sources.Source { return s.as(t, whoever(who.name, "wrong"), change...) }
	c.Absent = func(_ *testing.T, f artifact.File) artifact.File {
		return artifact.ImageManifest("sha256:"+strings.Repeat("0", 64), -1, f.Locator)
	}
	c.Change = func(t *testing.T) []artifact.Package {
		s.change(t, hub.Change{Op: "push", Repository: "acme/app", Tag: "3.0", Body: "three"},
			hub.Change{Op: "move", Repository: "acme/app", Tag: "latest", To: "3.0"},
			hub.Change{Op: "push", Repository: "acme/fresh", Tag: "1", Body: "fresh", Private: true})
		three, _ := s.Store().Manifest("acme/app", "3.0")
		fresh, _ := s.Store().Manifest("acme/fresh", "1")
		return []artifact.Package{image("acme/app", "3.0", three.Digest), image("acme/app", "latest", three.Digest), image("acme/fresh", "1", fresh.Digest)}
	}
	sourcetest.Run(t, c)
	if n := s.Stats().ForeignCredentials; n != 0 {
		t.Errorf("%d requests brought credentials where none belong", n)
	}
}

func whoever(name, secret string) who { return who{name, secret} }

func TestSuite(t *testing.T) {
	organization := who{hub.Org, hub.TokenOrg}
	for _, c := range []struct {
		who   who
		modes []string
	}{
		{owner, nil},
		{who{hub.Username, hub.Password}, []string{"cdn=off", "referrers=off"}},
		{organization, []string{"token.fields=access_token", "token.expires=false"}},
		{organization, []string{"page_size=2", "tags=link", "tags.page=2"}},
		{owner, []string{"page_size=2", "tags=absolute", "tags.page=1", "artifacts=one", "attestations=listed"}},
		{owner, []string{"next=elsewhere", "page_size=1", "digests=none", "token.fields=token"}},
		{owner, []string{"quota=200", "2fa=true", "sso=true", "v2=401"}},
	} {
		t.Run(strings.Join(append([]string{c.who.name}, c.modes...), ","), func(t *testing.T) {
			s := serve(t, "small", append([]string{"quota=100000"}, c.modes...)...)
			s.run(t, c.who, sourcetest.Case{Want: s.images(hub.Org), Skipped: map[string]artifact.Reason{}})
		})
	}
}
