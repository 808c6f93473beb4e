package registry_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/registry"
)

func TestBlobsFromTheCDN(t *testing.T) {
	s, now := seeded(), registry.Epoch
	cdn := registry.NewCDN(s)
	cdn.Stats, cdn.Lifetime, cdn.Now = &standin.Stats{}, time.Minute, func() time.Time { return now }
	far := serve(t, cdn)
	base := serve(t, registry.Registry{Store: s, Redirect: func(_ *http.Request, c registry.Call) string { return cdn.Address(far, c.Reference) }})
	image, err := remote.Image(reference(t, base, "acme/app:1.0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	m, _ := s.Manifest("acme/app", "1.0")
	parts, err := v1.ParseManifest(strings.NewReader(string(m.Body)))
	if err != nil {
		t.Fatal(err)
	}
	layer := parts.Layers[0]
	blob := base + "/v2/acme/app/blobs/" + layer.Digest.String()
	if got := ask(t, "HEAD", blob); got.status != 200 || got.header.Get("Content-Length") == "" || got.header.Get("Location") != "" {
		t.Errorf("HEAD is answered %d %v", got.status, got.header)
	}
	got := ask(t, "GET", blob)
	location := got.header.Get("Location")
	if got.status != http.StatusTemporaryRedirect || !strings.HasPrefix(location, far+"/registry-v2/docker/registry/v2/blobs/sha256/") {
		t.Fatalf("%d, Location %s", got.status, location)
	}
	whole := ask(t, "GET", location)
	if int64(len(whole.body)) != layer.Size {
		t.Errorf("%d bytes", len(whole.body))
	}
	if part := ask(t, "GET", location, "Range: bytes=100-"); part.status != 206 || part.body != whole.body[100:] {
		t.Errorf("a range: %d, %d bytes", part.status, len(part.body))
	}
	if got := ask(t, "GET", strings.Replace(location, "verify=", "verify=1", 1)); got.status != 403 {
		t.Errorf("another time: %d", got.status)
	}
	for i, header := range []string{"Authorization: Bearer x", "Cookie: a=b", "X-JFrog-Art-Api: x"} {
		if got := ask(t, "GET", location, header); got.status != 400 || cdn.Stats.Counts().ForeignCredentials != i+1 {
			t.Errorf("%s: %d, %d counted", header, got.status, cdn.Stats.Counts().ForeignCredentials)
		}
	}
	now = now.Add(time.Minute)
	if got := ask(t, "GET", location); got.status != 403 {
		t.Errorf("a minute later: %d", got.status)
	}
}

func TestRangesOfABlob(t *testing.T) {
	s := seeded()
	content := strings.Repeat("0123456789", 100)
	b := registry.Bytes([]byte(content))
	s.PutBlob("acme/app", b)
	base := serve(t, registry.Registry{Store: s})
	for header, want := range map[string]string{"bytes=0-": content, "bytes=990-": content[990:], "bytes=-5": content[995:], "bytes=10-19": content[10:20]} {
		if got := ask(t, "GET", base+"/v2/acme/app/blobs/"+b.Digest, "Range: "+header); got.status != 206 || got.body != want {
			t.Errorf("%s: %d %q", header, got.status, got.body)
		}
	}
	if got := ask(t, "GET", base+"/v2/acme/app/blobs/"+b.Digest, "Range: bytes=1000-"); got.status != 416 {
		t.Errorf("behind the end: %d", got.status)
	}
}

func TestMadeImagesAreFoundByDigest(t *testing.T) {
	s := registry.NewStore()
	s.Generate("one", 300)
	s.Generate("two", 300)
	lines := slices.Collect(s.Lines("hub"))
	if len(lines) != 2*300*4 {
		t.Fatalf("%d lines", len(lines))
	}
	seen := map[string]string{}
	for _, line := range lines {
		if owner := seen[line.SHA256]; owner != "" && owner != line.Package {
			t.Fatalf("%s and %s have the same %s", owner, line.Package, line.File)
		}
		seen[line.SHA256] = line.Package
	}
	base := serve(t, registry.Registry{Store: s})
	image, err := remote.Image(reference(t, base, "two:build-0000299"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	tag, _ := s.Tag("two", "build-0000299")
	if err := s.DeleteTag("two", "build-0000299"); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, "HEAD", base+"/v2/two/manifests/build-0000299", accept); got.status != 404 {
		t.Errorf("a deleted tag: %d", got.status)
	}
	if got := ask(t, "HEAD", base+"/v2/two/manifests/"+tag.Digest, accept); got.status != 200 {
		t.Errorf("its manifest: %d", got.status)
	}
	if err := s.Lose("two", "manifests/"+tag.Digest); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, "HEAD", base+"/v2/two/manifests/"+tag.Digest, accept); got.status != 404 {
		t.Errorf("a lost manifest: %d", got.status)
	}
}
