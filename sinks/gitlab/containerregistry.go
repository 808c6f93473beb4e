package gitlab

// Requests to GitLab's container registry: the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md), as gitlab-org/container-registry speaks it
// (docs/spec/docker/v2/api.md, registry/api/v2/descriptors.go). Each is made with a token for just its repository, and is
// repeated once when the registry finds that token too old.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// registry is the container registry of a GitLab, and what is known of it. Keys of the maps below are sums of what they
// stand for, so that a million blobs take 50 MB.
type registry struct {
	client       *httpx.Client // sends the token of a request's context, to the registry's own address alone
	tokens       *tokens
	listingHolds time.Duration // how long a list of tags is believed

	facts    memo[struct{}, facts]
	shelves  memo[string, *shelf]   // by repository
	stored   memo[key, struct{}]    // manifests and blobs that a repository has
	holders  memo[key, string]      // by blob: a repository that has it
	followed memo[key, struct{}]    // manifests of a repository whose referrers have been copied
	unknown  memo[string, struct{}] // media types that the registry has refused
}

// facts is what the registry says of itself.
type facts struct {
	database bool // it keeps its metadata in a database, and takes no media types that it does not know
	listed   bool // the types it knows are those of artifact.ImageMediaTypeKnown
}

// repository is one of a registry's.
type repository struct {
	*registry
	path string // in full: "acme/docker-images/base/java"
}

// newRegistry prepares for the registry at host. It is spoken to by https; by http where GitLab is too, and either the
// host is this machine or the operator permits it.
func newRegistry(gitlab *httpx.Client, t *tokens, host string, plainHTTP bool) (*registry, error) {
	base, err := url.Parse("https://" + host)
	if err != nil || base.Host != host || base.Path != "" {
		return nil, fmt.Errorf("GitLab names %q as the host of its container registry", host)
	}
	if gitlab.URL("", nil).Scheme == "http" && (plainHTTP || loopback(base.Hostname())) {
		base.Scheme = "http"
	}
	client, err := gitlab.Beside(base, bearerAuth)
	if err != nil {
		return nil, err
	}
	return &registry{client: client, tokens: t}, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// authorized runs one with a token for scopes in its context, and once more with a newer token when the registry wants one.
func (r *registry) authorized(ctx context.Context, one func(context.Context) error, scopes ...scope) error {
	g, err := r.tokens.get(ctx, scopes...)
	if err != nil {
		return err
	}
	if err = one(bearing(ctx, g)); !stale(err) {
		return err
	}
	r.tokens.drop(g, scopes...)
	if g, err = r.tokens.get(ctx, scopes...); err != nil {
		return err
	}
	return one(bearing(ctx, g))
}

// url is an address below the repository's own; a reference is escaped.
func (r repository) url(kind, reference string) *url.URL {
	return r.client.URL("v2/"+r.path+"/"+kind+"/"+url.PathEscape(reference), nil)
}

// shown is a manifest as the registry shows it.
type shown struct {
	digest string
	size   int64 // in bytes; -1 when it does not say
}

// manifest asks for a manifest by its tag or digest, without its bytes; false when the repository has none.
func (r repository) manifest(ctx context.Context, reference string) (found shown, ok bool, err error) {
	err = r.authorized(ctx, func(ctx context.Context) error {
		resp, err := r.client.Head(ctx, r.url("manifests", reference), http.Header{"Accept": {artifact.ImageAccept()}})
		if statusOf(err) == http.StatusNotFound {
			return nil
		}
		if err != nil {
			return refusal(err)
		}
		_ = resp.Body.Close()
		found, ok = shown{resp.Header.Get("Docker-Content-Digest"), resp.ContentLength}, true
		if !artifact.IsImageDigest(found.digest) {
			return fault.At(fault.Sink, fault.Errorf(artifact.TargetFailed, "the registry shows %s without its digest", reference))
		}
		return nil
	}, pull(r.path))
	return found, ok, err
}

// read opens a manifest by its digest.
func (r repository) read(ctx context.Context, digest string) (content artifact.Content, err error) {
	err = r.authorized(ctx, func(ctx context.Context) error {
		resp, err := r.client.Get(ctx, r.url("manifests", digest), http.Header{"Accept": {artifact.ImageAccept()}}) //nolint:bodyclose // who reads the content closes it
		if err != nil {
			return refusal(err)
		}
		content = artifact.Content{ReadCloser: resp.Body, Size: resp.ContentLength}
		return nil
	}, pull(r.path))
	return content, err
}

// put stores a manifest under a tag or its own digest.
func (r repository) put(ctx context.Context, reference string, m imageManifest) error {
	return r.authorized(ctx, func(ctx context.Context) error {
		resp, err := r.client.Send(ctx, httpx.Request{
			Method: http.MethodPut, URL: r.url("manifests", reference), Header: http.Header{"Content-Type": {m.MediaType}},
			Size: int64(len(m.body)), Body: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.body)), nil },
		})
		if err != nil {
			return refusal(err)
		}
		stored := resp.Header.Get("Docker-Content-Digest")
		_ = decode(resp, nil)
		if artifact.IsImageDigest(stored) && stored != m.digest && strings.HasPrefix(m.digest, "sha256:") {
			return fault.At(fault.Sink, fault.Temporary(fault.Errorf(artifact.TargetMismatch, "the registry stored %s as %s", m.digest, stored), 0))
		}
		return nil
	}, push(r.path))
}

// hasBlob tells whether the repository has a blob.
func (r repository) hasBlob(ctx context.Context, digest string) (ok bool, err error) {
	err = r.authorized(ctx, func(ctx context.Context) error {
		resp, err := r.client.Head(httpx.NoFollow(ctx), r.url("blobs", digest), nil)
		if statusOf(err) == http.StatusNotFound {
			return nil
		}
		if err != nil {
			return refusal(err)
		}
		ok = true // also when it would redirect to where the bytes are
		return resp.Body.Close()
	}, push(r.path))
	return ok, err
}

var registryVersion = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})\b`)

// mediaTypesOf is the release of the registry whose media types artifact.ImageMediaTypeKnown has.
const mediaTypesOf = 4<<16 + 32

// ask finds out what the registry says of itself, once, with a token for repository path.
func (r *registry) ask(ctx context.Context, path string) (facts, error) {
	return r.facts.get(ctx, struct{}{}, func(ctx context.Context) (found facts, err error) {
		err = r.authorized(ctx, func(ctx context.Context) error {
			resp, err := r.client.Get(ctx, r.client.URL("v2/", nil), nil)
			if err != nil {
				return refusal(err)
			}
			_ = decode(resp, nil)
			found.database = resp.Header.Get("Gitlab-Container-Registry-Database-Enabled") == "true"
			found.listed = true
			if version := registryVersion.FindStringSubmatch(resp.Header.Get("Gitlab-Container-Registry-Version")); version != nil {
				major, _ := strconv.Atoi(version[1])
				minor, _ := strconv.Atoi(version[2])
				found.listed = major<<16+minor <= mediaTypesOf
			}
			return nil
		}, pull(path))
		return found, err
	})
}

// takes tells whether the registry takes manifests of a media type, as far as is known without asking. A registry that
// is newer than the list may know more types, so it is asked with the first image of each.
func (r *registry) takes(mediaType string) bool {
	if _, refused := r.unknown.peek(mediaType); refused {
		return false
	}
	found, _ := r.facts.peek(struct{}{})
	return mediaType == "" || !found.database || !found.listed || artifact.ImageMediaTypeKnown(mediaType)
}
