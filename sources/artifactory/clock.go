// The server's time (the Date header of its answers, RFC 9110, section 6.6.1). Every date that Artifactory stores is its own,
// so what changed since a listing can only be asked for in its time.

package artifactory

import (
	"net/http"
	"sync"
	"time"
)

// clock is the latest time that the server told.
type clock struct {
	mu     sync.Mutex
	latest time.Time
}

func (c *clock) see(header http.Header) {
	t, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.latest) {
		c.latest = t.UTC()
	}
}

// time is zero when the server never told it.
func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest
}
