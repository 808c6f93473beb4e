// A budget of requests for each day.

package httpx

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"pkgferry/internal/fault"
)

// Daily is how many requests a server gets in a day of UTC's calendar, retries and the hops of redirects at the server
// itself included. When they are used up, requests fail with fault.Spent until the next day begins, and nothing is sent. It is
// safe for concurrent use, and may be shared by clients. A nil Daily allows everything.
type Daily struct {
	limit int
	now   func() time.Time

	mu   sync.Mutex
	day  string // "2006-01-02"
	used int    // of that day
	told int    // how many of them keep knows of
	keep func(ctx context.Context, day string, used int) error
}

// NewDaily is a budget of so many requests a day.
func NewDaily(limit int) *Daily { return &Daily{limit: limit, now: time.Now} }

// share is the part of a budget that is noted at once, before it is used: who is killed loses no more of the day.
const share = 100

// Resume adds what earlier processes used of a day, "2006-01-02".
func (d *Daily) Resume(day string, used int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begin(d.now()); day == d.day {
		d.used += used
	}
}

// Keep has keep told from now on how many requests of a day will have been made at most, before they are: a hundredth of the
// budget at a time. Its error ends the request, marked fault.Stop.
func (d *Daily) Keep(keep func(ctx context.Context, day string, used int) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keep, d.told = keep, 0
}

// Settle tells keep how many requests there were, when no more will follow.
func (d *Daily) Settle(ctx context.Context) error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keep == nil || d.day == "" {
		return nil
	}
	return d.keep(ctx, d.day, d.used)
}

// take is one request.
func (d *Daily) take(ctx context.Context) error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begin(d.now())
	if d.used >= d.limit {
		midnight, _ := time.Parse(time.DateOnly, d.day) // begin wrote it
		until := midnight.AddDate(0, 0, 1)
		return fault.Spent(fmt.Errorf("the %d requests that requests_per_day allows for %s (UTC) are used up", d.limit, d.day), until)
	}
	if d.keep != nil && d.used >= d.told {
		told := min(d.limit, d.used+max(1, d.limit/share))
		if err := d.keep(ctx, d.day, told); err != nil {
			return fault.Stop(fmt.Errorf("the requests of the day can not be noted: %w", err))
		}
		d.told = told
	}
	d.used++
	return nil
}

// begin begins another day. A clock that goes back gives no second budget.
func (d *Daily) begin(now time.Time) {
	if day := now.UTC().Format(time.DateOnly); day > d.day {
		d.day, d.used, d.told = day, 0, 0
	}
}

// charge takes a request to the server itself out of its budget.
func (c *Client) charge(req *http.Request) error {
	if !sameOrigin(req.URL, c.o.Base) {
		return nil
	}
	return c.o.Daily.take(req.Context())
}

// Left is how many requests of the day are left.
func (d *Daily) Left() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begin(d.now())
	return d.limit - d.used
}
