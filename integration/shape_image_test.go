//go:build integration

package integration

// What crane sends of an image, beside what pkgferry sends of it.

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"pkgferry/integration/realserver"
	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
)

func TestShapeOfCranePush(t *testing.T) {
	image, err := random.Image(4<<10, 3)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})); err != nil {
		t.Fatal(err)
	}
	theirs, to := standinBehind(t)
	host := hostOf(t, to.URL)
	logins := realserver.Logins{host: {Username: "someone", Password: to.Token}}
	if out, err := realserver.Crane(t, logins, "push", dir, host+"/"+to.Group+"/docker-images/app:v1", "--insecure"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	from := shelf.New()
	if err := from.PutImage("app", "v1", image); err != nil {
		t.Fatal(err)
	}
	ours, other := standinBehind(t)
	for purl, r := range arrivals(t, ferry(t, from, other)) {
		if r.Outcome != artifact.Published {
			t.Fatalf("%s: %s %s %s", purl, r.Outcome, r.Reason, r.Error)
		}
	}
	// Manifests are equal in every field. A blob goes in one request where crane takes two: PATCH with its bytes and PUT
	// with its digest.
	compareShapes(t, manifests(theirs), manifests(ours), differences{})
	a, b := blobs(theirs), blobs(ours)
	if !maps.Equal(a, b) || len(a) != 4 {
		t.Errorf("crane sends the blobs %v, pkgferry %v", a, b)
	}
}

// standinBehind is a stand-in that can be reached through a recorder alone.
func standinBehind(t *testing.T) (*recorder, *server) {
	t.Helper()
	to := startStandin(t, "gitlab")
	r := record(t, to.URL)
	to.URL = r.url
	return r, to
}

func hostOf(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func manifests(r *recorder) []shape {
	return byPath(slices.DeleteFunc(publishing(r), func(s shape) bool { return !strings.Contains(s["path"], "/manifests/") }))
}

// blobs are the sums of what was sent for uploads.
func blobs(r *recorder) map[string]bool {
	found := map[string]bool{}
	for _, s := range publishing(r) {
		switch {
		case !strings.Contains(s["path"], "/blobs/uploads/"):
		case s["method"] == http.MethodPatch, s["method"] == http.MethodPut && !strings.HasPrefix(s["body"], "0 bytes"):
			found[s["body"]] = true
		}
	}
	return found
}

// The request that nuget.exe pushes a package with.
func TestShapeOfNuGetPush(t *testing.T) {
	file := realserver.Cache(t, "packages", "nuget", "toastr.2.0.3.nupkg")
	recorder, base, token := client(t, "nuget-packages")
	nuget := realserver.NewNuGet(t, base+"/nuget/index.json", nugetOwner, token)
	if out, err := nuget.Run(t, "push", file, "-Source", "lab"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, _ := nugetFile(t, file)
	p.Repository, p.Format = "r", artifact.NuGet
	// nuget.exe sends everything once without its credentials, to see whether they are needed.
	theirs := slices.DeleteFunc(publishing(recorder), func(s shape) bool { return s["header Authorization"] == "" })
	compareShapes(t, theirs, ferried(t, p, file), differences{
		"file name of package": "GitLab makes the name of what it reads in the package; nuget.exe calls every file package.nupkg",
	})
}
