package gitlab_test

// Images made by hand (https://github.com/opencontainers/image-spec/blob/main/manifest.md).

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks/sinktest"
)

const (
	configType = "application/vnd.oci.image.config.v1+json"
	layerType  = "application/vnd.oci.image.layer.v1.tar+gzip"
	emptyType  = "application/vnd.oci.empty.v1+json"
	sbomType   = "application/spdx+json"
)

// images is what a source has: the parts of images by their paths.
type images map[string][]byte

// part is a descriptor as JSON.
type part map[string]any

func (p part) digest() string { return p["digest"].(string) }

// with is p with one more member.
func (p part) with(key string, value any) part {
	q := part{key: value}
	for k, v := range p {
		if k != key {
			q[k] = v
		}
	}
	return q
}

func (m images) add(kind, mediaType string, content []byte) part {
	digest := "sha256:" + artifact.DigestsOf(string(content)).SHA256
	m[kind+"/"+digest] = content
	return part{"mediaType": mediaType, "digest": digest, "size": len(content)}
}

func (m images) blob(mediaType, content string) part {
	return m.add("blobs", mediaType, []byte(content))
}

// manifest adds a manifest or an index; more are its members beside the usual ones.
func (m images) manifest(mediaType string, more map[string]any) part {
	document := map[string]any{"schemaVersion": 2, "mediaType": mediaType}
	for key, value := range more {
		document[key] = value
	}
	text, _ := json.MarshalIndent(document, "", "   ") // JSON of strings, numbers and maps
	return m.add("manifests", mediaType, text)
}

func (m images) image(name string, layers ...string) part {
	var all []part
	for _, one := range layers {
		all = append(all, m.blob(layerType, one))
	}
	return m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(configType, `{"name":"`+name+`"}`), "layers": all})
}

func (m images) index(children ...part) part {
	return m.manifest(artifact.OCIIndex, map[string]any{"manifests": children})
}

// sbom adds a manifest that refers to subject.
func (m images) sbom(subject part, text string) part {
	return m.manifest(artifact.OCIManifest, map[string]any{
		"artifactType": sbomType, "config": m.blob(emptyType, "{}"), "layers": []part{m.blob(sbomType, text)}, "subject": subject,
	}).with("artifactType", sbomType)
}

// refer makes the index of what refers to subject.
func (m images) refer(subject part, referrers ...part) []byte {
	index := m.index(referrers...)
	m["referrers/"+subject.digest()] = m["manifests/"+index.digest()]
	return m["referrers/"+subject.digest()]
}

var errNotThere = errors.New("the source does not have it")

type missing struct{}

func (missing) Read([]byte) (int, error) { return 0, errNotThere }

// content opens what the source has. It has an index of referrers for everything.
func (m images) content(f artifact.File) io.Reader {
	content, ok := m[f.Path]
	switch {
	case ok:
		return bytes.NewReader(content)
	case strings.HasPrefix(f.Path, "referrers/"):
		return strings.NewReader(`{"schemaVersion":2,"mediaType":"` + artifact.OCIIndex + `","manifests":[]}`)
	}
	return missing{}
}

// sample is root under a tag.
func (m images) sample(name, tag string, root part) sinktest.Sample {
	size := int64(len(m["manifests/"+root.digest()]))
	return sinktest.Sample{
		Package: artifact.Package{
			Format: artifact.Container, Name: name, Version: tag, Files: []artifact.File{artifact.ImageManifest(root.digest(), size, "there")},
		},
		Content: m.content,
	}
}

// makeLargeImage has a layer that is made while it is read.
func makeLargeImage(t *testing.T, size int64) sinktest.Sample {
	t.Helper()
	hasher := artifact.NewHasher(artifact.Digests{})
	if _, err := io.Copy(hasher, &pattern{left: size}); err != nil {
		t.Fatal(err)
	}
	m := images{}
	layer := part{"mediaType": layerType, "digest": "sha256:" + hasher.Digests().SHA256, "size": size}
	root := m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(configType, "{}"), "layers": []part{layer}})
	s := m.sample("big", "1.0", root)
	s.Content = func(f artifact.File) io.Reader {
		if f.Path == "blobs/"+layer.digest() {
			return &pattern{left: size}
		}
		return m.content(f)
	}
	return s
}

// makeImage is an index of two platforms for an odd n, else an image of one. All have a layer in common.
func makeImage(_ *testing.T, n int, salt string) sinktest.Sample {
	m := images{}
	base, own := strings.Repeat("base", 1000), fmt.Sprint("own ", n, salt)
	root := m.image(own, base, own)
	if n%2 == 1 {
		root = m.index(root.with("platform", part{"os": "linux", "architecture": "amd64"}), m.image(own+" arm", base, own+" arm"))
	}
	return m.sample("team/app", fmt.Sprintf("1.%d", n), root)
}
