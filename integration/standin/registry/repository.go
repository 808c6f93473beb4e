package registry

import "time"

// What one repository holds: what was put into it, and what is made up when it is read. The store's lock guards it.

func (r *repository) set(tag, digest string, now time.Time) {
	r.tags[tag] = Tag{tag, digest, now}
	r.hide(tag)
}

// hide takes a made tag out of the lists.
func (r *repository) hide(tag string) {
	if r.made == nil {
		return
	}
	if _, ok := r.made.number(tag); ok {
		r.gone[tag] = true
	}
}

func (r *repository) tag(name string) (Tag, bool) {
	if found, ok := r.tags[name]; ok {
		return found, true
	}
	if i, ok := r.madeTag(name); ok {
		return Tag{name, r.made.image(i).manifest.Digest, r.made.pushed(i)}, true
	}
	return Tag{}, false
}

// madeTag is the image that a tag names which is made up.
func (r *repository) madeTag(name string) (int, bool) {
	if r.made == nil || r.gone[name] {
		return 0, false
	}
	return r.made.number(name)
}

// resolve finds a manifest by a tag or a digest.
func (r *repository) resolve(reference string) (Manifest, bool) {
	if i, ok := r.madeTag(reference); ok { // without the index, which digests need
		m := r.made.image(i).manifest
		return m, !r.lost[manifestPath(m.Digest)]
	}
	if tag, ok := r.tags[reference]; ok {
		reference = tag.Digest
	}
	return r.manifest(reference)
}

func (r *repository) manifest(digest string) (Manifest, bool) {
	if r.lost[manifestPath(digest)] {
		return Manifest{}, false
	}
	if found, ok := r.manifests[digest]; ok {
		return found, true
	}
	if r.made != nil {
		return r.made.manifest(digest)
	}
	return Manifest{}, false
}

func (r *repository) blob(digest string) (Blob, bool) {
	if r.lost[blobPath(digest)] {
		return Blob{}, false
	}
	if found, ok := r.blobs[digest]; ok {
		return found, true
	}
	if r.made != nil {
		return r.made.blob(digest)
	}
	return Blob{}, false
}
