package integration

// Killed at any moment, a migration goes on where it was: in the end everything is there once, and what had arrived
// was not sent again.

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seeds make the sources big enough for kills all through a migration.
const (
	nexusSeed = "300"
	npmSeed   = "150"
)

func TestKilledMigrationEndsComplete(t *testing.T) {
	const kills = 20
	seed := uint64(time.Now().UnixNano())
	if again := os.Getenv("KILL_SEED"); again != "" {
		var err error
		if seed, err = strconv.ParseUint(again, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KILL_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	nexus := startStandin(t, "nexus", "--seed", nexusSeed)
	npm := startStandin(t, "npmjs", "--seed", npmSeed)
	undisturbed := startStandin(t, "gitlab")
	newMigration(t, undisturbed, nexus, npm).must(t, 0, "run")
	want := undisturbed.dump(t)
	if len(want) < 10*kills {
		t.Fatalf("%d files are too few for %d kills", len(want), kills)
	}

	gitlab := startStandin(t, "gitlab")
	m := newMigration(t, gitlab, nexus, npm)
	// Each run is killed once GitLab has stored a few more files, so that no machine is too fast or too slow for all
	// moments to be possible: checking, listing, publishing, and the time right after a file was stored.
	for n := range kills {
		more := random.IntN(len(want) / (2 * kills))
		pause := time.Duration(random.IntN(10)) * time.Millisecond
		stored, finished := killAfter(t, m.command("run"), gitlab, more, pause)
		if finished {
			t.Fatalf("kill %d came too late: the migration had ended", n+1)
		}
		t.Logf("kill %2d: %d of %d files stored, and %v more", n+1, stored, len(want), pause)
	}
	m.must(t, 0, "run")
	holds(t, gitlab.dump(t), want)
	if diff := cmp.Diff(undisturbed.packuments(t, want), gitlab.packuments(t, want)); diff != "" {
		t.Errorf("npm's view (-undisturbed +killed):\n%s", diff)
	}
	for file, writes := range gitlab.stats(t).Writes {
		if writes != 1 {
			t.Errorf("%d writes of %s", writes, file)
		}
	}
}

// killAfter starts a run and kills it when GitLab has stored so many more files, and a pause has passed.
func killAfter(t *testing.T, cmd *exec.Cmd, gitlab *server, more int, pause time.Duration) (stored int, finished bool) {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	before := len(gitlab.stats(t).Writes)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	hang := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for stored = before; stored < before+more; stored = len(gitlab.stats(t).Writes) {
		select {
		case <-tick.C:
		case err := <-done:
			t.Logf("the run ended by itself, %v:\n%s", err, stderr.String())
			return stored, true
		case <-hang:
			_ = cmd.Process.Kill()
			t.Fatalf("the run stands still:\n%s", stderr.String())
		}
	}
	time.Sleep(pause)
	_ = cmd.Process.Kill()
	return stored, (<-done).Error() != "signal: killed"
}
