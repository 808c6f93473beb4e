package integration

// Servers and networks that fail in the middle: each fault ends in the right outcome, and never in a wrong package.

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
)

// passing are faults that another attempt overcomes. Each strikes one of the servers; again tells which of its requests
// must then be more than without the fault, nil where what was stored is found and nothing needs to be asked again.
var passing = []struct {
	name, kind string
	fault      string
	again      func(key string) bool
}{
	{"bodies cut short on their way out", "nexus", "cut@read=2", reading},
	{"tarballs cut short on their way out", "npmjs", "cut@read=2", reading},
	{"a source that resets downloads", "nexus", "reset@read=2", reading},
	{"a source that resets listings", "npmjs", "reset@list=2", anything},
	{"a source in trouble while it lists", "nexus", "503@list=2", anything},
	{"a source in trouble while it sends", "npmjs", "500@read=2", reading},
	{"a byte flipped on its way out", "nexus", "flip@read=1", reading},
	{"a tarball's byte flipped on its way out", "npmjs", "flip@read=1", reading},
	{"GitLab in trouble before it stored", "gitlab", "500@write=3", uploading},
	{"GitLab in trouble after it stored", "gitlab", "500@stored=0.5", nil},
	{"GitLab resets before it stored", "gitlab", "reset@write=3", uploading},
	{"GitLab resets after it stored", "gitlab", "reset@stored=0.5", nil},
	{"uploads cut short", "gitlab", "cut@write=2", uploading},
	{"too many requests", "gitlab", "429@write=2", uploading},
}

func anything(string) bool { return true }

// uploading tells whether a request sends a file. How many dist-tags must be set depends on the order of the versions.
func uploading(key string) bool {
	return slices.Contains([]string{"PUT maven", "PUT npm", "PUT generic"}, key)
}

// The run ends complete, with nothing there twice and no byte wrong.
func TestFaultsThatPass(t *testing.T) {
	nexus, npm, clean := startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs"), startStandin(t, "gitlab")
	newMigration(t, clean, nexus, npm).must(t, 0, "run")
	want := clean.dump(t)
	tags := clean.packuments(t, want)
	quiet := map[string]standin.Counts{}
	for _, one := range []*server{nexus, npm, clean} {
		quiet[one.Kind] = one.stats(t)
	}
	for _, c := range passing {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			servers := map[string]*server{}
			for kind, seed := range map[string]string{"nexus": few, "npmjs": "small", "gitlab": "small"} {
				arg := []string{"--seed", seed}
				if kind == c.kind {
					arg = append(arg, "--fault", c.fault)
				}
				servers[kind] = startStandin(t, kind, arg...)
			}
			gitlab := servers["gitlab"]
			m := newMigration(t, gitlab, servers["nexus"], servers["npmjs"])
			// A fault may use up the attempts of a package; the same command again then brings it.
			if e := m.ferry(t, "run"); e.code != 0 && e.code != 2 {
				t.Fatalf("first run: %v", e)
			}
			correct(t, gitlab.dump(t), want)
			m.must(t, 0, "run")
			if c.again != nil && total(servers[c.kind].stats(t), c.again) <= total(quiet[c.kind], c.again) {
				t.Error("the fault did not strike: nothing was asked again")
			}
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
