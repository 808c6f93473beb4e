package gitlab

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestMemo(t *testing.T) {
	m := memo[string, int]{limit: 2}
	var asked atomic.Int64
	find := func(context.Context) (int, error) { return int(asked.Add(1)), nil }
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := m.get(t.Context(), "a", find); got != 1 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	all.Wait()
	failed := errors.New("failed")
	if _, err := m.get(t.Context(), "b", func(context.Context) (int, error) { return 0, failed }); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	for i, key := range []string{"b", "c", "b", "a"} { // an error is not remembered; c drives a out
		if got, err := m.get(t.Context(), key, find); err != nil || got != []int{2, 3, 2, 4}[i] {
			t.Errorf("%s: got %d, %v", key, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	release := make(chan struct{})
	all.Go(func() {
		_, _ = m.get(t.Context(), "slow", func(context.Context) (int, error) {
			close(begun)
			<-release
			return 0, nil
		})
	})
	<-begun
	cancel()
	if _, err := m.get(ctx, "slow", find); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(release)
	all.Wait()
}

func TestMemoIsTold(t *testing.T) {
	m := memo[string, int]{limit: 2}
	m.tell("a", 1)
	m.tell("a", 2)
	m.tell("b", 3)
	if got, ok := m.peek("a"); got != 2 || !ok {
		t.Errorf("got %d, %v", got, ok)
	}
	m.forget("a", func(v int) bool { return v == 1 })
	if _, ok := m.peek("a"); !ok {
		t.Error("forgotten though it is not stale")
	}
	m.forget("a", func(v int) bool { return v == 2 })
	m.forget("a", func(int) bool { return true })
	if _, ok := m.peek("a"); ok || len(m.order) != 1 {
		t.Errorf("not forgotten; order %v", m.order)
	}
	m.tell("c", 4)
	if _, ok := m.peek("b"); !ok {
		t.Error("two fit, and one is gone")
	}
}

// One who asks and panics leaves nobody waiting for ever.
func TestMemoWhenFindPanics(t *testing.T) {
	var m memo[string, int]
	func() {
		defer func() { _ = recover() }()
		_, _ = m.get(t.Context(), "a", func(context.Context) (int, error) { panic("broken") })
	}()
	if got, err := m.get(t.Context(), "a", func(context.Context) (int, error) { return 7, nil }); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}
