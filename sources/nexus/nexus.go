// Package nexus reads Sonatype Nexus Repository 3 through its REST API (/service/rest/v1/status, /repositories and
// /assets, described in the server's own /service/rest/swagger.json) and its content URLs (/repository/NAME/PATH).
// Components and search are left alone: only /assets lists everything that is stored.
package nexus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

// Options say what to list.
type Options struct {
	// Repositories are doublestar globs on repository names; "!x" takes out again. Empty: every hosted repository.
	// A proxy is listed when it is named without a wildcard. A group that is named so stands for its hosted members.
	Repositories []string
	// Proxies lists what proxy repositories have cached as if it were the server's own.
	Proxies bool
	// Listings is how many requests of a listing are under way at most; 0 is 2. Nexus asks its database anew for each asset
	// of a page, so more than 4 help nobody.
	Listings int
	// Login are the credentials of the client, for registries; nil is none.
	Login httpx.Auth
	// Notice is told what is not listed, in a sentence; nil is told nothing.
	Notice func(string)
	// Told is told by Check what it found; nil: nobody.
	Told func(artifact.Fact)
}

const defaultListings = 2

// Source is one Nexus server.
type Source struct {
	name    string
	client  *httpx.Client
	options Options
	slots   chan struct{} // one for each request of a listing that is under way

	mu         sync.Mutex // guards registries
	registries map[string]*oci.Registry
}

var _ sources.Source = (*Source)(nil)

// New returns the source that the configuration calls name. The client's base is the address of the server, with its
// context path if it has one.
func New(name string, client *httpx.Client, o Options) *Source {
	if o.Listings <= 0 {
		o.Listings = defaultListings
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return &Source{name: name, client: client, options: o, slots: make(chan struct{}, o.Listings), registries: map[string]*oci.Registry{}}
}

// Check asks for the server's status and its repositories, and tells which of them are not listed.
func (s *Source) Check(ctx context.Context) error {
	server, err := s.status(ctx)
	if err != nil {
		return ending(fault.At(fault.Source, err))
	}
	chosen, err := s.repositories(ctx)
	if err == nil {
		chosen.tell(s.name, s.options.Notice)
		s.tell(server, chosen)
	}
	return err
}

// enter waits until a request of a listing may go out. leave gives its place back.
func (s *Source) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// status tells how the server calls itself. It asks once, since every request with a wrong password, or of a blocked user, prolongs the block. A server that is
// starting or far away is asked again.
func (s *Source) status(ctx context.Context) (server string, err error) {
	u := s.client.URL("/service/rest/v1/status", nil)
	resp, err := s.client.Get(httpx.Once(ctx), u, nil)
	if code := status(err); err != nil && (code == 0 || code == http.StatusServiceUnavailable) {
		resp, err = s.client.Get(ctx, u, nil)
	}
	if err == nil {
		return resp.Header.Get("Server"), resp.Body.Close()
	}
	switch status(err) {
	case http.StatusUnauthorized:
		return "", errorf(err, "the server refuses this user and password")
	case http.StatusNotFound:
		return "", errorf(err, "there is no Nexus Repository 3 at this address; is a context path missing?")
	case http.StatusTooManyRequests:
		return "", errorf(err, "the server blocks this user after failed sign-ins: send nothing for 15 minutes, then try the right password")
	}
	return "", errorf(err, "the server is not ready to be read")
}

// errorf says in words what err, an answer of the server that names the source, means here.
func errorf(err error, format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// status is the HTTP status that an error stands for; 0 when the server did not answer.
func status(err error) int {
	var answer *httpx.StatusError
	if errors.As(err, &answer) {
		return answer.Status
	}
	return 0
}

// refused explains an answer about one repository, and gives it the reason code that reports show.
func (s *Source) refused(err error, repository string) error {
	switch status(err) {
	case http.StatusUnauthorized:
		err = fault.Stop(errorf(err, "repository %s: the server refuses this user and password", repository))
	case http.StatusForbidden:
		err = fault.Because(artifact.NotPermitted, errorf(err,
			"repository %s: the user needs the privileges browse and read on it", repository))
	case http.StatusNotFound:
		err = fault.Because(artifact.SourceMissing, errorf(err, "repository %s: not found", repository))
	case http.StatusTooManyRequests:
		err = fault.Stop(errorf(err, "repository %s: the server takes no more requests from this user", repository))
	case http.StatusServiceUnavailable:
		err = fault.Because(artifact.SourceFailed, errorf(err,
			"repository %s: it is offline, or the server overloaded", repository))
	default:
		err = fault.Because(artifact.SourceFailed, errorf(err, "repository %s", repository))
	}
	return fault.At(fault.Source, err)
}
