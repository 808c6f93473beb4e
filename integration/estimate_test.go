package integration

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/checkpoint"
)

// What a plan says of how many requests the target and the sources will get is what a run then sends, near enough for a time: images
// apart, whose layers nobody knows before a pull.
func TestPlanKnowsItsRequests(t *testing.T) {
	for _, c := range []struct {
		kind string
		arg  []string
	}{{"nexus", nil}, {"npmjs", nil}, {"dockerhub", []string{"--mode", "api.limit=0"}}, {"nexus", []string{"--seed", "300"}}, {"npmjs", []string{"--seed", "300"}}, {"artifactory", []string{"--seed", "600"}}} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			source, gitlab := startStandin(t, c.kind, c.arg...), startStandin(t, "gitlab")
			m := newMigration(t, gitlab, source)
			m.edit(t, "target:\n", "target:\n  limits: {requests_per_second: 100000}\n")
			var plan struct {
				Sources []struct {
					Reads int `json:"source_requests"`
				}
				Pace struct {
					Limit   string
					Seconds float64 `json:"seconds_at_least"`
				}
			}
			e := m.ferry(t, "plan", "--json")
			if err := json.Unmarshal([]byte(e.stdout), &plan); err != nil || plan.Pace.Limit != "the requests of the target" {
				t.Fatal(e, err)
			}
			reads, writes := total(source.stats(t), all), total(gitlab.stats(t), all)
			m.ferry(t, "run")
			reads, writes = total(source.stats(t), all)-reads, total(gitlab.stats(t), all)-writes
			foreseen := 0
			for _, one := range plan.Sources {
				foreseen += one.Reads
			}
			near(t, "the target", int(plan.Pace.Seconds*100000), writes)
			if c.kind != "dockerhub" { // its blobs come by redirects, after a look for signatures and attestations
				near(t, "the source", foreseen, reads)
			}
		})
	}
}

func all(string) bool { return true }

// near fails unless what was foreseen is within 30 % of what came.
func near(t *testing.T, what string, foreseen, came int) {
	t.Helper()
	if off := 10 * (foreseen - came); max(off, -off) > 3*came {
		t.Errorf("%d requests to %s were foreseen, and %d came", foreseen, what, came)
	}
}

// The checkpoint counts every request that any command sent while it held it, as the servers do.
func TestEveryRequestIsNoted(t *testing.T) {
	source, gitlab := startStandin(t, "npmjs"), startStandin(t, "gitlab", "--fault", "503@write=0.2")
	m := newMigration(t, gitlab, source)
	m.must(t, 0, "plan")
	m.must(t, 0, "run")
	store, err := checkpoint.View(filepath.Join(m.dir, "pkgferry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	noted := map[string]int{}
	traffic, err := store.Traffic(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range traffic {
		noted[one.Host] += int(one.Requests)
	}
	want := map[string]int{strings.TrimPrefix(source.URL, "http://"): total(source.stats(t), all), strings.TrimPrefix(gitlab.URL, "http://"): total(gitlab.stats(t), all)}
	if diff := cmp.Diff(want, noted); diff != "" {
		t.Errorf("(-came +noted)\n%s", diff)
	}
}
