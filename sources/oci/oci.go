// Package oci reads container registries: the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md), with the catalog and the tokens of the
// distribution project (https://distribution.github.io/distribution/spec/api/ and /spec/auth/token/). It is what all
// registries with a /v2/ share: those of Docker Hub, Nexus and Artifactory, and plain ones.
//
// How an image is listed and opened is described in internal/artifact/container.go: a tag costs a HEAD, and what its
// manifest leads to is read when the sink asks for it.
package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// Options say how a registry is reached.
type Options struct {
	// Prefix is the path before /v2/ below the client's base, escaped: "" or "/repository/docker-hosted".
	Prefix string
	// Login is sent to the token service; nil asks for anonymous tokens.
	Login httpx.Auth
	// Direct: Login is sent with every request to the registry, too, which Nexus and Artifactory take in place of a token.
	Direct bool
	// TokenService is where Login may go when the registry's tokens come from another host; nil: the registry's own only.
	TokenService *url.URL
	// BeforePull is called before each GET of a manifest; its error takes the place of the request, and its context is that
	// of the request. AfterPull is told the answer's headers, also those of a refusal. Nil: neither.
	BeforePull func(ctx context.Context) (context.Context, error)
	AfterPull  func(header http.Header, err error)
}

// Registry is one registry. It is safe for concurrent use.
type Registry struct {
	client       *httpx.Client
	options      Options
	tokens       *tokens
	referrersAPI referrersAPI
}

// New prepares a registry at the base of client; it sends nothing. The client's own credentials are not used.
func New(client *httpx.Client, o Options) (*Registry, error) {
	base := client.URL("/", nil)
	own := httpx.Anonymous()
	if o.Direct && o.Login != nil {
		own = o.Login
	}
	beside, err := client.Beside(base, func(req *http.Request) {
		if token, ok := req.Context().Value(bearer{}).(string); ok {
			req.Header.Set("Authorization", "Bearer "+token)
			return
		}
		own(req)
	})
	if err != nil {
		return nil, err
	}
	return &Registry{client: beside, options: o, tokens: newTokens(client, base, o)}, nil
}

// Manifest is what a HEAD tells of a manifest.
type Manifest struct {
	Digest    string // "sha256:<hex>"
	MediaType string
	Size      int64 // in bytes; -1 when the registry does not say
	Header    http.Header
}

// The types of manifests, the newest first: a registry may convert what is not asked for, to other bytes.
var accepted = http.Header{"Accept": {strings.Join([]string{
	artifact.OCIIndex, "application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.oci.artifact.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws", "application/vnd.docker.distribution.manifest.v1+json",
}, ", ")}}

// Head asks for a manifest without pulling it. A manifest that is not there is an error with the reason source-missing.
func (r *Registry) Head(ctx context.Context, repository, reference string) (Manifest, error) {
	u, err := r.url(repository, "manifests/"+reference, nil)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	err = r.signed(ctx, repository, func(ctx context.Context) error {
		resp, err := r.client.Head(ctx, u, accepted)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
		m = Manifest{
			Digest: resp.Header.Get("Docker-Content-Digest"), MediaType: strings.TrimSpace(media), Size: resp.ContentLength, Header: resp.Header,
		}
		return nil
	})
	if err == nil && !artifact.IsImageDigest(m.Digest) {
		err = fmt.Errorf("the registry does not say the digest of %s:%s", repository, reference)
	}
	return m, r.refused(err, repository, reference)
}

// Image is a tag as it is listed. Its root's locator is "", for the caller to set.
func Image(repository, tag string, m Manifest) artifact.Package {
	p := artifact.Package{
		Format: artifact.Container, Name: repository, Version: tag,
		Files: []artifact.File{artifact.ImageManifest(m.Digest, m.Size, "")},
	}
	if strings.HasPrefix(m.MediaType, "application/vnd.docker.distribution.manifest.v1+") {
		p.Metadata = map[string]string{artifact.ImageMediaType: m.MediaType}
	}
	return p
}

// name is that of a repository, as the distribution specification has it, with room for what older registries took.
var name = regexp.MustCompile(`^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+|_+)*(?:/[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+|_+)*)*$`)

// url is an address of a repository; of the registry when repository is "". Names are foreign: one that is none leads
// nowhere.
func (r *Registry) url(repository, path string, query url.Values) (*url.URL, error) {
	if repository != "" {
		if len(repository) > 512 || !name.MatchString(repository) {
			return nil, fault.At(fault.Source, fault.Errorf(artifact.NameNotAllowed, "%.300q is no name of an image repository", repository))
		}
		repository += "/"
	}
	return r.client.URL(r.options.Prefix+"/v2/"+repository+path, query), nil
}

// status is the HTTP status that an error stands for; 0 when the registry did not answer.
func status(err error) int {
	if answer, ok := errors.AsType[*httpx.StatusError](err); ok {
		return answer.Status
	}
	return 0
}

// refused says what an answer about a repository means. A repository that does not exist, and one that the account may
// not read, look the same.
func (r *Registry) refused(err error, repository, what string) error {
	if err == nil || fault.CodeOf(err) != "" {
		return err
	}
	if _, spent := fault.IsSpent(err); spent {
		return err
	}
	at := strings.TrimSuffix(repository+" "+what, " ")
	switch status(err) {
	case http.StatusNotFound:
		err = fault.Because(artifact.SourceMissing, fmt.Errorf("%s is not there: %w", at, err))
	case http.StatusUnauthorized, http.StatusForbidden:
		// Who signs in with each request is refused as a person; a token, for this repository alone.
		stop := fault.IsStop(err) && r.options.Direct && status(err) == http.StatusUnauthorized
		err = fmt.Errorf("%s: the registry refuses to show it to this account: %w", at, cost(err))
		if err = fault.Because(artifact.NotPermitted, err); stop {
			err = fault.Stop(err)
		}
	default:
		err = fault.Because(artifact.SourceFailed, fmt.Errorf("%s: %w", at, err))
	}
	return fault.At(fault.Source, err)
}

// cost takes the mark of the end of the run off a 401, which httpx sets.
func cost(err error) error {
	if answer, ok := errors.AsType[*httpx.StatusError](err); ok {
		return answer
	}
	return err
}
