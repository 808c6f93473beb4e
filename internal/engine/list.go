package engine

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/sourcegraph/conc/pool"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// A batch of a listing is written when it has so many packages, or is so old when the next one comes.
const (
	batchSize = 200
	batchAge  = 200 * time.Millisecond
)

// list brings every source's listing to its end, all at once. When a source's quota is used up before, the others are
// listed all the same, and the error is fault.Spent.
func (r *run) list(ctx context.Context) error {
	listers := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for name, source := range r.Sources {
		listers.Go(func(ctx context.Context) error {
			l := lister{run: r, name: name, source: source, index: map[string]int{}, notes: map[string]string{}}
			for {
				err := l.list(ctx)
				until, spent := fault.IsSpent(err)
				if !spent {
					return err
				}
				r.quotas.pause(name, until, err)
				r.Events(Event{Kind: Paused, Source: name, Until: until, Err: err})
				if !r.Wait {
					return nil
				}
				if err := r.sleep(ctx, until); err != nil {
					return err
				}
			}
		})
	}
	if err := listers.Wait(); err != nil {
		return err
	}
	for name := range r.Sources {
		if at, err := r.Store.Listing(ctx, name); err != nil {
			return broken(ctx, err)
		} else if !at.Complete {
			return r.quotas.why(name)
		}
	}
	return nil
}

// lister lists one source into the checkpoint.
type lister struct {
	*run
	name     string
	source   sources.Source
	entries  []checkpoint.Entry
	index    map[string]int // of a package in entries, so that its pieces join
	problems []string
	notes    map[string]string
	cursor   sources.Cursor
	since    time.Time
}

func (l *lister) list(ctx context.Context) error {
	saved, err := l.Store.Listing(ctx, l.name)
	if err != nil {
		return broken(ctx, err)
	}
	if saved.Complete {
		return nil
	}
	l.cursor, l.since = sources.Cursor(saved.Cursor), time.Now()
	recall := func(ctx context.Context, key string) (string, error) {
		value, err := l.Store.Noted(ctx, l.name, key)
		if err != nil {
			return "", broken(ctx, err)
		}
		return value, nil
	}
	for item, err := range l.source.Packages(ctx, sources.Start{Cursor: l.cursor, Changes: saved.Changes, Recall: recall}) {
		_, spent := fault.IsSpent(err)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case spent:
			return errors.Join(l.flush(ctx, false), err)
		case fault.IsStop(err):
			return fault.At(fault.Source, err)
		case err != nil:
			l.problems = append(l.problems, err.Error())
			l.Events(Event{Kind: Problem, Source: l.name, Err: err})
		default:
			l.add(item)
		}
		if len(l.entries) >= batchSize || time.Since(l.since) >= batchAge {
			if err := l.flush(ctx, false); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := l.flush(ctx, true); err != nil {
		return err
	}
	l.Events(Event{Kind: ListingDone, Source: l.name})
	return nil
}

func (l *lister) add(item sources.Listed) {
	if item.Cursor != "" {
		l.cursor = item.Cursor
	}
	maps.Copy(l.notes, item.Notes)
	p := item.Package
	if p.Name == "" {
		return
	}
	p.Source = l.name
	key := p.Repository + "\x00" + string(p.Format) + "\x00" + p.Name + "\x00" + p.Version
	if i, ok := l.index[key]; ok && item.Skip == "" && l.entries[i].Skip == "" {
		l.entries[i].Package.Files = append(l.entries[i].Package.Files, p.Files...)
		return
	}
	l.index[key] = len(l.entries)
	l.entries = append(l.entries, l.route(p, item))
}

// route decides about a listed package. What its source lost is not missed when it is not wanted.
func (l *lister) route(p artifact.Package, item sources.Listed) checkpoint.Entry {
	if item.Skip == "" {
		entry, judge := l.decide(p), l.judge()
		entry.Later = judge.Versions || judge.Decide != nil && p.Index()
		return entry
	}
	if why := l.Selection.Excludes(p); why != "" && item.Skip == artifact.SourceMissing {
		return checkpoint.Entry{Package: p, Skip: artifact.Excluded, Detail: why}
	}
	return checkpoint.Entry{Package: p, Skip: item.Skip, Detail: item.Detail}
}

func (l *lister) flush(ctx context.Context, complete bool) error {
	to := checkpoint.Listing{Cursor: string(l.cursor), Complete: complete}
	batch := checkpoint.Batch{Entries: l.entries, Problems: l.problems, Notes: l.notes, To: to, Choice: l.choice(), Judge: l.judge()}
	if err := l.Store.List(ctx, l.name, batch); err != nil {
		return broken(ctx, err)
	}
	l.Events(Event{Kind: Listed, Source: l.name, Count: int64(len(l.entries))})
	l.entries, l.problems, l.since = l.entries[:0], nil, time.Now()
	clear(l.index)
	clear(l.notes)
	l.signal()
	return nil
}
