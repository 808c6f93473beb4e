//go:build integration

package integration

// The real nuget.exe publishes real packages to GitLab's stand-in, and installs them from it.

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

// nugetOwner is the name of the user whose token is the stand-in's first: for NuGet, Basic must name it.
const nugetOwner = "owner"

func TestNuGetPublishesAndInstalls(t *testing.T) {
	gitlab := startStandin(t, "gitlab")
	nuget := realserver.NewNuGet(t, gitlab.projectURL(t, gitlab.Group+"/nuget-packages")+"/nuget/index.json", nugetOwner, gitlab.Token)
	// It pushes the symbols that lie beside a package, too.
	if out, err := nuget.Run(t, "push", filepath.Join(realserver.Cache(t, "packages", "nuget"), "*.nupkg"), "-Source", "lab"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got, want []string
	for _, line := range gitlab.dump(t) {
		version, _ := artifact.NuGetVersion(line.Version)
		got = append(got, strings.ToLower(line.Package)+"."+version+path.Ext(line.File)+" "+line.SHA256)
	}
	eachFile(t, "nuget", func(file string, content []byte) {
		sum := sha256.Sum256(content)
		want = append(want, strings.ToLower(file)+" "+hex.EncodeToString(sum[:]))
	})
	same(t, "what nuget.exe published", got, want)
	nugetConsumers(t, nuget)
}

// nugetConsumers installs the packages that a packages.config names, spelled in any case.
func nugetConsumers(t *testing.T, nuget *realserver.NuGet) {
	t.Helper()
	config := `<packages>
  <package id="Toastr" version="1.1.4.2" />
  <package id="toastr" version="2.0.0-rc1" />
  <package id="nuget.commandline" version="5.8.0-rc.2" />
  <package id="Python.Runtime" version="3.0.3" />
</packages>`
	if err := os.WriteFile(filepath.Join(nuget.Dir, "packages.config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := nuget.Run(t, "install", "packages.config", "-OutputDirectory", "packages"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, id := range []string{"toastr.1.1.4.2", "toastr.2.0.0-rc1", "NuGet.CommandLine.5.8.0-rc.2", "Python.Runtime.3.0.3"} {
		got, err := os.ReadFile(filepath.Join(nuget.Dir, "packages", id, id+".nupkg"))
		if err != nil || !bytes.Equal(got, cached(t, "packages", "nuget", id+".nupkg")) {
			t.Errorf("nuget.exe installed another %s: %v", id, err)
		}
	}
	for at, want := range map[string]string{
		"toastr.1.1.4.2/content/scripts/toastr.js":                   "toastr",
		"Python.Runtime.3.0.3/lib/netstandard2.0/Python.Runtime.dll": "MZ",
		"NuGet.CommandLine.5.8.0-rc.2/tools/NuGet.exe":               "MZ",
	} {
		if text, err := os.ReadFile(filepath.Join(nuget.Dir, "packages", filepath.FromSlash(at))); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("nuget.exe unpacked no %s: %v", at, err)
		}
	}
}
