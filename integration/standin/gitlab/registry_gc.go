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

// collect reviews everything that is due by now and deletes what dangles: manifests in rounds, since what a deleted one
// referred to has another day from then on, and blobs at last, for the same reason.
func (s *Server) collect(now time.Time) {
	if s.modes.get("registry.database") != "on" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.reviewManifests(now) {
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

// review is a manifest that is looked at, and when that is due.
type review struct {
	of *imageManifest
	at time.Time
}

// reviewManifests looks once at every manifest that is due, and deletes those that nothing of their repository refers to;
// false when none was due.
func (s *Server) reviewManifests(now time.Time) (any bool) {
	for _, r := range s.images.repositories {
		var due []review
		for _, m := range r.manifests {
			if !m.review.IsZero() && !m.review.After(now) {
				due = append(due, review{m, m.review})
			}
		}
		if due == nil {
			continue
		}
		any = true
		slices.SortFunc(due, func(a, b review) int { return a.at.Compare(b.at) })
		referenced := r.referenced()
		for _, one := range due {
			if m := one.of; r.manifests[m.digest] == m && m.review.Equal(one.at) { // nothing happened to it in this round
				m.review = time.Time{}
				if !referenced[m.digest] {
					s.deleteManifest(r, m, one.at)
				}
			}
		}
	}
	return any
}

// referenced are the digests of manifests that have a tag, are in an index, or are another's subject. A manifest that
// refers to a subject is none of these: a referrer without a tag is deleted.
func (r *repository) referenced() map[string]bool {
	digests := map[string]bool{}
	for _, t := range r.tags {
		digests[t.manifest.digest] = true
	}
	for _, m := range r.manifests {
		for _, child := range m.parsed.Manifests {
			digests[child.Digest] = true
		}
		if m.parsed.Subject != nil {
			digests[m.parsed.Subject.Digest] = true
		}
	}
	return digests
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
