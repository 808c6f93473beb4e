//go:build integration

package integration

// The real twine publishes real releases to GitLab's stand-in, and the real pip finds them there.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
)

// anybody is a user name where GitLab looks at the token only.
const anybody = "anybody"

// pypiRow is a stored file with its name and version in their normal forms.
func pypiRow(name, version, file, sum string) string {
	normal, _ := artifact.PyPIVersion(version)
	return strings.Join([]string{artifact.PyPIName(name), normal, file, sum}, " ")
}

func TestTwinePublishesAndPipInstalls(t *testing.T) {
	gitlab := startStandin(t, "gitlab")
	registry := gitlab.projectURL(t, gitlab.Group+"/python-packages") + "/pypi"
	var files, want []string
	for _, file := range realserver.Files(t, "pypi") {
		files = append(files, realserver.Cache(t, "packages", "pypi", filepath.FromSlash(file)))
		name, version, _ := strings.Cut(path.Dir(file), "==")
		sum := sha256.Sum256(cached(t, "packages", "pypi", filepath.FromSlash(file)))
		// GitLab stores no "!" in a file name.
		want = append(want, pypiRow(name, version, strings.ReplaceAll(path.Base(file), "!", "_"), hex.EncodeToString(sum[:])))
	}
	if out, err := realserver.Twine(t, registry, anybody, gitlab.Token, files...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for _, line := range gitlab.dump(t) {
		got = append(got, pypiRow(line.Package, line.Version, line.File, line.SHA256))
	}
	same(t, "what twine published", got, want)

	if out, err := realserver.Twine(t, registry, anybody, gitlab.Token, files[0]); err == nil || !strings.Contains(out, "400") {
		t.Errorf("GitLab takes a file twice: %v\n%s", err, out)
	}
	pipConsumers(t, registry+"/simple", gitlab.Token)
}

// pipConsumers downloads what pip chooses of some releases, whose bytes must be the published ones, and installs with
// dependencies, one of them built with the setuptools of the same index.
func pipConsumers(t *testing.T, index, token string) {
	t.Helper()
	downloaded, installed := t.TempDir(), t.TempDir()
	pip := func(command string, arg ...string) {
		t.Helper()
		if out, err := realserver.Pip(t, index, anybody, token, command, arg...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	pip("download", "--no-deps", "--dest", downloaded,
		"markupsafe==2.1.5", "Zope.Event", "ruamel_yaml", "certifi<2016", "opencensus-context==0.2.dev0", "pytz>2020", "requests~=2.31.0")
	files, err := os.ReadDir(downloaded)
	if err != nil || len(files) != 7 {
		t.Errorf("pip downloaded %v, %v", files, err)
	}
	real := map[string]string{}
	for _, file := range realserver.Files(t, "pypi") {
		real[path.Base(file)] = file
	}
	for _, file := range files {
		got, err := os.ReadFile(filepath.Join(downloaded, file.Name()))
		if err != nil || !bytes.Equal(got, cached(t, "packages", "pypi", real[file.Name()])) {
			t.Errorf("pip downloaded other bytes of %s: %v", file.Name(), err)
		}
	}

	pip("install", "--no-compile", "--target", installed, "httpx==0.26.0", "flask", "docopt", "six")
	for at, want := range map[string]string{
		"httpx/__version__.py": `__version__ = "0.26.0"`, "h11/_version.py": `__version__ = "0.14.0"`,
		"docopt.py": "__version__ = '0.6.2'", "six.py": `__version__ = "1.17.0"`, "flask/app.py": "class Flask(",
	} {
		if text, err := os.ReadFile(filepath.Join(installed, at)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("pip installed no %s with %s: %v", at, want, err)
		}
	}
	if out, err := realserver.Pip(t, index, anybody, token, "download", "--no-deps", "--dest", downloaded, "ohai==1!0"); err == nil {
		t.Errorf("pip finds a release whose epoch GitLab has taken out of the file names:\n%s", out)
	}
}
