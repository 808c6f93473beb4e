package main

// sync --watch: the same sync again and again.

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/httpx"
	"pkgferry/internal/report"
)

// rounds are a sync that is repeated until it is stopped, a budget is used up, or a side can not be reached for too long.
type rounds struct {
	app *app
	*migration
	flags syncFlags
	began time.Time
	read  int64     // bytes, in all rounds so far
	lost  time.Time // since when a side can not be reached; zero while both can
}

// round is what one of them did, and what differs after it: a line of JSON.
type round struct {
	Round     int            `json:"round"`
	Began     time.Time      `json:"began"`
	Seconds   float64        `json:"seconds"`
	Listed    int64          `json:"listed"` // packages, or parts of them, that sources told to be new, or could not tell not to be
	Published int64          `json:"published"`
	Present   int64          `json:"present"`
	Bytes     int64          `json:"bytes"` // read from the sources
	Failed    int64          `json:"failed"`
	Conflict  int64          `json:"conflict"`
	Unsettled int64          `json:"unsettled"`
	Unlisted  int64          `json:"unlisted"`
	Gone      int64          `json:"gone"`
	Complete  bool           `json:"complete"` // everything was listed, and nothing differs
	Stopped   engine.Stopped `json:"stopped,omitempty"`
	Error     string         `json:"error,omitempty"`
	Next      *time.Time     `json:"next,omitempty"` // when the next round begins; none follows without it
}

// run repeats the rounds. How it stopped is how the last of them did, since nothing is under way between two.
func (r *rounds) run(ctx context.Context) (engine.Stopped, error) {
	for n := 1; ; n++ {
		one, err := r.round(ctx, n)
		fatal := err != nil && !r.patient(err)
		next := time.Now().Add(r.flags.watch)
		switch one.Stopped {
		case engine.NotStopped, engine.OutOfQuota:
			if r.over(next) && !fatal {
				one.Stopped = engine.OutOfTime
			}
		case engine.Drained, engine.OutOfTime, engine.OutOfBudget:
		}
		last := fatal || one.Stopped != engine.NotStopped && one.Stopped != engine.OutOfQuota
		if !last {
			one.Next = &next
		}
		if told := r.tell(one); told != nil {
			return one.Stopped, told
		}
		if last || !r.pause(next) {
			return one.Stopped, err
		}
	}
}

// round is one sync, from a look at both ends on.
func (r *rounds) round(ctx context.Context, n int) (round, error) {
	one := round{Round: n, Began: time.Now().UTC()}
	var listed, published, present, read atomic.Int64
	sync := func(ctx context.Context, o engine.Options) (engine.Stopped, error) {
		if err := r.again(ctx, n, &o); err != nil {
			return engine.NotStopped, err
		}
		show := o.Events
		o.Events = func(e engine.Event) {
			switch {
			case e.Kind == engine.Listed:
				listed.Add(e.Count)
			case e.Kind == engine.Copied:
				read.Add(e.Count)
			case e.Kind == engine.Settled && e.Outcome == artifact.Published:
				published.Add(1)
			case e.Kind == engine.Settled && e.Outcome == artifact.Present:
				present.Add(1)
			}
			show(e)
		}
		return r.flags.run(ctx, o)
	}
	var err error
	one.Stopped, err = r.app.once(ctx, r.migration, sync)
	one.Listed, one.Published, one.Present, one.Bytes = listed.Load(), published.Load(), present.Load(), read.Load()
	one.Seconds, one.Error = time.Since(one.Began).Seconds(), message(err)
	r.read += one.Bytes
	if totals, counted := r.options.Store.Totals(ctx); counted == nil {
		one.Failed, one.Conflict = totals.ByOutcome[artifact.Failed], totals.ByOutcome[artifact.Conflict]
		one.Unsettled, one.Unlisted, one.Gone = totals.Unsettled, totals.Problems, totals.Gone
		one.Complete = report.Summary{Totals: totals}.Complete() && err == nil
	} else if err == nil {
		err = counted
	}
	if err == nil {
		r.lost = time.Time{}
	}
	return one, err
}

// again prepares what is left of the budgets, and, from the second round on, a sink that knows nothing of what was there in
// the last one: others may have changed it.
func (r *rounds) again(ctx context.Context, n int, o *engine.Options) error {
	if n == 1 {
		return nil
	}
	if o.MaxDuration > 0 {
		o.MaxDuration = max(1, o.MaxDuration-time.Since(r.began))
	}
	if o.MaxTransfer > 0 {
		o.MaxTransfer = max(1, o.MaxTransfer-r.read)
	}
	var err error
	if o.Sink, err = r.sink(); err != nil {
		return err
	}
	return engine.Check(ctx, *o)
}

// patient tells whether an error may pass by itself, and has not yet lasted too long.
func (r *rounds) patient(err error) bool {
	if !httpx.Passing(err) {
		return false
	}
	if r.lost.IsZero() {
		r.lost = time.Now()
	}
	return time.Since(r.lost) < r.flags.patience
}

// over tells whether the time is, when the next round begins.
func (r *rounds) over(next time.Time) bool {
	return r.flags.maxDuration > 0 && next.Sub(r.began) >= r.flags.maxDuration
}

// pause waits for the next round; false when there is to be none.
func (r *rounds) pause(until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.app.interrupted:
		return false
	}
}

// tell prints the round's line.
func (r *rounds) tell(one round) error {
	if r.app.json {
		return r.app.printJSON(one)
	}
	_, err := fmt.Fprintln(r.app.stdout, one)
	return err
}

// String is the line for people.
func (one round) String() string {
	parts := []string{fmt.Sprintf("listed %s, published %s (%s read)", report.Count(one.Listed), report.Count(one.Published), report.Bytes(one.Bytes))}
	if one.Present > 0 {
		parts[0] += ", present " + report.Count(one.Present)
	}
	var differs []string
	for _, part := range []struct {
		name string
		n    int64
	}{{"unsettled", one.Unsettled}, {"failed", one.Failed}, {"in conflict", one.Conflict}, {"not listed", one.Unlisted}} {
		if part.n > 0 {
			differs = append(differs, part.name+" "+report.Count(part.n))
		}
	}
	switch {
	case one.Error != "":
		parts = append(parts, one.Error)
	case len(differs) > 0:
		parts = append(parts, "differs still: "+strings.Join(differs, ", "))
	case !one.Complete:
		parts = append(parts, "not everything is listed")
	default:
		parts = append(parts, "nothing differs")
	}
	if one.Gone > 0 {
		parts = append(parts, "gone from the source "+report.Count(one.Gone))
	}
	if one.Stopped != engine.NotStopped {
		parts = append(parts, "stopped: "+string(one.Stopped))
	}
	if one.Next != nil {
		parts = append(parts, "next at "+one.Next.UTC().Format(time.TimeOnly))
	}
	return fmt.Sprintf("%s round %d: %s", one.Began.Format(time.RFC3339), one.Round, strings.Join(parts, "; "))
}
