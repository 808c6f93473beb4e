package npmjs

// What a refusal means. npm's public registry hides what a token may not read: such a package is "not found", exactly as
// one that was deleted, and one whose token has expired (npm/registry-issue-archive 36). So "not found" proves nothing
// until the token and its right to other packages of the scope are proven. Why a login is refused is told by headers
// (npm/npm-registry-fetch lib/check-response.js).

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// explained adds to a refused login what the registry says of it to programs.
func explained(err error) error {
	var status *httpx.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusUnauthorized {
		return err
	}
	why := strings.ToLower(strings.Join(status.Header.Values("WWW-Authenticate"), ","))
	switch {
	case strings.Contains(why, "ipaddress"):
		return fmt.Errorf("%w (the token may not be used from this machine's address: add it to the token's allowed ranges)", err)
	case strings.Contains(why, "otp"), strings.Contains(status.Body, "one-time pass"):
		return fmt.Errorf("%w (the account asks for a one-time password: use a granular access token that may read)", err)
	}
	return err
}

// seen notes that a package could be read.
func (l *listing) seen(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.witness[scopeOf(name)] = name
}

// scopeOf is the scope of a name; "" for a name without.
func scopeOf(name string) string {
	if scope, _, scoped := strings.Cut(name, "/"); scoped {
		return scope
	}
	return ""
}

// refused explains why a listed package can not be read.
func (l *listing) refused(ctx context.Context, name string, err error) error {
	if statusOf(err) != http.StatusNotFound {
		return l.denied(ctx, "the package "+name, err)
	}
	if l.o.Anonymous {
		return fault.Errorf(artifact.SourceFailed, "source %s: %s is listed and not found (%w): it was unpublished, or it is private and needs a token",
			l.name, name, err)
	}
	if err := l.Check(ctx); err != nil {
		return err
	}
	other, failed := l.another(ctx, name)
	switch {
	case failed != nil:
		return failed
	case other != "":
		return fault.Errorf(artifact.SourceFailed, "source %s: %s is listed and not found (%w): the token is valid and reads %s, so it was unpublished, or the token lost its right to it",
			l.name, name, err, other)
	}
	return fault.Errorf(artifact.SourceFailed, "source %s: %s is listed and not found (%w): the token is valid and reads no other package beside it, so it may have lost its right to them all",
		l.name, name, err)
}

// witnesses is how many other packages are asked for at most.
const witnesses = 3

// another finds a package of the same scope that can be read; "" when there is none.
func (l *listing) another(ctx context.Context, name string) (string, error) {
	scope := scopeOf(name)
	l.mu.Lock()
	seen := l.witness[scope]
	l.mu.Unlock()
	if seen != "" {
		return seen, nil
	}
	asked := 0
	for _, one := range l.names {
		if one == name || scopeOf(one) != scope {
			continue
		}
		there, err := l.there(ctx, one)
		if err != nil {
			return "", err
		}
		if there {
			l.seen(one)
			return one, nil
		}
		if asked++; asked == witnesses {
			break
		}
	}
	return "", nil
}

// there tells whether a package can be read at this moment.
func (s *Source) there(ctx context.Context, name string) (bool, error) {
	resp, err := s.client.Head(ctx, s.client.URL(artifact.NPMEscape(name), nil), nil)
	switch statusOf(err) {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, resp.Body.Close()
}

// lost explains why a listed tarball is not found.
func (s *Source) lost(ctx context.Context, f artifact.File, err error) error {
	if !s.o.Anonymous {
		if err := s.Check(ctx); err != nil {
			return err
		}
	}
	if name := nameIn(f.Locator); name != "" {
		switch there, failed := s.there(ctx, name); {
		case failed != nil:
			return failed
		case !there:
			return fault.Errorf(artifact.SourceFailed, "source %s: %s is not found, nor is its package any more (%w): it was unpublished, or the token lost its right to it",
				s.name, f.Path, err)
		}
	}
	return fault.Because(artifact.SourceMissing, fmt.Errorf("the tarball %s is listed and not there: %w", f.Path, err))
}

// nameIn is the package that a locator of this registry's own is about; "" for every other.
func nameIn(locator string) string {
	path, _, own := strings.Cut(locator, "/-/")
	name, err := url.PathUnescape(path)
	if !own || err != nil || !artifact.IsNPMName(name) {
		return ""
	}
	return name
}

// denied explains another refused read: "unauthorized" ends the run only if the credentials as such are no longer valid.
func (s *Source) denied(ctx context.Context, what string, err error) error {
	var status *httpx.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Status {
	case http.StatusUnauthorized:
		if err := s.Check(ctx); err != nil {
			return err
		}
	case http.StatusForbidden:
	default:
		return err
	}
	return fault.Errorf(artifact.SourceFailed, "source %s: %s can not be read (%d %s): the token may not read it", s.name, what, status.Status, status.Message())
}
