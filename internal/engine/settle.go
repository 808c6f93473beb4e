package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sinks"
	"pkgferry/sources"
)

// maxTries is how often a package is sent in one go, because it arrived damaged or not at all, before it has to wait.
const maxTries = 3

// Waits between looks at a package that the sink is still at work on.
const (
	firstLook = 100 * time.Millisecond
	longLook  = 15 * time.Second
)

// settle brings one package as far as it will go now: to its outcome, or to another attempt later. An error ends the run.
// The sink is asked before every publish, so that nothing is published twice, and after it, since a success is a promise.
func (r *run) settle(ctx context.Context, held *hand, record checkpoint.Record) error {
	record, refused, err := r.allowed(record)
	if err != nil {
		return r.fail(ctx, record, err, nil)
	}
	source, ok := r.Sources[record.Package.Source]
	if !ok {
		err := fault.Errorf(artifact.SourceFailed, "source %q is not in the configuration any more", record.Package.Source)
		return r.fail(ctx, record, err, nil)
	}
	if len(record.Package.Files) == 0 {
		return r.fail(ctx, record, fault.At(fault.Source, fault.Errorf(artifact.SourceMissing, "the source lists no file of it")), nil)
	}
	c := &copying{run: r, source: source, arrivals: record.Arrivals, sent: map[string]bool{}}
	look, err := r.look(ctx, c, record)
	for err == nil && !look.done && c.tries < maxTries {
		record.Sent = true
		look, err = r.publish(ctx, c, record, look.missing)
	}
	if err == nil && !look.done {
		err = fault.Temporary(fault.At(fault.Sink, fault.Errorf(artifact.TargetMismatch, "the target accepted %s and does not show it: %s",
			record.Package.PURL(), paths(look.missing))), 0)
	}
	if err == nil && refused != nil && arrived(look.settlement.Outcome) {
		return r.fail(ctx, record, refused, look.settlement.Arrivals)
	}
	return r.conclude(ctx, held, record, look, err, c)
}

// publish sends what is missing and looks again. Damage that the sink tells at once shows in that look, too.
func (r *run) publish(ctx context.Context, c *copying, record checkpoint.Record, missing []artifact.File) (look, error) {
	c.tries++
	if err := r.Store.Sending(ctx, record); err != nil {
		return look{}, broken(ctx, err)
	}
	err := r.Sink.Publish(ctx, record.Destination, record.Package, missing, c.open)
	if err != nil && fault.CodeOf(err) != string(artifact.TargetMismatch) {
		return look{}, fault.At(fault.Sink, c.blame(err))
	}
	return r.look(ctx, c, record)
}

// allowed leaves out of a package the files that the sink refuses one by one. The others are copied, and then the
// package fails with refused. An error refuses the whole package.
func (r *run) allowed(record checkpoint.Record) (_ checkpoint.Record, refused *sinks.Refused, err error) {
	err = fault.At(fault.Sink, r.Sink.Allows(record.Destination, record.Package))
	if !errors.As(err, &refused) || len(refused.Files) == len(record.Package.Files) {
		return record, nil, err
	}
	record.Package.Files = slices.DeleteFunc(slices.Clone(record.Package.Files), func(f artifact.File) bool {
		_, no := refused.Files[f.Path]
		return no
	})
	return record, refused, nil
}

func arrived(outcome artifact.Outcome) bool {
	return outcome == artifact.Published || outcome == artifact.Present
}

// look is what one Stat told of a package. Done is false when files are missing and nothing else stands in the way.
type look struct {
	done       bool
	pending    bool
	missing    []artifact.File
	settlement checkpoint.Settlement
}

func (r *run) look(ctx context.Context, c *copying, record checkpoint.Record) (look, error) {
	holding, err := r.Sink.Stat(ctx, record.Destination, record.Package)
	if err != nil {
		return look{}, fault.At(fault.Sink, err)
	}
	switch holding.State {
	case sinks.Pending:
		return look{done: true, pending: true}, nil
	case sinks.Broken:
		return look{}, fault.At(fault.Sink, fault.Errorf(artifact.TargetProcessingFailed,
			"the target refused %s after the upload: %s", record.Package.PURL(), holding.Reason))
	}
	return r.compare(ctx, c, record, holding)
}

