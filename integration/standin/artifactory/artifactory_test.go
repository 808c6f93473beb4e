package artifactory_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
	"pkgferry/integration/standin/standintest"
)

// server is a running stand-in and an account on it.
type server struct {
	*artifactory.Server
	url  string
	user string
	t    *testing.T
}

func start(t *testing.T, seed string, modes ...string) server {
	t.Helper()
	parsed, err := standin.ParseModes(modes)
	if err != nil {
		t.Fatal(err)
	}
	s, err := artifactory.New(standin.Options{Seed: seed, Modes: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return server{s, s.Ready(standintest.Start(t, s)).URL, artifactory.Username, t}
}

func (s server) as(user string) server {
	s.user = user
	return s
}

// answer is a response whose body has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers are "Name: value". Redirects are not followed.
func (s server) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.user != "" {
		req.SetBasicAuth(s.user, artifactory.Password)
	}
	for _, one := range headers {
		name, value, _ := strings.Cut(one, ": ")
		req.Header.Set(name, value)
	}
	return send(s.t, req)
}

func send(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<26))
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (s server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", headers...)
}

// item is a row of an answer.
type item struct {
	Repo, Path, Name, Type string
	Size                   json.Number
	Created, SHA256        string
	Properties             []artifactory.Property
}

// result is what a query answers.
type result struct {
	Results []item
	Range   struct {
		Start        int `json:"start_pos"`
		End          int `json:"end_pos"`
		Total        int
		Limit        *int
		Notification string
	}
}

func (s server) query(text string) result {
	s.t.Helper()
	a := s.do(http.MethodPost, "/api/search/aql", text, "Content-Type: text/plain")
	var r result
	if err := json.Unmarshal([]byte(a.body), &r); err != nil || a.status != http.StatusOK {
		s.t.Fatalf("%s: %d, %v: %s", text, a.status, err, a.body)
	}
	return r
}

func (s server) change(changes ...artifactory.Change) {
	s.t.Helper()
	for _, one := range changes {
		if err := s.Change(one); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestUnknownModes(t *testing.T) {
	for _, modes := range []map[string]string{
		{"edition": "free"}, {"version": "seven"}, {"zone": "Berlin"}, {"redirect": "large"}, {"shift": "swap"}, {"shift": "delete:x"}, {"colour": "blue"},
		{"aql-limit": "-1"}, {"redirect-expiry": "soon"},
	} {
		if _, err := artifactory.New(standin.Options{Modes: modes}); err == nil {
			t.Errorf("modes %v are accepted", modes)
		}
	}
}

func TestSeeds(t *testing.T) {
	for seed, fine := range map[string]bool{"": true, "small": true, "0": true, "1": true, "1000000": true, "50000001": false, "-1": false, "many": false} {
		if _, err := artifactory.New(standin.Options{Seed: seed}); (err == nil) != fine {
			t.Errorf("seed %q: %v", seed, err)
		}
	}
}
