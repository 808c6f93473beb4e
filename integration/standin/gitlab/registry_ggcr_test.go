package gitlab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// go-containerregistry is an independent client of the registry. It trusts no token server at a private address that is a
// number, so it is told "localhost".

const imageProject = "acme/artifact-management/docker-images"

// reference names an image on the stand-in.
func (c client) reference(path string) name.Reference {
	c.t.Helper()
	ref, err := name.ParseReference(strings.Replace(c.url, "http://127.0.0.1", "localhost", 1) + "/" + path)
	if err != nil {
		c.t.Fatal(err)
	}
	return ref
}

func as(token string) remote.Option {
	return remote.WithAuth(&authn.Basic{Username: "any", Password: token})
}

func randomImage(t testing.TB, kind types.MediaType) v1.Image {
	t.Helper()
	image, err := random.Image(1024, 3)
	if err != nil {
		t.Fatal(err)
	}
	if kind == types.OCIManifestSchema1 {
		image = mutate.ConfigMediaType(mutate.MediaType(image, kind), types.OCIConfigJSON)
	}
	return image
}

func digestOf(t testing.TB, image interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestImages pushes images of both kinds and pulls them again, in both modes of the registry.
func TestImages(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		for _, kind := range []types.MediaType{types.DockerManifestSchema2, types.OCIManifestSchema1} {
			t.Run(database+" "+string(kind), func(t *testing.T) {
				c := start(t, "registry.database="+database)
				image := randomImage(t, kind)
				ref := c.reference(imageProject + "/team/app:v1")
				if err := remote.Write(ref, image, as(c.token)); err != nil {
					t.Fatal(err)
				}
				got, err := remote.Image(ref, as("standin-reporter"))
				if err != nil {
					t.Fatal(err)
				}
				if err := validate.Image(got); err != nil {
					t.Error(err)
				}
				if digestOf(t, got) != digestOf(t, image) {
					t.Errorf("pulled %v, pushed %v", digestOf(t, got), digestOf(t, image))
				}
				tags, err := remote.List(ref.Context(), as(c.token))
				if err != nil || fmt.Sprint(tags) != "[v1]" {
					t.Errorf("tags %v, %v", tags, err)
				}
			})
		}
	}
}

// TestIndexes does the same with images of several platforms, and moves a tag.
func TestIndexes(t *testing.T) {
	c := start(t)
	ref := c.reference(imageProject + "/multi:latest")
	for range 2 {
		index, err := random.Index(256, 2, 3)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(ref, index, as("standin-registry")); err != nil {
			t.Fatal(err)
		}
		got, err := remote.Index(ref, as(c.token))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(got); err != nil {
			t.Error(err)
		}
		if digestOf(t, got) != digestOf(t, index) {
			t.Error("another index is pulled")
		}
	}
}
