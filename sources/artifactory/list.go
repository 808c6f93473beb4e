// The listing of an Artifactory: repository by repository in the order of their keys, each as a walk through its folders or, in a
// listing of changes, by what the server dates since the one before.

package artifactory

import (
	"context"
	"fmt"
	"iter"
	"time"

	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// listing is one listing of all repositories.
type listing struct {
	*Source
	ctx   context.Context //nolint:containedctx // the iterator's own
	start sources.Start
	yield func(sources.Listed, error) bool

	admin           bool             // the user is an administrator
	expected        map[string]int64 // how many files the server counts, by repository; administrators are told
	sorts, queries  bool             // the server answers queries that sort, and queries at all
	knowsProperties bool             // AQL knows when properties changed
	recounted       time.Time
}

// note is the key under which is noted when a repository was listed.
func note(key string) string { return "listed/" + key }

// Packages lists the selected repositories.
func (s *Source) Packages(ctx context.Context, start sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		l := &listing{
			Source: s, ctx: ctx, start: start, yield: yield,
			sorts: true, queries: s.options.Login != nil, knowsProperties: true,
		}
		repositories, err := s.repositories(ctx)
		if err != nil {
			yield(sources.Listed{}, err)
			return
		}
		counts, err := s.counts(ctx)
		if err != nil {
			yield(sources.Listed{}, fault.At(fault.Source, fault.Stop(err)))
			return
		}
		l.admin, l.expected = counts != nil, counts
		at := parseCursor(start.Cursor)
		for _, r := range repositories {
			from := position{Repository: r.Key}
			switch {
			case r.Key < at.Repository, r.Key == at.Repository && at.Done:
				continue
			case r.Key == at.Repository:
				from = at
			}
			if !l.one(r, from) {
				return
			}
		}
	}
}

// one lists a repository from a position on. It returns false when the listing is over for all of them.
func (l *listing) one(r repository, from position) bool {
	if from.Began == 0 && !l.now.time().IsZero() {
		from.Began = l.now.time().Unix()
	}
	w := &walk{listing: l, repository: r, layout: l.layoutOf(r), at: from}
	var since time.Time
	if from.Window == nil && !from.under() {
		var err error
		if since, err = l.since(r, from); err != nil {
			return l.problem(from, err)
		}
	}
	if from.Window == nil && since.IsZero() {
		return w.run() && w.finish()
	}
	return w.changes(since) && w.finish()
}

// problem yields an error item and tells whether the listing goes on.
func (l *listing) problem(at position, err error) bool {
	if l.ctx.Err() != nil {
		return l.over()
	}
	return l.yield(sources.Listed{Cursor: at.cursor()}, fault.At(fault.Source, err)) && !fault.IsStop(err)
}

// over ends a listing whose context has ended.
func (l *listing) over() bool {
	l.yield(sources.Listed{}, context.Cause(l.ctx))
	return false
}

// yieldAll yields items; the last of them carries the position behind them.
func (w *walk) yieldAll(before, next position, items iter.Seq2[sources.Listed, error]) bool {
	at := before.cursor()
	var held *sources.Listed // until it is known whether another one follows
	send := func(cursor sources.Cursor) bool {
		if held == nil {
			return true
		}
		item := *held
		item.Cursor = cursor
		item.Package.Source, item.Package.Repository = w.name, w.Key
		held = nil
		if w.listing.ctx.Err() != nil {
			return w.over()
		}
		return w.yield(item, nil)
	}
	for item, err := range items {
		if !send(at) {
			return false
		}
		if err != nil {
			w.at.Failed = true
			before.Failed = true
			at = before.cursor()
			if !w.problem(before, fmt.Errorf("source %s: repository %s: %w", w.name, w.Key, err)) {
				return false
			}
			continue
		}
		held = &item
	}
	next.Failed = next.Failed || w.at.Failed
	return send(next.cursor())
}
