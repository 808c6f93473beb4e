package gitlab

import "time"

// What the registry's online garbage collection deletes, a day after something happened to it:
// docs/spec/gitlab/online-garbage-collection.md, registry/datastore/gc{manifest,blob}task.go (IsDangling) in
// gitlab-org/container-registry. It needs the database.

const gcDelay = 24 * time.Hour

// untag deletes a tag; its manifest is looked at a day later.
func (s *Server) untag(r *repository, name string) {
	r.tags[name].manifest.review = s.clock.now().Add(gcDelay)
	delete(r.tags, name)
}

// deleteManifest deletes a manifest, the tags that name it and the manifests whose subject it is. What it referred to is
// looked at a day later.
func (s *Server) deleteManifest(r *repository, m *imageManifest) {
	s.deleteManifestAt(r, m, s.clock.now())
}

func (s *Server) deleteManifestAt(r *repository, m *imageManifest, now time.Time) {
	delete(r.manifests, m.digest)
	for name, t := range r.tags {
		if t.manifest == m {
			delete(r.tags, name)
		}
	}
	for _, digest := range m.parsed.blobs() {
		if b := s.images.blobs[digest]; b != nil {
			b.review = now.Add(gcDelay)
		}
	}
	for _, child := range m.parsed.Manifests {
		if left := r.manifests[child.Digest]; left != nil {
			left.review = now.Add(gcDelay)
		}
	}
	if subject := m.parsed.Subject; subject != nil {
		if left := r.manifests[subject.Digest]; left != nil {
			left.review = now.Add(gcDelay)
		}
	}
	for _, other := range r.manifests {
		if other.parsed.Subject != nil && other.parsed.Subject.Digest == m.digest {
			s.deleteManifestAt(r, other, now)
		}
	}
}
