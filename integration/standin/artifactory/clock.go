package artifactory

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

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// stamp is a time as the database keeps it: in milliseconds.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// date is a time as JSON shows it, in the server's zone.
func (s *Server) date(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.In(s.modes.zone).Format(dateForm)
}

// dateForm is ISO 8601 with milliseconds.
const dateForm = "2006-01-02T15:04:05.000Z07:00"
