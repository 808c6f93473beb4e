package integration

// Docker Hub, whose quota of pulls outlasts no migration: what is left to others stays, and what is there already costs none.

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// pulls is how many the stand-in has charged to a quota.
func (s *server) pulls(t testing.TB) int { return s.stats(t).Requests["PULL charged"] }

// post asks the stand-in to do something: "mutate", "clock".
func (s *server) post(t testing.TB, what, body string) {
	t.Helper()
	resp, err := http.Post(s.URL+"/_standin/"+what, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", what, resp.Status, text)
	}
}

// Fifty tags, thirty pulls: it stops where twenty are left, says until when, goes on after the window, and ends complete. A
// sync that finds nothing new pulls nothing.
func TestDockerHubsQuota(t *testing.T) {
	hub := startStandin(t, "dockerhub", "--seed", "50", "--mode", "quota=30", "--mode", "api.limit=0")
	gitlab := startStandin(t, "gitlab")
	m := newMigration(t, gitlab, hub)
	m.edit(t, "    namespace: ", "    limits: {keep_pulls: 20}\n    namespace: ")
	m.must(t, 0, "plan")
	if n := hub.pulls(t); n != 0 {
		t.Errorf("the plan made %d pulls", n)
	}
	for run := 1; run <= 5; run++ {
		code := 4
		if run == 5 {
			code = 0
		}
		e := m.must(t, code, "run")
		if n := hub.pulls(t); n != 10*run {
			t.Errorf("%d pulls after run %d", n, run)
		}
		if code == 4 && (!strings.Contains(e.stderr, "20 of 30 pulls are left") || !strings.Contains(e.stderr, "until")) {
			t.Errorf("it does not say why it stopped: %v", e)
		}
		if run < 5 {
			again := m.must(t, 4, "run")
			if n := hub.pulls(t); n != 10*run {
				t.Errorf("%d pulls although the window is not over: %v", n, again)
			}
			hub.post(t, "clock", `{"advance":"6h"}`)
		}
	}
	account(t, hub.dump(t), gitlab.dump(t), m.rows(t), madeByHub)
	m.must(t, 0, "sync")
	if n := hub.pulls(t); n != 50 {
		t.Errorf("%d pulls after a sync of nothing new", n)
	}
	hub.post(t, "mutate", `[{"op":"push","repository":"acme/made-0000","tag":"new","body":"new"},{"op":"move","repository":"acme/made-0000","tag":"newest","to":"new"}]`)
	hub.post(t, "clock", `{"advance":"6h"}`)
	m.must(t, 0, "sync")
	if n := hub.pulls(t); n != 51 {
		t.Errorf("%d pulls after a sync of one new image with two tags", n)
	}
	account(t, hub.dump(t), gitlab.dump(t), m.rows(t), madeByHub)
}

// A tag that moves at the source is a conflict, since nobody can say that it was meant to, and follows where a route says so.
func TestMovedTags(t *testing.T) {
	hub, gitlab := startStandin(t, "dockerhub", "--seed", "3", "--mode", "api.limit=0"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, hub)
	m.must(t, 0, "run")
	hub.post(t, "mutate", `[{"op":"push","repository":"acme/made-0000","tag":"new","body":"new"},{"op":"move","repository":"acme/made-0000","tag":"build-0000000","to":"new"}]`)
	if e := m.must(t, 2, "sync"); !strings.Contains(e.stdout, "1 conflict, target-holds-other") {
		t.Error(e)
	}
	m.write(t, "pkgferry.yaml", m.text(t)+"routes:\n  - match: {format: container}\n    project: docker-images\n    on_conflict: replace\n")
	m.must(t, 0, "run")
	m.must(t, 0, "verify")
	if n := gitlab.stats(t).ForeignCredentials; n != 0 {
		t.Errorf("credentials arrived %d times where none belong", n)
	}
}

// What no target takes as it is, and 1,050 tags: each file arrives or is named.
func TestDockerHubsOddRepositories(t *testing.T) {
	hub, gitlab := startStandin(t, "dockerhub", "--mode", "odd=true", "--mode", "api.limit=0"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, hub)
	m.must(t, 2, "run")
	account(t, hub.dump(t), gitlab.dump(t), m.rows(t), madeByHub)
	if n := hub.stats(t).ForeignCredentials; n != 0 {
		t.Errorf("credentials arrived %d times where none belong", n)
	}
}
