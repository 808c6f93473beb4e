// The content of images, by the registry API that every Docker repository of Nexus has without a connector
// (GET /repository/REPOSITORY/v2/IMAGE/…, https://github.com/opencontainers/distribution-spec/blob/main/spec.md). Basic
// credentials that nobody asked for are accepted also where the repository asks for a token.

package nexus

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// manifestTypes are all kinds of manifest that a registry may hold: what is not named is answered as another one.
const manifestTypes = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " +
	"application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, " +
	"application/vnd.docker.distribution.manifest.v1+prettyjws, application/vnd.docker.distribution.manifest.v1+json, */*"

const noReferrers = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`

// imageFile is a file of an image by its place: what the tag's asset is, and what of the image is wanted.
type imageFile struct {
	locator
	image, tag   string
	kind, digest string
}

func (i imageFile) path(rest string) string {
	segments := strings.Split(i.image+"/"+rest, "/")
	for at, one := range segments {
		segments[at] = url.PathEscape(one)
	}
	return "/repository/" + url.PathEscape(i.Repository) + "/v2/" + strings.Join(segments, "/")
}

func (s *Source) openImage(ctx context.Context, f artifact.File, i imageFile, offset int64) (artifact.Content, error) {
	rest := i.kind + "/" + i.digest
	if i.kind == "referrers" {
		rest = "manifests/" + artifact.FallbackTag(i.digest)
	}
	content, err := s.openRegistry(ctx, i, rest, offset)
	switch {
	case err == nil:
		return content, nil
	case status(err) == http.StatusNotFound && i.kind == "referrers":
		return text(ctx, noReferrers, offset)
	case status(err) == http.StatusNotFound && i.kind == "manifests" && i.digest == i.Digest:
		return s.byTag(ctx, f, i, offset, err)
	}
	return artifact.Content{}, s.unreadable(ctx, i.locator, err)
}

func (s *Source) openRegistry(ctx context.Context, i imageFile, rest string, offset int64) (artifact.Content, error) {
	var header http.Header
	if strings.HasPrefix(rest, "manifests/") {
		header = http.Header{"Accept": {manifestTypes}}
	}
	resp, err := s.client.Open(ctx, s.client.URL(i.path(rest), nil), offset, header) //nolint:bodyclose // who reads the content closes it
	if err != nil {
		return artifact.Content{}, err
	}
	return artifact.Content{ReadCloser: resp.Body, Size: httpx.Whole(resp)}, nil
}

// byTag opens a root that the registry does not know by the SHA-256 of its bytes. That is its digest, except of a schema 1
// manifest, which is there under its tag; else the tag names another manifest since it was listed.
func (s *Source) byTag(ctx context.Context, f artifact.File, i imageFile, offset int64, cause error) (artifact.Content, error) {
	a, err := s.asset(ctx, i.ID)
	if err != nil {
		if unknown(err) {
			err = cause
		}
		return artifact.Content{}, s.unreadable(ctx, i.locator, err)
	}
	now := rootOf(a.file(repository{Name: i.Repository, Type: hosted}, i.Path))
	if now.Digests.SHA256 != f.Digests.SHA256 {
		return artifact.Content{}, &sources.Changed{Now: now}
	}
	content, err := s.openRegistry(ctx, i, "manifests/"+i.tag, offset)
	if err != nil {
		return artifact.Content{}, s.unreadable(ctx, i.locator, err)
	}
	return content, nil
}
