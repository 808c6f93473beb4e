//go:build integration

package integration

// A real Verdaccio, filled by the real npm with real packages, is migrated; then the real npm installs from GitLab's
// stand-in what it finds there.

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/npmjs"
	"pkgferry/sources/sourcetest"
)

// real is a real npm package's version: what install.sh fetched, and the dist-tag it is published under.
type real struct{ name, version, file, tag string }

var realVersions = []real{
	{"is-number", "3.0.0", "is-number-3.0.0.tgz", "older"},
	{"is-number", "6.0.0", "is-number-6.0.0.tgz", "lts"},
	{"is-number", "7.0.0", "is-number-7.0.0.tgz", "latest"},
	{"is-odd", "3.0.1", "is-odd-3.0.1.tgz", "latest"},
	{"left-pad", "1.3.0", "left-pad-1.3.0.tgz", "latest"},
	{"@types/ms", "0.7.34", "types-ms-0.7.34.tgz", "ts5.0"},
	{"@types/ms", "2.1.0", "types-ms-2.1.0.tgz", "latest"},
	{"mkdirp", "0.5.6", "mkdirp-0.5.6.tgz", "latest"},
	{"minimist", "1.2.8", "minimist-1.2.8.tgz", "latest"},
	{"kind-of", "3.2.2", "kind-of-3.2.2.tgz", "latest"},
	{"is-buffer", "1.1.6", "is-buffer-1.1.6.tgz", "latest"},
}

const (
	oldNumber = "Please use 7.0.0: é & <more> \"quotes\""
	oldPad    = "use String.prototype.padStart()"
)

func TestVerdaccio(t *testing.T) {
	url, token := realserver.Verdaccio(t)
	publishReal(t, realserver.NewNPM(t, url, token))
	tags := map[string]map[string]string{}
	for name, one := range verdaccioView(t, url, token) {
		tags[name] = one.Tags
	}
	if got := tags["is-number"]; got["next"] != "7.0.0" || got["lts"] != "6.0.0" || got["latest"] != "7.0.0" {
		t.Fatalf("npm left is-number with the tags %v", got)
	}
	t.Run("source", func(t *testing.T) { verdaccioSuite(t, url, token, tags) })
	t.Run("migration", func(t *testing.T) { verdaccioMigration(t, url, token) })
}

func publishReal(t *testing.T, npm *realserver.NPM) {
	t.Helper()
	for _, one := range realVersions {
		npm.Run(t, "publish", realserver.Cache(t, "npm", one.file), "--tag", one.tag)
	}
	npm.Run(t, "dist-tag", "add", "is-number@7.0.0", "next")
	npm.Run(t, "dist-tag", "add", "@types/ms@0.7.34", "older")
	npm.Run(t, "deprecate", "is-number@3.0.0", oldNumber)
	npm.Run(t, "deprecate", "left-pad", oldPad)
}

// content is a real version's tarball.
func (r real) content(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(realserver.Cache(t, "npm", r.file))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// withoutIntegrity is p as GitLab can serve it: it has no place for dist.integrity.
func (p packument) withoutIntegrity() packument {
	for version, one := range p.Versions {
		one.Dist.Integrity = ""
		p.Versions[version] = one
	}
	return p
}

// verdaccioSuite runs the suite that every source passes.
func verdaccioSuite(t *testing.T, url, token string, tags map[string]map[string]string) {
	var want []artifact.Package
	for _, one := range realVersions {
		content := one.content(t)
		shasum, integrity := sha1.Sum(content), sha512.Sum512(content)
		want = append(want, artifact.Package{Format: artifact.NPM, Name: one.name, Version: one.version, Files: []artifact.File{{
			Path: artifact.NPMTarball(one.name, one.version), Size: -1,
			Digests: artifact.Digests{SHA1: hex.EncodeToString(shasum[:]), SHA512: hex.EncodeToString(integrity[:])},
		}}})
	}
	for name, byTag := range tags {
		index := artifact.Package{Format: artifact.NPM, Name: name}
		for tag, version := range byTag {
			index.Files = append(index.Files, artifact.NPMTag(tag, version))
		}
		want = append(want, index)
	}
	for name, f := range map[string]artifact.File{
		"is-number": artifact.NPMDeprecation("3.0.0", oldNumber), "left-pad": artifact.NPMDeprecation("1.3.0", oldPad),
	} {
		want = append(want, artifact.Package{Format: artifact.NPM, Name: name, Files: []artifact.File{f}})
	}
	open := func(token string) func(*testing.T) sources.Source {
		return func(t *testing.T) sources.Source {
			return npmjs.New("verdaccio", httpClient(t, "source verdaccio", url, httpx.Bearer(token)), npmjs.Options{Names: npmjs.VerdaccioNames})
		}
	}
	sourcetest.Run(t, sourcetest.Case{
		New: open(token), Want: want, Token: token, Rejected: open("a-wrong-token"),
		Content: func(t *testing.T, p artifact.Package, f artifact.File) []byte {
			for _, one := range realVersions {
				if one.name == p.Name && one.version == p.Version {
					return one.content(t)
				}
			}
			return []byte(f.Locator) // a dist-tag or a deprecation
		},
		Absent: func(t *testing.T, _ artifact.File) artifact.File {
			for item := range open(token)(t).Packages(t.Context(), sources.Start{}) {
				for _, f := range item.Package.Files {
					if strings.Contains(f.Locator, ".tgz") {
						f.Locator = strings.ReplaceAll(f.Locator, ".tgz", "-absent.tgz")
						return f
					}
				}
			}
			t.Fatal("no tarball is listed")
			return artifact.File{}
		},
	})
}

// verdaccioView is what the registry tells npm of every package.
func verdaccioView(t *testing.T, url, token string) map[string]packument {
	t.Helper()
	view := map[string]packument{}
	for _, one := range realVersions {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/"+artifact.NPMEscape(one.name), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var p packument
		err = json.NewDecoder(resp.Body).Decode(&p)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %s, %v", req.URL, resp.Status, err)
		}
		view[one.name] = p.withoutAddresses()
	}
	return view
}

