package sources_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"pkgferry/sources"
)

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestAheadKeepsTheOrderAndTheLimit(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5} {
		var under, most atomic.Int64
		do := func(_ context.Context, i int) int {
			now := under.Add(1)
			defer under.Add(-1)
			for most.Load() < now && !most.CompareAndSwap(most.Load(), now) {
			}
			return i * i
		}
		got := slices.Collect(sources.Ahead(t.Context(), n, slices.Values(numbers(100)), do))
		for i, square := range got {
			if square != i*i {
				t.Fatalf("with %d: result %d is %d", n, i, square)
			}
		}
		if len(got) != 100 {
			t.Errorf("with %d: %d results", n, len(got))
		}
		if most.Load() > int64(max(n, 1)) {
			t.Errorf("with %d: %d at once", n, most.Load())
		}
	}
}

// TestAheadRunsTogether would never end if one were done after the other.
func TestAheadRunsTogether(t *testing.T) {
	met := make(chan struct{})
	do := func(_ context.Context, i int) int {
		select {
		case met <- struct{}{}:
		case <-met:
		}
		return i
	}
	if got := slices.Collect(sources.Ahead(t.Context(), 2, slices.Values(numbers(2)), do)); !slices.Equal(got, numbers(2)) {
		t.Errorf("got %v", got)
	}
}

func TestAheadEndsEarly(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	blocked := func(ctx context.Context, i int) int {
		if i > 2 {
			<-ctx.Done()
		}
		return i
	}
	for i := range sources.Ahead(ctx, 3, slices.Values(numbers(50)), blocked) {
		if i == 2 {
			break
		}
	}
	cancel()
	if got := slices.Collect(sources.Ahead(ctx, 3, slices.Values(numbers(50)), blocked)); len(got) == 50 {
		t.Error("a cancelled context changes nothing")
	}
}

func TestAheadPassesPanicsOn(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic is lost")
		}
	}()
	for range sources.Ahead(t.Context(), 2, slices.Values(numbers(3)), func(context.Context, int) int { panic("broken") }) {
	}
}
