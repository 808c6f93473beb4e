//go:build integration

package integration

// A real Verdaccio, filled by the real npm with real packages, is migrated; then the real npm installs from GitLab's
// stand-in what it finds there.

import (
	"crypto/sha1" //nolint:gosec // npm's shasum
	"crypto/sha512"
	"encoding/base64"
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

// verdaccioSuite runs the suite that every source passes.
func verdaccioSuite(t *testing.T, url, token string, tags map[string]map[string]string) {
	var want []artifact.Package
	for _, one := range realVersions {
		content := one.content(t)
		shasum, integrity := sha1.Sum(content), sha512.Sum512(content) //nolint:gosec // npm's shasum
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
			for item := range open(token)(t).Packages(t.Context(), "") {
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
	m.edit(t, "    type: npmjs\n", "    type: npmjs\n    names: verdaccio\n")
	m.must(t, 0, "run")
	m.must(t, 0, "verify")

	project := gitlab.Group + "/node-packages"
	for name, want := range verdaccioView(t, url, token) {
		if diff := cmp.Diff(want, gitlab.packument(t, project, name)); diff != "" {
			t.Errorf("%s changed on the way (-Verdaccio +GitLab):\n%s", name, diff)
		}
	}

	npm := realserver.NewNPM(t, gitlab.projectURL(t, project)+"/npm", gitlab.Token)
	npm.Run(t, "install", "is-odd", "is-number@next", "older@npm:is-number@older", "@types/ms", "left-pad", "mkdirp")
	installed(t, npm.Dir, map[string]real{
		"node_modules/is-number":                     realVersions[2],
		"node_modules/older":                         realVersions[0],
		"node_modules/is-odd":                        realVersions[3],
		"node_modules/is-odd/node_modules/is-number": realVersions[1],
		"node_modules/left-pad":                      realVersions[4],
		"node_modules/@types/ms":                     realVersions[6],
		"node_modules/mkdirp":                        realVersions[7],
		"node_modules/minimist":                      realVersions[8],
	}, gitlab.URL)
	if old := npm.Run(t, "view", "left-pad", "deprecated"); strings.TrimSpace(old) != oldPad {
		t.Errorf("npm reads the deprecation %q, want %q", old, oldPad)
	}
}

// installed compares what npm noted down of its install, and checked, with the real tarballs.
func installed(t *testing.T, dir string, want map[string]real, from string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	delete(lock.Packages, "") // the consumer itself
	for at, one := range want {
		got := lock.Packages[at]
		if got.Version != one.version || got.Integrity != integrity(one.content(t)) || !strings.HasPrefix(got.Resolved, from+"/") {
			t.Errorf("npm installed %+v as %s, want %s %s", got, at, one.name, one.version)
		}
		if _, err := os.Stat(filepath.Join(dir, at, "package.json")); err != nil {
			t.Error(err)
		}
	}
	if len(lock.Packages) != len(want) {
		t.Errorf("npm installed %d packages, want %d:\n%s", len(lock.Packages), len(want), text)
	}
}

// integrity is how npm writes the digest of a tarball (https://www.w3.org/TR/SRI/).
func integrity(content []byte) string {
	sum := sha512.Sum512(content)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}
