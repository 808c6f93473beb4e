package gitlab

// Images on their way to the registry, leaves first: blobs, the manifests of an index, the index (OCI image specification,
// https://github.com/opencontainers/image-spec/blob/main/image-index.md). The registry refuses a manifest of which a part
// is missing, its subject included (registry/storage/validation in gitlab-org/container-registry).

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const (
	maxDepth     = 5      // of indexes in indexes, and of what refers to what refers
	maxManifests = 10_000 // of one image

	manifestPath = "manifests"
	blobPath     = "blobs"
)

// image is one on its way to one tag.
type image struct {
	repository
	shelf     *shelf
	tag       string
	tagged    bool // the tag was there when the sink was asked for it
	open      artifact.Opener
	locator   string
	manifests int             // asked for so far
	following map[string]bool // digests whose referrers are being copied, or were
}

// imageManifest is one that was read from the source.
type imageManifest struct {
	artifact.Manifest
	digest string
	body   []byte
}

// key stands for a part of the repository: a blob or a manifest.
func (im *image) key(kind, digest string) key { return imageKey(kind, im.path, digest) }

// prepare learns what is there, and that the token may publish, before anything is read from the source.
func (im *image) prepare(ctx context.Context) (err error) {
	before, looked := im.shelves.peek(im.path)
	im.tagged = looked && before.has(im.tag)
	if im.shelf, err = im.repository.shelf(ctx); err != nil {
		return err
	}
	im.tagged = im.tagged || !looked && im.shelf.has(im.tag)
	if _, err = im.tokens.get(ctx, push(im.path)); err != nil {
		return err
	}
	_, err = im.ask(ctx, im.path)
	return err
}

// load reads a manifest and judges it, before any part of it moves.
func (im *image) load(ctx context.Context, f artifact.File) (imageManifest, error) {
	m, err := im.fetch(ctx, f)
	im.manifests++
	switch {
	case err != nil:
		return m, err
	case im.manifests > maxManifests || len(m.Manifests) > maxManifests:
		return m, fault.At(fault.Source, fault.Errorf(artifact.PackageUnreadable, "the image has more than %d manifests", maxManifests))
	case m.Schema1:
		return m, fault.At(fault.Sink, schema1(m.digest))
	}
	if _, digest, _ := artifact.ParseImagePath(f.Path); digest != m.digest {
		if strings.HasPrefix(digest, "sha256:") {
			return m, fault.At(fault.Source, fault.Temporary(fault.Errorf(artifact.SourceDigestMismatch, "%s has the digest %s", f.Path, m.digest), 0))
		}
		m.digest = digest // of an algorithm that the registry checks
	}
	for _, mediaType := range []string{m.ConfigType, m.ArtifactType} {
		if len(m.Manifests) == 0 && !im.takes(mediaType) { // an index may call itself anything
			return m, fault.At(fault.Sink, fmt.Errorf("%s: %w", m.digest, notStored(mediaType)))
		}
	}
	return m, nil
}

// fetch reads a manifest. An error of the file itself is returned as it is: it is the source's.
func (im *image) fetch(ctx context.Context, f artifact.File) (m imageManifest, err error) {
	stream, err := im.open(ctx, f)
	if err != nil {
		return m, err
	}
	defer func() { _ = stream.Close() }()
	if m.body, err = io.ReadAll(io.LimitReader(stream, artifact.MaxManifest+1)); err != nil {
		return m, err
	}
	m.digest = "sha256:" + stream.Digests().SHA256
	m.Manifest, err = artifact.ParseManifest(m.body)
	side := fault.Sink // what GitLab does not take
	if fault.CodeOf(err) == string(artifact.PackageUnreadable) {
		side = fault.Source
	}
	if err != nil {
		err = fault.At(side, fmt.Errorf("%s: %w", f.Path, err))
	}
	return m, err
}

// parts brings all that m consists of, and what it refers to.
func (im *image) parts(ctx context.Context, m imageManifest, depth int) error {
	if depth++; depth > maxDepth {
		return fault.At(fault.Source, fault.Errorf(artifact.PackageUnreadable, "%s lies more than %d manifests deep in its image", m.digest, maxDepth))
	}
	for _, d := range m.children() {
		if err := im.child(ctx, d, depth); err != nil {
			return err
		}
	}
	return im.blobs(ctx, m.Blobs)
}

// child brings a manifest under its digest. Workers that wait for each other here do so along digests, which can not
// form a ring.
func (im *image) child(ctx context.Context, d artifact.Descriptor, depth int) error {
	_, err := im.stored.get(ctx, im.key(manifestPath, d.Digest), func(ctx context.Context) (none struct{}, err error) {
		there, err := im.there(ctx, d.Digest)
		if err != nil || there {
			return none, err
		}
		m, err := im.load(ctx, artifact.ImageManifest(d.Digest, d.Size, im.locator))
		if err == nil {
			err = im.parts(ctx, m, depth)
		}
		if err == nil {
			err = im.store(ctx, m.digest, m)
		}
		return none, err
	})
	return err
}

// there tells whether the repository has a manifest, and so all that it consists of, from before this run.
func (im *image) there(ctx context.Context, digest string) (bool, error) {
	if im.shelf.isFresh() {
		return false, nil
	}
	_, there, err := im.manifest(ctx, digest)
	return there, err
}

// store puts a manifest whose parts are there, under a tag or its digest. When the registry misses one, nothing of what
// was taken for stored is believed any more; a type that it does not know is not tried again.
func (im *image) store(ctx context.Context, reference string, m imageManifest) error {
	err := im.put(ctx, reference, m)
	if e, ok := errors.AsType[*httpx.StatusError](err); ok && unknownType(e) != "" {
		im.unknown.tell(unknownType(e), struct{}{})
	}
	if !complains(err, "MANIFEST_BLOB_UNKNOWN") && statusOf(err) != http.StatusInternalServerError { // which has been seen for it
		return err
	}
	im.shelf.doubt()
	for kind, all := range map[string][]artifact.Descriptor{blobPath: m.Blobs, manifestPath: m.children()} {
		for _, d := range all {
			im.stored.forget(im.key(kind, d.Digest), func(struct{}) bool { return true })
			im.holders.forget(imageKey(d.Digest), func(path string) bool { return path == im.path })
		}
	}
	return err
}

// setTag makes the tag name root, unless somebody else pushed it since the sink was asked for it: another look has to
// judge that. A fallback tag that is listed as a tag, too, may have come with the image that it belongs to.
func (im *image) setTag(ctx context.Context, root imageManifest) error {
	s, err := im.repository.shelf(ctx)
	if err != nil {
		return err
	}
	if fallbackTag.MatchString(im.tag) {
		s.writing.Lock()
		defer s.writing.Unlock()
	}
	if !im.tagged && s.has(im.tag) {
		if there, ok, err := im.manifest(ctx, im.tag); err != nil || ok && there.digest == root.digest {
			return err
		}
		return fault.At(fault.Sink, fault.Temporary(fault.Errorf(artifact.TargetFailed, "somebody else pushed the tag %s meanwhile", im.tag), 0))
	}
	if err := im.store(ctx, im.tag, root); err != nil {
		return err
	}
	im.stored.tell(im.key(manifestPath, root.digest), struct{}{})
	im.shelf.add(im.tag)
	return nil
}

// children are the manifests that must be there before m.
func (m imageManifest) children() []artifact.Descriptor {
	if m.Subject == nil {
		return m.Manifests
	}
	return append([]artifact.Descriptor{*m.Subject}, m.Manifests...)
}
