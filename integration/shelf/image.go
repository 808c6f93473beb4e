package shelf

import (
	"encoding/json"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/internal/artifact"
)

// imageKey is where content of an image stands: equal digests of two repositories are two files, as in a registry.
func imageKey(repository, path string) string { return repository + " " + path }

// manifest is what images and indexes have in common.
type manifest interface {
	MediaType() (types.MediaType, error)
	Digest() (v1.Hash, error)
	RawManifest() ([]byte, error)
}

// PutImage adds an image or an index, with all that belongs to it, under a tag of a repository.
func (s *Shelf) PutImage(repository, tag string, root manifest) error {
	file, err := s.keep(repository, root)
	if err != nil {
		return err
	}
	s.packages = append(s.packages, artifact.Package{
		Repository: "images", Format: artifact.Container, Name: repository, Version: tag, Files: []artifact.File{file},
	})
	return nil
}

// PutReferrer adds an image whose subject is another of the repository, without a tag, as signatures and SBOMs are.
func (s *Shelf) PutReferrer(repository, subject string, referrer v1.Image) error {
	file, err := s.keep(repository, referrer)
	if err != nil {
		return err
	}
	m, err := referrer.Manifest()
	if err != nil {
		return err
	}
	key := imageKey(repository, artifact.ImageReferrers(subject, repository).Path)
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	if err := s.read(key, &index); err != nil {
		return err
	}
	index.Manifests = append(index.Manifests, v1.Descriptor{
		MediaType: m.MediaType, Digest: v1.Hash{Algorithm: "sha256", Hex: file.Digests.SHA256}, Size: file.Size, ArtifactType: string(m.Config.MediaType), Annotations: m.Annotations,
	})
	text, err := json.Marshal(index)
	s.content[key] = Text(text)
	return err
}

func (s *Shelf) read(key string, into any) error {
	if s.content[key] == nil {
		return nil
	}
	content, _, err := s.content[key]()
	if err != nil {
		return err
	}
	return json.NewDecoder(content).Decode(into)
}

// keep stores a manifest and what it leads to, and returns it as a file. Nothing refers to it yet.
func (s *Shelf) keep(repository string, root manifest) (artifact.File, error) {
	digest, err := root.Digest()
	if err != nil {
		return artifact.File{}, err
	}
	body, err := root.RawManifest()
	if err != nil {
		return artifact.File{}, err
	}
	file := artifact.ImageManifest(digest.String(), int64(len(body)), repository)
	s.content[imageKey(repository, file.Path)] = Text(body)
	none := imageKey(repository, artifact.ImageReferrers(digest.String(), "").Path)
	if s.content[none] == nil {
		s.content[none] = Text([]byte(`{"schemaVersion":2,"mediaType":"` + artifact.OCIIndex + `","manifests":[]}`))
	}
	switch one := root.(type) {
	case v1.ImageIndex:
		err = s.keepChildren(repository, one)
	case v1.Image:
		err = s.keepBlobs(repository, one)
	}
	return file, err
}

func (s *Shelf) keepChildren(repository string, index v1.ImageIndex) error {
	m, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, child := range m.Manifests {
		var one manifest
		if child.MediaType.IsIndex() {
			one, err = index.ImageIndex(child.Digest)
		} else {
			one, err = index.Image(child.Digest)
		}
		if err != nil {
			return err
		}
		if _, err := s.keep(repository, one); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shelf) keepBlobs(repository string, image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		s.content[imageKey(repository, artifact.ImageBlob(digest.String(), -1, "").Path)] = func() (io.ReadCloser, int64, error) {
			content, err := layer.Compressed()
			return content, size, err
		}
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	digest, err := image.ConfigName()
	s.content[imageKey(repository, artifact.ImageBlob(digest.String(), -1, "").Path)] = Text(config)
	return err
}

// Lose takes a file of an image away, as a registry does that lost a blob.
func (s *Shelf) Lose(repository, path string) { delete(s.content, imageKey(repository, path)) }

// Spoil puts other content in the place of a file of an image; the manifests go on naming the old digest.
func (s *Shelf) Spoil(repository, path string, content []byte) {
	s.content[imageKey(repository, path)] = Text(content)
}
