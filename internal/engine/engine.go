// Package engine moves a migration forward: it lists sources into the checkpoint, settles what is unsettled there, and
// verifies what arrived. It knows the ports and no adapter.
//
//	Source.Packages → mapping → checkpoint → workers → Sink.Stat → Sink.Publish ← checked stream ← Source.Open
package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/conc/pool"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sinks"
	"pkgferry/sources"
)

// Options are the parts of one migration.
type Options struct {
	// Sources by their configured names.
	Sources map[string]sources.Source
	// Scopes tell, by source, what of it is to be listed, in any words: when they change, it is listed again.
	Scopes map[string]string
	// Formats are what the sources can list; their projects must be there.
	Formats []artifact.Format
	Sink    sinks.Sink
	Router  *mapping.Router
	// Selection says what to take at all of what the sources list; what it leaves out is recorded as skipped.
	Selection mapping.Selection
	Store     *checkpoint.Store
	// Workers is how many packages are settled at once; 0 means 8.
	Workers int
	// Crew are the workers of Run and Sync, when their number is to change while they are at work; nil: it stays.
	Crew *Crew
	// Events is told what happens, from many goroutines at once; nil: nobody.
	Events func(Event)
	// Drain ends the run gracefully when it is closed: what is in hand is finished, nothing new is taken.
	Drain <-chan struct{}
	// MaxDuration and MaxTransfer (bytes read from the sources) end the run gracefully when they are reached; 0: no limit.
	MaxDuration time.Duration
	MaxTransfer int64
	// Select chooses the packages that this run takes; nil: all. The others stay unsettled.
	Select func(artifact.Package) bool
	// Patience is how long a sink may work on a package in the background; 0 means 10 minutes.
	Patience time.Duration
	// Backoff is the wait before a package's second attempt, doubled for each further one; 0 means 1 second.
	Backoff time.Duration
	// Wait pauses for a source whose quota is used up until it refills, when nothing else is left to do; else the run
	// ends with OutOfQuota.
	Wait bool
	// Spool is the directory for files whose size a source does not tell; "" is the system's.
	Spool string
}

// Event is one step of a migration. Only the fields that its Kind names are set.
type Event struct {
	Kind    EventKind
	Source  string            // Listed, ListingDone, Problem, Paused
	Count   int64             // Listed: packages or parts of packages; Copied: bytes
	Record  checkpoint.Record // Started, Copied, Postponed, Settled, PutDown
	Outcome artifact.Outcome  // Settled
	Reason  artifact.Reason   // Settled
	Proof   artifact.Proof    // Settled
	Err     error             // Problem, Postponed, Paused, Settled when failed
	Until   time.Time         // Paused
}

// EventKind says what an Event tells.
type EventKind string

// The kinds of events.
const (
	Listed      EventKind = "listed"       // a batch of a listing is in the checkpoint
	ListingDone EventKind = "listing-done" // a source is listed to its end
	Problem     EventKind = "problem"      // something could not be listed
	Started     EventKind = "started"      // a worker took a package
	Copied      EventKind = "copied"       // bytes were read from a source
	Postponed   EventKind = "postponed"    // a package gets another attempt, or the sink is still at work on it
	Settled     EventKind = "settled"      // a package has its outcome
	PutDown     EventKind = "put-down"     // a worker is done with a package for now, whatever came of it
	Paused      EventKind = "paused"       // a source's quota is used up until a time
)

// Stopped says why a run ended before everything was settled.
type Stopped string

// The reasons to stop. NotStopped means that nothing was left to do.
const (
	NotStopped  Stopped = ""
	Drained     Stopped = "drained"      // Options.Drain
	OutOfTime   Stopped = "max-duration" // Options.MaxDuration
	OutOfBudget Stopped = "max-transfer" // Options.MaxTransfer
	OutOfQuota  Stopped = "quota"        // a source's
)

const (
	defaultWorkers  = 8
	defaultPatience = 10 * time.Minute
	defaultBackoff  = time.Second
	maxAttempts     = 5
)

type run struct {
	Options
	started  time.Time
	transfer atomic.Int64  // bytes read from the sources
	wake     chan struct{} // something changed that the dispatcher may be waiting for
	quotas   quotas
}

