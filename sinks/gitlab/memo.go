package gitlab

// Answers that are asked once and shared by all workers.

import (
	"context"
	"slices"
	"sync"
)

// memo remembers what was found for a key. Of workers that ask for one key at the same time, one finds it and the others
// wait. Errors are not remembered. The zero value remembers everything; limit bounds it.
type memo[K comparable, V any] struct {
	limit int

	mu    sync.Mutex
	found map[K]*answer[V]
	order []K // oldest first
}

type answer[V any] struct {
	done  chan struct{}
	value V
	err   error
}

func (m *memo[K, V]) get(ctx context.Context, key K, find func(context.Context) (V, error)) (V, error) {
	for {
		a, mine := m.claim(key)
		if mine {
			a.value, a.err = find(ctx)
			if a.err != nil {
				m.drop(key, a)
			}
			close(a.done)
			return a.value, a.err
		}
		select {
		case <-a.done:
		case <-ctx.Done():
			var none V
			return none, context.Cause(ctx)
		}
		if a.err == nil {
			return a.value, nil
		}
		// The one who asked failed, perhaps because it was cancelled: ask for oneself.
	}
}

// claim returns the answer of key, and whether the caller is the one who has to find it.
func (m *memo[K, V]) claim(key K) (a *answer[V], mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := m.found[key]; ok {
		return a, false
	}
	if m.found == nil {
		m.found = make(map[K]*answer[V])
	}
	if m.limit > 0 && len(m.order) >= m.limit {
		delete(m.found, m.order[0])
		m.order = m.order[1:]
	}
	a = &answer[V]{done: make(chan struct{})}
	m.found[key] = a
	m.order = append(m.order, key)
	return a, true
}

// drop removes key, when its answer is still a.
func (m *memo[K, V]) drop(key K, a *answer[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found[key] != a {
		return
	}
	delete(m.found, key)
	m.order = slices.DeleteFunc(m.order, func(one K) bool { return one == key })
}
