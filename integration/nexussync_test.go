package integration

import (
	"net/http"
	"strings"
	"testing"
)

// What changes at a Nexus arrives with the next sync, in requests for what is new where nothing can be replaced, and for the
// list where something can.
func TestSyncNexus(t *testing.T) {
	nexus, gitlab := startStandin(t, "nexus", "--seed", "400", "--mode", "page=10"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, nexus)
	pages := func() int { return nexus.stats(t).Requests["GET assets"] }
	m.must(t, 0, "run")
	whole := pages()
	m.must(t, 0, "sync")
	if n := pages() - whole; n > whole/4 {
		t.Errorf("%d pages for everything, and %d for no change", whole, n) // of the raw repository: 100 files
	}
	resp, err := http.Post(nexus.URL+"/_standin/mutate", "application/json", strings.NewReader(`[
		{"op":"publish","repository":"maven-releases","package":"com.example:new","version":"1.0"},
		{"op":"put","repository":"maven-releases","path":"com/example/new/maven-metadata.xml","body":"<metadata/>"},
		{"op":"put","repository":"raw-hosted","path":"tools/new/1.0.0/new.bin","body":"new"}]`))
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	before := pages()
	e := m.must(t, 0, "sync", "--json")
	if n := pages() - before; n > whole/4 {
		t.Errorf("%d pages for everything, and %d for a few changes", whole, n)
	}
	if !strings.Contains(e.stdout, `"published":403`) {
		t.Errorf("not three packages more: %s", e.stdout)
	}
	account(t, nexus.dump(t), gitlab.dump(t), m.rows(t), madeByNexus)
	m.must(t, 0, "sync", "--full")
	m.must(t, 0, "verify")
}
