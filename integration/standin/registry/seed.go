package registry

// What a registry may hold at the start: Seed is what a migration should bring over whole, SeedOdd what an old registry
// has beside it.

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/internal/artifact"
)

// The media types that have no constant.
const (
	helmConfig  types.MediaType = "application/vnd.cncf.helm.config.v1+json"
	helmChart   types.MediaType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	inToto      types.MediaType = "application/vnd.in-toto+json"
	cosignLayer types.MediaType = "application/vnd.dev.cosign.simplesigning.v1+json"
	spdx        types.MediaType = "application/spdx+json"
)

// The repositories of Seed and SeedOdd, below their prefix.
const (
	App     = "app"     // 1.0: one platform; 2.0 and latest: an index with attestations, signed by cosign's tag; list: Docker's list
	Tool    = "tool"    // 1: shares its base layer with App
	Chart   = "chart"   // 1.2.3: a Helm chart
	Scanned = "scanned" // 1: an SBOM has it as its subject, and stands in the fallback tag
	Legacy  = "legacy"  // old: a schema 1 manifest
	Windows = "windows" // ltsc: a layer that must not be distributed
	Empty   = "empty"   // no tags
	Broken  = "broken"  // good; lost-blob: a layer is gone; lost-child: an index whose second image was deleted
	Many    = "many"    // 1,050 tags
)

// ManyTags is how many tags Many has.
const ManyTags = 1050

// Seed stores whole images of all kinds, in repositories whose names begin with prefix.
func Seed(s *Store, prefix string) {
	app := prefix + App
	base := layerOf("etc/os-release", "NAME=\"Standin Linux\"\n"+filler(1, 4000))
	s.PutArtifact(app, "1.0", platformImage(types.DockerManifestSchema2, v1.Platform{OS: "linux", Architecture: "amd64"}, base, layerOf("srv/app", "app 1.0\n"+filler(2, 3000))))
	index := s.seedIndex(app, base)
	_ = s.SetTag(app, "latest", index.Digest) // it has just been stored
	s.seedSignature(app, index)
	s.seedList(app, base)
	s.PutArtifact(prefix+Tool, "1", platformImage(types.OCIManifestSchema1, v1.Platform{OS: "linux", Architecture: "amd64"}, base, layerOf("srv/tool", "tool 1\n")))
	s.PutArtifact(prefix+Chart, "1.2.3", Artifact{
		Config: Part{MediaType: helmConfig, Content: []byte(`{"name":"chart","version":"1.2.3","description":"A chart","apiVersion":"v2","type":"application"}`)},
		Layers: []Part{{MediaType: helmChart, Content: layerOf("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.2.3\ndescription: A chart\ntype: application\n").zipped}},
	})
	s.seedSubject(prefix+Scanned, base)
}

// PlatformImage is an image of one platform and one layer, of OCI's or Docker's kind; other texts make other images.
func PlatformImage(kind types.MediaType, os, architecture, text string) Artifact {
	return platformImage(kind, v1.Platform{OS: os, Architecture: architecture}, layerOf("srv/text", text))
}

func platformImage(kind types.MediaType, platform v1.Platform, layers ...layer) Artifact {
	configType, layerType := types.OCIConfigJSON, types.OCILayer
	if kind == types.DockerManifestSchema2 {
		configType, layerType = types.DockerConfigJSON, types.DockerLayer
	}
	a, diffs := Artifact{MediaType: kind}, []string{}
	for _, one := range layers {
		a.Layers = append(a.Layers, Part{MediaType: layerType, Content: one.zipped})
		diffs = append(diffs, one.diff)
	}
	a.Config = Part{MediaType: configType, Content: imageConfig(platform, Epoch, diffs...)}
	return a
}

