package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"pkgferry/internal/fault"
)

// quotas are the sources whose quota is used up, as they said themselves (fault.Spent). What they still owe stays
// unsettled meanwhile.
type quotas struct {
	mu    sync.Mutex
	spent map[string]spent
}

type spent struct {
	until time.Time
	err   error
}

// pause leaves a source alone until a time.
func (q *quotas) pause(source string, until time.Time, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.spent == nil {
		q.spent = map[string]spent{}
	}
	q.spent[source] = spent{until, err}
}

// paused lists the sources that are left alone at now, and when the first of them can be asked again.
func (q *quotas) paused(now time.Time) (names []string, first time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	names = []string{}
	for name, one := range q.spent {
		if !now.Before(one.until) {
			continue
		}
		names = append(names, name)
		if first.IsZero() || one.until.Before(first) {
			first = one.until
		}
	}
	return names, first
}

// names lists the sources whose quota was ever used up in this run.
func (q *quotas) names() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Collect(maps.Keys(q.spent))
}

// why is what a source said when its quota was used up.
func (q *quotas) why(source string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if one, ok := q.spent[source]; ok {
		return one.err
	}
	return fault.At(fault.Source, fmt.Errorf("source %s was not listed to its end", source))
}

// rest leaves the source of a package alone until its quota refills. The package stays as it is.
func (r *run) rest(source string, until time.Time, err error) {
	names, _ := r.quotas.paused(time.Now())
	r.quotas.pause(source, until, err)
	if slices.Contains(names, source) {
		return // several workers meet the same end
	}
	r.Events(Event{Kind: Paused, Source: source, Until: until, Err: err})
}

// sleep waits for a quota to refill. It ends early, with errDone, when the run does.
func (r *run) sleep(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Drain:
		return errDone
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// spentOrNil takes the end of a quota for no error of the run.
func spentOrNil(err error) error {
	if _, ok := fault.IsSpent(err); ok || errors.Is(err, errDone) {
		return nil
	}
	return err
}
