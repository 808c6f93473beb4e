//go:build integration

package integration

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/integration/standin/artifactory"
	"pkgferry/internal/artifact"
)

// The clients of Artifactory's repositories read through the stand-in: npm, pip, Maven, crane, and curl for what has no
// client of its own.

func TestNPMInstallsFromArtifactoryStandIn(t *testing.T) {
	server := startStandin(t, "artifactory")
	npm := realserver.NewNPM(t, server.URL+"/api/npm/"+artifactory.NPM, server.Token)
	npm.Run(t, "install", "@acme/ui@1.0.0", "right", "left@next", "stray")
	for name, want := range map[string]string{"@acme/ui": "1.0.0", "right": "0.1.0", "left": "2.0.0-beta.1", "stray": "3.0.0"} {
		text, err := os.ReadFile(filepath.Join(npm.Dir, "node_modules", name, "package.json"))
		if err != nil {
			t.Fatal(err)
		}
		var installed struct{ Version string }
		if err := json.Unmarshal(text, &installed); err != nil || installed.Version != want {
			t.Errorf("%s: version %q is installed, %v", name, installed.Version, err)
		}
	}
	if tags := npm.Run(t, "view", "left", "dist-tags", "--json"); !strings.Contains(tags, `"latest": "1.1.0"`) {
		t.Errorf("dist-tags of left: %s", tags)
	}
}

func TestPipDownloadsFromArtifactoryStandIn(t *testing.T) {
	server := startStandin(t, "artifactory")
	to := t.TempDir()
	index := server.URL + "/api/pypi/" + artifactory.PyPI + "/simple"
	out, err := realserver.Pip(t, index, server.Username, server.Password, "download", "--no-deps", "--pre", "--dest", to, "acme-tool==1.0", "Acme.Util")
	if err != nil {
		t.Fatal(out, err)
	}
	files, err := filepath.Glob(filepath.Join(to, "*.whl"))
	if err != nil || len(files) != 2 {
		t.Errorf("pip brought %v, %v", files, err)
	}
	for _, file := range files {
		sameAsHeld(t, server, artifactory.PyPI, filepath.Base(file), file)
	}
}

// sameAsHeld compares a file with the one of its name that the stand-in holds.
func sameAsHeld(t *testing.T, server *server, repository, name, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range server.dump(t) {
		if line.Repository == repository && strings.HasSuffix(line.File, name) {
			if sum := artifact.DigestsOf(string(text)).SHA256; sum != line.SHA256 {
				t.Errorf("%s has the digest %s, the stand-in holds %s", name, sum, line.SHA256)
			}
			return
		}
	}
	t.Errorf("the stand-in holds no %s", name)
}

func TestMavenGetsFromArtifactoryStandIn(t *testing.T) {
	server := startStandin(t, "artifactory")
	maven := realserver.NewMaven(t, server.URL+"/"+artifactory.Virtual, realserver.Login{Username: server.Username, Password: server.Password})
	for _, one := range []string{"com.example:app:2.0", "org.example:cached:3.1"} {
		maven.Get(t, one)
	}
	// What app needs was fetched as well.
	sameAsHeld(t, server, artifactory.Releases, "lib-1.1.jar", filepath.Join(maven.Local, "com", "example", "lib", "1.1", "lib-1.1.jar"))
}

func TestCranePullsFromArtifactoryStandIn(t *testing.T) {
	server := startStandin(t, "artifactory", "--mode", "redirect=1000")
	host := hostOf(t, server.URL)
	logins := realserver.Logins{host: {Username: server.Username, Password: server.Password}}
	out, err := realserver.Crane(t, logins, "ls", host+"/"+artifactory.Docker+"/team/app")
	if err != nil || !strings.HasPrefix(out, "1.0\n2.0\nlatest\nlist\n") {
		t.Fatalf("tags %q, %v", out, err)
	}
	for _, image := range []string{"/team/app:1.0", "/team/app:2.0", "/tool:1"} {
		if out, err := realserver.Crane(t, logins, "pull", host+"/"+artifactory.Docker+image, filepath.Join(t.TempDir(), "image.tar")); err != nil {
			t.Errorf("%s: %s %v", image, out, err)
		}
	}
	if counts := server.stats(t); counts.ForeignCredentials != 0 || counts.Requests["GET store"] == 0 {
		t.Errorf("%+v", counts)
	}
}

// Names that need escapes, and a redirect to a store that refuses credentials: curl keeps its Authorization to itself.
func TestCurlDownloadsFromArtifactoryStandIn(t *testing.T) {
	server := startStandin(t, "artifactory", "--mode", "redirect=100000")
	login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(server.Username+":"+server.Password))
	read := 0
	for _, line := range server.dump(t) {
		if line.Repository != artifactory.Files {
			continue
		}
		at := line.File
		if line.Version != artifact.Unversioned {
			at = strings.ReplaceAll(line.Package, ".", "/") + "/" + line.Version + "/" + at
		}
		segments := strings.Split(at, "/")
		for i, one := range segments {
			segments[i] = url.PathEscape(one)
		}
		body := realserver.Curl(t, server.URL+"/"+artifactory.Files+"/"+strings.Join(segments, "/")+"?skipUpdateStats=true", login)
		if sum := artifact.DigestsOf(string(body)).SHA256; sum != line.SHA256 {
			t.Errorf("%s has the digest %s, want %s", at, sum, line.SHA256)
		}
		read++
	}
	if counts := server.stats(t); read < 20 || counts.ForeignCredentials != 0 || counts.Requests["GET store"] != 1 {
		t.Errorf("%d are read; %+v", read, counts)
	}
}
