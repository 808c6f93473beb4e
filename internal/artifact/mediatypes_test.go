package artifact

import (
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestImageMediaTypeKnown asks for every type that go-containerregistry can push as an image, and for what people push
// as artifacts.
func TestImageMediaTypeKnown(t *testing.T) {
	if !slices.IsSorted(imageMediaTypes) || len(slices.Compact(slices.Clone(imageMediaTypes))) != len(imageMediaTypes) {
		t.Fatal("the table is not sorted, or has a row twice")
	}
	for _, known := range []types.MediaType{
		types.OCIManifestSchema1, types.OCIImageIndex, types.OCIConfigJSON, types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer,
		types.OCIRestrictedLayer, types.DockerManifestSchema2, types.DockerManifestList, types.DockerConfigJSON, types.DockerLayer,
		types.DockerForeignLayer, types.DockerUncompressedLayer, types.DockerPluginConfig,
		"application/vnd.cncf.helm.config.v1+json", "application/vnd.dev.cosign.artifact.sig.v1+json", "application/vnd.oci.empty.v1+json",
		"application/vnd.oras.config.v1+json", "application/vnd.buildkit.cacheconfig.v0", "text/plain; charset=utf-8",
	} {
		if !ImageMediaTypeKnown(string(known)) {
			t.Errorf("%s is not known", known)
		}
	}
	for _, unknown := range []string{
		"", "application/vnd.unknown.artifact.v1", "application/vnd.acme.thing+json", "Application/json", "application/json ", "\n",
	} {
		if ImageMediaTypeKnown(unknown) {
			t.Errorf("%q is known", unknown)
		}
	}
}
