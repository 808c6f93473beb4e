// Package artifactory reads JFrog Artifactory of every edition: the list of repositories, AQL and the storage API
// (docs.jfrog.com, "Artifactory REST APIs" and "Artifactory Query Language"; the server's own source is public up to 6.20), and
// its content by path. Addresses in its answers are never followed: they are those that the server believes to have.
package artifactory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

// Options say what to list, and how.
type Options struct {
	// Repositories are doublestar globs on repository keys; "!x" takes out again. Empty: every local and federated one. What
	// a remote repository has cached is listed when it is named without a wildcard, as its key or with "-cache" behind it.
	Repositories []string
	// Listings is how many queries may be under way at once; 0: 2. Servers refuse more than a few.
	Listings int
	// Page is how many rows a page has; 0: 10,000.
	Page int
	// Properties are the keys of properties that files are to be listed with. Each page of a listing costs a query more for
	// them where its type of repository needs none by itself.
	Properties []string
	// Login are the credentials of the client; nil when none are configured, and then there is no AQL.
	Login httpx.Auth
	// Notice receives what an operator should know before the listing begins; nil drops it.
	Notice func(text string)
	// Told is told by Check what it found; nil: nobody.
	Told func(artifact.Fact)
}

const (
	defaultListings = 2
	defaultPage     = 10_000
)

// Source is one Artifactory server.
type Source struct {
	name    string
	client  *httpx.Client
	options Options
	now     clock
	server  atomic.Pointer[string] // how it calls itself
	// recounts are the waits for figures that were asked for anew.
	recounts []time.Duration
	// allowed is how many rows the server allows in a page, when that is less than a page has; 0 when it is not.
	allowed atomic.Int64

	mu         sync.Mutex // guards registries
	registries map[string]*oci.Registry
}

// page is how many rows a page has.
func (s *Source) page() int {
	if n := int(s.allowed.Load()); n > 0 {
		return n
	}
	return s.options.Page
}

var _ sources.Source = (*Source)(nil)

// New returns the source that the configuration calls name. The client's base is the address of the server, with its
// context path, which is /artifactory unless somebody changed it.
func New(name string, client *httpx.Client, o Options) *Source {
	if o.Listings <= 0 {
		o.Listings = defaultListings
	}
	if o.Page <= 0 {
		o.Page = defaultPage
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return &Source{name: name, client: client, options: o, recounts: recounts}
}

// Check asks for the repositories, and whether the user is an administrator.
func (s *Source) Check(ctx context.Context) error {
	chosen, err := s.repositories(ctx)
	if err != nil {
		return err
	}
	counts, err := s.counts(ctx)
	if err == nil {
		s.tell(len(chosen), counts != nil)
	}
	switch {
	case err != nil:
		return fault.Stop(fault.At(fault.Source, err))
	case counts == nil:
		s.options.Notice(fmt.Sprintf("source %s: the user is no administrator of Artifactory: what it may not read is not listed, "+
			"and the server does not say how much that is", s.name))
	}
	return nil
}

// misplaced explains why the list of repositories could not be read: mostly the address lacks its context path.
func (s *Source) misplaced(ctx context.Context, err error) error {
	switch code := status(err); {
	case ctx.Err() != nil:
		return ctx.Err()
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return errorf(err, "the server refuses these credentials; an API key needs the name of its user, too")
	case code != 0 && code != http.StatusNotFound && code < 500:
		return errorf(err, "its repositories can not be listed")
	}
	switch {
	case s.pings(ctx, "/artifactory/api/system/ping"):
		return errorf(err, "there is no Artifactory at this address, but one at its path /artifactory: write that into the configuration")
	case s.pings(ctx, "/api/system/ping"):
		return errorf(err, "its repositories can not be listed")
	}
	return errorf(err, "there is no Artifactory at this address; is a context path missing?")
}

// pings tells whether an Artifactory answers under a path.
func (s *Source) pings(ctx context.Context, path string) bool {
	resp, err := s.client.Get(httpx.Once(ctx), s.client.URL(path, nil), nil)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text := make([]byte, 16)
	n, _ := resp.Body.Read(text)
	return strings.TrimSpace(string(text[:n])) == "OK"
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

// says tells whether an error is an answer with this text in it.
func says(err error, text string) bool {
	var answer *httpx.StatusError
	return errors.As(err, &answer) && strings.Contains(answer.Body, text)
}

// refused explains an answer about something in a repository, and gives it the reason code that reports show.
func refused(err error, repository, what string) error {
	where := "repository " + repository
	if what != "" {
		where += ": " + what
	}
	reason := artifact.SourceFailed
	switch status(err) {
	case http.StatusUnauthorized:
		err = fault.Stop(errorf(err, "%s: the server does not accept the credentials any more", where))
	case http.StatusForbidden:
		err, reason = errorf(err, "%s: the user may not read it, or the server blocks it", where), artifact.NotPermitted
	case http.StatusNotFound:
		err, reason = errorf(err, "%s: not found, or hidden from the user", where), artifact.SourceMissing
	default:
		err = errorf(err, "%s", where)
	}
	return fault.At(fault.Source, fault.Because(reason, err))
}
