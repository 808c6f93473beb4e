//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
	nexusstandin "pkgferry/integration/standin/nexus"
	"pkgferry/internal/artifact"
)

// The client that is generated from Nexus' own description finds in the stand-in what the stand-in holds, page by page.
func TestNexusStandInAnswersNexusClient(t *testing.T) {
	for _, era := range []string{"orient", "sqlA", "sqlB"} {
		t.Run(era, func(t *testing.T) {
			server := startStandin(t, "nexus", "--mode", "era="+era, "--mode", "page=10")
			type row struct {
				Repository, File string
				Size             int64
				SHA256           string
			}
			want := map[row]int{}
			for _, line := range server.dump(t) {
				if line.Repository == nexusstandin.Raw && era == "orient" {
					line.SHA256 = "" // OrientDB keeps only the digests that clients asked for
				}
				if line.Repository == nexusstandin.Releases || line.Repository == nexusstandin.Raw {
					want[row{line.Repository, path.Base(line.File), line.Size, line.SHA256}]++
				}
			}
			got := map[row]int{}
			list := realserver.NexusAssets(t, server.URL, server.Username, server.Password, nexusstandin.Releases, nexusstandin.Raw)
			for decoder := json.NewDecoder(strings.NewReader(list)); decoder.More(); {
				var asset struct {
					Repository, Path, SHA256, DownloadURL string
					FileSize                              int64
				}
				if err := decoder.Decode(&asset); err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(asset.DownloadURL, server.URL+"/repository/"+asset.Repository+"/") {
					t.Errorf("%s is to be downloaded from %s", asset.Path, asset.DownloadURL)
				}
				got[row{asset.Repository, path.Base(asset.Path), asset.FileSize, asset.SHA256}]++
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) < 20 {
				t.Errorf("%d assets (-held +listed):\n%s", len(got), diff)
			}
		})
	}
}

// The clients of the ecosystems read through the stand-in what it holds, as they do at a Nexus.
func TestClientsReadNexusStandIn(t *testing.T) {
	server := startStandin(t, "nexus", "--mode", "version=3.96.3-01", "--mode", "anonymous=on")
	held := map[string]bool{}
	for _, line := range server.dump(t) {
		held[line.SHA256] = true
	}
	in := func(repository string) string { return server.URL + "/repository/" + repository }
	same := func(t *testing.T, file string) {
		t.Helper()
		content, err := os.ReadFile(file)
		if err != nil || !held[artifact.DigestsOf(string(content)).SHA256] {
			t.Errorf("%s: other bytes than the server has (%v)", file, err)
		}
	}
	host := strings.TrimPrefix(server.URL, "http://")
	logins := realserver.Logins{host: {Username: server.Username, Password: server.Password}}
	for name, read := range map[string]func(t *testing.T){
		"npm": func(t *testing.T) {
			npm := realserver.NewNPM(t, in(nexusstandin.NPMPublic), "")
			npm.Run(t, "install", "@acme/ui@next", "tidy-lines")
			npm.Run(t, "pack", "@acme/ui@1.0.0")
			same(t, filepath.Join(npm.Dir, "acme-ui-1.0.0.tgz"))
			for name, version := range map[string]string{"@acme/ui": "2.0.0-rc.1", "tidy-lines": "1.0.0"} {
				text, err := os.ReadFile(filepath.Join(npm.Dir, "node_modules", name, "package.json"))
				if err != nil || !strings.Contains(string(text), `"version": "`+version) {
					t.Errorf("%s: %s %v", name, text, err)
				}
			}
		},
		"pip": func(t *testing.T) {
			dir := t.TempDir()
			if out, err := realserver.Pip(t, in(nexusstandin.PyPI)+"/simple", server.Username, server.Password, "download", "--dest", dir, "--no-deps", "acme.ui==1.0"); err != nil {
				t.Fatal(out, err)
			}
			same(t, filepath.Join(dir, "acme_ui-1.0-py3-none-any.whl"))
		},
		"mvn": func(t *testing.T) {
			maven := realserver.NewMaven(t, in(nexusstandin.Public), realserver.Login{Username: server.Username, Password: server.Password})
			maven.Get(t, "com.example:app:2.0")
			same(t, filepath.Join(maven.Local, "com/example/app/2.0/app-2.0.jar"))
			same(t, filepath.Join(maven.Local, "com/example/lib/1.1/lib-1.1.jar")) // which it depends on
		},
		"helm": func(t *testing.T) {
			helm := realserver.NewHelm(t, nil)
			if out, err := helm.Run(t, "pull", "acme-web", "--version", "1.0.0", "--repo", in(nexusstandin.Helm), "--username", server.Username, "--password", server.Password); err != nil {
				t.Fatal(out, err)
			}
			same(t, filepath.Join(helm.Dir, "acme-web-1.0.0.tgz"))
		},
		"curl": func(t *testing.T) {
			got := realserver.Curl(t, in(nexusstandin.Raw)+"/docs/with%20space+gr%C3%B6%C3%9Fe/read-me.txt")
			if string(got) != "a directory may have any name\n" {
				t.Errorf("%q", got)
			}
		},
		"crane": func(t *testing.T) {
			image := host + "/" + nexusstandin.Docker + "/team/app"
			digest, err := realserver.Crane(t, logins, "digest", image+":2.0")
			if err != nil || !held[strings.TrimPrefix(strings.TrimSpace(digest), "sha256:")] {
				t.Errorf("%s %v", digest, err)
			}
			tags, err := realserver.Crane(t, logins, "ls", image)
			if err != nil || !slices.Contains(strings.Fields(tags), "latest") {
				t.Errorf("%s %v", tags, err)
			}
			to := filepath.Join(t.TempDir(), "layout")
			if out, err := realserver.Crane(t, logins, "pull", "--format", "oci", image+":2.0", to); err != nil {
				t.Fatal(out, err)
			}
			blobs, err := filepath.Glob(filepath.Join(to, "blobs", "sha256", "*"))
			if err != nil || len(blobs) < 5 {
				t.Errorf("%d blobs, %v", len(blobs), err)
			}
			for _, one := range blobs {
				same(t, one)
			}
		},
	} {
		t.Run(name, read)
	}
	if n := server.stats(t).ForeignCredentials; n != 0 {
		t.Errorf("%d requests brought credentials of another kind", n)
	}
}