func verdaccioMigration(t *testing.T, url, token string) {
	gitlab := startStandin(t, "gitlab")
	m := newMigration(t, gitlab, &server{standin.Ready{Kind: "npmjs", URL: url, Token: token}})
	m.edit(t, "    scopes: [\"@acme\"]\n", "    names: verdaccio\n")
	m.must(t, 0, "run")
	m.must(t, 0, "verify")

	project := gitlab.Group + "/node-packages"
	for name, want := range verdaccioView(t, url, token) {
		if diff := cmp.Diff(want.withoutIntegrity(), gitlab.packument(t, project, name)); diff != "" {
			t.Errorf("%s changed on the way (-Verdaccio +GitLab):\n%s", name, diff)
		}
	}
	registry := gitlab.projectURL(t, project) + "/npm"
	if old := realserver.NewNPM(t, registry, gitlab.Token).Run(t, "view", "left-pad", "deprecated"); strings.TrimSpace(old) != oldPad {
		t.Errorf("npm reads the deprecation %q, want %q", old, oldPad)
	}
	consumers(t, realserver.NewNPM(t, url, token), func() *realserver.NPM { return realserver.NewNPM(t, registry, gitlab.Token) })
}

// consumers installs from the old registry, then from the new one: afresh, and by the lock file of the first install,
// whose SHA-512 digests npm checks. The same files must lie there each time.
func consumers(t *testing.T, old *realserver.NPM, fresh func() *realserver.NPM) {
	t.Helper()
	install := []string{"install", "is-odd", "is-number@next", "older@npm:is-number@older", "@types/ms", "left-pad", "mkdirp"}
	old.Run(t, append(install, "--omit-lockfile-registry-resolved")...)
	want := tree(t, filepath.Join(old.Dir, "node_modules"))
	if len(want) < len(realVersions) {
		t.Fatalf("npm installed only %v", want)
	}

	again := fresh()
	again.Run(t, install...)
	if diff := cmp.Diff(want, tree(t, filepath.Join(again.Dir, "node_modules"))); diff != "" {
		t.Errorf("an install from GitLab differs (-Verdaccio +GitLab):\n%s", diff)
	}

	locked := fresh()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(old.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "package-lock.json" && strings.Count(string(text), `"integrity": "sha512-`) != len(installed) {
			t.Fatalf("the lock file does not pin %d packages by SHA-512:\n%s", len(installed), text)
		}
		if err := os.WriteFile(filepath.Join(locked.Dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	locked.Run(t, "ci")
	if diff := cmp.Diff(want, tree(t, filepath.Join(locked.Dir, "node_modules"))); diff != "" {
		t.Errorf("an install by the old lock file differs (-Verdaccio +GitLab):\n%s", diff)
	}
	for at, version := range installed {
		text, err := os.ReadFile(filepath.Join(locked.Dir, "node_modules", at, "package.json"))
		var is struct{ Version string }
		if err == nil {
			err = json.Unmarshal(text, &is)
		}
		if err != nil || is.Version != version {
			t.Errorf("npm installed %s %s, want %s: %v", at, is.Version, version, err)
		}
	}
}

// installed is where npm puts which version.
var installed = map[string]string{
	"is-number": "7.0.0", "older": "3.0.0", "is-odd": "3.0.1", "is-odd/node_modules/is-number": "6.0.0",
	"left-pad": "1.3.0", "@types/ms": "2.1.0", "mkdirp": "0.5.6", "minimist": "1.2.8",
	"kind-of": "3.2.2", "is-buffer": "1.1.6",
}

// tree is what lies below dir: the digest of each file, but for npm's own notes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || entry.Name() == ".package-lock.json" {
			return err
		}
		content, err := os.ReadFile(path)
		sum := sha512.Sum512(content)
		name, _ := filepath.Rel(dir, path)
		files[name] = hex.EncodeToString(sum[:8])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
