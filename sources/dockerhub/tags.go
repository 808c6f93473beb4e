package dockerhub

// The tags of a repository: GET /v2/namespaces/{namespace}/repositories/{repository}/tags. One page tells them as they are at one
// moment. Over several pages tags may be missed, anybody who does not sign in is refused from offset 1000 on, and the API may be
// behind; then the registry's list of names decides (GET /v2/…/tags/list), and a HEAD tells the digest of a tag that the API left out.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

// tag is what the API tells of one.
type tag struct {
	Name      string `json:"name"`
	Digest    string `json:"digest"`     // of what it points to; absent for old ones
	MediaType string `json:"media_type"` // at times that of the configuration
	Pushed    stamp  `json:"tag_last_pushed"`
	Updated   stamp  `json:"last_updated"`
	Pulled    stamp  `json:"tag_last_pulled"`
}

// stamp is a time of the API; zero when it is null or unreadable.
type stamp struct{ time.Time }

func (s *stamp) UnmarshalJSON(text []byte) error {
	var value string
	if json.Unmarshal(text, &value) == nil {
		if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
			s.Time = t.UTC()
		}
	}
	return nil
}

// begun is a repository with the first page of its tags.
type begun struct {
	repository
	page page[tag]
	next *url.URL
	err  error
}

func (s *Source) begin(ctx context.Context, r repository) begun {
	b := begun{repository: r}
	if !r.plugin() {
		b.page, b.next, b.err = readPage[tag](ctx, s, s.list("/repositories/"+url.PathEscape(r.Name)+"/tags", pageSize, nil))
	}
	return b
}

// images yields what a repository has to list, without a cursor. It goes on after an error that concerns one tag.
func (s *Source) images(ctx context.Context, b begun) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		if b.plugin() {
			yield(s.left(b.Name, artifact.FormatUnsupported, "it holds a plugin of Docker's, which is no image"), nil)
			return
		}
		g := gathering{Source: s, begun: b, ctx: ctx, yield: yield, seen: map[string]bool{}}
		sure, on := g.told()
		if on && !sure {
			on = g.untold()
		}
		if on && len(g.seen) == 0 {
			yield(s.left(b.Name, artifact.EmptyRepository, "it has no tags"), nil)
		}
	}
}

// gathering is the listing of one repository's tags. The names of one repository are held in memory.
type gathering struct {
	*Source
	begun
	ctx   context.Context //nolint:containedctx // the iterator's own
	yield func(sources.Listed, error) bool
	seen  map[string]bool
	count int // of the tags, as the last page said
}

// told yields the tags that the API tells. It is sure when one page had all of them; err is then nil, and why it could not
// go on where it did not come to its end. on tells whether to go on.
func (g *gathering) told() (sure, on bool) {
	for n := 1; g.err == nil; n++ {
		g.count = *g.page.Count
		fresh := slices.DeleteFunc(*g.page.Results, func(t tag) bool {
			again := g.seen[t.Name]
			g.seen[t.Name] = true
			return again
		})
		switch {
		case !g.give(slices.Values(fresh)):
			return false, false
		case g.next == nil:
			return n == 1 && g.count == len(g.seen) && g.count > 0, true
		case n == maxPages:
			g.err = errTooLong
			return false, true
		}
		g.page, g.next, g.err = readPage[tag](g.ctx, g.Source, g.next)
	}
	if ends(g.err) || g.ctx.Err() != nil {
		g.yield(sources.Listed{}, cmp.Or(g.ctx.Err(), g.err))
		return false, false
	}
	return false, true
}

