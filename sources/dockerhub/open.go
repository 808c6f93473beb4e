package dockerhub

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"pkgferry/internal/artifact"
)

// Open streams a file of an image from offset on. A manifest costs a pull, unless it was read before; when the pull would
// leave less of the quota than is to be kept, the error is fault.Spent.
func (s *Source) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	kind, digest, ok := artifact.ParseImagePath(f.Path)
	ctx, held := s.pulls.holding(ctx, func(ctx context.Context) (http.Header, error) {
		m, err := s.registry.Head(ctx, f.Locator, digest)
		return m.Header, err
	})
	defer held.free()
	if !ok || kind != "manifests" {
		content, err := s.registry.Open(ctx, f.Locator, f, offset)
		return content, s.pulls.refused(err)
	}
	body, err := s.pulled.get(ctx, digest, func(ctx context.Context) ([]byte, bool, error) {
		return s.manifest(ctx, f)
	})
	if err != nil {
		return artifact.Content{}, s.pulls.refused(err)
	}
	size := int64(len(body))
	return artifact.Content{ReadCloser: io.NopCloser(bytes.NewReader(body[min(max(offset, 0), size):])), Size: size}, nil
}

// manifest reads one, and tells whether it has the digest that it was asked for by.
func (s *Source) manifest(ctx context.Context, f artifact.File) (body []byte, right bool, err error) {
	content, err := s.registry.Open(ctx, f.Locator, f, 0)
	if err != nil {
		return nil, false, err
	}
	body, err = io.ReadAll(io.LimitReader(content, artifact.MaxManifest+1))
	if err = errors.Join(err, content.Close()); err != nil {
		return nil, false, err
	}
	if len(body) > artifact.MaxManifest {
		return nil, false, s.errorf(artifact.ManifestTooLarge, "%s %s has more than %d bytes", f.Locator, f.Path, artifact.MaxManifest)
	}
	h := artifact.NewHasher(f.Digests)
	_, _ = h.Write(body)
	return body, h.Digests().Compare(f.Digests) == artifact.Same, nil
}

// Address is where a file that was listed lies in the registry at base, for people who look for it there.
func Address(base string, f artifact.File) string {
	if f.Locator == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + "/v2/" + f.Locator + "/" + f.Path
}
