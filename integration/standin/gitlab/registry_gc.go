package gitlab

import (
	"os"
	"slices"
	"time"
)

// What the registry's online garbage collection deletes, a day after something happened to it:
// docs/spec/gitlab/online-garbage-collection.md, registry/datastore/gc{manifest,blob}task.go (IsDangling) in
// gitlab-org/container-registry. It needs the database. Here it runs when the clock is moved.

const gcDelay = 24 * time.Hour

// collect reviews everything that is due by now and deletes what dangles: manifests in the order in which they are due,
// then blobs, since a manifest that goes gives its blobs another day.
func (s *Server) collect(now time.Time) {
	if s.modes.get("registry.database") != "on" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for due := s.dueManifests(now); due != nil; due = s.dueManifests(now) {
		for _, one := range due {
			one.repository.reviewManifest(s, one.imageManifest)
		}
	}
	used := map[string]bool{}
	for _, r := range s.images.repositories {
		for _, m := range r.manifests {
			for _, digest := range m.parsed.blobs() {
				used[digest] = true
			}
		}
	}
	for digest, b := range s.images.blobs {
		if b.review.IsZero() || b.review.After(now) {
			continue
		}
		b.review = time.Time{}
		if !used[digest] {
			s.images.forget(b)
		}
	}
}

// forget deletes a blob, wherever it is linked.
func (r *registry) forget(b *blob) {
	delete(r.blobs, b.digest)
	for _, one := range r.repositories {
		delete(one.blobs, b.digest)
	}
	_ = os.Remove(b.body.path)
}

// dueManifest is one that the collector looks at.
type dueManifest struct {
	repository *repository
	*imageManifest
}

func (s *Server) dueManifests(now time.Time) (due []dueManifest) {
	for _, r := range s.images.repositories {
		for _, m := range r.manifests {
			if !m.review.IsZero() && !m.review.After(now) {
				due = append(due, dueManifest{r, m})
			}
		}
	}
	slices.SortStableFunc(due, func(a, b dueManifest) int { return a.review.Compare(b.review) })
	return due
}

// reviewManifest deletes a manifest that has no tag, is in no index and is no other's subject. Of a manifest that refers
// to a subject this says nothing: a referrer without a tag is deleted.
func (r *repository) reviewManifest(s *Server, m *imageManifest) {
	at := m.review
	m.review = time.Time{}
	if r.manifests[m.digest] != m || r.child(m.digest) {
		return
	}
	for _, t := range r.tags {
		if t.manifest == m {
			return
		}
	}
	for _, other := range r.manifests {
		if subject := other.parsed.Subject; subject != nil && subject.Digest == m.digest {
			return
		}
	}
	s.deleteManifest(r, m, at)
}

// untag deletes a tag; its manifest is looked at a day later.
func (r *repository) untag(name string, now time.Time) {
	r.tags[name].manifest.review = now.Add(gcDelay)
	delete(r.tags, name)
}

// deleteManifest deletes a manifest, the tags that name it and the manifests whose subject it is. What it referred to is
// looked at a day later.
func (s *Server) deleteManifest(r *repository, m *imageManifest, now time.Time) {
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
	left := slices.Clone(m.parsed.Manifests)
	if m.parsed.Subject != nil {
		left = append(left, *m.parsed.Subject)
	}
	for _, one := range left {
		if other := r.manifests[one.Digest]; other != nil {
			other.review = now.Add(gcDelay)
		}
	}
	for _, other := range r.manifests {
		if other.parsed.Subject != nil && other.parsed.Subject.Digest == m.digest {
			s.deleteManifest(r, other, now)
		}
	}
}
