package integration

// The whole chain, every format: what a source's server holds arrives on GitLab with the same bytes, or the report names it
// with a reason. Both servers say themselves what they hold, by the SHA-256 of every stored file.

import (
	"encoding/json"
	"strings"
	"testing"

	"pkgferry/integration/standin"
)

// chains are the servers to leave, and what of them is no package's.
var chains = []struct {
	kind string
	arg  []string
	// edit changes the configuration, so that all of the server is listed.
	edit [2]string
	// makes tells what the server makes of what was published to it: nobody misses it elsewhere.
	makes func(line standin.DumpLine) bool
}{
	{"nexus", nil, [2]string{"type: nexus\n", "type: nexus\n    repositories: [\"**\", maven-proxy, nuget-proxy]\n"}, madeByNexus},
	{"npmjs", nil, [2]string{"scopes: [\"@acme\"]", "scopes: [\"@acme\"]\n    packages: [tidy-lines]"}, func(standin.DumpLine) bool { return false }},
	{"dockerhub", []string{"--mode", "api.limit=0"}, [2]string{}, madeByHub},
	{"artifactory", nil, [2]string{"type: artifactory\n", "type: artifactory\n    repositories: [\"**\", central-remote-cache, npm-remote-cache]\n"}, madeByArtifactory},
}

// madeByArtifactory: checksums that were deployed beside Maven files, its own repositories, what nobody asked for of a remote
// one's cache, what no tag of an image leads to, and images of the old protocol, which its report names by their repository.
func madeByArtifactory(line standin.DumpLine) bool {
	switch line.Repository {
	case "_intransit", "artifactory-build-info", "artifactory-edge-uploads", "auto-trashcan", "jfrog-support-bundle", "jfrog-usage-logs",
		"release-bundles-v2", "docker-remote-cache", "docker-v1-local":
		return true
	}
	return isChecksum(line) || line.Format == "container" && strings.HasPrefix(line.Version, "sha256:")
}

// isChecksum tells a file that only repeats the checksum of one beside it.
func isChecksum(line standin.DumpLine) bool {
	for _, ending := range []string{".md5", ".sha1", ".sha256", ".sha512"} {
		if line.Format == "maven" && strings.HasSuffix(line.File, ending) {
			return true
		}
	}
	return false
}

// madeByHub: what other namespaces hold.
func madeByHub(line standin.DumpLine) bool {
	return !strings.HasPrefix(line.Package, "acme/")
}

// madeByNexus: checksums, and the documents that describe a whole repository or an npm name.
func madeByNexus(line standin.DumpLine) bool {
	return isChecksum(line) || line.Format == "npm" && !strings.HasSuffix(line.File, ".tgz")
}

func TestChain(t *testing.T) {
	for _, c := range chains {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			source, gitlab := startStandin(t, c.kind, c.arg...), startStandin(t, "gitlab")
			m := newMigration(t, gitlab, source)
			m.edit(t, c.edit[0], c.edit[1])
			if e := m.ferry(t, "run"); e.code != 0 && e.code != 2 {
				t.Fatal(e)
			}
			account(t, source.dump(t), gitlab.dump(t), m.rows(t), c.makes)
			e := m.ferry(t, "verify", "--read-back", "all")
			if e.code != 0 && e.code != 2 {
				t.Error(e)
			}
			for line := range strings.Lines(e.stdout) {
				// What arrived in part lacks what GitLab has no place for, and nothing that is there is other.
				if strings.HasPrefix(line, "* ") && !strings.Contains(line, ": without ") {
					t.Error(line)
				}
			}
			for name, n := range gitlab.stats(t).Writes {
				// A blob may have arrived when its image failed for the sake of another one, and is sent with the next tag.
				if n != 1 && !strings.Contains(name, "/odd/broken/") {
					t.Errorf("%d writes of %s", n, name)
				}
			}
			for _, one := range []*server{source, gitlab} {
				if n := one.stats(t).ForeignCredentials; n != 0 {
					t.Errorf("%s: credentials arrived %d times where none belong", one.Kind, n)
				}
			}
		})
	}
}

// reported is a line of the report, as far as the accounts need it.
type reported struct {
	PURL, Repository, Name, Version, Outcome, Reason string
	Files                                            []struct {
		Path     string
		Declared map[string]string
	}
}

func (r reported) arrived() bool { return r.Outcome == "published" || r.Outcome == "present" }

// rows are the packages of the report.
func (m *migration) rows(t testing.TB) []reported {
	t.Helper()
	var rows []reported
	for line := range strings.Lines(m.report(t)) {
		var at struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &at); err != nil {
			t.Fatal(err)
		}
		if at.Kind != "package" {
			continue // what begins and ends the chain, and what could not be listed
		}
		var row reported
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// account fails the test for every file at the source that neither arrived nor is named in the report with a reason, and
// for every file on GitLab that no source has.
func account(t *testing.T, source, gitlab []standin.DumpLine, rows []reported, makes func(standin.DumpLine) bool) {
	t.Helper()
	there, here := sums(source), sums(gitlab)
	formats := map[string]int{}
	for _, line := range source {
		switch {
		case here[line.SHA256]:
			formats[line.Format]++
		case makes(line):
		case !named(rows, line):
			t.Errorf("lost without a word: %s", key(line))
		}
	}
	for _, line := range gitlab {
		// A .json of npm is what GitLab was told to deprecate and is still at work on.
		deprecation := line.Format == "npm" && strings.HasSuffix(line.File, ".json")
		if !there[line.SHA256] && !deprecation {
			t.Errorf("invented: %s", key(line))
		}
	}
	for _, row := range rows {
		if !row.arrived() && row.Reason == "" {
			t.Errorf("%s is %s without a reason", row.PURL, row.Outcome)
		}
	}
	t.Logf("files that arrived, by format: %v", formats)
}

func sums(lines []standin.DumpLine) map[string]bool {
	all := make(map[string]bool, len(lines))
	for _, line := range lines {
		all[line.SHA256] = true
	}
	return all
}

// named tells whether the report says of a file that it did not arrive.
func named(rows []reported, line standin.DumpLine) bool {
	for _, row := range rows {
		if row.arrived() || row.Repository != "" && line.Repository != "" && row.Repository != line.Repository {
			continue
		}
		// A repository that is left has no version; what has a digest for one is part of an image.
		if row.Name == line.Package && line.Format == "container" && (row.Version == "" || strings.HasPrefix(line.Version, "sha256:")) {
			return true
		}
		if row.Name == line.File || row.Name == line.Package && row.Version == line.Version {
			return true
		}
		for _, f := range row.Files {
			if f.Declared["sha256"] == line.SHA256 || strings.HasSuffix("/"+line.File, "/"+f.Path) {
				return true
			}
		}
	}
	return false
}
