package nexus_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/standintest"
)

// server is a running stand-in and an account on it.
type server struct {
	*nexus.Server
	url  string
	user string
	t    *testing.T
}

func start(t *testing.T, seed string, modes ...string) server {
	t.Helper()
	parsed, err := standin.ParseModes(append([]string{"odd=true"}, modes...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := nexus.New(standin.Options{Seed: seed, Modes: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return server{s, s.Ready(standintest.Start(t, s)).URL, nexus.Username, t}
}

// answer is a response whose body has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers are "Name: value".
func (s server) do(method, path string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.user != "" {
		req.SetBasicAuth(s.user, nexus.Password)
	}
	for _, one := range headers {
		name, value, _ := strings.Cut(one, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<24))
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (s server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, headers...)
}

func (s server) change(changes ...nexus.Change) {
	s.t.Helper()
	for _, one := range changes {
		if err := s.Change(one); err != nil {
			s.t.Fatal(err)
		}
	}
}

type listing struct {
	Items []struct {
		ID, Path, Repository, ContentType string
		Checksum                          map[string]string
		FileSize                          int64
		Maven2                            map[string]string
	}
	ContinuationToken *string
}

// pages walks a repository's assets and returns its pages.
func (s server) pages(repository string) (pages []listing) {
	s.t.Helper()
	query := url.Values{"repository": {repository}}
	for {
		var page listing
		a := s.get("/service/rest/v1/assets?" + query.Encode())
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != http.StatusOK {
			s.t.Fatalf("status %d, %v: %s", a.status, err, a.body)
		}
		pages = append(pages, page)
		if page.ContinuationToken == nil {
			return pages
		}
		query.Set("continuationToken", *page.ContinuationToken)
	}
}

func TestUnknownModes(t *testing.T) {
	for _, modes := range []map[string]string{{"era": "derby"}, {"page": "50"}, {"version": "2.14"}, {"colour": "blue"}} {
		if _, err := nexus.New(standin.Options{Modes: modes}); err == nil {
			t.Errorf("modes %v are accepted", modes)
		}
	}
}

func TestServerHeaderAndContextPath(t *testing.T) {
	s := start(t, "small", "era=sqlA", "context=/nexus/", "edition=PRO")
	if !strings.HasSuffix(s.url, "/nexus") {
		t.Errorf("the URL %s is without the context path", s.url)
	}
	a := s.get("/service/rest/v1/status")
	if got := a.header.Get("Server"); a.status != 200 || a.body != "" || got != "Nexus/3.77.1-01 (PRO)" {
		t.Errorf("status %d, body %q, server %q", a.status, a.body, got)
	}
	if a := s.get("/repository/" + nexus.Raw + "/root.txt"); a.status != 200 {
		t.Errorf("content below the context path: %d", a.status)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	const list, one, file = "/service/rest/v1/assets?repository=raw-hosted", "/service/rest/v1/repositories", "/repository/raw-hosted/root.txt"
	for _, c := range []struct {
		name, mode, user, header, path string
		status                         int
		challenge                      bool
	}{
		{"wrong password on status", "on", "", "Authorization: Basic bWlncmF0aW9uOm5v", "/service/rest/v1/status", 401, true},
		{"empty credentials are none", "on", "", "Authorization: Basic Og==", list, 200, false},
		{"wrong password on content", "on", "", "Authorization: Basic bWlncmF0aW9uOm5v", file, 401, true},
		{"anonymous lists", "on", "", "", list, 200, false},
		{"anonymous reads", "on", "", "", file, 200, false},
		{"nobody lists", "off", "", "", list, 403, false},
		{"nobody reads", "off", "", "", file, 401, true},
		{"nobody sees repositories", "off", "", "", one, 200, false},
		{"outsider lists", "off", nexus.Outsider, "", list, 403, false},
		{"outsider reads", "off", nexus.Outsider, "", file, 403, false},
		{"unknown before privilege", "off", nexus.Outsider, "", "/repository/none/x", 404, false},
		{"unknown listing before privilege", "off", nexus.Outsider, "", "/service/rest/v1/assets?repository=none", 404, false},
		{"no repository", "off", nexus.Username, "", "/service/rest/v1/assets", 422, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, "small", "anonymous="+c.mode)
			s.user = c.user
			headers := []string{}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			a := s.get(c.path, headers...)
			if a.status != c.status || (a.header.Get("WWW-Authenticate") != "") != c.challenge {
				t.Errorf("status %d, challenge %q; want %d, %v", a.status, a.header.Get("WWW-Authenticate"), c.status, c.challenge)
			}
			if c.path == one && a.body != "[ ]" {
				t.Errorf("nobody sees %s", a.body)
			}
		})
	}
}

func TestFailedSignInsBlockTheUser(t *testing.T) {
	s := start(t, "small", "signin=limited")
	for range 4 {
		if a := s.get("/service/rest/v1/status", "Authorization: Basic bWlncmF0aW9uOm5v"); a.status != 401 {
			t.Fatalf("status %d", a.status)
		}
	}
	a := s.get("/service/rest/v1/status")
	if a.status != 429 || a.header.Get("Retry-After") != "30" || !strings.Contains(a.body, "Too many authentication attempts") {
		t.Errorf("the right password after four wrong ones: %d %v %s", a.status, a.header, a.body)
	}
}

func TestForeignCredentialsAreCounted(t *testing.T) {
	s := start(t, "small")
	s.get("/service/rest/v1/status")
	s.get("/service/rest/v1/status", "PRIVATE-TOKEN: glpat-x")
	s.user = ""
	s.get("/service/rest/v1/status", "Authorization: Bearer x")
	if body := s.get("/_standin/stats").body; !strings.Contains(body, `"foreign_credentials":2`) {
		t.Error(body)
	}
}

func TestOnlyReads(t *testing.T) {
	s := start(t, "small")
	for _, path := range []string{"/repository/raw-hosted/root.txt", "/service/rest/v1/assets?repository=raw-hosted"} {
		if a := s.do(http.MethodDelete, path); a.status != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: %d", path, a.status)
		}
	}
}

func TestRepositories(t *testing.T) {
	s := start(t, "small")
	var all []struct {
		Name, Format, Type, URL string
		Attributes              struct{ Proxy struct{ RemoteURL string } }
	}
	if err := json.Unmarshal([]byte(s.get("/service/rest/v1/repositories").body), &all); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, one := range all {
		kinds[one.Name] = one.Format + " " + one.Type
	}
	want := map[string]string{
		nexus.Releases: "maven2 hosted", nexus.Snapshots: "maven2 hosted", nexus.Cache: "maven2 proxy", nexus.Public: "maven2 group",
		nexus.All: "maven2 group", nexus.Raw: "raw hosted", nexus.RawPublic: "raw group", nexus.NPM: "npm hosted", nexus.NPMPublic: "npm group",
		nexus.PyPI: "pypi hosted", nexus.NuGet: "nuget hosted", nexus.NuGetProxy: "nuget proxy", nexus.Helm: "helm hosted", nexus.Docker: "docker hosted",
		nexus.Debian: "apt hosted", "yum-hosted": "yum hosted", "gems-hosted": "rubygems hosted", "conan-hosted": "conan hosted", "go-hosted": "go hosted",
		"r-hosted": "r hosted", "cargo-hosted": "cargo hosted", "gitlfs-hosted": "gitlfs hosted", "terraform-hosted": "terraform hosted",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	var settings []struct {
		Name   string
		Online bool
		Group  struct{ MemberNames []string }
	}
	s.change(nexus.Change{Op: "offline", Repository: nexus.Raw})
	if err := json.Unmarshal([]byte(s.get("/service/rest/v1/repositorySettings").body), &settings); err != nil {
		t.Fatal(err)
	}
	for _, one := range settings {
		if one.Online != (one.Name != nexus.Raw) || one.Name == nexus.RawPublic && !cmp.Equal(one.Group.MemberNames, []string{nexus.Raw}) {
			t.Errorf("settings %+v", one)
		}
	}
	for path, status := range map[string]int{
		"/maven-releases": 200, "/maven/hosted/maven-releases": 200, "/maven2/hosted/maven-releases": 404, "/none": 404,
	} {
		if a := s.get("/service/rest/v1/repositories" + path); a.status != status {
			t.Errorf("%s: %d, want %d", path, a.status, status)
		}
	}
}
