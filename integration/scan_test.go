//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
)

// A team's lock file and settings, rewritten by clients --scan --fix: npm installs by them what it installed before, checks the
// same SHA-512 digests, and asks the old registry for nothing.
func TestScanFixedFilesInstall(t *testing.T) {
	npmjs, gitlab := startStandin(t, "npmjs"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, npmjs)
	m.must(t, 0, "run")

	old := realserver.NewNPM(t, npmjs.URL, npmjs.Token)
	old.Run(t, "install", "@acme/ui", "@acme/cli")
	if err := os.Mkdir(filepath.Join(m.dir, "team"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		m.write(t, "team/"+name, contents(t, filepath.Join(old.Dir, name)))
	}
	m.write(t, "team/.npmrc", "@acme:registry="+npmjs.URL+"/\n")
	before := contents(t, filepath.Join(m.dir, "team", "package-lock.json"))
	if !strings.Contains(before, npmjs.URL+"/@acme/ui/-/") || strings.Count(before, `"integrity": "sha512-`) != 3 {
		t.Fatalf("npm's lock file does not name its packages:\n%s", before)
	}

	m.must(t, 2, "clients", "--scan", "team")
	if got := contents(t, filepath.Join(m.dir, "team", "package-lock.json")); got != before {
		t.Error("a scan alone changed the lock file")
	}
	m.must(t, 0, "clients", "--scan", "team", "--fix", "--yes")
	m.must(t, 0, "clients", "--scan", "team")
	after := contents(t, filepath.Join(m.dir, "team", "package-lock.json"))
	if strings.Contains(after, npmjs.URL) {
		t.Errorf("the old registry is still in the lock file:\n%s", after)
	}
	if diff := cmp.Diff(unresolved(t, before), unresolved(t, after)); diff != "" {
		t.Errorf("more than addresses changed (-before +after):\n%s", diff)
	}

	asked := fmt.Sprint(npmjs.stats(t).Requests)
	fresh := realserver.NewNPM(t, gitlab.projectURL(t, gitlab.Group+"/node-packages")+"/npm", gitlab.Token)
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		text := contents(t, filepath.Join(m.dir, "team", name))
		if err := os.WriteFile(filepath.Join(fresh.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fresh.Run(t, "ci")
	if diff := cmp.Diff(tree(t, filepath.Join(old.Dir, "node_modules")), tree(t, filepath.Join(fresh.Dir, "node_modules"))); diff != "" {
		t.Errorf("npm ci by the rewritten lock file differs (-before +after):\n%s", diff)
	}
	fresh.Run(t, "install", "@acme/core") // by the settings
	if now := fmt.Sprint(npmjs.stats(t).Requests); now != asked {
		t.Errorf("the old registry was asked, %s before and %s after", asked, now)
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unresolved is a lock file without its addresses.
func unresolved(t *testing.T, text string) map[string]any {
	t.Helper()
	var lock map[string]any
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		t.Fatal(err)
	}
	for _, one := range lock["packages"].(map[string]any) {
		delete(one.(map[string]any), "resolved")
	}
	return lock
}
