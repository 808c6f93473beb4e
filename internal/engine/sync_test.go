package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// sync syncs and returns each package's outcome and reason.
func syncs(t *testing.T, o engine.Options, extent engine.Extent) map[string]string {
	t.Helper()
	if _, err := engine.Sync(t.Context(), o, extent); err != nil {
		t.Fatal(err)
	}
	return recorded(t, o.Store)
}

func TestSyncAsksForChanges(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	src.items[1].Notes = map[string]string{"since": "monday"}
	o := migration(t, src, newSink())
	want(t, syncs(t, o, engine.Changes), map[string]string{"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": "published"})
	want(t, src.starts[0].Changes, false) // what was never listed is listed as a whole

	later := new(source).add(artifact.Generic, "c", "1.0", "f", "y")
	src.changed, src.bytes["c@1.0/f"] = later.items, "y"
	want(t, syncs(t, o, engine.Changes), map[string]string{
		"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": "published", "pkg:generic/c@1.0": "published",
	})
	last := src.starts[len(src.starts)-1]
	want(t, last.Changes, true)
	note, err := last.Note(t.Context(), "since")
	want(t, []any{note, err}, []any{"monday", nil})

	syncs(t, o, engine.Whole)
	last = src.starts[len(src.starts)-1]
	want(t, last.Changes, false)
	note, err = last.Note(t.Context(), "since")
	want(t, []any{note, err}, []any{"", nil}) // a whole listing relies on nothing
}

// TestInterruptedSyncGoesOnAsItBegan must not take the rest of a listing of changes for a whole one.
func TestInterruptedSyncGoesOnAsItBegan(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	o := migration(t, src, newSink())
	syncs(t, o, engine.Changes)
	later := new(source).add(artifact.Generic, "c", "1.0", "f", "y").add(artifact.Generic, "d", "1.0", "f", "y")
	src.changed, src.bytes["c@1.0/f"], src.bytes["d@1.0/f"] = later.items, "y", "y"
	src.errs = map[int]error{1: fault.Stop(errors.New("401"))}
	if _, err := engine.Sync(t.Context(), o, engine.Changes); !fault.IsStop(err) {
		t.Fatalf("the listing was not interrupted: %v", err)
	}
	src.errs = nil
	_ = outcomes(t, o) // a plain run
	last := src.starts[len(src.starts)-1]
	want(t, []any{last.Changes, last.Cursor}, []any{true, sources.Cursor("")})
	want(t, gone(t, o.Store), map[string]bool{})
}

func gone(t *testing.T, store *checkpoint.Store) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for r, err := range store.Records(t.Context(), checkpoint.Filter{Gone: true}) {
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprint(r.Package.PURL(), r.GoneFiles)] = !r.Gone.IsZero()
	}
	return found
}

func TestWhatAWholeListingLacksIsGone(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x", "g", "y").add(artifact.Generic, "b", "1.0", "f", "x").
		add(artifact.Generic, "c", "1.0", "f", "x")
	delete(src.bytes, "c@1.0/f")
	dst := newSink()
	o := migration(t, src, dst)
	want(t, outcomes(t, o)["pkg:generic/c@1.0"], "failed source-missing")

	everything := src.items
	src.items = []sources.Listed{{Package: everything[0].Package}}
	src.items[0].Package.Files = src.items[0].Package.Files[:1]
	src.errs = map[int]error{0: errors.New("a page was not readable")}
	syncs(t, o, engine.Whole)
	want(t, gone(t, o.Store), map[string]bool{}) // with a problem, absence proves nothing

	src.errs = nil
	want(t, syncs(t, o, engine.Whole), map[string]string{
		"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": "published", "pkg:generic/c@1.0": "skipped source-removed",
	})
	want(t, gone(t, o.Store), map[string]bool{"pkg:generic/a@1.0[g]": false, "pkg:generic/b@1.0[f]": true, "pkg:generic/c@1.0[f]": true})
	want(t, len(dst.held), 2) // nothing was deleted

	src.items, src.bytes["c@1.0/f"] = everything, "x"
	want(t, syncs(t, o, engine.Whole)["pkg:generic/c@1.0"], "published")
	want(t, gone(t, o.Store), map[string]bool{})
}

// quota is a source that serves so many files until somebody refills it.
type quota struct {
	*source
	left  int
	until time.Time
}

func (q *quota) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	q.mu.Lock()
	left := q.left
	q.left--
	q.mu.Unlock()
	if left <= 0 {
		return artifact.Content{}, fault.Spent(errors.New("no pulls are left"), q.until)
	}
	return q.source.Open(ctx, f, offset)
}

