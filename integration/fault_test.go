package integration

// Servers and networks that fail in the middle: each fault ends in the right outcome, and never in a wrong package.

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
)

// Faults that another attempt overcomes: the run ends complete, with nothing there twice and no byte wrong.
func TestFaultsThatPass(t *testing.T) {
	nexus, npm, clean := startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs"), startStandin(t, "gitlab")
	newMigration(t, clean, nexus, npm).must(t, 0, "run")
	want := clean.dump(t)
	tags := clean.packuments(t, want)

	for _, c := range []struct {
		name         string
		nexus, npmjs []string
		gitlab       []string
	}{
		{"a body cut short on the way out", []string{"--fault", "cut@read=2"}, []string{"--fault", "cut@read=2"}, nil},
		{"a source that resets", []string{"--fault", "reset@read=2"}, []string{"--fault", "reset@list=2"}, nil},
		{"a source in trouble", []string{"--fault", "503@list=2"}, []string{"--fault", "500@read=2"}, nil},
		{"a byte flipped on the way out", []string{"--fault", "flip@read=1"}, []string{"--fault", "flip@read=1"}, nil},
		{"GitLab in trouble before it stored", nil, nil, []string{"--fault", "500@write=3"}},
		{"GitLab in trouble after it stored", nil, nil, []string{"--fault", "500@stored=3"}},
		{"GitLab resets before it stored", nil, nil, []string{"--fault", "reset@write=3"}},
		{"GitLab resets after it stored", nil, nil, []string{"--fault", "reset@stored=3"}},
		{"an upload cut short", nil, nil, []string{"--fault", "cut@write=2"}},
		{"too many requests", nil, nil, []string{"--fault", "429@write=2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gitlab := startStandin(t, "gitlab", c.gitlab...)
			m := newMigration(t, gitlab, startStandin(t, "nexus", append(c.nexus, "--seed", few)...), startStandin(t, "npmjs", c.npmjs...))
			// A fault may use up the attempts of a package; the same command again then brings it.
			if e := m.ferry(t, "run"); e.code != 0 && e.code != 2 {
				t.Fatalf("first run: %v", e)
			}
			correct(t, gitlab.dump(t), want)
			m.must(t, 0, "run")
			holds(t, gitlab.dump(t), want)
			if diff := cmp.Diff(tags, gitlab.packuments(t, want)); diff != "" {
				t.Errorf("npm's view (-want +got):\n%s", diff)
			}
			for file, n := range gitlab.stats(t).Writes {
				if n != 1 {
					t.Errorf("%d writes of %s", n, file)
				}
			}
		})
	}
}

// correct fails the test for every row in got whose bytes are not want's; rows may be missing.
func correct(t *testing.T, got, want []standin.DumpLine) {
	t.Helper()
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("GitLab holds a wrong file: %+v", line)
		}
	}
}

// A source whose bytes never match what it declares: nothing of that package arrives, all others do.
func TestFlippedBytesNeverArrive(t *testing.T) {
	nexus, clean := startStandin(t, "nexus", "--seed", few), startStandin(t, "gitlab")
	newMigration(t, clean, nexus).must(t, 0, "run")
	want := clean.dump(t)

	gitlab := startStandin(t, "gitlab")
	m := newMigration(t, gitlab, startStandin(t, "nexus", "--seed", few, "--fault", "flip@read=0.4", "--random", "7"))
	e := m.must(t, 2, "run")
	if got := gitlab.dump(t); len(got) >= len(want) {
		t.Errorf("all %d files arrived although bytes were flipped: %v", len(got), e)
	}
	correct(t, gitlab.dump(t), want)
	if !strings.Contains(m.report(t), "source-digest-mismatch") {
		t.Errorf("the report does not name the reason:\n%s", m.report(t))
	}
}

// A byte flipped between us and GitLab's storage is seen in what GitLab then shows: the file is sent again, and it is
// the right one that consumers get.
func TestFlippedUploadIsMended(t *testing.T) {
	nexus, clean := startStandin(t, "nexus", "--seed", few), startStandin(t, "gitlab")
	newMigration(t, clean, nexus).must(t, 0, "run")
	gitlab := startStandin(t, "gitlab", "--fault", "flip@write=1")
	m := newMigration(t, gitlab, nexus)
	m.must(t, 0, "run")
	m.must(t, 0, "verify", "--read-back", "all")
	for _, line := range clean.dump(t) {
		if !slices.Contains(gitlab.dump(t), line) {
			t.Errorf("GitLab lacks %s", key(line))
		}
	}
}

// A way to GitLab that damages every upload: nothing is called published.
func TestUploadsThatAreAlwaysFlipped(t *testing.T) {
	nexus := startStandin(t, "nexus", "--seed", few)
	gitlab := startStandin(t, "gitlab", "--fault", "flip@write=100000")
	m := newMigration(t, gitlab, nexus)
	m.must(t, 2, "run")
	report := m.report(t)
	if strings.Contains(report, `"outcome":"published"`) || strings.Contains(report, `"outcome":"present"`) {
		t.Errorf("damaged packages are called arrived:\n%s", report)
	}
	if !strings.Contains(report, "target-mismatch") {
		t.Errorf("the report does not name the reason:\n%s", report)
	}
	if e := m.ferry(t, "verify"); e.code != 2 {
		t.Errorf("verify accepts damaged packages: %v", e)
	}
}

// gitlabReason is how GitLab explains a package whose background work ended in an exception.
const gitlabReason = "Unexpected error: StandardError"

// GitLab takes an npm version and refuses it in the background.
func TestRefusedInTheBackground(t *testing.T) {
	npm := startStandin(t, "npmjs")
	gitlab := startStandin(t, "gitlab", "--fault", "500@settle=1")
	m := newMigration(t, gitlab, npm)
	e := m.must(t, 2, "run")
	if !strings.Contains(e.stdout, "failed") {
		t.Errorf("the summary counts no failure: %v", e)
	}
	report := m.report(t)
	if n := strings.Count(report, "target-processing-failed"); n != 1 {
		t.Errorf("%d packages with the reason target-processing-failed, want 1:\n%s", n, report)
	}
	if !strings.Contains(report, gitlabReason) {
		t.Errorf("the report does not quote GitLab's reason %q:\n%s", gitlabReason, report)
	}
}
