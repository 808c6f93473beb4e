// What the limiters are doing, for people who look at a running migration and for what keeps a record of it.

package httpx

import (
	"cmp"
	"slices"
	"time"
)

// HostState is what one host's limiter is doing, and has done since the process began.
type HostState struct {
	Host     string // host and port
	Requests int64  // sent
	// Answers counts by class of status: Answers[2] is the 2xx. Answers[0] counts the requests that got none.
	Answers  [6]int64
	Sent     int64 // bytes of requests' bodies
	Received int64 // bytes of responses' bodies
	Active   int   // requests under way, until the end of their bodies
	Waiting  int   // requests that wait for their turn

	Rate        float64 // requests per second that the operator allows; 0: any number
	Bandwidth   int64   // bytes per second that the operator allows; 0: any number
	Connections int     // requests at once
	Speed       float64 // requests per second that the host's own answers allow now; 0: they set no limit
	Limit       int64   // requests in the host's window, as it said last (RateLimit-Limit; GitLab's is that of a minute); 0: it never said
	Left        int64   // requests left in the host's window, as it said last; -1: it never said

	Until  time.Time     // no request goes out before; zero when the host is not paused
	Why    string        // what the host said that led to the pause, as in "429, Retry-After 90"; "" when it is not paused
	Last   Pause         // the newest pause, over or not; zero when there was none
	Pauses int64         // how often it paused
	Paused time.Duration // for how long, all together
}

// Cause is the kind of answer that pauses a host.
type Cause string

// The causes of pauses.
const (
	Refused     Cause = "refused"     // 429
	Unavailable Cause = "unavailable" // 503 with Retry-After
	UsedUp      Cause = "used-up"     // RateLimit-Remaining 0
)

// Pause is a time in which no request goes to a host, because the host asked for it.
type Pause struct {
	Host         string // host and port
	Since, Until time.Time
	Cause        Cause
	Why          string // what the host said, as in "429, Retry-After 90"
}

// States lists the hosts by name.
func (h *Hosts) States() []HostState {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]HostState, 0, len(h.known))
	for _, one := range h.known {
		list = append(list, one.state(time.Now()))
	}
	slices.SortFunc(list, func(a, b HostState) int { return cmp.Compare(a.Host, b.Host) })
	return list
}

// OnPause has f told of every pause from now on, when it begins and again, with the same Since, when it is to last longer. f
// is called by the request that met the pause, from many goroutines at once, and should not take long.
func (h *Hosts) OnPause(f func(Pause)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onPause = append(h.onPause, f)
}

func (h *Hosts) tell(p Pause) {
	h.mu.Lock()
	told := h.onPause
	h.mu.Unlock()
	for _, f := range told {
		f(p)
	}
}

func (h *host) state(now time.Time) HostState {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := HostState{
		Host: h.name, Requests: h.requests, Answers: h.answers, Sent: h.sent.Load(), Received: h.received.Load(),
		Active: h.active, Waiting: h.waiting, Rate: perSecondOf(h.own), Bandwidth: h.bandwidth.bytes(), Connections: h.connections, Speed: h.pace.allowed(now),
		Limit: h.pace.limit, Left: h.pace.left, Last: h.pace.last, Pauses: h.pace.pauses, Paused: h.pace.paused(now),
	}
	if h.pace.last.Until.After(now) {
		s.Until, s.Why = h.pace.last.Until, h.pace.last.Why
	}
	return s
}