func newRun(o Options) *run {
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Crew == nil {
		o.Crew = NewCrew(o.Workers)
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Backoff <= 0 {
		o.Backoff = defaultBackoff
	}
	if o.Events == nil {
		o.Events = func(Event) {}
	}
	if o.Select == nil {
		o.Select = func(artifact.Package) bool { return true }
	}
	return &run{Options: o, started: time.Now(), wake: make(chan struct{}, 1)}
}

// Check proves that both ends can be worked with, before anything is touched. A source whose quota is used up can not be
// asked; its listing will say so.
func Check(ctx context.Context, o Options) error {
	for _, source := range o.Sources {
		err := source.Check(ctx)
		if _, spent := fault.IsSpent(err); err != nil && !spent {
			return fault.At(fault.Source, err)
		}
	}
	return fault.At(fault.Sink, o.Sink.Check(ctx, o.Router.Projects(o.Formats...)))
}

// Plan lists every source afresh into the checkpoint; a listing of the whole that was interrupted goes on where it stopped. It
// writes nothing to the sink. When a quota of a source is used up before its listing has come to its end, the error is
// fault.Spent.
func Plan(ctx context.Context, o Options) error {
	r := newRun(o)
	for name := range o.Sources {
		at, err := o.Store.Listing(ctx, name)
		rescoped := false
		if err == nil {
			rescoped, err = r.rescoped(ctx, name)
		}
		if err == nil && (at.Complete || at.Changes || rescoped) {
			err = afresh(ctx, o.Store, name, false)
		}
		if err != nil {
			return broken(ctx, err)
		}
	}
	if err := r.count(ctx); err != nil {
		return broken(ctx, err)
	}
	if err := r.follow(ctx); err != nil {
		return broken(ctx, err)
	}
	if err := r.remember(ctx); err != nil {
		return broken(ctx, err)
	}
	return r.list(ctx)
}

// Extent is how much a Sync asks the sources for.
type Extent int

// The extents. What was never listed is listed as a whole by any of them.
const (
	Changes Extent = iota // what changed since they were listed; a listing that was interrupted is brought to its end first
	Whole                 // everything they have; a listing of everything that was interrupted is brought to its end
	Afresh                // everything they have now, from the beginning
)

// Sync lists the sources again, as far as extent says, and runs.
func Sync(ctx context.Context, o Options, extent Extent) (Stopped, error) {
	if err := relist(ctx, o, extent); err != nil {
		return NotStopped, err
	}
	return Run(ctx, o)
}

// Look lists what changed at the sources since they were listed, and settles nothing.
func Look(ctx context.Context, o Options) error {
	if err := relist(ctx, o, Changes); err != nil {
		return err
	}
	return newRun(o).list(ctx)
}

// relist begins a new listing of every source, where the extent asks for one.
func relist(ctx context.Context, o Options, extent Extent) error {
	for name := range o.Sources {
		at, err := o.Store.Listing(ctx, name)
		if err == nil && (at.Complete || extent == Whole && at.Changes || extent == Afresh) {
			err = afresh(ctx, o.Store, name, extent == Changes)
		}
		if err != nil {
			return broken(ctx, err)
		}
	}
	return nil
}

// Run lists what is not listed yet and settles what is not settled, both at once. What failed before is tried again, and
// what changed in the configuration is followed. The error is the one that ended the run; packages that fail do
// not end it.
func Run(ctx context.Context, o Options) (Stopped, error) {
	r := newRun(o)
	if err := r.resume(ctx); err != nil {
		return NotStopped, broken(ctx, err)
	}
	if err := r.hold(ctx); err != nil {
		return NotStopped, broken(ctx, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopped := NotStopped
	listing := make(chan struct{})
	both := pool.New().WithErrors().WithFirstError()
	both.Go(func() error {
		defer r.signal()
		defer close(listing)
		err := spentOrNil(r.list(ctx))
		if err != nil {
			cancel(err)
		}
		return err
	})
	both.Go(func() error {
		var err error
		stopped, err = r.dispatch(ctx, listing)
		if err != nil || stopped != NotStopped {
			cancel(errDone)
		}
		return err
	})
	return stopped, both.Wait()
}

// errDone cancels the listing of a run that takes nothing more.
var errDone = errors.New("the run takes nothing more")

// broken is the error of a checkpoint that can not be used, unless it can not because the run is being ended.
func broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fault.Stop(fmt.Errorf("the checkpoint can not be used: %w", err))
}

func (r *run) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
