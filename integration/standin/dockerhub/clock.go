package dockerhub

import (
	"sync"
	"time"
)

// clock tells a time that can be moved.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += by
}

// windows count requests in fixed windows of a minute. The zero value is ready.
type windows struct {
	mu    sync.Mutex
	start time.Time
	count map[string]int64
}

const minute = time.Minute

// take counts a request of somebody, and returns how many are left of limit: below 0 when it is one too many.
func (w *windows) take(who string, now time.Time, limit int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if start := now.Truncate(minute); !start.Equal(w.start) {
		w.start, w.count = start, map[string]int64{}
	}
	w.count[who]++
	return limit - w.count[who]
}

// reset is when the present window ends.
func reset(now time.Time) time.Time { return now.Truncate(minute).Add(minute) }