func TestSpentQuotaLeavesTheRest(t *testing.T) {
	src := new(source)
	for i := range 50 {
		src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
	}
	other := new(source).add(artifact.Generic, "other", "1.0", "f", "x")
	limited := &quota{source: src, left: 10, until: time.Now().Add(time.Hour)}
	o := migration(t, src, newSink())
	o.Sources = map[string]sources.Source{"src": limited, "other": other}
	pauses := 0
	o.Workers, o.Events = 1, func(e engine.Event) {
		if e.Kind == engine.Paused {
			pauses++
			want(t, []any{e.Source, e.Until.Equal(limited.until)}, []any{"src", true})
		}
	}
	stopped, err := engine.Run(t.Context(), o)
	want(t, []any{stopped, err}, []any{engine.OutOfQuota, nil})
	found := recorded(t, o.Store)
	want(t, found["pkg:generic/other@1.0"], "published") // the other source goes on
	settled := 0
	for _, outcome := range found {
		if outcome == "published" {
			settled++
		}
	}
	want(t, settled, 11)
	want(t, pauses, 1)

	limited.left, o.Events = 1000, nil
	for _, outcome := range outcomes(t, o) {
		want(t, outcome, "published")
	}
}

func TestWaitingForAQuota(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	limited := &quota{source: src, left: 1, until: time.Now().Add(50 * time.Millisecond)}
	o := migration(t, src, newSink())
	o.Sources = map[string]sources.Source{"src": limited}
	o.Workers, o.Wait, o.Events = 1, true, func(e engine.Event) {
		if e.Kind == engine.Paused {
			limited.mu.Lock()
			limited.left = 5 // from until on; before it nobody asks
			limited.mu.Unlock()
		}
	}
	want(t, outcomes(t, o), map[string]string{"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": "published"})
}

func TestSpentWhileListing(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	src.errs = map[int]error{1: fault.Spent(errors.New("no requests are left today"), time.Now().Add(time.Hour))}
	o := migration(t, src, newSink())
	stopped, err := engine.Run(t.Context(), o)
	want(t, []any{stopped, err}, []any{engine.OutOfQuota, nil})
	want(t, recorded(t, o.Store), map[string]string{"pkg:generic/a@1.0": ""}) // the newest batch waits for its end
	if err := engine.Plan(t.Context(), o); err == nil {
		t.Error("a plan that lacks something looks whole")
	} else if _, ok := fault.IsSpent(err); !ok {
		t.Errorf("a plan without quota ended with %v", err)
	}
	src.errs = nil
	want(t, outcomes(t, o), map[string]string{"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": "published"})
	want(t, src.from[len(src.from)-1], sources.Cursor("1")) // it went on where it had stopped
}

// TestPlanGoesOn is about a plan that was stopped in the middle of a listing.
func TestPlanGoesOn(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	o := migration(t, src, newSink())
	o.Scopes = map[string]string{"src": "all"}
	stop := func() {
		t.Helper()
		src.errs = map[int]error{1: fault.Stop(errors.New("the token ended"))}
		if err := engine.Plan(t.Context(), o); err == nil {
			t.Fatal("the listing was not stopped")
		}
		src.errs = nil
	}
	last := func() sources.Cursor {
		t.Helper()
		want(t, engine.Plan(t.Context(), o), nil)
		return src.from[len(src.from)-1]
	}
	src.errs = map[int]error{1: fault.Spent(errors.New("no requests are left today"), time.Now())}
	if _, spent := fault.IsSpent(engine.Plan(t.Context(), o)); !spent {
		t.Fatal("the listing was not stopped")
	}
	src.errs = nil
	want(t, last(), sources.Cursor("1")) // on where it had stopped
	want(t, last(), sources.Cursor(""))  // afresh

	stop()
	o.Scopes["src"] = "less"
	want(t, last(), sources.Cursor("")) // something else is to be listed
	want(t, recorded(t, o.Store), map[string]string{"pkg:generic/a@1.0": "", "pkg:generic/b@1.0": ""})
}

// What was listed before an interruption is no part of a listing that has to be of now.
func TestAfreshBeginsAgain(t *testing.T) {
	for extent, from := range map[engine.Extent]sources.Cursor{engine.Changes: "1", engine.Whole: "1", engine.Afresh: ""} {
		src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
		src.errs = map[int]error{1: fault.Spent(errors.New("no requests are left today"), time.Now())}
		o := migration(t, src, newSink())
		want(t, syncs(t, o, engine.Changes), map[string]string{"pkg:generic/a@1.0": ""})
		src.errs = nil
		want(t, syncs(t, o, extent), map[string]string{"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": "published"})
		want(t, src.starts[len(src.starts)-1].Cursor, from)
		want(t, src.starts[len(src.starts)-1].Changes, false)
	}
}

// A look finds what changed, and leaves it to a run.
func TestLookSettlesNothing(t *testing.T) {
	src, dst := new(source).add(artifact.Generic, "a", "1.0", "f", "x"), newSink()
	o := migration(t, src, dst)
	syncs(t, o, engine.Changes)
	later := new(source).add(artifact.Generic, "b", "1.0", "f", "y")
	src.changed, src.bytes["b@1.0/f"] = later.items, "y"
	want(t, engine.Look(t.Context(), o), nil)
	want(t, src.starts[len(src.starts)-1].Changes, true)
	want(t, recorded(t, o.Store), map[string]string{"pkg:generic/a@1.0": "published", "pkg:generic/b@1.0": ""})
	want(t, len(dst.held), 1)
}
