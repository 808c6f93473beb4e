package gitlab_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
	"pkgferry/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMaven(t *testing.T) {
	sinktest.Run(t, sinktest.Case{
		Open: opening("java-packages", nil), Make: makeMaven, Large: largePlain(artifact.Maven, "com.acme:big", "big-1.0.0.jar"),
		Empty: true, Proof: gitlab.Proof(artifact.Maven), Token: token,
	})
}

func TestGeneric(t *testing.T) {
	sinktest.Run(t, sinktest.Case{
		Open: opening("generic-packages", nil), Make: makeGeneric, Large: largePlain(artifact.Generic, "big", "disk/image.bin"),
		Empty: true, Proof: gitlab.Proof(artifact.Generic), Token: token,
	})
}

func TestNPM(t *testing.T) {
	for _, mode := range []string{"async", "sync"} {
		c := sinktest.Case{
			Open: opening("node-packages", map[string]string{"npm": mode, "limit.npm": "0"}), Make: makeNPM,
			Refusing: refusing("node-packages", nil), Proof: gitlab.Proof(artifact.NPM), Token: token,
		}
		if mode == "async" {
			c.Large, c.LargeSize = largeNPM, 192<<20 // GitLab takes 375 MiB by default
		}
		t.Run(mode, func(t *testing.T) { sinktest.Run(t, c) })
	}
}

func TestPyPI(t *testing.T) {
	sinktest.Run(t, sinktest.Case{
		Open: opening("python-packages", nil), Make: makePyPI, Large: largePyPI, LargeSize: 256 << 20,
		Proof: gitlab.Proof(artifact.PyPI), Token: token,
	})
}

func TestNuGet(t *testing.T) {
	for _, mode := range []string{"async", "sync"} {
		c := sinktest.Case{
			Open: opening("nuget-packages", map[string]string{"nuget": mode}), Make: makeNuGet, Proof: gitlab.Proof(artifact.NuGet), Token: token,
		}
		if mode == "async" {
			c.Refusing = refusing("nuget-packages", map[string]string{"nuget": mode})
		} else {
			c.Large, c.LargeSize = largeNuGet, 192<<20 // GitLab takes 500 MiB by default
		}
		t.Run(mode, func(t *testing.T) { sinktest.Run(t, c) })
	}
}

func TestHelm(t *testing.T) {
	sinktest.Run(t, sinktest.Case{
		Open: opening("helm-charts", map[string]string{"limit.helm": "0"}), Make: makeHelm, Refusing: refusing("helm-charts", nil),
		Large: largeHelm, LargeSize: 128 << 20, Proof: gitlab.Proof(artifact.Helm), Token: token,
	})
}

func TestTerraform(t *testing.T) {
	sinktest.Run(t, sinktest.Case{
		Open: opening("terraform-modules", nil), Make: makeTerraform, Large: largePlain(artifact.Terraform, "big/aws", "big.tar.gz"),
		LargeSize: 512 << 20, Empty: true, Proof: gitlab.Proof(artifact.Terraform), Token: token,
	})
}

const token = "standin-owner"

// server is a stand-in for one test.
type server struct {
	*standingitlab.Server
	url, project string
}

func start(t *testing.T, project string, o standin.Options) server {
	t.Helper()
	s, err := standingitlab.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return server{s, standintest.Start(t, s), standingitlab.Group + "/" + project}
}

// sink is a new one, with nothing known.
func (s server) sink(t *testing.T, tokens ...string) *gitlab.Sink {
	t.Helper()
	secret := token
	if len(tokens) > 0 {
		secret = tokens[0]
	}
	return s.configured(t, secret, 5*time.Millisecond)
}

func (s server) configured(t *testing.T, secret string, settle time.Duration) *gitlab.Sink {
	t.Helper()
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base, Auth: httpx.Header("PRIVATE-TOKEN", secret), Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	sink, err := gitlab.New(client, gitlab.Options{
		Settle: settle, MaxFileSize: map[artifact.Format]int64{artifact.NPM: 0},
		Password: func(user string) httpx.Auth { return httpx.Basic(user, secret) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

func (s server) get(t *testing.T, path string) io.ReadCloser {
	t.Helper()
	resp, err := http.Get(s.url + "/_standin/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Body
}

// dump are the stored file rows.
func (s server) dump(t *testing.T) []standin.DumpLine {
	t.Helper()
	body := s.get(t, "dump")
	defer body.Close()
	var lines []standin.DumpLine
	for scanner := bufio.NewScanner(body); scanner.Scan(); {
		var one standin.DumpLine
		if err := json.Unmarshal(scanner.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, one)
	}
	return lines
}

func (s server) requests(t *testing.T) map[string]int {
	t.Helper()
	body := s.get(t, "stats")
	defer body.Close()
	var counts standin.Counts
	if err := json.NewDecoder(body).Decode(&counts); err != nil {
		t.Fatal(err)
	}
	return counts.Requests
}

func (s server) total(t *testing.T) int {
	sum := 0
	for _, n := range s.requests(t) {
		sum += n
	}
	return sum
}

// change sends a JSON object as the owner.
func (s server) change(t *testing.T, method, path, document string) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("PRIVATE-TOKEN", token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		t.Fatalf("%s %s: %s %s", method, path, resp.Status, text)
	}
}

// mutate changes the stand-in from outside.
func (s server) mutate(t *testing.T, document string) {
	t.Helper()
	resp, err := http.Post(s.url+"/_standin/mutate", "application/json", strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		t.Fatalf("mutate %s: %s %s", document, resp.Status, text)
	}
}

func opening(project string, modes map[string]string) func(t *testing.T) sinktest.Target {
	return func(t *testing.T) sinktest.Target {
		s := start(t, project, standin.Options{Modes: modes})
		return s.target(t)
	}
}

func (s server) target(t *testing.T) sinktest.Target {
	return sinktest.Target{
		Sink: s.sink(t), Project: s.project,
		Again:    func(t *testing.T) sinks.Sink { return s.sink(t) },
		Rows:     func(t *testing.T) int { return len(s.dump(t)) },
		Requests: func(t *testing.T) int { return s.total(t) },
	}
}

// refusing lets every package fail in the background.
func refusing(project string, modes map[string]string) func(t *testing.T) sinktest.Target {
	return func(t *testing.T) sinktest.Target {
		faults := []standin.Fault{{Kind: "500", Stage: standin.Settle, Rate: 1000}}
		return start(t, project, standin.Options{Modes: modes, Faults: faults}).target(t)
	}
}
