package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// Sign is the verdict on one package.
type Sign string

// The signs, as rclone check has them.
const (
	Same       Sign = "="
	OnlySource Sign = "-"
	OnlySink   Sign = "+"
	Differs    Sign = "*"
	Unreadable Sign = "!"
)

// Line is what verify found of one package.
type Line struct {
	Sign    Sign
	Project string
	PURL    string
	Detail  string         // what differs, or the error
	Proof   artifact.Proof // of Same
	// Package and Proofs, by file, are what Same is about.
	Package artifact.Package
	Proofs  map[string]artifact.Proof
}

// Recorded looks up what a migration recorded of a package's files; nil where it knows nothing.
type Recorded func(ctx context.Context, p artifact.Package) (map[string]checkpoint.Arrival, error)

// Verify compares both ends afresh. It lists the sources into o.Store, which must be an empty scratch checkpoint and not
// the migration's own, asks the sink about every routed package, and lists the sink's projects for what no source has.
// Recorded adds the digests that the migration computed, for files whose source declares none that the sink knows. Lines
// are told one at a time, in no particular order.
func Verify(ctx context.Context, o Options, recorded Recorded, tell func(Line)) error {
	r := newRun(o)
	if err := r.count(ctx); err != nil {
		return broken(ctx, err)
	}
	if err := r.list(ctx); err != nil {
		return err
	}
	var mu sync.Mutex
	locked := func(line Line) {
		mu.Lock()
		defer mu.Unlock()
		tell(line)
	}
	for problem, err := range o.Store.Problems(ctx) {
		if err != nil {
			return broken(ctx, err)
		}
		locked(Line{Sign: Unreadable, PURL: problem.Source, Detail: problem.Error})
	}
	if err := r.verifyListed(ctx, recorded, locked); err != nil {
		return err
	}
	return r.verifyHeld(ctx, locked)
}

// verifyListed looks for everything that the sources have.
func (r *run) verifyListed(ctx context.Context, recorded Recorded, tell func(Line)) error {
	workers := pool.New().WithMaxGoroutines(r.Workers).WithContext(ctx).WithCancelOnError().WithFirstError()
	for record, err := range r.Store.Records(ctx, checkpoint.Filter{Unsettled: true}) {
		if err != nil {
			return errors.Join(broken(ctx, err), workers.Wait())
		}
		if !r.Select(record.Package) {
			continue
		}
		record, left, err := r.wanted(ctx, record)
		if err != nil {
			return errors.Join(broken(ctx, err), workers.Wait())
		}
		if left != "" && len(record.Package.Files) == 0 {
			continue
		}
		workers.Go(func(ctx context.Context) error {
			line, err := r.verify(ctx, recorded, record)
			if err == nil {
				tell(line)
			}
			return err
		})
	}
	return workers.Wait()
}

// verify judges one package. Its error ends the verification.
func (r *run) verify(ctx context.Context, recorded Recorded, record checkpoint.Record) (Line, error) {
	line := Line{Project: record.Destination.Project, PURL: record.Destination.PURL(), Package: record.Package}
	known, err := recorded(ctx, record.Package)
	if err != nil {
		return line, broken(ctx, err)
	}
	holding, err := r.Sink.Stat(ctx, record.Destination, record.Package)
	switch {
	case fault.IsStop(err) || ctx.Err() != nil:
		return line, err
	case err != nil:
		line.Sign, line.Detail = Unreadable, err.Error()
	case holding.State == sinks.Pending:
		line.Sign, line.Detail = Unreadable, "the target is still at work on it"
	case holding.State == sinks.Broken:
		line.Sign, line.Detail = Unreadable, holding.Reason
	default:
		if known, err = r.remade(ctx, record, known); err != nil {
			line.Sign, line.Detail = Unreadable, err.Error()
			break
		}
		record.Package.Files = asSent(record.Destination, record.Package.Files)
		line.judge(record.Package, holding, known)
	}
	return line, nil
}

// remade adds what repacked files are, which no source declares, where the migration did not record it.
func (r *run) remade(ctx context.Context, record checkpoint.Record, known map[string]checkpoint.Arrival) (map[string]checkpoint.Arrival, error) {
	for _, f := range record.Package.Files {
		if !repacked(record.Destination, f) || known[f.Path].Ours != (artifact.Digests{}) {
			continue
		}
		record.Arrivals = map[string]checkpoint.Arrival{}
		c := r.copying(r.Sources[record.Package.Source], record, waiting{})
		if _, err := c.hash(ctx, asSent(record.Destination, []artifact.File{f})[0]); err != nil {
			return nil, err
		}
		known = c.arrivals
	}
	return known, nil
}

// judge compares a package with what the sink holds.
func (l *Line) judge(p artifact.Package, holding sinks.Holding, known map[string]checkpoint.Arrival) {
	var missing, other []artifact.File
	proofs := make(map[string]artifact.Proof, len(p.Files))
	for _, f := range p.Files {
		there, ok := holding.Files[f.Path]
		if !ok {
			missing = append(missing, f)
			continue
		}
		same, strength := agrees(f, there, known[f.Path].Ours)
		if !same {
			other = append(other, f)
		}
		proofs[f.Path] = strength
	}
	switch {
	case len(other) > 0:
		l.Sign, l.Detail = Differs, paths(other)
	case len(missing) > 0 && len(missing) == len(p.Files):
		l.Sign = OnlySource
	case len(missing) > 0:
		l.Sign, l.Detail = Differs, "without "+paths(missing)
	default:
		l.Sign, l.Proof, l.Proofs = Same, artifact.Server, proofs
		for _, proof := range proofs {
			l.Proof = min(l.Proof, proof)
		}
	}
}

// place is where packages of one format lie.
type place struct {
	project string
	format  artifact.Format
}

// verifyHeld looks for what only the sink has, wherever the migration may send something or would have sent it.
func (r *run) verifyHeld(ctx context.Context, tell func(Line)) error {
	places, err := r.places(ctx)
	if err != nil {
		return err
	}
	for _, at := range places {
		for dst, err := range r.Sink.Packages(ctx, at.project, at.format) {
			if fault.IsStop(err) || ctx.Err() != nil {
				return fmt.Errorf("listing %s: %w", at.project, err)
			}
			if err != nil {
				tell(Line{Sign: Unreadable, Project: at.project, PURL: string(at.format), Detail: err.Error()})
				continue
			}
			has, err := r.Store.Has(ctx, dst)
			if err != nil {
				return broken(ctx, err)
			}
			if !has {
				tell(Line{Sign: OnlySink, Project: dst.Project, PURL: dst.PURL()})
			}
		}
	}
	return nil
}

// places are those of what is listed, and those of the routes: what a source does not have any more may lie where nothing goes today.
func (r *run) places(ctx context.Context) ([]place, error) {
	groups, err := r.Store.Groups(ctx)
	if err != nil {
		return nil, broken(ctx, err)
	}
	var places []place
	for _, g := range groups {
		if at := (place{g.Project, g.TargetFormat}); g.Project != "" && !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	for project, formats := range r.Router.Projects(r.Formats...) {
		for _, format := range formats {
			if at := (place{project, format}); !slices.Contains(places, at) {
				places = append(places, at)
			}
		}
	}
	return places, nil
}
