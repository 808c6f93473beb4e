package gitlab

// Images (GitLab: doc/user/packages/container_registry/_index.md; the OCI distribution and image specifications,
// https://github.com/opencontainers). GitLab gives tokens (containertoken.go), its registry takes blobs (containerblob.go),
// then manifests (containerimage.go, containerreferrers.go), and a tag last: it refuses a manifest of which a part is
// missing, so what has a tag can be pulled. Manifests keep their bytes and so their digests.

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
)

// containers reaches the container registry of one GitLab.
type containers struct {
	gitlab     *httpx.Client
	tokens     *tokens
	plainHTTP  bool
	holds      time.Duration           // how long a list of tags is believed
	registries memo[string, *registry] // by host; a GitLab has one
	current    atomic.Pointer[registry]
}

func newContainers(client *httpx.Client, o Options) (*containers, error) {
	var auth httpx.Auth
	if o.Password != nil {
		auth = o.Password("pkgferry") // GitLab goes by the token alone
	}
	own, err := client.Beside(client.URL("", nil), auth)
	if err != nil {
		return nil, err
	}
	c := &containers{gitlab: client, tokens: &tokens{gitlab: own}, plainHTTP: o.PlainHTTP, holds: listingHolds}
	c.tokens.known.limit = maxTokens
	return c, nil
}

// repository is where t's image belongs; without a name, the project's own.
func (c *containers) repository(ctx context.Context, t target) (repository, error) {
	if t.images == "" {
		return repository{}, fault.At(fault.Sink, fault.Errorf(artifact.NotPermitted,
			"the container registry of project %s is off: turn it on in its settings, or in those of GitLab", t.Project))
	}
	host, path, _ := strings.Cut(t.images, "/")
	r, err := c.registries.get(ctx, host, func(context.Context) (*registry, error) {
		r, err := newRegistry(c.gitlab, c.tokens, host, c.plainHTTP)
		if err != nil {
			return nil, err
		}
		r.listingHolds = c.holds
		c.current.Store(r)
		return r, nil
	})
	if err != nil {
		return repository{}, fault.At(fault.Sink, err)
	}
	if t.Name != "" {
		path += "/" + t.Name
	}
	if !artifact.ImageName(path) {
		return repository{}, fault.At(fault.Sink, refuse(artifact.NameNotAllowed, "path", path, "GitLab's registry does not take it"))
	}
	return repository{r, path}, nil
}

// takes tells whether the registry takes manifests of a media type, as far as that is known without asking it.
func (c *containers) takes(mediaType string) bool {
	r := c.current.Load()
	return r == nil || r.takes(mediaType)
}

// stat looks at one tag. What the listing did not show costs no request.
func (c *containers) stat(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	r, err := c.repository(ctx, t)
	if err != nil {
		return sinks.Holding{}, err
	}
	s, err := r.shelf(ctx)
	if err != nil || !s.has(t.Version) {
		return sinks.Holding{}, err
	}
	found, ok, err := r.manifest(ctx, t.Version)
	if err != nil || !ok {
		return sinks.Holding{}, err
	}
	held := sinks.Held{
		Size: found.size, Digests: artifact.ImageManifest(found.digest, -1, "").Digests, Proof: artifact.Server,
		Open: func(ctx context.Context) (artifact.Content, error) { return r.read(ctx, found.digest) },
	}
	return sinks.Holding{State: sinks.Ready, Files: map[string]sinks.Held{p.Files[0].Path: held}}, nil
}

// publish brings an image: what its root manifest consists of, the referrers of each of its manifests, and then the tag, so
// that an interrupted copy shows no tag that lacks something.
func (c *containers) publish(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	if len(missing) == 0 {
		return nil
	}
	r, err := c.repository(ctx, t)
	if err != nil {
		return err
	}
	im := &image{repository: r, tag: t.Version, open: open, locator: missing[0].Locator}
	if err := im.prepare(ctx); err != nil {
		return err
	}
	root, err := im.load(ctx, missing[0])
	if err != nil {
		return err
	}
	there, err := im.there(ctx, root.digest)
	if err == nil && !there {
		err = im.parts(ctx, root, 0)
	}
	if err == nil {
		err = im.referrers(ctx, root)
	}
	if err == nil {
		err = im.setTag(ctx, root)
	}
	return err
}

// imageKey stands for a blob, a manifest or a tag.
func imageKey(parts ...string) key {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return key(sum[:16])
}

// check finds what keeps images from a project, before anything is sent.
func (c *containers) check(ctx context.Context, path, images string) error {
	r, err := c.repository(ctx, target{Destination: artifact.Destination{Project: path}, images: images})
	if err == nil {
		_, err = r.ask(ctx, r.path)
	}
	if err != nil {
		return fmt.Errorf("images can not be published to project %s: %w", path, err)
	}
	return nil
}
