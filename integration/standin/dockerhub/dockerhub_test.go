package dockerhub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/standintest"
)

// server is a running stand-in.
type server struct {
	*dockerhub.Server
	standin.Ready
	t testing.TB
}

// start starts a stand-in with everything in it; a mode "seed=N" is its seed, "fault=…" a fault.
func start(t testing.TB, modes ...string) server {
	t.Helper()
	o := standin.Options{Modes: map[string]string{"odd": "true"}, Random: 1}
	for _, word := range modes {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "seed":
			o.Seed, o.Modes["odd"] = value, "false"
		case "fault":
			fault, err := standin.ParseFault(value)
			if err != nil {
				t.Fatal(err)
			}
			o.Faults = append(o.Faults, fault)
		default:
			o.Modes[key] = value
		}
	}
	s, err := dockerhub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return server{s, s.Ready(standintest.Start(t, s)), t}
}

// answer is a response whose body was read.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request, with a body when it is a POST, and follows no redirect; headers are "Name: value".
func (s server) ask(method, address, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, one := range headers {
		key, value, _ := strings.Cut(one, ": ")
		req.Header.Add(key, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// get asks the API; headers are "Name: value".
func (s server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.ask(http.MethodGet, s.URL+path, "", headers...)
}

// pull asks the registry.
func (s server) pull(method, path string, headers ...string) answer {
	s.t.Helper()
	return s.ask(method, s.Registry+path, "", append(headers, accept)...)
}

// accept is a header that names every type of manifest.
var accept = "Accept: " + strings.Join([]string{
	string(types.OCIImageIndex), string(types.DockerManifestList), string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
	string(types.DockerManifestSchema1Signed), string(types.DockerManifestSchema1),
}, ", ")

// fields decodes an object.
func (s server) fields(a answer) map[string]any {
	s.t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(a.body), &fields); err != nil {
		s.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return fields
}

// signIn signs in to the API and returns the header that says so.
func (s server) signIn(name, secret string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"identifier": name, "secret": secret})
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.ask(http.MethodPost, s.URL+"/v2/auth/token", string(body))
	token, _ := s.fields(a)["access_token"].(string)
	if a.status != http.StatusOK || token == "" {
		s.t.Fatalf("signing in: %d %s", a.status, a.body)
	}
	return "Authorization: Bearer " + token
}

func (s server) owner() string { s.t.Helper(); return s.signIn(dockerhub.Username, dockerhub.Token) }

// basic is the header of a name and a secret.
func basic(name, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, secret)
	return "Authorization: " + r.Header.Get("Authorization")
}

// token asks the token service for a repository; no credential is "".
func (s server) token(credential, repository string) string {
	s.t.Helper()
	headers := []string{}
	if credential != "" {
		headers = append(headers, credential)
	}
	query := url.Values{"service": {"registry.docker.io"}, "scope": {"repository:" + repository + ":pull"}}
	a := s.ask(http.MethodGet, s.Auth+"/token?"+query.Encode(), "", headers...)
	token, _ := s.fields(a)["token"].(string)
	if a.status != http.StatusOK || token == "" {
		s.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return "Authorization: Bearer " + token
}

func (s server) change(changes ...dockerhub.Change) {
	s.t.Helper()
	for _, one := range changes {
		if err := s.Change(one); err != nil {
			s.t.Fatal(err)
		}
	}
}

// names lists with the API and returns the names, following next.
func (s server) names(path string, headers ...string) (names []string) {
	s.t.Helper()
	for next := s.URL + path; next != ""; {
		a := s.ask(http.MethodGet, next, "", headers...)
		var page struct {
			Next    string
			Results []struct{ Name string }
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != http.StatusOK {
			s.t.Fatalf("%s: %d %s", next, a.status, a.body)
		}
		for _, one := range page.Results {
			names = append(names, one.Name)
		}
		next = page.Next
	}
	return names
}

func (s server) advance(by string) {
	s.t.Helper()
	if a := s.ask(http.MethodPost, s.URL+"/_standin/clock", `{"advance":"`+by+`"}`); a.status != http.StatusOK {
		s.t.Fatalf("clock: %d %s", a.status, a.body)
	}
}

func TestModesAreChecked(t *testing.T) {
	for _, modes := range []map[string]string{
		{"colour": "blue"}, {"2fa": "yes"}, {"jwt": "1"}, {"quota": "-1"}, {"tags": "some"}, {"registry.listen": "nowhere"}, {"cdn": "maybe"},
	} {
		if s, err := dockerhub.New(standin.Options{Modes: modes}); err == nil {
			t.Errorf("modes %v are accepted", modes)
			_ = s.Close()
		}
	}
}

func TestRolesHaveAddressesOfTheirOwn(t *testing.T) {
	s := start(t)
	all := []string{s.URL, s.Registry, s.Auth, s.CDN}
	slices.Sort(all)
	if len(slices.Compact(all)) != 4 {
		t.Errorf("the addresses are %v", all)
	}
	if named := start(t, "localhost=true"); !strings.HasPrefix(named.Auth, "http://localhost:") || !strings.HasPrefix(named.CDN, "http://localhost:") {
		t.Errorf("mode localhost has %s and %s", named.Auth, named.CDN)
	}
	taken := strings.TrimPrefix(s.Registry, "http://")
	if other, err := dockerhub.New(standin.Options{Modes: map[string]string{"registry.listen": taken}}); err == nil {
		t.Error("two registries have one address")
		_ = other.Close()
	}
}
