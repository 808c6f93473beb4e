package gitlab_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
)

// advance moves the clock.
func (c client) advance(by string) {
	c.t.Helper()
	c.want(200, "*", "POST", "/_standin/clock", fmt.Sprintf(`{"advance":%q}`, by))
}

// there tells which of some manifests and blobs can still be read.
func (r registry) there(repository string, digests ...string) string {
	r.t.Helper()
	found := []string{}
	for i, digest := range digests {
		kind := "/blobs/"
		manifest := r.do("HEAD", "/v2/"+repository+"/manifests/"+digest, "", acceptAll)
		if r.do("HEAD", "/v2/"+repository+kind+digest, "").status == 200 || manifest.status == 200 {
			found = append(found, fmt.Sprint(i))
		}
	}
	return strings.Join(found, " ")
}

// TestGarbage checks what is left a day after a push: what a tag leads to, and the subjects of what is left.
func TestGarbage(t *testing.T) {
	c := start(t, "registry.token=1000h")
	r := c.pusher(app)
	lost := r.blob(app, "never referenced")
	config := descriptor(ociConfig, r.blob(app, "{}"))
	tagged := r.pushed(app, "v1", "layer of v1")
	untagged := r.pushed(app, "", "layer of nobody")
	child := r.pushed(app, "", "layer of a child")
	index := r.put(app, "multi", ociIndex, list(ociIndex, descriptor(ociImage, child)))
	referrer := r.put(app, "", ociImage, image(ociImage, config, "", `"subject":`+descriptor(ociImage, tagged)))
	subject := r.pushed(app, "", "layer of a subject")
	kept := r.put(app, "sig", ociImage, image(ociImage, config, "", `"subject":`+descriptor(ociImage, subject)))
	all := []string{
		lost, tagged, sha("layer of v1"), untagged, sha("layer of nobody"), child, index, referrer, subject, kept, sha("layer of a child"), sha("{}"),
	}
	c.advance("23h")
	if got := r.there(app, all...); got != "0 1 2 3 4 5 6 7 8 9 10 11" {
		t.Errorf("after 23h: %s", got)
	}
	c.advance("1h")
	if got := r.there(app, all...); got != "1 2 4 5 6 8 9 10 11" { // a blob of a deleted manifest has another day
		t.Errorf("after 24h: %s", got)
	}
	c.advance("24h")
	if got := r.there(app, all...); got != "1 2 5 6 8 9 10 11" {
		t.Errorf("after 48h: %s", got)
	}
	c.advance("900h")
	if got := r.there(app, all...); got != "1 2 5 6 8 9 10 11" {
		t.Errorf("after all: %s", got)
	}
	// The index goes with its tag, its child with the index, the child's layer with the child, a day after each other.
	c.registry(c.token, "repository:"+app+":delete").want(202, "", "DELETE", "/v2/"+app+"/manifests/multi", "")
	for _, want := range []string{"5 6 10", "5 10", "10", ""} {
		var got []string
		for _, i := range strings.Fields(c.pusher(app).there(app, all...)) {
			if slices.Contains([]string{"5", "6", "10"}, i) {
				got = append(got, i)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v is left, want %s", got, want)
		}
		c.advance("24h")
	}
}

// TestGarbageOfIndexes checks that the children of an index that is collected have a day more than it, and no less.
func TestGarbageOfIndexes(t *testing.T) {
	for _, steps := range [][]string{{"24h", "24h", "24h"}, {"72h"}, {"47h", "1h", "24h"}} {
		c := start(t, "registry.token=1000h")
		r := c.pusher(app)
		r.pushed(app, "keep", "kept layer")
		child := r.pushed(app, "", "layer")
		index := r.put(app, "", ociIndex, list(ociIndex, descriptor(ociImage, child)))
		hours := 0
		for _, step := range steps {
			c.advance(step)
			passed, err := time.ParseDuration(step)
			if err != nil {
				t.Fatal(err)
			}
			hours += int(passed.Hours())
			want := map[int]string{24: "1 2", 47: "1 2", 48: "2", 72: ""}[hours]
			if got := r.there(app, index, child, sha("layer")); got != want {
				t.Errorf("%v: %q is left after %dh, want %q", steps, got, hours, want)
			}
		}
	}
}

// TestGarbageAcrossRepositories checks that a blob lives while any repository needs it, and that a resumed push of an old
// blob finds nothing.
func TestGarbageAcrossRepositories(t *testing.T) {
	c := start(t, "registry.token=1000h")
	other := imageProject + "/other"
	r := c.pusher(app, other)
	shared := r.blob(app, "shared")
	r.want(201, "", "POST", "/v2/"+other+"/blobs/uploads/?mount="+shared+"&from="+app, "")
	r.put(other, "v1", ociImage, image(ociImage, descriptor(ociConfig, r.blob(other, "{}")), descriptor(ociLayer, shared)))
	old := r.blob(app, "old")
	c.advance("24h")
	if got := r.there(app, shared, old); got != "0" {
		t.Errorf("left: %s", got)
	}
	body := image(ociImage, descriptor(ociConfig, shared), descriptor(ociLayer, old))
	r.want(400, "MANIFEST_BLOB_UNKNOWN", "PUT", "/v2/"+app+"/manifests/v1", body, "Content-Type: "+ociImage)
	// A moved tag leaves a manifest behind.
	first := r.pushed(other, "v1", "second")
	second := r.pushed(other, "v1", "third")
	c.advance("24h")
	if got := r.there(other, first, second, shared); got != "1 2" {
		t.Errorf("after the tag moved: %s", got)
	}
	c.advance("24h")
	if got := r.there(other, shared) + r.there(app, shared); got != "" {
		t.Errorf("shared is left")
	}
}

// TestBlobsOnDisk checks that a blob lies there once, however often it is pushed, and that nothing is left of what is gone.
func TestBlobsOnDisk(t *testing.T) {
	dir := t.TempDir()
	files := func(want int, when string) {
		t.Helper()
		if left, err := os.ReadDir(dir); err != nil || len(left) != want {
			t.Errorf("%s: %d files, %v", when, len(left), err)
		}
	}
	c := startWith(t, standin.Options{Data: dir, Modes: map[string]string{"registry.token": "1000h"}})
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	other := imageProject + "/other"
	r := c.pusher(app, other)
	for range 3 {
		r.blob(app, "blob")
		r.blob(other, "blob")
	}
	files(len(before)+1, "pushed")
	upload := r.begin(app)
	files(len(before)+2, "begun")
	c.registry(c.token, "repository:"+app+":delete").want(204, "", "DELETE", upload, "")
	files(len(before)+1, "cancelled")
	c.advance("24h")
	files(len(before), "collected")
}

func TestNoGarbageWithoutDatabase(t *testing.T) {
	c := start(t, "registry.database=off", "registry.token=1000h")
	r := c.pusher(app)
	all := []string{r.blob(app, "lost"), r.pushed(app, "", "layer")}
	c.advance("500h")
	if got := r.there(app, all...); got != "0 1" {
		t.Errorf("left: %s", got)
	}
}
