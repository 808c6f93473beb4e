package gitlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"slices"
)

// What the registry reads out of a manifest: manifests.go and manifest/{schema2,ocischema,manifestlist}/ in
// gitlab-org/container-registry. The Content-Type of the request chooses how the body is read; one that is not known
// means Docker's schema 2.

const (
	typeSchema1  = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	typeUnsigned = "application/vnd.docker.distribution.manifest.v1+json"
	typeSchema2  = "application/vnd.docker.distribution.manifest.v2+json"
	typeList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeBuildkit = "application/vnd.buildkit.cacheconfig.v0"
	typeForeign  = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
)

type descriptor struct {
	MediaType string   `json:"mediaType"`
	Digest    string   `json:"digest"`
	Size      int64    `json:"size"`
	URLs      []string `json:"urls"`
	Platform  struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
	} `json:"platform"`
}

// parsedManifest is a manifest of any type. MediaType is the one that it is served with.
type parsedManifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
	Manifests     []descriptor `json:"manifests"`
	Subject       *descriptor  `json:"subject"`

	cache     bool // an index of blobs: BuildKit's
	converted bool // a cache that is stored as a manifest
}

var errSchema1 = errors.New("manifest type unsupported")

// parseManifest reads a manifest that was sent as contentType.
func parseManifest(contentType string, body []byte) (m parsedManifest, err error) {
	kind := ""
	if contentType != "" {
		if kind, _, err = mime.ParseMediaType(contentType); err != nil {
			return m, err
		}
	}
	if kind == typeSchema1 {
		return m, errSchema1
	}
	if err = json.Unmarshal(body, &m); err != nil {
		return m, err
	}
	switch kind {
	case typeManifest:
		if m.MediaType != "" && m.MediaType != kind {
			return m, fmt.Errorf("if present, mediaType in manifest should be '%s' not '%s'", kind, m.MediaType)
		}
		m.Manifests = nil
	case typeIndex:
		if m.MediaType != "" && m.MediaType != kind {
			return m, fmt.Errorf("if present, mediaType in image index should be '%s' not '%s'", kind, m.MediaType)
		}
	case typeList:
		if m.MediaType != kind {
			return m, fmt.Errorf("mediaType in manifest list should be '%s' not '%s'", kind, m.MediaType)
		}
	default:
		kind = typeSchema2
		switch m.MediaType {
		case "":
			return m, errors.New("no mediaType in manifest")
		case typeSchema2:
		default:
			return m, fmt.Errorf("mediaType in manifest should be '%s' not '%s'", kind, m.MediaType)
		}
		m.Manifests, m.Subject, m.ArtifactType = nil, nil, ""
	}
	m.MediaType = kind
	if m.index() {
		m.Config, m.Layers, m.Subject, m.ArtifactType = descriptor{}, nil, nil, ""
		m.cache = slices.ContainsFunc(m.Manifests, func(d descriptor) bool { return d.MediaType == typeBuildkit })
	}
	return m, nil
}

// index tells whether m is stored as one.
func (m *parsedManifest) index() bool {
	return !m.converted && (m.MediaType == typeIndex || m.MediaType == typeList)
}

// buildkit is an index with BuildKit's cache configuration as the database stores it: as a manifest whose layers its entries
// are (manifest/manifestlist/compat/compat.go). It is served as it came.
func (m parsedManifest) buildkit() (parsedManifest, error) {
	for _, one := range m.Manifests {
		switch one.MediaType {
		case typeSchema2, typeList, typeManifest, typeSchema1, typeUnsigned:
			return m, errors.New("buildkit index has unexpected manifest references")
		case typeBuildkit:
			m.Config = one
		default:
			m.Layers = append(m.Layers, one)
		}
	}
	m.Manifests, m.SchemaVersion, m.converted = nil, 2, true
	return m, nil
}

// blobs are the digests that keep blobs alive: the configuration, and the layers that may be distributed.
func (m *parsedManifest) blobs() (digests []string) {
	if m.Config.Digest != "" {
		digests = append(digests, m.Config.Digest)
	}
	for _, one := range m.Layers {
		switch one.MediaType {
		case typeForeign, "application/vnd.oci.image.layer.nondistributable.v1.tar",
			"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip":
		default:
			digests = append(digests, one.Digest)
		}
	}
	return digests
}
