package gitlab

// What refers to an image: signatures, SBOMs, attestations (OCI distribution specification, "Listing Referrers" and
// "Referrers Tag Schema"). GitLab's registry has no referrers API and collects a manifest that nothing but its subject
// speaks for within a day (registry/datastore/gcmanifesttask.go in gitlab-org/container-registry), so each image with
// referrers gets the fallback tag: an index that lists them.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// referrers copies what refers to root and to the manifests in it.
func (im *image) referrers(ctx context.Context, root imageManifest) error {
	if err := im.childReferrers(ctx, root, 0); err != nil {
		return err
	}
	index, err := im.asked(ctx, root.digest)
	if err != nil || len(index.Manifests) == 0 {
		return err
	}
	_, err = im.stored.get(ctx, im.key(manifestPath, root.digest), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, im.store(ctx, root.digest, root)
	})
	if err != nil {
		return err
	}
	return im.follow(ctx, root.digest, index, 0)
}

func (im *image) childReferrers(ctx context.Context, m imageManifest, depth int) error {
	for _, d := range m.Manifests {
		if err := im.refer(ctx, d.Digest, 0); err != nil {
			return err
		}
		if (d.MediaType != artifact.OCIIndex && d.MediaType != artifact.DockerList) || depth == maxDepth {
			continue
		}
		inner, err := im.load(ctx, artifact.ImageManifest(d.Digest, d.Size, im.locator))
		if err != nil {
			return err
		}
		if err := im.childReferrers(ctx, inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// refer copies what refers to a manifest that is in the repository.
func (im *image) refer(ctx context.Context, digest string, depth int) error {
	index, err := im.asked(ctx, digest)
	if err != nil || len(index.Manifests) == 0 {
		return err
	}
	return im.follow(ctx, digest, index, depth)
}

// asked is the source's index of what refers to a manifest; empty when it was copied in this run.
func (im *image) asked(ctx context.Context, digest string) (imageManifest, error) {
	if _, done := im.followed.peek(im.key(manifestPath, digest)); done || im.following[digest] {
		return imageManifest{}, nil
	}
	f := artifact.ImageReferrers(digest, im.locator)
	index, err := im.fetch(ctx, f)
	if err != nil {
		return imageManifest{}, err
	}
	if index.MediaType != artifact.OCIIndex {
		return imageManifest{}, fault.At(fault.Source, fault.Errorf(artifact.PackageUnreadable, "%s is a %s and no index", f.Path, index.MediaType))
	}
	if len(index.Manifests) == 0 {
		im.followed.tell(im.key(manifestPath, digest), struct{}{})
	}
	return index, nil
}

// follow brings the manifests of an index of referrers, with what refers to them in turn, and then the index itself.
func (im *image) follow(ctx context.Context, digest string, index imageManifest, depth int) error {
	if depth++; depth > maxDepth {
		return fault.At(fault.Source, fault.Errorf(artifact.PackageUnreadable, "what refers to %s is more than %d referrers away from the image", digest, maxDepth))
	}
	if im.following == nil {
		im.following = make(map[string]bool)
	}
	im.following[digest] = true // a source's index may claim a ring
	for _, d := range index.Manifests {
		err := im.child(ctx, d, 0)
		if err == nil {
			err = im.refer(ctx, d.Digest, depth)
		}
		if err != nil {
			return fmt.Errorf("what refers to %s: %w", digest, err)
		}
	}
	if err := im.fallback(ctx, digest, index); err != nil {
		return fmt.Errorf("what refers to %s: %w", digest, err)
	}
	im.followed.tell(im.key(manifestPath, digest), struct{}{})
	return nil
}

// fallback writes the fallback tag of a manifest: the source's own bytes, unless the tag is there and lists more.
func (im *image) fallback(ctx context.Context, digest string, index imageManifest) error {
	if _, err := im.repository.shelf(ctx); err != nil {
		return err
	}
	im.shelf.writing.Lock()
	defer im.shelf.writing.Unlock()
	tag := artifact.FallbackTag(digest)
	if im.shelf.has(tag) {
		there, ok, err := im.manifest(ctx, tag)
		if err != nil || ok && there.digest == index.digest {
			return err
		}
		if ok {
			var complete bool
			if index, complete, err = im.merge(ctx, tag, there.digest, index); err != nil || complete {
				return err
			}
		}
	}
	if err := im.store(ctx, tag, index); err != nil {
		return err
	}
	im.shelf.add(tag)
	return nil
}

// merge adds to index what the registry's own, which the tag names, lists beside it; complete tells that there is nothing to
// write, since that one lists all of index, and more.
func (im *image) merge(ctx context.Context, tag, digest string, index imageManifest) (both imageManifest, complete bool, err error) {
	content, err := im.read(ctx, digest)
	if err != nil {
		return index, false, err
	}
	defer func() { _ = content.Close() }()
	theirs, err := io.ReadAll(io.LimitReader(content, artifact.MaxManifest+1))
	if err != nil {
		return index, false, refusal(err)
	}
	body, err := union(index.body, theirs)
	if err != nil {
		return index, false, fault.At(fault.Sink, fault.Errorf(artifact.TargetHoldsOther, "the tag %s can not take the index of referrers: %w", tag, err))
	}
	if bytes.Equal(body, theirs) {
		return index, true, nil
	}
	index.body, index.digest = body, "sha256:"+artifact.DigestsOf(string(body)).SHA256
	return index, false, nil
}

// union is an index that lists what ours and theirs list: ours where theirs has nothing more, theirs where ours has
// nothing more, else ours with what it lacks behind its own entries. It fails when theirs is no index.
func union(ours, theirs []byte) ([]byte, error) {
	mine, listed, err := entriesOf(ours)
	if err != nil {
		return nil, err
	}
	other, _, err := entriesOf(theirs)
	if err != nil {
		return nil, err
	}
	all, common := slices.Clone(mine), 0
	for _, one := range other {
		if listed[one.digest] {
			common++
		} else {
			all = append(all, one)
		}
	}
	switch {
	case len(all) == len(mine):
		return ours, nil
	case common == len(mine):
		return theirs, nil
	}
	var index map[string]json.RawMessage
	if err := json.Unmarshal(ours, &index); err != nil {
		return nil, err
	}
	raw := make([]json.RawMessage, len(all))
	for i, one := range all {
		raw[i] = one.raw
	}
	if index["manifests"], err = json.Marshal(raw); err != nil {
		return nil, err
	}
	return json.Marshal(index)
}

// entry is one of an index, as it is written there.
type entry struct {
	digest string
	raw    json.RawMessage
}

// entriesOf are an index's entries, each digest once, and their digests.
func entriesOf(index []byte) (all []entry, listed map[string]bool, err error) {
	m, err := artifact.ParseManifest(index)
	if err != nil {
		return nil, nil, err
	}
	if m.MediaType != artifact.OCIIndex || len(m.Blobs) > 0 {
		return nil, nil, fmt.Errorf("it holds something else, of type %q", m.MediaType)
	}
	var raw struct {
		Manifests []json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(index, &raw); err != nil {
		return nil, nil, err
	}
	listed = make(map[string]bool, len(raw.Manifests))
	for _, one := range raw.Manifests {
		var d artifact.Descriptor
		if err := json.Unmarshal(one, &d); err != nil {
			return nil, nil, err
		}
		if !listed[d.Digest] {
			listed[d.Digest] = true
			all = append(all, entry{d.Digest, one})
		}
	}
	return all, listed, nil
}
