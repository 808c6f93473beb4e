package engine

import (
	"context"
	"slices"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// The facts that the checkpoint remembers of the configuration that it was listed with.
const (
	routesFact    = "routes"
	selectionFact = "selection"
	scopeFact     = "scope of " // and the source's name
	agesFact      = "ages"      // the moment that they are counted from
)

// resume prepares a checkpoint for another run: failed packages get another chance, sources whose listing had problems
// or whose scope changed are listed again, and packages that have not arrived follow routes and selection as they are now.
func (r *run) resume(ctx context.Context) error {
	if _, err := r.Store.Reopen(ctx); err != nil {
		return err
	}
	if err := r.count(ctx); err != nil {
		return err
	}
	again := map[string]bool{} // true: as a whole, false: as it was listed
	for problem, err := range r.Store.Problems(ctx) {
		if err != nil {
			return err
		}
		at, err := r.Store.Listing(ctx, problem.Source)
		if err != nil {
			return err
		}
		again[problem.Source] = !at.Changes
	}
	for name := range r.Scopes {
		rescoped, err := r.rescoped(ctx, name)
		if err != nil {
			return err
		}
		if rescoped {
			again[name] = true
		}
	}
	for name, whole := range again {
		if _, configured := r.Sources[name]; !configured {
			continue
		}
		if err := r.Store.Relist(ctx, name, !whole); err != nil {
			return err
		}
	}
	if err := r.follow(ctx); err != nil {
		return err
	}
	return r.remember(ctx)
}

// rescoped tells whether a source was listed with another scope.
func (r *run) rescoped(ctx context.Context, source string) (bool, error) {
	before, err := r.Store.Fact(ctx, scopeFact+source)
	return before != "" && before != r.Scopes[source], err
}

// follow decides again about what is listed when routes or selection changed.
func (r *run) follow(ctx context.Context) error {
	routes, err := r.Store.Fact(ctx, routesFact)
	if err != nil || routes == "" { // nothing was ever listed
		return err
	}
	selection, err := r.Store.Fact(ctx, selectionFact)
	if err != nil || routes == r.Router.String() && selection == r.Selection.String() {
		return err
	}
	if err := r.reroute(ctx); err != nil {
		return err
	}
	for name := range r.Sources {
		at, err := r.Store.Listing(ctx, name)
		if err == nil && at.Complete {
			err = r.Store.Choose(ctx, name, r.judge(), r.choice())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hold keeps the versions of a source that is not listed to its end from being taken, where all of them must be known before.
func (r *run) hold(ctx context.Context) error {
	if r.choice() == nil && !r.judge().Versions {
		return nil
	}
	for name := range r.Sources {
		at, err := r.Store.Listing(ctx, name)
		if err == nil && !at.Complete {
			err = r.Store.Hold(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// choice is what the selection says of versions; nil when it says nothing.
func (r *run) choice() checkpoint.Choice {
	if !r.Selection.ByVersion() {
		return nil
	}
	return r.Selection.LeftOut
}

// judge decides what no part of a listing shows; it is the zero Judge where no route or selection asks for that.
func (r *run) judge() checkpoint.Judge {
	byVersion := func(c mapping.Condition) bool { return c.Match.ByVersion() }
	j := checkpoint.Judge{Decide: r.decide, Versions: r.Router.ByContent() || r.Selection.ByContent()}
	if !j.Versions && !r.Router.ByVersion() && !slices.ContainsFunc(r.Selection.Include, byVersion) {
		return checkpoint.Judge{}
	}
	return j
}

// count fixes the moment that ages are counted from: that of the last listing, or the present one when a listing is to begin.
func (r *run) count(ctx context.Context) error {
	text, err := r.Store.Fact(ctx, agesFact)
	if err != nil {
		return err
	}
	from, err := time.Parse(time.RFC3339, text)
	if err != nil {
		from = time.Now().UTC().Truncate(time.Second)
		if err := r.Store.Remember(ctx, agesFact, from.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	r.Router, r.Selection.Now = r.Router.At(from), from
	return nil
}

// Ages returns the moment that a checkpoint counts ages from; the present one before anything was listed.
func Ages(ctx context.Context, store *checkpoint.Store) (time.Time, error) {
	text, err := store.Fact(ctx, agesFact)
	if err != nil || text == "" {
		return time.Now(), err
	}
	return time.Parse(time.RFC3339, text)
}

// CountAgesFrom makes a checkpoint count ages from a moment until its sources are listed again.
func CountAgesFrom(ctx context.Context, store *checkpoint.Store, moment time.Time) error {
	return store.Remember(ctx, agesFact, moment.Format(time.RFC3339))
}

// afresh begins a new listing of a source, whose ages are counted from then.
func afresh(ctx context.Context, store *checkpoint.Store, source string, changes bool) error {
	if err := store.Relist(ctx, source, changes); err != nil {
		return err
	}
	return store.Remember(ctx, agesFact, "")
}

// remember notes the configuration that the checkpoint follows.
func (r *run) remember(ctx context.Context) error {
	for name, scope := range r.Scopes {
		if err := r.Store.Remember(ctx, scopeFact+name, scope); err != nil {
			return err
		}
	}
	if err := r.Store.Remember(ctx, selectionFact, r.Selection.String()); err != nil {
		return err
	}
	return r.Store.Remember(ctx, routesFact, r.Router.String())
}

// reroute decides again about every package that has not arrived and that no source left out. What is not at its source any
// more stays as it is.
func (r *run) reroute(ctx context.Context) error {
	var entries []checkpoint.Entry
	for record, err := range r.Store.Records(ctx, checkpoint.Filter{}) {
		if err != nil {
			return err
		}
		if !record.Gone.IsZero() {
			continue
		}
		switch record.Reason {
		case artifact.Excluded, artifact.NoRoute, artifact.FormatUnsupported:
		default:
			if record.Outcome != "" {
				continue
			}
		}
		entries = append(entries, r.decide(record.Package))
		if len(entries) == batchSize {
			if err := r.Store.Redecide(ctx, entries); err != nil {
				return err
			}
			entries = entries[:0]
		}
	}
	return r.Store.Redecide(ctx, entries)
}

// decide asks the selection and the routes about p.
func (r *run) decide(p artifact.Package) checkpoint.Entry {
	if why := r.Selection.Excludes(p); why != "" {
		return checkpoint.Entry{Package: p, Skip: artifact.Excluded, Detail: why}
	}
	decision := r.Router.Route(p)
	return checkpoint.Entry{
		Package: p, Destination: decision.Destination, OnConflict: string(decision.OnConflict),
		Skip: decision.Skip, Detail: decision.Detail,
	}
}
