package oci

// Reading what a manifest leads to: GET /v2/<name>/manifests/<digest> and /v2/<name>/blobs/<digest> (distribution
// specification, "Pull"). A blob may be redirected to a store or a CDN, which gets no credentials. Whoever reads checks the
// digest, so content can be joined from several answers: what has a digest does not change.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// Open streams a file of an image in a repository from offset on: a manifest, a blob, or the index of what refers to a
// digest (see internal/artifact/container.go).
func (r *Registry) Open(ctx context.Context, repository string, f artifact.File, offset int64) (artifact.Content, error) {
	kind, digest, ok := artifact.ParseImagePath(f.Path)
	if !ok {
		return artifact.Content{}, fault.At(fault.Source, fmt.Errorf("%.200q is no part of an image", f.Path))
	}
	switch kind {
	case "referrers":
		return r.openReferrers(ctx, repository, digest, offset)
	case "manifests":
		content, err := r.pull(ctx, repository, digest, offset)
		return content, r.refused(err, repository, f.Path)
	}
	content, err := r.read(ctx, repository, f.Path, offset, nil)
	if err != nil {
		return artifact.Content{}, r.refused(err, repository, f.Path)
	}
	return artifact.Content{ReadCloser: &blob{r, ctx, repository, f.Path, content.ReadCloser, offset, content.Size}, Size: content.Size}, nil
}

// pull reads a manifest, which registries count.
func (r *Registry) pull(ctx context.Context, repository, reference string, offset int64) (content artifact.Content, err error) {
	if r.options.BeforePull != nil {
		if ctx, err = r.options.BeforePull(ctx); err != nil {
			return content, err
		}
	}
	return r.read(ctx, repository, "manifests/"+reference, offset, accepted)
}

// read opens a path of a repository.
func (r *Registry) read(ctx context.Context, repository, path string, offset int64, header http.Header) (content artifact.Content, err error) {
	u, err := r.url(repository, path, nil)
	if err != nil {
		return content, err
	}
	err = r.signed(ctx, repository, func(ctx context.Context) error {
		resp, err := r.client.Open(ctx, u, offset, header) //nolint:bodyclose // who reads the content closes it
		if header != nil && r.options.AfterPull != nil {
			r.options.AfterPull(headerOf(resp, err), err)
		}
		if err == nil {
			content = artifact.Content{ReadCloser: resp.Body, Size: httpx.Whole(resp)}
		}
		return err
	})
	return content, err
}

// headerOf is what an answer says beside its content, also when it is a refusal; nil when there was none.
func headerOf(resp *http.Response, err error) http.Header {
	if err == nil {
		return resp.Header
	}
	if answer, ok := errors.AsType[*httpx.StatusError](err); ok {
		return answer.Header
	}
	return nil
}

// blob is the content of a blob. A connection that drops after the token has ended is opened anew with another token,
// where httpx can only try the old one.
type blob struct {
	registry   *Registry
	ctx        context.Context
	repository string
	path       string
	io.ReadCloser
	at, size int64
}

func (b *blob) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.at += int64(n)
	if err == nil || errors.Is(err, io.EOF) || status(err) != http.StatusUnauthorized || b.at >= b.size {
		return n, err
	}
	rest, failed := b.registry.read(b.ctx, b.repository, b.path, b.at, nil)
	if failed != nil {
		return n, b.registry.refused(failed, b.repository, b.path)
	}
	_ = b.Close()
	b.ReadCloser = rest.ReadCloser
	return n, nil
}
