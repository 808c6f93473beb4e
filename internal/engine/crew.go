package engine

import (
	"context"
	"sync"
)

// Crew is how many packages are settled at once. It may be changed while a run is at work: one that grows takes more at once,
// one that shrinks finishes what it has in hand and takes less. It is safe for concurrent use, by one run at a time.
type Crew struct {
	mu         sync.Mutex
	size, busy int
	changed    chan struct{} // a place may have become free
}

// NewCrew makes a crew of so many workers, 8 when size is not positive.
func NewCrew(size int) *Crew {
	if size <= 0 {
		size = defaultWorkers
	}
	return &Crew{size: size, changed: make(chan struct{}, 1)}
}

// Resize changes the number of workers, 1 at least, and tells what it was.
func (c *Crew) Resize(size int) (was int) {
	c.mu.Lock()
	defer c.signal()
	defer c.mu.Unlock()
	was, c.size = c.size, max(size, 1)
	return was
}

// Size is the number of workers, and busy that of those who have a package in hand: more, while a crew is shrinking.
func (c *Crew) Size() (size, busy int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size, c.busy
}

// enter waits until another worker may take a package; false when the run ends before.
func (c *Crew) enter(ctx context.Context, drain <-chan struct{}) bool {
	for !c.admit() {
		select {
		case <-c.changed:
		case <-ctx.Done():
			return false
		case <-drain:
			return false
		}
	}
	return true
}

func (c *Crew) admit() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy >= c.size {
		return false
	}
	c.busy++
	return true
}

func (c *Crew) leave() {
	c.mu.Lock()
	defer c.signal()
	defer c.mu.Unlock()
	c.busy--
}

func (c *Crew) signal() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