// compare tells a package's files apart: arrived, missing, or in conflict.
func (r *run) compare(ctx context.Context, c *copying, record checkpoint.Record, holding sinks.Holding) (look, error) {
	result := look{settlement: checkpoint.Settlement{Outcome: artifact.Present, Proof: artifact.Server, Arrivals: map[string]checkpoint.Arrival{}}}
	if record.Sent {
		result.settlement.Outcome = artifact.Published
	}
	var other []artifact.File
	ours := false // what differs is what we sent, damaged behind us
	for _, f := range record.Package.Files {
		there, ok := holding.Files[f.Path]
		if !ok {
			result.missing = append(result.missing, f)
			continue
		}
		arrival, same, err := r.match(ctx, c, f, there)
		if err != nil {
			return look{}, err
		}
		switch {
		case same:
			result.settlement.Arrivals[f.Path] = arrival
			result.settlement.Proof = min(result.settlement.Proof, arrival.Proof)
		case c.sent[f.Path] && c.tries < maxTries:
			result.missing = append(result.missing, f) // it is what we just sent, damaged on its way
		case replaceable(record, f):
			taken, err := r.Store.Taken(ctx, record)
			if err != nil {
				return look{}, broken(ctx, err)
			}
			if taken {
				return collides(record), nil
			}
			result.missing = append(result.missing, f)
		default:
			other = append(other, f)
			if record.Sent && sentAs(c.arrivals[f.Path].Ours, f) {
				ours, result.settlement.Arrivals[f.Path] = true, arrival
			}
		}
	}
	if len(other) > 0 {
		result.done = true
		result.settlement = differs(record, other, ours, result.settlement)
		return result, nil
	}
	result.done = len(result.missing) == 0
	return result, nil
}

// match compares one file with what the sink shows of it. Where they share no digest, because the source declares
// another algorithm than the sink computes, the source's bytes are hashed; where the sink shows none, sizes must do.
func (r *run) match(ctx context.Context, c *copying, f artifact.File, there sinks.Held) (checkpoint.Arrival, bool, error) {
	arrival := c.arrivals[f.Path]
	arrival.HeldSize, arrival.Proof = there.Size, there.Proof
	algorithm, value := there.Digests.Strongest()
	if algorithm != "" {
		arrival.Held = algorithm + ":" + value
	}
	agreement := there.Digests.Compare(f.Digests.With(arrival.Ours))
	if agreement == artifact.Unknown && algorithm != "" {
		ours, err := c.hash(ctx, f)
		if err != nil {
			return arrival, false, err
		}
		arrival.Ours = ours
		agreement = there.Digests.Compare(ours)
	}
	if agreement == artifact.Unknown {
		arrival.Proof = artifact.BySize
		return arrival, f.Size >= 0 && f.Size == there.Size, nil
	}
	return arrival, agreement == artifact.Same, nil
}

// replaceable tells whether the source's content may take the place of the sink's. A release never gives way.
func replaceable(record checkpoint.Record, f artifact.File) bool {
	switch mapping.OnConflict(record.OnConflict) {
	case mapping.Fail, mapping.Skip:
		return false
	case mapping.Replace:
		return artifact.Moving(record.Package, f) || artifact.IsSnapshot(record.Package.Version)
	}
	return artifact.Moving(record.Package, f)
}

// sentAs tells whether digests that we computed while copying are those of f, and not of what it was before the source
// replaced it.
func sentAs(ours artifact.Digests, f artifact.File) bool {
	return ours != (artifact.Digests{}) && ours.Compare(f.Digests) != artifact.Different
}

// collides settles what would replace the content that another package of this migration brought there.
func collides(record checkpoint.Record) look {
	return look{done: true, settlement: checkpoint.Settlement{
		Outcome: artifact.Conflict, Reason: artifact.NameCollision,
		Error: fmt.Sprintf("another repository's %s is in %s and differs", record.Destination.PURL(), record.Destination.Project),
	}}
}

func differs(record checkpoint.Record, files []artifact.File, ours bool, s checkpoint.Settlement) checkpoint.Settlement {
	if ours {
		s.Outcome, s.Proof, s.Reason = artifact.Failed, artifact.NoProof, artifact.TargetMismatch
		s.Error = fmt.Sprintf("%s shows other bytes than were sent for %s", record.Destination.Project, paths(files))
		return s
	}
	s.Outcome, s.Proof = artifact.Conflict, artifact.NoProof
	s.Reason = artifact.TargetHoldsOther
	s.Error = fmt.Sprintf("%s holds other bytes for %s", record.Destination.Project, paths(files))
	if mapping.OnConflict(record.OnConflict) == mapping.Skip {
		s.Outcome = artifact.Skipped
	}
	return s
}

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
		return r.again(ctx, record, err, c)
	case look.pending:
		return r.pend(ctx, held, record, c)
	}
	held.settled(record)
	return r.record(ctx, record, look.settlement, nil)
}

// pend looks again later at a package that the sink is still at work on, until patience ends.
func (r *run) pend(ctx context.Context, held *hand, record checkpoint.Record, c *copying) error {
	waited := held.waiting(record)
	if waited > r.Patience {
		return r.fail(ctx, record, fault.At(fault.Sink, fault.Errorf(artifact.TargetProcessingFailed,
			"the target has been at work on %s for %s: look at its background jobs, then run again",
			record.Package.PURL(), waited.Round(time.Second))), c.arrivals)
	}
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

func paths(files []artifact.File) string {
	const few = 3
	text := ""
	for i, f := range files {
		if i == few {
			return text + fmt.Sprintf(" and %d more", len(files)-few)
		}
		if i > 0 {
			text += ", "
		}
		text += f.Path
	}
	return text
}