// untold yields the tags that the registry knows and the API did not tell. It tells whether to go on.
func (g *gathering) untold() (on bool) {
	names, err := g.names()
	if err != nil {
		g.yield(sources.Listed{}, g.incomplete(err))
		return false
	}
	told := len(g.seen)
	more := func(yield func(tag) bool) {
		for _, name := range names {
			if !g.seen[name] && !yield(tag{Name: name}) {
				return
			}
		}
	}
	if !g.give(more) {
		return false
	}
	for _, name := range names {
		g.seen[name] = true
	}
	common := told + len(names) - len(g.seen)
	// Where both lists are whole, a count that differs is old. The registry's is not whole when it lacks what the API told.
	if len(g.seen) < g.count && (g.err != nil || common < told || told == 0) {
		g.yield(sources.Listed{}, g.errorf(artifact.SourceFailed, "Docker Hub counts %d tags of %s, and %d were found", g.count, g.path(g.Name), len(g.seen)))
		return false
	}
	if g.err != nil && len(g.seen) == 0 { // empty is what both call so
		g.yield(sources.Listed{}, g.incomplete(errors.New("the registry lists none")))
		return false
	}
	return true
}

// names are the tags in the registry's list, which does not know of a repository that never had one.
func (g *gathering) names() ([]string, error) {
	free, err := g.slot(g.ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	names, err := g.registry.Tags(g.ctx, g.path(g.Name))
	if g.err == nil && fault.CodeOf(err) == string(artifact.SourceMissing) {
		return nil, nil
	}
	return names, err
}

// incomplete is why the tags of a repository may not all have been listed: what the API said where it could not go on, and
// what the registry said.
func (g *gathering) incomplete(err error) error {
	path, reason := g.path(g.Name), artifact.SourceFailed
	switch {
	case g.ctx.Err() != nil:
		return g.ctx.Err()
	case ends(err):
		return err
	case g.err == nil:
		return fmt.Errorf("source %s: whether these are all tags of %s can not be told: %w", g.name, path, err)
	case answered(g.err) == http.StatusNotFound, answered(g.err) == http.StatusForbidden:
		reason = artifact.NotPermitted
		err = fmt.Errorf("it was deleted meanwhile, or this account may not read it: %w", errors.Join(g.err, err))
	default:
		err = errors.Join(g.err, err)
	}
	return fault.Because(reason, fmt.Errorf("source %s: the tags of %s can not be listed: %w", g.name, path, err))
}

// found is a tag on its way into the listing.
type found struct {
	item sources.Listed
	err  error
}

// give yields tags in their order, those without a digest once the registry told it. It tells whether to go on.
func (g *gathering) give(tags iter.Seq[tag]) (on bool) {
	look := func(ctx context.Context, t tag) found {
		item, err := g.image(ctx, g.Name, t)
		return found{item, err}
	}
	for one := range sources.Ahead(g.ctx, g.o.Listings, tags, look) {
		if g.ctx.Err() != nil {
			break
		}
		if !g.yield(one.item, one.err) || ends(one.err) || fault.CodeOf(one.err) == string(artifact.NotPermitted) {
			return false
		}
	}
	if g.ctx.Err() != nil {
		g.yield(sources.Listed{}, g.ctx.Err())
		return false
	}
	return true
}

// image is a tag as it is listed.
func (s *Source) image(ctx context.Context, repository string, t tag) (sources.Listed, error) {
	if !artifact.ImageTag(t.Name) {
		return sources.Listed{}, s.errorf(artifact.VersionNotAllowed, "%s lists %.200q, which is no tag", s.path(repository), t.Name)
	}
	m := oci.Manifest{Digest: t.Digest, Size: -1}
	if !artifact.IsImageDigest(t.Digest) || strings.Contains(t.MediaType, "manifest.v1+") {
		var err error
		if m, err = s.head(ctx, repository, t.Name); fault.CodeOf(err) == string(artifact.SourceMissing) {
			return s.lost(repository, t.Name), nil
		} else if err != nil {
			return sources.Listed{}, err
		}
	}
	return sources.Listed{Package: s.pkg(repository, t, m)}, nil
}

// head asks the registry for a tag's digest, which is no pull.
func (s *Source) head(ctx context.Context, repository, tag string) (oci.Manifest, error) {
	free, err := s.slot(ctx)
	if err != nil {
		return oci.Manifest{}, err
	}
	defer free()
	return s.registry.Head(ctx, s.path(repository), tag)
}
