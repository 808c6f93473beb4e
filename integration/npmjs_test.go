package integration

// npm's public registry as a source: what a token may not see is said, an unchanged registry costs a question per name, and
// twenty years of odd packages end each with an outcome.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// A token that may not list the organisation: the change host knows what is public, and the run says that it can not know
// the rest, unless the configuration says that public packages are enough.
func TestChangeHostOfNPM(t *testing.T) {
	npm, gitlab := startStandin(t, "npmjs", "--mode", "org=403", "--mode", "private=@acme/core"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, npm)
	if e := m.must(t, 3, "run"); !strings.Contains(e.stderr, "the registry does not tell which packages there are in @acme") {
		t.Error(e)
	}
	m.edit(t, "    scopes: [\"@acme\"]\n", "    scopes: [\"@acme\"]\n    changes_url: "+npm.Changes+"\n")
	if e := m.must(t, 2, "run"); !strings.Contains(e.stdout, "private packages may be missing") {
		t.Error(e)
	}
	m.edit(t, "    changes_url:", "    names: changes\n    changes_url:")
	m.must(t, 0, "run")
	if n := npm.stats(t).ForeignCredentials; n != 0 {
		t.Errorf("credentials arrived %d times where none belong", n)
	}
}

// What npm attests of a version is kept beside the report, and a report without its source says what it lacks.
func TestAttestationsOfNPM(t *testing.T) {
	npm, gitlab := startStandin(t, "npmjs"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, npm)
	m.must(t, 0, "run")
	list := func() []string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(m.dir, "pkgferry-report", "attestations", "attestations.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	m.must(t, 0, "report")
	lines := list()
	var line struct{ PURL, File, SHA256, Error string }
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || len(lines) != 1 || line.PURL != "pkg:npm/%40acme/cli@0.3.0%2Bbuild.7" {
		t.Fatalf("%v: %v", lines, err)
	}
	text, err := os.ReadFile(filepath.Join(m.dir, "pkgferry-report", "attestations", line.File))
	if err != nil || artifact.DigestsOf(string(text)).SHA256 != line.SHA256 || !strings.Contains(string(text), "slsa.dev/provenance") {
		t.Errorf("%s: %v\n%s", line.File, err, text)
	}
	m.edit(t, npm.URL, "http://127.0.0.1:1")
	if e := m.must(t, 0, "report"); !strings.Contains(e.stderr, "attestations could not be saved") || !strings.Contains(list()[0], `"error":"`) {
		t.Errorf("%v\n%v", e, list())
	}
}

// A sync of what has not changed asks for each name and reads nothing; one after changes reads what changed.
func TestSyncOfNPM(t *testing.T) {
	npm, gitlab := startStandin(t, "npmjs", "--seed", "80"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, npm)
	m.must(t, 0, "run")
	before, held := npm.stats(t), gitlab.dump(t)
	m.must(t, 0, "sync")
	more := difference(before.Requests, npm.stats(t).Requests)
	if more["GET packument"] != 20 || more["GET not modified"] != 20 || more["GET tarball"] != 0 {
		t.Errorf("a sync without changes: %v", more)
	}
	holds(t, gitlab.dump(t), held)
	for _, change := range []string{
		`{"publish":{"name":"@acme/bulk-0000003","version":"2.0.0","tag":"latest"}}`,
		`{"publish":{"name":"@acme/late","version":"1.0.0","tag":"latest"}}`,
	} {
		npm.mutate(t, change)
	}
	before = npm.stats(t)
	m.must(t, 0, "sync")
	more = difference(before.Requests, npm.stats(t).Requests)
	if more["GET packument"] != 21 || more["GET not modified"] != 19 || more["GET tarball"] != 2 {
		t.Errorf("a sync of two new versions: %v", more)
	}
	account(t, npm.dump(t), gitlab.dump(t), m.rows(t), func(standin.DumpLine) bool { return false })
	m.must(t, 0, "verify")
}

// What npm's public registry has of odd packages.
func TestQuirksOfNPM(t *testing.T) {
	npm, gitlab := startStandin(t, "npmjs", "--mode", "quirks=yes"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, npm)
	m.edit(t, "scopes: [\"@acme\"]", "scopes: [\"@acme\", \"@jane\"]\n    packages: [tidy-lines]")
	m.must(t, 2, "run")
	rows := m.rows(t)
	account(t, npm.dump(t), gitlab.dump(t), rows, func(line standin.DumpLine) bool { return line.Version == "0.0.1-security" })
	for purl, want := range map[string]string{
		"pkg:npm/%40acme/tombstone@1.0.0":        "skipped source-unpublished",
		"pkg:npm/%40acme/partly@1.0.0":           "skipped source-unpublished",
		"pkg:npm/%40acme/malware@0.0.1-security": "skipped source-unpublished",
		"pkg:npm/%40acme/lost@1.0.0":             "failed source-missing",
		"pkg:npm/%40acme/old@0.1.0":              "published ",
		"pkg:npm/%40acme/ancient@0.0.1":          "published ",
		"pkg:npm/%40acme/again@2.0.0":            "published ",
	} {
		got := "not listed"
		for _, row := range rows {
			if row.PURL == purl {
				got = fmt.Sprintf("%s %s", row.Outcome, row.Reason)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", purl, got, want)
		}
	}
}

// mutate has the stand-in make a change.
func (s *server) mutate(t testing.TB, change string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/_standin/mutate", strings.NewReader(change))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s: %s", change, resp.Status)
	}
}
