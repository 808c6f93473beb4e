//go:build integration

package integration

import (
	"encoding/json"
	"path"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// python-gitlab finds on GitLab's stand-in what was migrated there, page by page.
func TestPythonGitLabListsWhatWasMigrated(t *testing.T) {
	gitlab := startStandin(t, "gitlab")
	newMigration(t, gitlab, startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs")).must(t, 0, "run")
	list := realserver.GitLabFiles(t, gitlab.URL, gitlab.Token, gitlab.Group, realserver.Cache(t, "npm", "is-odd-3.0.1.tgz"))
	var got []standin.DumpLine
	for decoder := json.NewDecoder(strings.NewReader(list)); decoder.More(); {
		var line standin.DumpLine
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	want := gitlab.dump(t)
	for i := range want {
		want[i].File = path.Base(want[i].File)
		if want[i].Format != string(artifact.Generic) {
			want[i].SHA256 = "" // GitLab keeps it for no other of these formats
		}
	}
	for i := range got {
		got[i].File = path.Base(got[i].File)
	}
	if len(got) < 40 {
		t.Errorf("python-gitlab finds only %d files:\n%s", len(got), list)
	}
	holds(t, got, want)
}
