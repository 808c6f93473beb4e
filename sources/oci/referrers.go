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

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// maxReferrerPages bounds the pages of the API; each is at most a manifest's size.
const maxReferrerPages = 100

// index is an OCI image index. Descriptors are kept as they came.
type index struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Manifests     []json.RawMessage `json:"manifests"`
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
	all := index{SchemaVersion: 2, MediaType: artifact.OCIIndex, Manifests: []json.RawMessage{}}
	if tagged != nil {
		if err := json.Unmarshal(tagged, &all); err != nil {
			return nil, fmt.Errorf("the tag %s is no index: %w", artifact.FallbackTag(digest), err)
		}
	}
	known := map[string]bool{}
	for _, one := range all.Manifests {
		known[digestOf(one)] = true
	}
	more := slices.DeleteFunc(listed, func(one json.RawMessage) bool { return known[digestOf(one)] })
	if tagged != nil && len(more) == 0 {
		return tagged, nil
	}
	all.Manifests = append(all.Manifests, more...)
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
	if r.noReferrers.Load() {
		return nil, nil
	}
	u, err := r.url(repository, "referrers/"+digest, nil)
	if err != nil {
		return nil, err
	}
	var all []json.RawMessage
	for range maxReferrerPages {
		var page index
		var header http.Header
		err := r.signed(ctx, repository, func(ctx context.Context) error {
			page = index{}
			header, err = r.client.GetJSON(ctx, u, http.Header{"Accept": {artifact.OCIIndex}}, artifact.MaxManifest, &page)
			return err
		})
		if code := status(err); code == http.StatusNotFound || code == http.StatusMethodNotAllowed {
			if len(all) > 0 {
				return nil, errors.New("a page of the referrers is missing")
			}
			r.noReferrers.Store(!unknown(err))
			return nil, nil
		}
		if err != nil {
			return nil, err
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
