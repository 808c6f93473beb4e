//go:build integration

package integration

import (
	"encoding/json"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
	nexusstandin "pkgferry/integration/standin/nexus"
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
