package oci

// What refers to a manifest, such as its signatures: the referrers API, GET /v2/<name>/referrers/<digest>, and where a
// registry has none, the tag that stands in for it (distribution specification, "Listing Referrers" and "Referrers Tag
// Schema"). Clients that knew no API may have written the tag in a registry that has one, so both are looked at.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

const (
	// maxReferrerPages bounds the pages of the API.
	maxReferrerPages = 1000
	// notFoundBefore is how many manifests the API must be missing for before it is asked for no more: a 404 may be
	// anybody's, and nothing else tells that a registry has no API.
	notFoundBefore = 5
)

// referrersAPI is what is known of a registry's API.
type referrersAPI struct {
	answered atomic.Bool
	missing  atomic.Int64
}

// absent takes note of an answer that is no list, and tells whether it can be that of a registry without the API.
func (a *referrersAPI) absent(err error) bool {
	switch status(err) {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest:
	default:
		return false
	}
	switch {
	case unknown(err):
		return true
	case a.answered.Load():
		return false
	}
	a.missing.Add(1)
	return true
}

// none tells that a registry has no API.
func (a *referrersAPI) none() bool { return !a.answered.Load() && a.missing.Load() >= notFoundBefore }

// index is an OCI image index. Descriptors are kept as they came.
type index struct {
	Manifests []json.RawMessage `json:"manifests"`
}

// openReferrers gives the bytes of the fallback tag where they tell everything, else an index of all that is known.
func (r *Registry) openReferrers(ctx context.Context, repository, digest string, offset int64) (artifact.Content, error) {
	text, err := r.referrers(ctx, repository, digest)
	if err != nil {
		return artifact.Content{}, r.refused(err, repository, "referrers/"+digest)
	}
	size := int64(len(text))
	return artifact.Content{ReadCloser: io.NopCloser(bytes.NewReader(text[min(max(offset, 0), size):])), Size: size}, nil
}

func (r *Registry) referrers(ctx context.Context, repository, digest string) ([]byte, error) {
	tagged, err := r.fallback(ctx, repository, artifact.FallbackTag(digest))
	if err != nil {
		return nil, err
	}
	listed, err := r.listReferrers(ctx, repository, digest)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{"schemaVersion": []byte("2"), "mediaType": []byte(`"` + artifact.OCIIndex + `"`)}
	var entries []json.RawMessage
	if tagged != nil {
		if err := errors.Join(json.Unmarshal(tagged, &all), json.Unmarshal(all["manifests"], &entries)); err != nil {
			return nil, fault.Errorf(artifact.PackageUnreadable, "the tag %s is no index: %w", artifact.FallbackTag(digest), err)
		}
	}
	known := map[string]bool{}
	for _, one := range entries {
		known[digestOf(one)] = true
	}
	more := slices.DeleteFunc(listed, func(one json.RawMessage) bool {
		there := known[digestOf(one)]
		known[digestOf(one)] = true
		return there
	})
	if tagged != nil && len(more) == 0 {
		return tagged, nil
	}
	all["manifests"], err = json.Marshal(append([]json.RawMessage{}, append(entries, more...)...))
	if err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// digestOf is the digest that a descriptor names; "" when it names none.
func digestOf(descriptor json.RawMessage) string {
	var d struct {
		Digest string `json:"digest"`
	}
	_ = json.Unmarshal(descriptor, &d)
	return d.Digest
}

// fallback is the content of the tag that lists referrers; nil when there is no such tag. A HEAD comes first, since it is
// no pull and most manifests have no such tag.
func (r *Registry) fallback(ctx context.Context, repository, tag string) ([]byte, error) {
	m, err := r.Head(ctx, repository, tag)
	if fault.CodeOf(err) == string(artifact.SourceMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	content, err := r.pull(ctx, repository, m.Digest, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }()
	text, err := io.ReadAll(io.LimitReader(content, artifact.MaxManifest+1))
	if err != nil {
		return nil, err
	}
	if file := artifact.ImageManifest(m.Digest, m.Size, ""); !matches(text, file.Digests) {
		return nil, fault.Errorf(artifact.SourceDigestMismatch, "the tag %s has other content than its digest says", tag)
	}
	return text, nil
}

// matches tells whether text has the digest, and is no longer than a manifest may be.
func matches(text []byte, want artifact.Digests) bool {
	h := artifact.NewHasher(want)
	_, _ = h.Write(text)
	return len(text) <= artifact.MaxManifest && h.Digests().Compare(want) == artifact.Same
}

// listReferrers reads the API to its end; nothing where there is none.
func (r *Registry) listReferrers(ctx context.Context, repository, digest string) ([]json.RawMessage, error) {
	if r.referrersAPI.none() {
		return nil, nil
	}
	u, err := r.url(repository, "referrers/"+digest, nil)
	if err != nil {
		return nil, err
	}
	var all []json.RawMessage
	size := 0
	for range maxReferrerPages {
		var page index
		var header http.Header
		err := r.signed(ctx, repository, func(ctx context.Context) error {
			page = index{}
			header, err = r.client.GetJSON(ctx, u, http.Header{"Accept": {artifact.OCIIndex}}, artifact.MaxManifest, &page)
			return err
		})
		if len(all) == 0 && r.referrersAPI.absent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		r.referrersAPI.answered.Store(true)
		for _, one := range page.Manifests {
			size += len(one)
		}
		if size > artifact.MaxManifest {
			return nil, fault.Errorf(artifact.ManifestTooLarge, "what refers to %s is more than an index has room for", digest)
		}
		all = append(all, page.Manifests...)
		next, err := nextPage(header)
		if next == nil || err != nil {
			return all, err
		}
		u.RawQuery = next.Encode()
	}
	return nil, fmt.Errorf("the referrers of %s have more than %d pages", digest, maxReferrerPages)
}
