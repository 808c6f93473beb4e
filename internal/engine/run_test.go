package engine_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
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
