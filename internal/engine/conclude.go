package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// Waits between looks at a package that the sink is still at work on.
const (
	firstLook = 100 * time.Millisecond
	longLook  = 15 * time.Second
)

// conclude writes what came of a package: its outcome, another attempt, or nothing when the run was interrupted.
func (r *run) conclude(ctx context.Context, held *hand, record checkpoint.Record, look look, err error, c *copying) error {
	var changed *sources.Changed
	switch {
	case ctx.Err() != nil:
		return nil // unsettled; the next run looks again
	case errors.As(err, &changed):
		if err := r.Store.Replace(ctx, record, changed.Now); err != nil {
			return broken(ctx, err)
		}
		return r.again(ctx, record, fault.Temporary(fault.Because(artifact.SourceFailed, err), time.Millisecond), c)
	case err != nil:
		if until, spent := fault.IsSpent(err); spent {
			r.rest(record.Package.Source, until, err)
			return nil
		}
		return r.again(ctx, record, err, c)
	case look.pending:
		return r.pend(ctx, held, record, c)
	}
	return r.record(ctx, record, look.settlement, nil)
}

// pend looks again later at a package that the sink is still at work on, until patience ends.
func (r *run) pend(ctx context.Context, held *hand, record checkpoint.Record, c *copying) error {
	if c.since.IsZero() {
		c.since = time.Now()
	}
	waited := time.Since(c.since)
	if waited > r.Patience {
		return r.fail(ctx, record, fault.At(fault.Sink, fault.Errorf(artifact.TargetProcessingFailed,
			"the target has been at work on %s for %s: look at its background jobs, then run again",
			record.Package.PURL(), waited.Round(time.Second))), c.arrivals)
	}
	held.wait(record, waiting{c.since, c.tries, c.sent})
	next := min(max(firstLook, waited/2), longLook)
	return r.postpone(ctx, record, time.Now().Add(next), record.Attempts, nil, c)
}

// again gives a package another attempt when its error allows one, and fails it otherwise.
func (r *run) again(ctx context.Context, record checkpoint.Record, err error, c *copying) error {
	if fault.IsStop(err) {
		return fmt.Errorf("%s: %w", record.Package.PURL(), err)
	}
	after, temporary := fault.IsTemporary(err)
	attempts := record.Attempts + 1
	if !temporary || attempts >= maxAttempts {
		return r.fail(ctx, record, err, c.arrivals)
	}
	if after == 0 {
		after = r.Backoff << record.Attempts
	}
	return r.postpone(ctx, record, time.Now().Add(after), attempts, err, c)
}

func (r *run) postpone(ctx context.Context, record checkpoint.Record, due time.Time, attempts int, why error, c *copying) error {
	text := ""
	if why != nil {
		text = why.Error()
	}
	if err := r.Store.Postpone(ctx, record, due, attempts, text, c.arrivals); err != nil {
		return broken(ctx, err)
	}
	r.Events(Event{Kind: Postponed, Record: record, Err: why})
	return nil
}

// fail settles a package as failed, with the reason that its error carries.
func (r *run) fail(ctx context.Context, record checkpoint.Record, err error, arrivals map[string]checkpoint.Arrival) error {
	reason := artifact.Reason(fault.CodeOf(err))
	if reason == "" {
		reason = artifact.TargetFailed
		if fault.SideOf(err) == fault.Source {
			reason = artifact.SourceFailed
		}
	}
	return r.record(ctx, record, checkpoint.Settlement{
		Outcome: artifact.Failed, Reason: reason, Error: err.Error(), Arrivals: arrivals,
	}, err)
}

func (r *run) record(ctx context.Context, record checkpoint.Record, to checkpoint.Settlement, why error) error {
	// What happened at the sink is recorded even when the run is being ended.
	if err := r.Store.Settle(context.WithoutCancel(ctx), record, to); err != nil {
		return broken(ctx, err)
	}
	r.Events(Event{Kind: Settled, Record: record, Outcome: to.Outcome, Reason: to.Reason, Proof: to.Proof, Err: why})
	return nil
}
