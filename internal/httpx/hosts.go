// The limiters: how many requests go to a host, and when.

package httpx

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const defaultConnections = 64

// Hosts holds one limiter per host, shared by all clients and workers of a process.
type Hosts struct {
	mu      sync.Mutex
	known   map[string]*host
	bases   map[string]bool
	servers map[string]*server // by Options.Name

	onPause []func(Pause)
}

// NewHosts makes an empty set.
func NewHosts() *Hosts {
	return &Hosts{known: map[string]*host{}, bases: map[string]bool{}, servers: map[string]*server{}}
}

func (h *Hosts) of(u *url.URL) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := hostPort(u)
	one := h.known[name]
	if one == nil {
		one = newHost(name, h.tell)
		h.known[name] = one
	}
	return one
}

// configure notes that the operator named base's host.
func (h *Hosts) configure(base *url.URL) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bases[hostPort(base)] = true
}

// configured tells whether the operator named u's host.
func (h *Hosts) configured(u *url.URL) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bases[hostPort(u)]
}

// host is the limiter of one host. Requests pass its gate one after the other, so whoever waits there sees every change
// of the limits, and a pause that ends releases no herd.
type host struct {
	name    string
	gate    chan struct{}
	changed chan struct{} // wakes who waits in the gate

	mu          sync.Mutex
	connections int
	limited     bool // connections was configured
	bandwidth   throttle
	own         *rate.Limiter // what the operator allows; never more than one request at a time
	pace        pace
	requests    int64
	answers     [6]int64 // by class of status; 0: none
	active      int
	waiting     int

	sent, received atomic.Int64 // bytes of bodies
	tell           func(Pause)
}

func newHost(name string, tell func(Pause)) *host {
	return &host{
		name: name, gate: make(chan struct{}, 1), changed: make(chan struct{}, 1),
		connections: defaultConnections, own: rate.NewLimiter(rate.Inf, 1), pace: newPace(), tell: tell,
	}
}

// enter waits until a request may go out to the host.
func (h *host) enter(ctx context.Context) (*turn, error) {
	h.wait(1)
	defer h.wait(-1)
	select {
	case h.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-h.gate }()
	for {
		t, wait := h.admit(time.Now())
		if t != nil {
			return t, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-h.changed:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

func (h *host) wait(n int) {
	h.mu.Lock()
	h.waiting += n
	h.mu.Unlock()
}

// admit gives a turn, or says how long to wait before asking again.
func (h *host) admit(now time.Time) (*turn, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.active >= h.connections {
		return nil, math.MaxInt64 // until a turn is given back
	}
	if wait := h.pace.delay(now); wait > 0 {
		return nil, wait
	}
	own := h.own.ReserveN(now, 1)
	if wait := own.DelayFrom(now); wait > 0 {
		own.CancelAt(now)
		return nil, wait
	}
	h.pace.take(now)
	h.requests++
	h.active++
	return &turn{host: h, epoch: h.pace.epoch}, 0
}

func (h *host) wake() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// turn is one request's right to be under way. It is given back at the end of the response's body.
type turn struct {
	host  *host
	epoch int // of the pace when the request went out
	taken atomic.Bool
	left  sync.Once
}

// claim tells once that the turn is still unused.
func (t *turn) claim() bool { return t.taken.CompareAndSwap(false, true) }

func (t *turn) leave() {
	t.left.Do(func() {
		t.host.mu.Lock()
		t.host.active--
		t.host.mu.Unlock()
		t.host.wake()
	})
}

// observe lets the host learn from an answer.
func (t *turn) observe(resp *http.Response) {
	h, now := t.host, time.Now()
	h.mu.Lock()
	before := h.pace.last
	h.pace.observe(resp.StatusCode, resp.Header, now, t.epoch, h.active-1)
	last := h.pace.last
	h.mu.Unlock()
	h.wake()
	if last != before {
		last.Host = h.name
		h.tell(last)
	}
}

// answered counts an answer by its status; 0 is none.
func (t *turn) answered(status int) {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	if class := status / 100; class < len(t.host.answers) {
		t.host.answers[class]++
	}
}
