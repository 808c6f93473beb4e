package engine

import (
	"context"
	"fmt"
	"path"
	"slices"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sinks"
)

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
		arrival, same, err := r.match(ctx, c, f, there, record.Sent)
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
	if slices.ContainsFunc(record.Package.Files, func(f artifact.File) bool { return repacked(record.Destination, f) }) {
		result.settlement.Reason = artifact.Repacked
	}
	return result, nil
}

// match compares one file with what the sink shows of it. Where they share no digest, because the source declares
// another algorithm than the sink computes, the source's bytes are hashed. Where the sink shows none, the size must do for
// what this migration sent; what it finds there, or has no size either, is read back, since equal size is no proof of equal
// bytes.
func (r *run) match(ctx context.Context, c *copying, f artifact.File, there sinks.Held, ours bool) (checkpoint.Arrival, bool, error) {
	arrival := c.arrivals[f.Path]
	unsure := there.Size < 0 || !ours && (f.Size < 0 || f.Size == there.Size)
	if there.Digests == (artifact.Digests{}) && there.Open != nil && unsure {
		var err error
		if there, err = sinks.ReadBack(ctx, f, there); err != nil {
			return arrival, false, err
		}
	}
	arrival.HeldSize = there.Size
	algorithm, value := there.Digests.Strongest()
	if algorithm != "" {
		arrival.Held = algorithm + ":" + value
	}
	if algorithm != "" && there.Digests.Compare(f.Digests.With(arrival.Ours)) == artifact.Unknown {
		ours, err := c.hash(ctx, f)
		if err != nil {
			return arrival, false, err
		}
		arrival.Ours = ours
	}
	if f.Size < 0 {
		f.Size = arrival.Size
	}
	var same bool
	same, arrival.Proof = agrees(f, there, arrival.Ours)
	return arrival, same, nil
}

// agrees compares a file with what the sink shows of it, by the digests that its source declares or that are ours, else
// by size, and tells how strong that is.
func agrees(f artifact.File, there sinks.Held, ours artifact.Digests) (bool, artifact.Proof) {
	switch there.Digests.Compare(f.Digests.With(ours)) {
	case artifact.Same:
		return true, there.Proof
	case artifact.Different:
		return false, there.Proof
	}
	return f.Size >= 0 && f.Size == there.Size, artifact.BySize
}

// replaceable tells whether the source's content may take the place of the sink's. A release never gives way.
func replaceable(record checkpoint.Record, f artifact.File) bool {
	switch mapping.OnConflict(record.OnConflict) {
	case mapping.Fail, mapping.Skip:
		return false
	case mapping.Replace:
		return artifact.Movable(record.Package, f)
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

// merges settles what would become one with another package at the sink.
func merges(record checkpoint.Record, rival artifact.Package) checkpoint.Settlement {
	s := checkpoint.Settlement{
		Outcome: artifact.Conflict, Reason: artifact.NameCollision,
		Error: fmt.Sprintf("as %s it would become one with %s of %s", record.Destination.PURL(), rival.PURL(), path.Join(rival.Source, rival.Repository)),
	}
	if mapping.OnConflict(record.OnConflict) == mapping.Skip {
		s.Outcome = artifact.Skipped
	}
	return s
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
