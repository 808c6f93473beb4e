package npmjs

// Tarballs: dist.tarball of a packument (npm/registry docs/responses/package-metadata.md). The address is always taken
// from there; which host answers for it follows npm's setting replace-registry-host: documents carry the address that
// the registry had when they were written, and the configured registry serves it under its own.

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// locate turns a tarball's address into a locator: a path relative to the registry, a path from the root of the
// registry's host ("/…"), or an absolute URL on another host, which gets no credentials. It is "" for what is no address.
func (s *Source) locate(name, tarball string) string {
	u, err := url.Parse(tarball)
	if err != nil || tarball == "" {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		u = s.base.ResolveReference(u)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	query := ""
	if u.RawQuery != "" {
		query = "?" + u.RawQuery
	}
	path := u.EscapedPath()
	if hostPort(u) == hostPort(s.base) {
		relative, ok := strings.CutPrefix(path, strings.TrimSuffix(s.base.EscapedPath(), "/")+"/")
		if ok && !strings.HasPrefix(relative, "/") && !strings.Contains(relative, "://") {
			return relative + query
		}
		return "/" + strings.TrimPrefix(path, "/") + query
	}
	if own := ownPath(name, path); own != "" {
		return own + query
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u.String()
}

// hostPort is where a URL leads, whether it says so with a port or without, or with the other scheme's default port.
func hostPort(u *url.URL) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(u.Host, ":443"), ":80"))
}

// ownPath is the end of an escaped path that has npm's own form, "{name}/-/{file}"; "" when it has not.
func ownPath(name, path string) string {
	dash := strings.LastIndex(path, "/-/")
	if dash < 0 || strings.Contains(path[dash+3:], "/") {
		return ""
	}
	for start := dash; start > 0; {
		start = strings.LastIndexByte(path[:start], '/')
		if plain, err := url.PathUnescape(path[start+1 : dash]); err == nil && plain == name {
			return path[start+1:]
		}
	}
	return ""
}

// address is the inverse of locate.
func (s *Source) address(locator string) (*url.URL, error) {
	if !strings.HasPrefix(locator, "/") && strings.Contains(locator, "://") {
		return url.Parse(locator)
	}
	path, query, _ := strings.Cut(locator, "?")
	u := s.client.URL(path, nil)
	if strings.HasPrefix(path, "/") {
		plain, err := url.PathUnescape(path)
		if err != nil {
			return nil, err
		}
		u.Path, u.RawPath = plain, path
	}
	u.RawQuery = query
	return u, nil
}

const attestationsPath = "/-/npm/v1/attestations/"

// attestations is the locator of what is attested of a version, given the address in its document: the configured registry
// has it, whatever host the document names, as npm's client holds it (pacote lib/registry.js). It is "" for another address.
func attestations(address string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return ""
	}
	_, of, found := strings.Cut(u.EscapedPath(), attestationsPath)
	plain, err := url.PathUnescape(of)
	if !found || err != nil || plain == "" || slices.ContainsFunc(strings.Split(plain, "/"), func(segment string) bool { return segment == "." || segment == ".." }) {
		return ""
	}
	return attestationsPath[1:] + of
}

// Open streams a tarball from offset on, or gives an index file's text, which its listing brought along.
func (s *Source) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	if tag, number := artifact.NPMIndexFile(f.Path); tag != "" || number != "" {
		if err := ctx.Err(); err != nil {
			return artifact.Content{}, err
		}
		text := f.Locator[min(max(offset, 0), int64(len(f.Locator))):]
		return artifact.Content{ReadCloser: io.NopCloser(strings.NewReader(text)), Size: int64(len(f.Locator))}, nil
	}
	u, err := s.address(f.Locator)
	if err != nil {
		return artifact.Content{}, fault.At(fault.Source, fmt.Errorf("source %s: the address of %s: %w", s.name, f.Path, err))
	}
	resp, err := s.client.Open(ctx, u, offset, nil) //nolint:bodyclose // who reads the content closes it
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusGone:
		err = s.lost(ctx, f, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		err = s.denied(ctx, "the tarball "+f.Path, err)
	}
	if err != nil {
		return artifact.Content{}, fault.At(fault.Source, err)
	}
	return artifact.Content{ReadCloser: resp.Body, Size: httpx.Whole(resp)}, nil
}

// Address is where a file that was listed lies, for people who look for it there; "" when it is no file of its own.
func Address(_ string, f artifact.File) string {
	if tag, number := artifact.NPMIndexFile(f.Path); tag != "" || number != "" {
		return ""
	}
	u, err := url.Parse(f.Locator)
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
