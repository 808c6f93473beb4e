package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pkgferry/internal/fault"
)

// A manifest is JSON that says which blobs an image consists of; an index lists manifests, one a platform. OCI describes
// both (https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md), and Docker their elder
// brothers, schema 2 and the manifest list (https://distribution.github.io/distribution/spec/manifest-v2-2/). Schema 1,
// which no registry of today takes, is only told from them.

// The media types of manifests.
const (
	OCIManifest         = "application/vnd.oci.image.manifest.v1+json"
	OCIIndex            = "application/vnd.oci.image.index.v1+json"
	DockerManifest      = "application/vnd.docker.distribution.manifest.v2+json"
	DockerList          = "application/vnd.docker.distribution.manifest.list.v2+json"
	DockerSchema1       = "application/vnd.docker.distribution.manifest.v1+json"
	DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
)

// maxManifestCommas is more than a manifest of MaxManifest bytes can have that consists of usable descriptors; it bounds the
// memory that one of empty ones takes.
const maxManifestCommas = 200_000

// buildKitCache is the configuration of a BuildKit cache: an index whose entries are blobs and not manifests. GitLab's
// registry takes it for the same sign (manifest/manifestlist/mlcompat in gitlab-org/container-registry).
const buildKitCache = "application/vnd.buildkit.cacheconfig.v0"

// Descriptor says where a manifest or a blob is: its digest, and its size in bytes.
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
	URLs         []string          `json:"urls"`
	Platform     json.RawMessage   `json:"platform"`
}

// Manifest is what copying an image needs to know of a manifest or an index.
type Manifest struct {
	// MediaType is its mediaType member; where it has none, which OCI allows, its shape tells.
	MediaType string
	// ArtifactType and ConfigType are what GitLab's list of allowed media types applies to, beside MediaType.
	ArtifactType, ConfigType string
	// Manifests are the entries of an index, each digest once: platforms, and attestations, which are manifests like others.
	Manifests []Descriptor
	// Blobs are the configuration and the layers that must be stored, each digest once. Foreign layers, which are fetched
	// from their own URLs, are left out.
	Blobs []Descriptor
	// Subject is the manifest that this one refers to, nil for most.
	Subject *Descriptor
	// Schema1 tells that it is Docker's schema 1, of which nothing but MediaType is read.
	Schema1 bool
}

// manifestJSON is the union of all kinds.
type manifestJSON struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     string          `json:"mediaType"`
	ArtifactType  string          `json:"artifactType"`
	Config        *Descriptor     `json:"config"`
	Layers        []Descriptor    `json:"layers"`
	Manifests     []Descriptor    `json:"manifests"`
	Subject       *Descriptor     `json:"subject"`
	FSLayers      json.RawMessage `json:"fsLayers"`
	Signatures    json.RawMessage `json:"signatures"`
}

// ParseManifest reads a manifest or an index. The code of its error is ManifestTooLarge when body is over MaxManifest,
// MediaTypeUnsupported when it calls itself something else than the types above, and else PackageUnreadable: no JSON,
// neither kind or both at once, a digest or a size that is none.
func ParseManifest(body []byte) (Manifest, error) {
	if len(body) > MaxManifest {
		return Manifest{}, fault.Errorf(ManifestTooLarge, "the manifest has %d bytes, more than the %d that GitLab's registry takes", len(body), MaxManifest)
	}
	if bytes.Count(body, []byte{','}) > maxManifestCommas {
		return Manifest{}, fault.Errorf(PackageUnreadable, "the manifest has more members than usable ones have room in it")
	}
	var in manifestJSON
	if err := json.Unmarshal(body, &in); err != nil {
		return Manifest{}, fault.Errorf(PackageUnreadable, "the manifest is not what it should be: %w", err)
	}
	m := Manifest{MediaType: in.mediaType(), ArtifactType: in.ArtifactType, Subject: in.Subject}
	switch {
	case in.SchemaVersion == 1:
		return Manifest{MediaType: m.MediaType, Schema1: true}, nil
	case in.SchemaVersion != 2:
		return Manifest{}, fault.Errorf(PackageUnreadable, "the manifest has schemaVersion %d, and only 1 and 2 exist", in.SchemaVersion)
	case !slices.Contains([]string{OCIManifest, OCIIndex, DockerManifest, DockerList}, m.MediaType):
		return Manifest{}, fault.Errorf(MediaTypeUnsupported, "the manifest is of type %.80q, which GitLab's registry does not take", m.MediaType)
	}
	if err := in.check(); err != nil {
		return Manifest{}, fault.Errorf(PackageUnreadable, "the manifest of type %q is not usable: %w", m.MediaType, err)
	}
	if in.index() {
		if in.cache() {
			m.ConfigType, m.Blobs = buildKitCache, once(in.Manifests)
			return m, nil
		}
		m.Manifests = once(in.Manifests)
		return m, nil
	}
	m.ConfigType = in.Config.MediaType
	m.Blobs = once(append([]Descriptor{*in.Config}, stored(in.Layers)...))
	return m, nil
}

