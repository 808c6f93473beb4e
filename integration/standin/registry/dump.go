package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"maps"
	"slices"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// Lines tell every tag, every manifest and every blob that the store holds, as a dump does: the package is the repository,
// the version a tag or a digest, the file "manifests/DIGEST" or "blobs/DIGEST". GitLab's stand-in tells its images in the
// same words. Each line names the server's own repository, which may be "". Blobs that can not be read are left out.
func (s *Store) Lines(repository string) iter.Seq[standin.DumpLine] {
	return func(yield func(standin.DumpLine) bool) {
		for _, name := range s.Repositories() {
			line := standin.DumpLine{Repository: repository, Format: string(artifact.Container), Package: name}
			if !s.tagLines(line, yield) || !s.storedLines(line, yield) || !s.madeLines(line, yield) {
				return
			}
		}
	}
}

func (s *Store) tagLines(line standin.DumpLine, yield func(standin.DumpLine) bool) bool {
	const batch = 1000
	for last, more := "", true; more; last = line.Version {
		var names []string
		names, more, _ = s.NamesAfter(line.Package, last, batch)
		for _, name := range names {
			line.Version = name
			if m, ok := s.Manifest(line.Package, name); ok && !yield(m.line(line)) {
				return false
			}
		}
	}
	return true
}

// line tells a manifest under the version that line has.
func (m Manifest) line(line standin.DumpLine) standin.DumpLine {
	sum := sha256.Sum256(m.Body)
	line.File, line.Size, line.SHA256 = manifestPath(m.Digest), int64(len(m.Body)), hex.EncodeToString(sum[:])
	return line
}

// storedLines tell what was put into a repository.
func (s *Store) storedLines(line standin.DumpLine, yield func(standin.DumpLine) bool) bool {
	s.mu.RLock()
	one := s.repositories[line.Package]
	var manifests, blobs []string
	if one != nil {
		manifests, blobs = slices.Sorted(maps.Keys(one.manifests)), slices.Sorted(maps.Keys(one.blobs))
	}
	s.mu.RUnlock()
	for _, digest := range manifests {
		line.Version = digest
		if m, ok := s.Manifest(line.Package, digest); ok && !yield(m.line(line)) {
			return false
		}
	}
	for _, digest := range blobs {
		if !s.blobLine(line, digest, yield) {
			return false
		}
	}
	return true
}

func (s *Store) blobLine(line standin.DumpLine, digest string, yield func(standin.DumpLine) bool) bool {
	b, ok := s.Blob(line.Package, digest)
	if !ok {
		return true
	}
	content, err := b.Open()
	if err != nil {
		return true
	}
	hasher := artifact.NewHasher(artifact.Digests{})
	_, err = io.Copy(hasher, content)
	if _ = content.Close(); err != nil {
		return true
	}
	line.Version, line.File, line.Size, line.SHA256 = digest, blobPath(digest), b.Size, hasher.Digests().SHA256
	return yield(line)
}

// madeLines tell what a repository makes up. The images of deleted tags are still there.
func (s *Store) madeLines(line standin.DumpLine, yield func(standin.DumpLine) bool) bool {
	s.mu.RLock()
	one := s.repositories[line.Package]
	s.mu.RUnlock()
	if one == nil || one.made == nil {
		return true
	}
	for i := range one.made.n {
		image := one.made.image(i)
		line.Version = image.manifest.Digest
		if m, ok := s.Manifest(line.Package, line.Version); ok && !yield(m.line(line)) {
			return false
		}
		if !s.blobLine(line, image.configDigest, yield) || !s.blobLine(line, image.layerDigest, yield) {
			return false
		}
	}
	return true
}
