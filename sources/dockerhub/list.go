package dockerhub

// The listing: repository by repository in the order of their names. A cursor is the name of the last repository that was
// listed to its end: pages of tags are cut by offset, and after a pause an offset means something else.

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// beginning is the cursor before the first repository; a cursor is it with the name of the last one.
const beginning = "after:"

// listing is one walk over the repositories.
type listing struct {
	*Source
	ctx   context.Context //nolint:containedctx // the iterator's own
	yield func(sources.Listed, error) bool
	at    sources.Cursor
}

// Packages yields the tags of each repository. A listing of changes is a whole one, since nothing tells which tags moved: it
// costs requests to the API and no pull, and a digest that is listed as it was leaves its image settled.
func (s *Source) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		last := strings.TrimPrefix(string(from.Cursor), beginning)
		l := listing{Source: s, ctx: ctx, yield: yield, at: sources.Cursor(beginning + last)}
		repositories, doubts, err := s.repositories(ctx)
		for _, doubt := range doubts {
			if !l.fail(doubt) {
				return
			}
		}
		if err != nil {
			l.fail(err)
			return
		}
		todo := slices.DeleteFunc(repositories, func(r repository) bool { return r.Name <= last })
		for b := range sources.Ahead(ctx, s.o.Listings, slices.Values(todo), s.begin) {
			if !l.one(b) {
				return
			}
		}
		if ctx.Err() != nil {
			l.fail(ctx.Err())
		}
	}
}

// fail yields an error item and tells whether to go on.
func (l *listing) fail(err error) bool {
	if l.ctx.Err() != nil && !errors.Is(err, l.ctx.Err()) {
		err = l.ctx.Err()
	}
	return l.yield(sources.Listed{Cursor: l.at}, fault.At(fault.Source, err)) && !ends(err) && l.ctx.Err() == nil
}

// one yields what one repository has; only its last item moves the cursor. It tells whether to go on.
func (l *listing) one(b begun) bool {
	var ready *sources.Listed // yielded when it is known whether another follows
	for item, err := range l.images(l.ctx, b) {
		switch {
		case err != nil && !l.fail(err):
			return false
		case err != nil:
			continue
		case ready != nil && !l.give(*ready):
			return false
		}
		ready = &item
	}
	l.at = sources.Cursor(beginning + b.Name)
	return ready == nil || l.give(*ready)
}

func (l *listing) give(item sources.Listed) bool {
	item.Cursor = l.at
	if !l.yield(item, nil) {
		return false
	}
	return l.ctx.Err() == nil || l.fail(l.ctx.Err())
}
