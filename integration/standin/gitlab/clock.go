package gitlab

import (
	"slices"
	"sync"
	"time"
)

// clock tells a time that can be moved, and runs background work when it is due: GitLab's Sidekiq.
type clock struct {
	run func(task)

	mu     sync.Mutex
	offset time.Duration
	tasks  []task
	wake   chan struct{}
	done   chan struct{}
	ended  sync.WaitGroup
}

// task is one background stage of a package. What stage refuses puts the package in error.
type task struct {
	pkg   *pkg
	stage func() error
	due   time.Time
	held  bool // until the clock is moved by hand
}

func newClock(run func(task)) *clock {
	c := &clock{run: run, wake: make(chan struct{}, 1), done: make(chan struct{})}
	c.ended.Go(c.loop)
	return c
}

func (c *clock) stop() {
	close(c.done)
	c.ended.Wait()
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// later runs t after delay, or in the caller when there is none.
func (c *clock) later(t task, delay time.Duration, held bool) {
	if delay == 0 && !held {
		c.run(t)
		return
	}
	c.mu.Lock()
	t.due, t.held = time.Now().Add(c.offset+delay), held
	c.tasks = append(c.tasks, t)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take removes what is due, with held jobs when they are asked for, and tells how long until the next is.
func (c *clock) take(held bool) (due []task, next time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now().Add(c.offset)
	next = time.Hour
	c.tasks = slices.DeleteFunc(c.tasks, func(t task) bool {
		if t.held && held || !t.held && !t.due.After(now) {
			due = append(due, t)
			return true
		}
		if !t.held {
			next = min(next, t.due.Sub(now))
		}
		return false
	})
	return due, next
}

func (c *clock) loop() {
	for {
		due, next := c.take(false)
		for _, t := range due {
			c.run(t)
		}
		if due != nil {
			continue
		}
		timer := time.NewTimer(next)
		select {
		case <-c.done:
			timer.Stop()
			return
		case <-c.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// move advances the time and runs so many stages of what is due or held; 0 means all of them.
func (c *clock) move(by time.Duration, stages int) (pending int) {
	c.mu.Lock()
	c.offset += by
	c.mu.Unlock()
	for round := 0; stages == 0 || round < stages; round++ {
		due, _ := c.take(true)
		if due == nil {
			break
		}
		for _, t := range due {
			c.run(t)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.tasks)
}
