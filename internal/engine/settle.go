package engine

import (
	"context"
	"errors"
	"slices"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// maxTries is how often a package is sent in one go, because it arrived damaged or not at all, before it has to wait.
const maxTries = 3

// settle brings one package as far as it will go now: to its outcome, or to another attempt later. An error ends the run.
// The sink is asked before every publish, so that nothing is published twice, and after it, since a success is a promise.
func (r *run) settle(ctx context.Context, held *hand, record checkpoint.Record) error {
	waited := held.recall(record)
	record, left, err := r.wanted(ctx, record)
	if err != nil {
		return broken(ctx, err)
	}
	if left != "" && len(record.Package.Files) == 0 {
		return r.record(ctx, record, checkpoint.Settlement{Outcome: artifact.Skipped, Reason: artifact.Excluded, Error: left}, nil)
	}
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
	if rival, found, err := r.Store.Rival(ctx, record); err != nil {
		return broken(ctx, err)
	} else if found {
		return r.record(ctx, record, merges(record, rival), nil)
	}
	c := r.copying(source, record, waited)
	record.Package.Files = asSent(record.Destination, record.Package.Files)
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
	if left != "" && arrived(look.settlement.Outcome) {
		look.settlement.Reason, look.settlement.Error = artifact.IndexPartial, left
	}
	return r.conclude(ctx, held, record, look, err, c)
}

// publish sends what is missing and looks again. Damage that the sink tells at once shows in that look, too.
func (r *run) publish(ctx context.Context, c *copying, record checkpoint.Record, missing []artifact.File) (look, error) {
	c.tries++
	if err := r.Store.Sending(ctx, record); err != nil {
		return look{}, broken(ctx, err)
	}
	c.begin()
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
