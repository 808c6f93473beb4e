package gitlab

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// What a dump and the statistics call the parts of images: the package is a repository by its name in its project, the
// version a tag or a digest, the file "manifests/<digest>" or "blobs/<digest>".

// imageKey names a part of an image in the statistics.
func (s *Server) imageKey(path, version, file string) string {
	project, name := "", path
	if p := s.imageProject(path); p != nil {
		project, name = p.path, p.imageName(path)
	}
	return project + "/" + string(artifact.Container) + "/" + name + "/" + version + "/" + file
}

// imageLines tells every manifest, by digest and by tag, and every blob that a repository links. The caller holds the lock.
func (s *Server) imageLines() (all []standin.DumpLine) {
	for _, path := range slices.Sorted(maps.Keys(s.images.repositories)) {
		one, p := s.images.repositories[path], s.imageProject(path)
		line := standin.DumpLine{Format: string(artifact.Container), Package: path}
		if p != nil {
			line.Project, line.Package = p.path, p.imageName(path)
		}
		add := func(version, file string, size int64, sum string) {
			line.Version, line.File, line.Size, line.SHA256 = version, file, size, sum
			all = append(all, line)
		}
		for _, t := range one.sorted() {
			add(t.name, "manifests/"+t.manifest.digest, int64(len(t.manifest.payload)), t.manifest.sum())
		}
		for _, digest := range slices.Sorted(maps.Keys(one.manifests)) {
			m := one.manifests[digest]
			add(digest, "manifests/"+digest, int64(len(m.payload)), m.sum())
		}
		for _, digest := range slices.Sorted(maps.Keys(one.blobs)) {
			if b := s.images.blobs[digest]; b != nil {
				add(digest, "blobs/"+digest, b.body.size, b.body.sha256)
			}
		}
	}
	return all
}

func (m *imageManifest) sum() string {
	sum := sha256.Sum256(m.payload)
	return hex.EncodeToString(sum[:])
}
