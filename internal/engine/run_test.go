package engine_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sources"
)

func TestStopEndsTheRunAndLosesNothing(t *testing.T) {
	src := new(source)
	for i := range 20 {
		src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
	}
	dst := newSink()
	var n atomic.Int32
	dst.before = func(artifact.Destination, artifact.File) error {
		if n.Add(1) == 5 {
			return fault.Stop(errors.New("401"))
		}
		return nil
	}
	o := migration(t, src, dst)
	if _, err := engine.Run(t.Context(), o); !fault.IsStop(err) {
		t.Fatalf("the run went on after a stop: %v", err)
	}
	dst.before = nil
	for purl, outcome := range outcomes(t, o) {
		want(t, purl+" "+outcome, purl+" published")
	}
	for file, writes := range dst.writes {
		want(t, fmt.Sprint(file, writes), fmt.Sprint(file, 1))
	}
}

func TestDrainAndBudgets(t *testing.T) {
	for name, limit := range map[string]func(o *engine.Options, drain chan struct{}){
		"drained":      func(o *engine.Options, drain chan struct{}) { o.Drain = drain; close(drain) },
		"max-duration": func(o *engine.Options, _ chan struct{}) { o.MaxDuration = time.Nanosecond },
		"max-transfer": func(o *engine.Options, _ chan struct{}) { o.MaxTransfer, o.Workers = 1, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			src := new(source)
			for i := range 300 {
				src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
			}
			o := migration(t, src, newSink())
			limited := o
			limit(&limited, make(chan struct{}))
			stopped, err := engine.Run(t.Context(), limited)
			want(t, []any{string(stopped), err}, []any{name, nil})
			totals, err := o.Store.Totals(t.Context())
			if err != nil || totals.Unsettled == 0 && totals.ListingComplete {
				t.Fatalf("nothing was left to do: %v %v", totals, err)
			}
			want(t, len(outcomes(t, o)), 300)
		})
	}
}

func TestListingProblemIsRememberedAndRetried(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	src.errs = map[int]error{0: errors.New("repository closed")}
	o := migration(t, src, newSink())
	want(t, outcomes(t, o), map[string]string{"pkg:generic/b@1.0": "published"})
	totals, err := o.Store.Totals(t.Context())
	want(t, []any{totals.Problems, err}, []any{int64(1), nil})
	src.errs = nil
	want(t, len(outcomes(t, o)), 2)
	totals, err = o.Store.Totals(t.Context())
	want(t, []any{totals.Problems, err}, []any{int64(0), nil})
}

// Routes that were changed between two runs are followed by what has not arrived, and what has arrived stays.
func TestChangedRoutes(t *testing.T) {
	src := new(source).add(artifact.Generic, "arrived", "1.0", "f", "x").add(artifact.Generic, "forbidden", "1.0", "f", "x").
		add(artifact.Generic, "later", "1.0", "f", "x").add(artifact.Generic, "wanted", "1.0", "f", "x")
	o := migration(t, src, newSink())
	routes := func(rules ...mapping.Rule) {
		t.Helper()
		r, err := mapping.New("g", append(rules, mapping.Rule{Project: "all"}))
		if err != nil {
			t.Fatal(err)
		}
		o.Router = r
	}
	named := func(name string) mapping.Match { return mapping.Match{Name: []string{name}} }
	routes(mapping.Rule{Match: named("wanted"), Skip: "no"})
	o.Select = func(p artifact.Package) bool { return p.Name != "later" }
	want(t, outcomes(t, o), map[string]string{
		"pkg:generic/arrived@1.0": "published", "pkg:generic/forbidden@1.0": "failed name-not-allowed",
		"pkg:generic/later@1.0": "", "pkg:generic/wanted@1.0": "skipped excluded",
	})
	o.Select = nil
	routes(mapping.Rule{Match: named("forbidden"), Skip: "as well"}, mapping.Rule{Match: named("later"), Project: "elsewhere"})
	want(t, outcomes(t, o), map[string]string{
		"pkg:generic/arrived@1.0": "published", "pkg:generic/forbidden@1.0": "skipped excluded",
		"pkg:generic/later@1.0": "published", "pkg:generic/wanted@1.0": "published",
	})
	for r := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
		if r.Package.Name == "later" {
			want(t, r.Destination.Project, "g/elsewhere")
		}
	}
	want(t, src.from, []sources.Cursor{""})
}

func TestChangedScope(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x")
	o := migration(t, src, newSink())
	for i, scope := range []string{"one", "one", "two"} {
		o.Scopes = map[string]string{"src": scope}
		want(t, len(outcomes(t, o)), 1)
		want(t, len(src.from), []int{1, 1, 2}[i])
	}
}