// mediaType is what the manifest calls itself, else what its shape tells.
func (in *manifestJSON) mediaType() string {
	switch {
	case in.MediaType != "":
		return in.MediaType
	case in.SchemaVersion == 1 && in.Signatures != nil:
		return DockerSchema1Signed
	case in.SchemaVersion == 1:
		return DockerSchema1
	case in.Manifests != nil:
		return OCIIndex
	}
	return OCIManifest
}

// index tells an index from a manifest of an image.
func (in *manifestJSON) index() bool {
	return in.Manifests != nil || in.MediaType == OCIIndex || in.MediaType == DockerList
}

// cache tells an index that is a BuildKit cache.
func (in *manifestJSON) cache() bool {
	return slices.ContainsFunc(in.Manifests, func(d Descriptor) bool { return d.MediaType == buildKitCache })
}

// check finds what makes a manifest ambiguous or unusable. One with the members of both kinds would mean different things
// to different readers (OCI image specification, "Properties" of manifest and index).
func (in *manifestJSON) check() error {
	isImage := in.MediaType == OCIManifest || in.MediaType == DockerManifest
	switch {
	case in.FSLayers != nil:
		return errors.New("it has members of schema 1 and of schema 2")
	case in.index() && (isImage || in.Config != nil || in.Layers != nil):
		return errors.New("it is an index and an image's manifest at once")
	case !in.index() && in.Config == nil:
		return errors.New("it has neither a configuration nor manifests")
	}
	all := slices.Concat(in.Manifests, in.Layers)
	for _, one := range []*Descriptor{in.Config, in.Subject} {
		if one != nil {
			all = append(all, *one)
		}
	}
	for _, d := range all {
		switch {
		case !IsImageDigest(d.Digest):
			return fmt.Errorf("its digest %.80q is neither sha256 nor sha512", d.Digest)
		case d.Size < 0:
			return fmt.Errorf("%s has a negative size in it", d.Digest)
		}
	}
	return nil
}

// stored leaves out the layers that are fetched from elsewhere.
func stored(layers []Descriptor) []Descriptor {
	var out []Descriptor
	for _, d := range layers {
		if len(d.URLs) == 0 || !foreign(d.MediaType) {
			out = append(out, d)
		}
	}
	return out
}

// foreign tells the types of layers that registries need not have: Docker's foreign and OCI's non-distributable ones.
func foreign(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs.foreign.") ||
		strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.nondistributable.")
}

// once keeps the first descriptor of each digest.
func once(in []Descriptor) []Descriptor {
	seen := make(map[string]bool, len(in))
	var out []Descriptor
	for _, d := range in {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			out = append(out, d)
		}
	}
	return out
}

// ImageAccept is the Accept header that makes a registry answer with a manifest as it is stored. Without the type of what is
// stored, registries answer 404 or convert it. Schema 1 is asked for too, so that it can be named as the reason.
func ImageAccept() string {
	return strings.Join([]string{OCIIndex, OCIManifest, DockerList, DockerManifest, DockerSchema1Signed, DockerSchema1}, ", ")
}
