//go:build integration

package integration

// An image of several platforms, with an attestation and a signature that refers to it, goes to GitLab's stand-in, and
// crane and skopeo pull it from there under the digest that it had.

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/realserver"
	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
)

// realImage is an OCI image of one real archive.
func realImage(t *testing.T, archive string) v1.Image {
	t.Helper()
	layer, err := tarball.LayerFromFile(realserver.Cache(t, "packages", "npm", archive), tarball.WithMediaType(types.OCILayer))
	if err != nil {
		t.Fatal(err)
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.AppendLayers(base, layer)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestCraneAndSkopeoPullWhatWasMigrated(t *testing.T) {
	platform := func(architecture string) v1.Descriptor {
		return v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}
	}
	attestation := v1.Descriptor{
		Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
		Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: realImage(t, "yargs-17.7.2.tgz"), Descriptor: platform("amd64")},
		mutate.IndexAddendum{Add: realImage(t, "y18n-5.0.8.tgz"), Descriptor: platform("arm64")},
		mutate.IndexAddendum{Add: realImage(t, "q-1.5.1.tgz"), Descriptor: attestation})
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := index.Size()
	if err != nil {
		t.Fatal(err)
	}
	signature := mutate.Subject(realImage(t, "bluebird-3.7.2.tgz"), v1.Descriptor{MediaType: types.OCIImageIndex, Digest: digest, Size: size}).(v1.Image)
	from := shelf.New()
	if err := from.PutImage("team/app", "v1", index); err != nil {
		t.Fatal(err)
	}
	if err := from.PutReferrer("team/app", digest.String(), signature); err != nil {
		t.Fatal(err)
	}
	to := startStandin(t, "gitlab")
	for purl, r := range arrivals(t, ferry(t, from, to)) {
		if r.Outcome != artifact.Published {
			t.Fatalf("%s: %s %s %s", purl, r.Outcome, r.Reason, r.Error)
		}
	}

	host := strings.Replace(hostOf(t, to.URL), "127.0.0.1", "localhost", 1)
	logins := realserver.Logins{host: {Username: anybody, Password: to.Token}}
	repository := host + "/" + to.Group + "/docker-images/team/app"
	signed, err := signature.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for reference, want := range map[string]string{
		repository + ":v1": digest.String(), repository + "@" + signed.String(): signed.String(),
	} {
		if out, err := realserver.Crane(t, logins, "digest", reference); err != nil || strings.TrimSpace(out) != want {
			t.Errorf("crane finds %s at %s, %v; want %s", out, reference, err, want)
		}
	}
	if out, err := realserver.Crane(t, logins, "manifest", repository+":"+artifact.FallbackTag(digest.String())); err != nil || !strings.Contains(out, signed.Hex) {
		t.Errorf("the tag of what refers to the image does not name its signature: %s, %v", out, err)
	}
	dir := t.TempDir()
	if out, err := realserver.Crane(t, logins, "pull", "--format", "oci", repository+":v1", filepath.Join(dir, "crane")); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// skopeo of Debian 12 writes an index anew in any directory, so its digest is that of what it is given.
	if out, err := realserver.Skopeo(t, logins, "copy", "--all", "docker://"+repository+":v1", "dir:"+filepath.Join(dir, "skopeo")); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	raw, err := realserver.Skopeo(t, logins, "inspect", "--raw", "docker://"+repository+":v1")
	if sum := sha256.Sum256([]byte(raw)); err != nil || hex.EncodeToString(sum[:]) != digest.Hex {
		t.Errorf("skopeo reads another index than %s: %v\n%s", digest, err, raw)
	}
}
