// Package dockerhub reads one namespace of Docker Hub. Its API, which docker/docs describes in
// content/reference/api/hub/latest.yaml and docker/hub-tool and goharbor/harbor met on the wire, tells which repositories and
// tags there are, with their digests and dates; its registry (package oci) holds the images, and counts each manifest that is
// read against a quota (docker/docs content/manuals/docker-hub/usage/pulls.md). So listing costs no pull, and where the API's
// pages leave a doubt about the tags, the registry's own list decides.
package dockerhub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

// The addresses of Docker Hub itself.
const (
	API          = "https://hub.docker.com"
	Registry     = "https://registry-1.docker.io"
	TokenService = "https://auth.docker.io" //nolint:gosec // an address and no credential
)

// Pause is how long Docker Hub wants to be left alone by whoever sends it too many requests, which it says nowhere
// (docker/docs content/manuals/docker-hub/usage/_index.md: thousands in a minute): a bare 429, from all its servers.
const Pause = time.Minute

// Options say what to list, and as whom.
type Options struct {
	// Namespace is the account or organization to list, in lower case.
	Namespace string
	// Username is who signs in; "" is Namespace, whose name goes with an organization's access token. Secret is a personal or
	// an organization's access token, or a password; "" signs nobody in.
	Username, Secret string
	// Repositories are doublestar globs on the names of repositories below the namespace; "!x" takes out again. Empty: all.
	Repositories []string
	// Public lists public repositories alone. Else a listing in which no repository is private says that some may be missing.
	Public bool
	// KeepPulls is how many pulls of the quota are left to others.
	KeepPulls int
	// Listings is how many requests of a listing are under way at most; 0 is 4.
	Listings int
	// TokenService is where the registry's tokens come from; nil: the registry itself.
	TokenService *url.URL
	// Told is told by Check what it found; nil: nobody.
	Told func(artifact.Fact)
}

// defaultListings are far from what the API refuses: 180 requests in a minute.
const defaultListings = 4

// Source is one namespace.
type Source struct {
	name     string
	o        Options
	session  *session
	registry *oci.Registry
	pulls    *pulls
	pulled   manifests
	slots    chan struct{} // one for each request of a listing that is under way
}

var _ sources.Source = (*Source)(nil)

// New returns the source that the configuration calls name. Neither client has credentials of its own.
func New(name string, api, registry *httpx.Client, o Options) (*Source, error) {
	if o.Username == "" {
		o.Username = o.Namespace
	}
	if o.Listings <= 0 {
		o.Listings = defaultListings
	}
	s := &Source{name: name, o: o, slots: make(chan struct{}, o.Listings)}
	s.pulls = &pulls{keep: int64(o.KeepPulls)}
	var err error
	if s.session, err = newSession(api, o.Username, o.Secret); err != nil {
		return nil, err
	}
	var login httpx.Auth
	if o.Secret != "" {
		login = httpx.Basic(o.Username, o.Secret)
	}
	s.registry, err = oci.New(registry, oci.Options{
		Login: login, TokenService: o.TokenService, BeforePull: s.pulls.before, AfterPull: s.pulls.after,
	})
	return s, err
}

// path is the name of one of the namespace's repositories in the registry.
func (s *Source) path(repository string) string { return s.o.Namespace + "/" + repository }

// preview is the image at which Docker tells a quota, and which anybody may read.
const preview = "ratelimitpreview/test"

// Check asks for the namespace's first repository as who signs in, and the registry for a manifest, which is no pull: its
// token service refuses wrong credentials even for what anybody may read.
func (s *Source) Check(ctx context.Context) error {
	var first page[repository]
	err := s.get(ctx, s.repositoriesURL(1), &first)
	if err = s.unlisted(err); err == nil {
		m, failed := s.registry.Head(ctx, preview, "latest")
		if fault.IsStop(failed) || ctx.Err() != nil {
			err = failed
		} else {
			s.tell(first.Count, m.Header, failed)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fault.Stop(fault.At(fault.Source, err))
}

// unlisted explains why the namespace could not be listed.
func (s *Source) unlisted(err error) error {
	switch answered(err) {
	case http.StatusNotFound:
		return fault.Because(artifact.SourceMissing, fmt.Errorf(
			"there is no namespace %q, or Docker Hub answers nothing more to this address: %w", s.o.Namespace, err))
	case http.StatusForbidden:
		return fault.Because(artifact.NotPermitted, fmt.Errorf("the repositories of %s may not be listed: %w", s.o.Namespace, err))
	case 0:
		return err
	}
	return fault.Because(artifact.SourceFailed, fmt.Errorf("the repositories of %s: %w", s.o.Namespace, err))
}

// status is the HTTP status that an error stands for; 0 when the server did not answer.
func status(err error) int {
	if answer, ok := errors.AsType[*httpx.StatusError](err); ok {
		return answer.Status
	}
	return 0
}

// ends tells that nothing more can be listed now.
func ends(err error) bool {
	_, spent := fault.IsSpent(err)
	return spent || fault.IsStop(err)
}

// answered is the status of an answer that nothing else explains yet.
func answered(err error) int {
	if fault.CodeOf(err) != "" {
		return 0
	}
	return status(err)
}

// slot waits for the right to one request of a listing, which the returned function gives back.
func (s *Source) slot(ctx context.Context) (func(), error) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
