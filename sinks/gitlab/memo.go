package gitlab

// Answers that are asked once and shared by all workers.

import (
	"context"
	"slices"
	"sync"
)

// memo remembers what was found for a key. Of workers that ask for one key at the same time, one finds it and the others
// wait. Errors are not remembered: who waited then asks for itself, since the other may only have been cancelled. The
// zero value remembers everything; limit bounds it.
type memo[K comparable, V any] struct {
	limit int

	mu    sync.Mutex
	found map[K]V
	order []K // of found, oldest first, where there is a limit
	busy  map[K]chan struct{}
}

func (m *memo[K, V]) get(ctx context.Context, key K, find func(context.Context) (V, error)) (V, error) {
	for {
		value, ok, wait := m.claim(key)
		if ok {
			return value, nil
		}
		if wait == nil {
			return m.find(ctx, key, find)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return value, context.Cause(ctx)
		}
	}
}

// claim returns what is known of key; else whom to wait for, nil when the caller is the one who has to find it.
func (m *memo[K, V]) claim(key K) (value V, ok bool, wait chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok = m.found[key]; ok {
		return value, true, nil
	}
	if wait = m.busy[key]; wait != nil {
		return value, false, wait
	}
	if m.busy == nil {
		m.busy = make(map[K]chan struct{})
	}
	m.busy[key] = make(chan struct{})
	return value, false, nil
}

func (m *memo[K, V]) find(ctx context.Context, key K, find func(context.Context) (V, error)) (value V, err error) {
	found := false
	defer func() { // also when find panics
		m.mu.Lock()
		defer m.mu.Unlock()
		if found {
			m.keep(key, value)
		}
		close(m.busy[key])
		delete(m.busy, key)
	}()
	value, err = find(ctx)
	found = err == nil
	return value, err
}

// keep remembers value. Its caller holds the lock.
func (m *memo[K, V]) keep(key K, value V) {
	if m.found == nil {
		m.found = make(map[K]V)
	}
	if _, known := m.found[key]; !known && m.limit > 0 {
		if len(m.order) >= m.limit {
			delete(m.found, m.order[0])
			m.order = m.order[1:]
		}
		m.order = append(m.order, key)
	}
	m.found[key] = value
}

// peek returns what is known of key, without waiting.
func (m *memo[K, V]) peek(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.found[key]
	return value, ok
}

// tell remembers what became known by other means.
func (m *memo[K, V]) tell(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(key, value)
}

// forget drops what is known of key when stale says so.
func (m *memo[K, V]) forget(key K, stale func(V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.found[key]; ok && stale(value) {
		delete(m.found, key)
		m.order = slices.DeleteFunc(m.order, func(one K) bool { return one == key })
	}
}
