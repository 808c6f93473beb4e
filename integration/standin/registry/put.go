package registry

// Putting images into a store: those of go-containerregistry, and artifacts from their parts.

import (
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Root is what images and indexes of go-containerregistry have in common.
type Root interface {
	MediaType() (types.MediaType, error)
	RawManifest() ([]byte, error)
}

// Put stores an image or an index with all that belongs to it, but for layers that must not be distributed, and sets a
// tag to it unless that is "".
func (s *Store) Put(repository, tag string, root Root) (Manifest, error) {
	mediaType, err := root.MediaType()
	if err != nil {
		return Manifest{}, err
	}
	body, err := root.RawManifest()
	if err != nil {
		return Manifest{}, err
	}
	switch one := root.(type) {
	case v1.ImageIndex:
		err = s.putChildren(repository, one)
	case v1.Image:
		err = s.putBlobs(repository, one)
	}
	m := Manifest{string(mediaType), digestOf(body), body}
	if err == nil {
		s.PutManifest(repository, tag, m)
	}
	return m, err
}

func (s *Store) putChildren(repository string, index v1.ImageIndex) error {
	m, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, child := range m.Manifests {
		var one Root
		if child.MediaType.IsIndex() {
			one, err = index.ImageIndex(child.Digest)
		} else {
			one, err = index.Image(child.Digest)
		}
		if err != nil {
			return err
		}
		if _, err := s.Put(repository, "", one); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) putBlobs(repository string, image v1.Image) error {
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	s.PutBlob(repository, Bytes(config))
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		mediaType, err := layer.MediaType()
		if err != nil {
			return err
		}
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		if mediaType.IsDistributable() {
			s.PutBlob(repository, Blob{digest.String(), size, func() (io.ReadCloser, error) { return layer.Compressed() }})
		}
	}
	return nil
}

// Part is a configuration or a layer.
type Part struct {
	MediaType   types.MediaType
	Content     []byte
	Annotations map[string]string
	// URLs say where a layer is that is not here.
	URLs []string
}

func (p Part) descriptor() v1.Descriptor {
	d := described(p.MediaType, p.Content)
	d.Annotations, d.URLs = p.Annotations, p.URLs
	return d
}

// Artifact is an image, or something else that is stored as one.
type Artifact struct {
	// MediaType of the manifest is OCI's when it is "".
	MediaType    types.MediaType
	ArtifactType string
	Config       Part
	Layers       []Part
	Annotations  map[string]string
	Subject      *v1.Descriptor
}

// PutArtifact stores an artifact with its blobs, but for layers that must not be distributed, and sets a tag to it unless
// that is "".
func (s *Store) PutArtifact(repository, tag string, a Artifact) Manifest {
	if a.MediaType == "" {
		a.MediaType = types.OCIManifestSchema1
	}
	manifest := v1.Manifest{
		SchemaVersion: 2, MediaType: a.MediaType, ArtifactType: a.ArtifactType, Config: a.Config.descriptor(),
		Layers: []v1.Descriptor{}, Annotations: a.Annotations, Subject: a.Subject,
	}
	s.PutBlob(repository, Bytes(a.Config.Content))
	for _, layer := range a.Layers {
		manifest.Layers = append(manifest.Layers, layer.descriptor())
		if layer.MediaType.IsDistributable() {
			s.PutBlob(repository, Bytes(layer.Content))
		}
	}
	body := encoded(manifest)
	m := Manifest{string(a.MediaType), digestOf(body), body}
	s.PutManifest(repository, tag, m)
	return m
}

// Entry is a manifest in an index.
type Entry struct {
	Manifest
	Platform    *v1.Platform
	Annotations map[string]string
}

// PutIndex stores an index of manifests, and sets a tag to it unless that is "". mediaType is OCI's or Docker's.
func (s *Store) PutIndex(repository, tag string, mediaType types.MediaType, entries ...Entry) Manifest {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: mediaType, Manifests: []v1.Descriptor{}}
	for _, one := range entries {
		d := one.Descriptor()
		d.Platform, d.Annotations = one.Platform, one.Annotations
		index.Manifests = append(index.Manifests, d)
	}
	body := encoded(index)
	m := Manifest{string(mediaType), digestOf(body), body}
	s.PutManifest(repository, tag, m)
	return m
}
