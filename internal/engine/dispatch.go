package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/panics"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// hand is what the workers hold: no package twice, and no two packages for the same destination at once. A destination
// stays with its package while the sink is at work on it.
type hand struct {
	mu           sync.Mutex
	packages     map[int64]bool
	destinations map[artifact.Identity]int64 // the package that has it
	released     map[int64]bool              // since the queue was last looked at: what it tells of them may be old
	pending      map[int64]waiting           // the packages that the sink is at work on, and no worker
	stop         error                       // the error that ends the run
}

// waiting is a package that was sent and that the sink does not show yet.
type waiting struct {
	since time.Time // zero for a package that is none
	tries int
	sent  map[string]bool
}

func newHand() *hand {
	return &hand{
		packages: map[int64]bool{}, destinations: map[artifact.Identity]int64{},
		released: map[int64]bool{}, pending: map[int64]waiting{},
	}
}

func (h *hand) take(r checkpoint.Record) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.has(r) || h.released[r.ID] {
		return false
	}
	h.packages[r.ID], h.destinations[r.Destination.Identity()] = true, r.ID
	return true
}

func (h *hand) release(r checkpoint.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.packages, r.ID)
	if _, waits := h.pending[r.ID]; !waits {
		delete(h.destinations, r.Destination.Identity())
	}
	h.released[r.ID] = true
}

// has tells whether r, or its destination, is in some worker's hand.
func (h *hand) has(r checkpoint.Record) bool {
	other, taken := h.destinations[r.Destination.Identity()]
	return h.packages[r.ID] || taken && other != r.ID
}

// looking begins a look at the queue. What is released from now on may be settled already, although the look shows it
// unsettled; it is left to the next look.
func (h *hand) looking() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.released)
}

func (h *hand) holds(r checkpoint.Record) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.has(r)
}

func (h *hand) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.packages) == 0
}

// wait leaves r to the sink, which is at work on what was sent of it.
func (h *hand) wait(r checkpoint.Record, w waiting) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pending[r.ID] = w
}

// recall takes r up again; the zero value when nothing was waited for.
func (h *hand) recall(r checkpoint.Record) waiting {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.pending[r.ID]
	delete(h.pending, r.ID)
	return w
}

// fail keeps the first error that ends the run.
func (h *hand) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == nil {
		h.stop = err
	}
}

func (h *hand) failed() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stop
}

// dispatch hands unsettled packages to workers until none is left and the listing has ended.
func (r *run) dispatch(ctx context.Context, listing <-chan struct{}) (Stopped, error) {
	held := newHand()
	workers := conc.NewWaitGroup()
	stopped, err := r.feed(ctx, held, workers, listing)
	workers.Wait()
	if failed := held.failed(); failed != nil {
		return NotStopped, failed
	}
	return stopped, err
}

func (r *run) feed(ctx context.Context, held *hand, workers *conc.WaitGroup, listing <-chan struct{}) (Stopped, error) {
	for {
		listed := isClosed(listing) // before Take, so that an empty Take after it is final
		held.looking()
		idle := held.empty()
		if stopped := r.over(); stopped != NotStopped || held.failed() != nil {
			return stopped, nil
		}
		if ctx.Err() != nil {
			return NotStopped, context.Cause(ctx)
		}
		now := time.Now()
		paused, refill := r.quotas.paused(now)
		size, _ := r.Crew.Size()
		records, err := r.Store.Take(ctx, now, max(2*size, 64), paused, func(record checkpoint.Record) bool {
			return held.holds(record) || !r.Select(record.Package)
		})
		if err != nil {
			return NotStopped, broken(ctx, err)
		}
		if r.hand(ctx, held, workers, records) {
			continue
		}
		due, err := r.Store.NextDue(ctx, now)
		if err != nil {
			return NotStopped, broken(ctx, err)
		}
		if r.Wait && !refill.IsZero() && (due.IsZero() || refill.Before(due)) {
			due = refill
		}
		if listed && idle && due.IsZero() {
			return r.idle(ctx, paused)
		}
		r.wait(ctx, due)
	}
}

// hand gives records to workers as they become free. False: there was none to give, and no reason to stop before the last.
func (r *run) hand(ctx context.Context, held *hand, workers *conc.WaitGroup, records []checkpoint.Record) bool {
	some := false
	for _, record := range records {
		if !r.Crew.enter(ctx, r.Drain) {
			return true
		}
		if r.over() != NotStopped || ctx.Err() != nil || held.failed() != nil {
			r.Crew.leave()
			return true
		}
		if !held.take(record) {
			r.Crew.leave()
			continue
		}
		some = true
		workers.Go(func() {
			defer r.Crew.leave()
			r.work(ctx, held, record)
		})
	}
	return some
}

// idle is how a run ends that has nothing left to do but, perhaps, what sources without quota owe.
func (r *run) idle(ctx context.Context, paused []string) (Stopped, error) {
	for _, name := range r.quotas.names() {
		at, err := r.Store.Listing(ctx, name)
		if err != nil {
			return NotStopped, broken(ctx, err)
		}
		if !at.Complete {
			return OutOfQuota, nil
		}
	}
	if len(paused) == 0 {
		return NotStopped, nil
	}
	owed, err := r.Store.Take(ctx, time.Now(), 1, nil, func(record checkpoint.Record) bool { return !r.Select(record.Package) })
	if err != nil {
		return NotStopped, broken(ctx, err)
	}
	if len(owed) > 0 {
		return OutOfQuota, nil
	}
	return NotStopped, nil
}

// wait returns when something may have changed: a package settled, a batch was listed, one is due, the run is over.
func (r *run) wait(ctx context.Context, due time.Time) {
	patience := time.Second
	if until := time.Until(due); !due.IsZero() && until > 0 {
		patience = min(patience, until)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-r.wake:
	case <-timer.C:
	case <-ctx.Done():
	case <-r.Drain:
	}
}

// over tells whether the run must take nothing more.
func (r *run) over() Stopped {
	switch {
	case isClosed(r.Drain):
		return Drained
	case r.MaxDuration > 0 && time.Since(r.started) >= r.MaxDuration:
		return OutOfTime
	case r.MaxTransfer > 0 && r.transfer.Load() >= r.MaxTransfer:
		return OutOfBudget
	}
	return NotStopped
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// work settles one package, whatever happens: an adapter that panics fails its package and not the run.
func (r *run) work(ctx context.Context, held *hand, record checkpoint.Record) {
	defer r.signal()
	defer held.release(record)
	if ctx.Err() != nil || held.failed() != nil {
		return
	}
	r.Events(Event{Kind: Started, Record: record})
	defer r.Events(Event{Kind: PutDown, Record: record})
	var err error
	if caught := panics.Try(func() { err = r.settle(ctx, held, record) }); caught != nil {
		err = r.fail(ctx, record, fmt.Errorf("this is a bug in pkgferry, please report it: %w", caught.AsError()), nil)
	}
	if err != nil && ctx.Err() == nil {
		held.fail(err)
	}
}
