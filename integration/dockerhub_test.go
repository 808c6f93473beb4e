//go:build integration

package integration

// The real clients of container registries read through Docker Hub's stand-in: its token service, its registry, and the
// CDN where its blobs are.

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
	"pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/registry"
)

// startDockerHub starts the stand-in at addresses that crane trusts, and returns its registry's host and port.
func startDockerHub(t *testing.T, arg ...string) (hub *server, host string, logins realserver.Logins) {
	t.Helper()
	hub = startStandin(t, "dockerhub", append(arg, "--mode", "localhost=true")...)
	at, err := url.Parse(hub.Registry)
	if err != nil {
		t.Fatal(err)
	}
	return hub, at.Host, realserver.Logins{at.Host: {Username: hub.Username, Password: hub.Token}}
}

func words(out string) []string { return strings.Fields(out) }

// Everything that the dump has of acme is what crane pulls by its tags, byte by byte, and nobody gets a credential that is not his.
func TestCranePullsDockerHub(t *testing.T) {
	hub, host, logins := startDockerHub(t)
	want, tags := map[string]bool{}, map[string][]string{}
	for _, line := range hub.dump(t) {
		if !strings.HasPrefix(line.Package, hub.Group+"/") {
			continue
		}
		if strings.Contains(line.Version, ":") {
			want[line.SHA256] = true
		} else {
			tags[line.Package] = append(tags[line.Package], line.Version)
		}
	}
	dir := t.TempDir()
	for _, repository := range slices.Sorted(maps.Keys(tags)) {
		out, err := realserver.Crane(t, logins, "ls", host+"/"+repository)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tags[repository], words(out)); diff != "" {
			t.Errorf("tags of %s: %s", repository, diff)
		}
		for _, tag := range tags[repository] {
			if out, err := realserver.Crane(t, logins, "pull", "--format", "oci", host+"/"+repository+":"+tag, dir); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		}
	}
	got := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		got[hex.EncodeToString(sum[:])] = true
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 20 {
		t.Errorf("of %d manifests and blobs: %s", len(want), diff)
	}
	counts := hub.stats(t)
	if counts.ForeignCredentials != 0 || counts.Requests["GET cdn"] == 0 || counts.Requests["GET auth"] == 0 {
		t.Errorf("%+v", counts)
	}
}

func TestSkopeoReadsDockerHub(t *testing.T) {
	hub, host, logins := startDockerHub(t, "--mode", "odd=true")
	image := "docker://" + host + "/" + hub.Group + "/"
	dir := t.TempDir()
	for i, name := range []string{"app:1.0", "app:2.0", "app:list", "scanned:1", "chart:1.2.3", "many:build-0001049"} {
		to := filepath.Join(dir, strconv.Itoa(i))
		if out, err := realserver.Skopeo(t, logins, "copy", "--all", image+name, "dir:"+to); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		raw, err := realserver.Skopeo(t, logins, "inspect", "--raw", image+name)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := realserver.Crane(t, logins, "digest", strings.TrimPrefix(image, "docker://")+name)
		if sum := sha256.Sum256([]byte(raw)); err != nil || "sha256:"+hex.EncodeToString(sum[:]) != strings.TrimSpace(digest) {
			t.Errorf("skopeo reads another %s than crane: %v", name, err)
		}
	}
	if out, err := realserver.Skopeo(t, logins, "copy", image+"broken:lost-blob", "dir:"+filepath.Join(dir, "broken")); err == nil {
		t.Errorf("skopeo copies what is lost: %s", out)
	}
	if n := hub.stats(t).ForeignCredentials; n != 0 {
		t.Errorf("%d foreign credentials", n)
	}
}

// Every way to list tags that Docker Hub was seen with leads both clients to all of them.
func TestClientsListEveryTagOfDockerHub(t *testing.T) {
	for _, mode := range []string{"all", "link", "absolute"} {
		hub, host, logins := startDockerHub(t, "--mode", "odd=true", "--mode", "tags="+mode, "--mode", "tags.page=100")
		many := host + "/" + hub.Group + "/" + registry.Many
		out, err := realserver.Crane(t, logins, "ls", many)
		if err != nil || len(words(out)) != registry.ManyTags {
			t.Errorf("%s: crane lists %d tags, %v", mode, len(words(out)), err)
		}
		out, err = realserver.Skopeo(t, logins, "list-tags", "docker://"+many)
		if n := strings.Count(out, `"build-`); err != nil || n != registry.ManyTags {
			t.Errorf("%s: skopeo lists %d tags, %v", mode, n, err)
		}
	}
}

// A HEAD costs no pull, a GET does; who has none left is told so.
func TestClientsSpendTheQuotaOfDockerHub(t *testing.T) {
	hub, host, logins := startDockerHub(t, "--mode", "quota=2")
	image := host + "/" + hub.Group + "/app:1.0"
	charged := func(want int) {
		t.Helper()
		if n := hub.stats(t).Requests["PULL charged"]; n != want {
			t.Errorf("%d pulls are charged, want %d", n, want)
		}
	}
	for range 3 {
		if out, err := realserver.Crane(t, logins, "digest", image); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	charged(0)
	if out, err := realserver.Crane(t, logins, "manifest", image); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := realserver.Skopeo(t, logins, "inspect", "--raw", "docker://"+image); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	charged(2)
	if out, err := realserver.Crane(t, logins, "manifest", image); err == nil || !strings.Contains(out, "TOOMANYREQUESTS") {
		t.Errorf("without a pull left crane says %v\n%s", err, out)
	}
	if out, err := realserver.Crane(t, logins, "digest", image); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	charged(2)
}

func TestClientsOfDockerHubNeedRights(t *testing.T) {
	hub, host, _ := startDockerHub(t)
	private, public := host+"/"+hub.Group+"/app:1.0", host+"/"+hub.Group+"/scanned:1"
	for _, c := range []struct {
		who  realserver.Login
		also bool // the private one
	}{
		{realserver.Login{}, false},
		{realserver.Login{Username: dockerhub.Username, Password: dockerhub.TokenPublic}, false},
		{realserver.Login{Username: dockerhub.Outsider, Password: dockerhub.Password}, false},
		{realserver.Login{Username: dockerhub.Org, Password: dockerhub.TokenOrg}, true},
	} {
		logins := realserver.Logins{}
		if c.who.Username != "" {
			logins[host] = c.who
		}
		if out, err := realserver.Crane(t, logins, "digest", public); err != nil {
			t.Errorf("%s: %v\n%s", c.who.Username, err, out)
		}
		if out, err := realserver.Crane(t, logins, "digest", private); (err == nil) != c.also {
			t.Errorf("%s: %v\n%s", c.who.Username, err, out)
		}
	}
	wrong := realserver.Logins{host: {Username: dockerhub.Username, Password: "no"}}
	if out, err := realserver.Crane(t, wrong, "digest", public); err == nil {
		t.Errorf("a wrong password reads what anybody may: %s", out)
	}
}
