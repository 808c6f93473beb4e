package integration

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A second run after a complete one has nothing to do: no write to GitLab, no file read from a source.
func TestSecondRunMovesNothing(t *testing.T) {
	nexus, npm, gitlab := startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, nexus, npm)
	m.must(t, 0, "run")
	holding, written := gitlab.dump(t), gitlab.stats(t)
	read := map[string]int{}
	for _, source := range []*server{nexus, npm} {
		read[source.Kind] = total(source.stats(t), reading)
		if read[source.Kind] == 0 {
			t.Errorf("%s counts no file reads: %v", source.Kind, source.stats(t).Requests)
		}
	}

	m.must(t, 0, "run")
	after := gitlab.stats(t)
	if diff := cmp.Diff(written.Writes, after.Writes); diff != "" {
		t.Errorf("files were written again (-first +second):\n%s", diff)
	}
	if was, is := total(written, writing), total(after, writing); is != was {
		t.Errorf("%d writing requests in the second run: %v", is-was, after.Requests)
	}
	for _, source := range []*server{nexus, npm} {
		if is := total(source.stats(t), reading); is != read[source.Kind] {
			t.Errorf("%d files read from %s in the second run", is-read[source.Kind], source.Kind)
		}
		if n := total(source.stats(t), writing); n != 0 {
			t.Errorf("%d writing requests to %s: %v", n, source.Kind, source.stats(t).Requests)
		}
	}
	holds(t, gitlab.dump(t), holding)
}

// A fresh checkpoint finds what GitLab holds: nothing is written, and everything counts as present.
func TestNewCheckpointFindsWhatIsThere(t *testing.T) {
	nexus, npm, gitlab := startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, nexus, npm)
	m.must(t, 0, "run")
	before := gitlab.stats(t)
	m.must(t, 0, "run", "--checkpoint", "another.db")
	after := gitlab.stats(t)
	if diff := cmp.Diff(before.Writes, after.Writes); diff != "" {
		t.Errorf("files were written again (-first +second):\n%s", diff)
	}
	if was, is := total(before, writing), total(after, writing); is != was {
		t.Errorf("%d writing requests in the second run: %v", is-was, difference(before.Requests, after.Requests))
	}
}

func difference(before, after map[string]int) map[string]int {
	more := maps.Clone(after)
	for name, n := range before {
		more[name] -= n
	}
	maps.DeleteFunc(more, func(_ string, n int) bool { return n == 0 })
	return more
}

// No credential reaches a place where it does not belong, whatever the servers redirect to.
func TestCredentialsStayAtHome(t *testing.T) {
	nexus, npm, gitlab := startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs"), startStandin(t, "gitlab")
	newMigration(t, gitlab, nexus, npm).must(t, 0, "run")
	for _, one := range []*server{nexus, npm, gitlab} {
		if n := one.stats(t).ForeignCredentials; n != 0 {
			t.Errorf("%s saw %d credentials that are not its own", one.Kind, n)
		}
	}
}