// seedIndex stores an index of two platforms with an attestation of each, as BuildKit makes it.
func (s *Store) seedIndex(repository string, base layer) Manifest {
	var images, attestations []Entry
	for i, architecture := range []string{"amd64", "arm64"} {
		layer := layerOf("srv/app", "app 2.0 "+architecture+"\n"+filler(uint64(10+i), 2000))
		image := s.PutArtifact(repository, "", platformImage(types.OCIManifestSchema1, v1.Platform{OS: "linux", Architecture: architecture}, base, layer))
		images = append(images, Entry{Manifest: image, Platform: &v1.Platform{OS: "linux", Architecture: architecture}})
		statement := []byte(`{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2","subject":[],"predicate":{"digest":"` + image.Digest + `"}}`)
		attestation := s.PutArtifact(repository, "", Artifact{
			Config: Part{MediaType: types.OCIConfigJSON, Content: imageConfig(v1.Platform{OS: "unknown", Architecture: "unknown"}, Epoch, digestOf(statement))},
			Layers: []Part{{MediaType: inToto, Content: statement, Annotations: map[string]string{"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}}},
		})
		attestations = append(attestations, Entry{
			Manifest: attestation, Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.Digest},
		})
	}
	return s.PutIndex(repository, "2.0", types.OCIImageIndex, append(images, attestations...)...)
}

// seedSignature signs a manifest as cosign does: under a tag that is called after it.
func (s *Store) seedSignature(repository string, m Manifest) {
	payload := []byte(`{"critical":{"identity":{"docker-reference":"` + repository + `"},"image":{"docker-manifest-digest":"` + m.Digest + `"},"type":"cosign container image signature"},"optional":null}`)
	s.PutArtifact(repository, artifact.FallbackTag(m.Digest)+".sig", Artifact{
		Config: Part{MediaType: types.OCIConfigJSON, Content: imageConfig(v1.Platform{}, time.Time{}, digestOf(payload))},
		Layers: []Part{{MediaType: cosignLayer, Content: payload, Annotations: map[string]string{"dev.cosignproject.cosign/signature": "MEUCIQDc3RhbmRpbg=="}}},
	})
}

// seedList stores a list of Docker's kind.
func (s *Store) seedList(repository string, base layer) {
	var entries []Entry
	for _, p := range []v1.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm", Variant: "v7"}} {
		layer := layerOf("srv/app", "app list "+p.Architecture+"\n")
		image := s.PutArtifact(repository, "", platformImage(types.DockerManifestSchema2, p, base, layer))
		entries = append(entries, Entry{Manifest: image, Platform: &p})
	}
	s.PutIndex(repository, "list", types.DockerManifestList, entries...)
}

// seedSubject stores an image with an SBOM that refers to it, both by its subject and in the fallback tag.
func (s *Store) seedSubject(repository string, base layer) {
	image := s.PutArtifact(repository, "1", platformImage(types.OCIManifestSchema1, v1.Platform{OS: "linux", Architecture: "amd64"}, base))
	subject := image.Descriptor()
	bill := s.PutArtifact(repository, "", Artifact{
		ArtifactType: string(spdx), Config: Part{MediaType: types.OCIEmptyJSON, Content: []byte("{}")},
		Layers:      []Part{{MediaType: spdx, Content: []byte(`{"spdxVersion":"SPDX-2.3","name":"` + repository + `"}`)}},
		Annotations: map[string]string{"org.opencontainers.image.created": Epoch.Format(time.RFC3339)}, Subject: &subject,
	})
	d, _ := referrer(bill)
	body := encoded(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{d}})
	s.PutManifest(repository, artifact.FallbackTag(image.Digest), Manifest{string(types.OCIImageIndex), digestOf(body), body})
}

// SeedOdd stores what can not be brought over, or only in parts, and many tags.
func SeedOdd(s *Store, prefix string) {
	base := layerOf("etc/os-release", "NAME=\"Standin Linux\"\n"+filler(1, 4000))
	s.seedSchema1(prefix+Legacy, base.zipped)
	foreign := Part{MediaType: types.DockerForeignLayer, Content: layerOf("Files/License.txt", "somebody else's").zipped, URLs: []string{"https://cdn.example.test/base.tar.gz"}}
	windows := platformImage(types.DockerManifestSchema2, v1.Platform{OS: "windows", Architecture: "amd64"}, layerOf("Files/app.txt", "app"))
	windows.Layers = append([]Part{foreign}, windows.Layers...)
	s.PutArtifact(prefix+Windows, "ltsc", windows)
	s.Create(prefix + Empty)
	s.seedBroken(prefix+Broken, base)
	s.Generate(prefix+Many, ManyTags)
}

func (s *Store) seedBroken(repository string, base layer) {
	image := func(tag string) Manifest {
		return s.PutArtifact(repository, tag, platformImage(types.OCIManifestSchema1, v1.Platform{OS: "linux", Architecture: "amd64"}, base, layerOf("srv/"+tag, tag)))
	}
	image("good")
	image("lost-blob")
	_ = s.Lose(repository, blobPath(digestOf(layerOf("srv/lost-blob", "lost-blob").zipped))) // it has just been stored
	platform := v1.Platform{OS: "linux", Architecture: "amd64"}
	child := s.PutArtifact(repository, "", platformImage(types.OCIManifestSchema1, v1.Platform{OS: "linux", Architecture: "arm64"}, base))
	s.PutIndex(repository, "lost-child", types.OCIImageIndex,
		Entry{Manifest: image(""), Platform: &platform}, Entry{Manifest: child, Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}})
	_ = s.Lose(repository, manifestPath(child.Digest)) // it has just been stored
}
