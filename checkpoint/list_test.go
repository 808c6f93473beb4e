package checkpoint

import (
	"testing"
	"time"
)

// What is known of a source is as old as the beginning of the last listing that came to its end and missed nothing.
func TestListingsAreDated(t *testing.T) {
	s := opened(t)
	clock := time.UnixMilli(0)
	for _, step := range []struct {
		name              string
		changes, complete bool
		problems          []string
		fresh, whole      int64 // the listing, by its number
	}{
		{"the first, interrupted", false, false, nil, 0, 0},
		{"the first that ends", false, true, nil, 2, 2},
		{"changes", true, true, nil, 3, 2},
		{"changes, interrupted", true, false, nil, 3, 2},
		{"everything, but for a page", false, true, []string{"a page"}, 3, 2},
		{"changes, but for a page", true, true, []string{"a page"}, 3, 2},
		{"everything", false, true, nil, 7, 7},
	} {
		clock = clock.Add(time.Hour)
		want(t, s.Relist(t.Context(), "src", step.changes), nil)
		_, err := s.write.Exec("UPDATE listing SET began = ?", clock.UnixMilli())
		want(t, err, nil)
		want(t, s.List(t.Context(), "src", Batch{Problems: step.problems, To: Listing{Complete: step.complete}}), nil)
		l, err := s.Listing(t.Context(), "src")
		want(t, err, nil)
		hour := func(at time.Time) int64 {
			if at.IsZero() {
				return 0
			}
			return int64(at.Sub(time.UnixMilli(0)) / time.Hour)
		}
		if got := []int64{hour(l.Fresh), hour(l.Whole)}; got[0] != step.fresh || got[1] != step.whole || !l.Began.Equal(clock) {
			t.Errorf("%s: fresh and whole as of the listings %v, want %d and %d; it began %v", step.name, got, step.fresh, step.whole, l.Began)
		}
	}
}
