package dockerhub

// The quota of pulls (docker/docs content/manuals/docker-hub/usage/pulls.md): each GET of a manifest is one, a HEAD is none. The
// headers of both say how many are left, "ratelimit-remaining: 76;w=21600", of a window that rolls: a pull comes back so many
// seconds after it was made. Without the headers there is no limit. What is over is refused with 429.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const (
	// usualWindow is that of a quota whose headers do not say.
	usualWindow = 6 * time.Hour
	longWindow  = 7 * 24 * time.Hour
	// The window rolls, so that nobody can tell when the next pull comes back: the quota is looked at again after a
	// twenty-fourth of it, within these bounds.
	shortestLook, longestLook = time.Minute, 15 * time.Minute
)

// pulls keeps the quota. A pull is reserved before it is sent, so that workers do not overrun it together.
type pulls struct {
	keep int64 // that are left to others

	mu       sync.Mutex
	known    bool // the registry said whether there is a limit
	limited  bool
	left     int64 // of the quota at the least, when all that are under way have been counted
	limit    int64
	window   time.Duration
	whose    string // the account or address that is charged
	underway int
	looking  bool          // somebody asks for the headers
	changed  chan struct{} // closed when a pull or a look has ended; nil: nobody waits
	until    time.Time     // when the quota is looked at again
}

// rate is what the headers of an answer say of the quota.
type rate struct {
	limit, left int64
	window      time.Duration
	whose       string
}

// readRate reads an answer's headers; false where there is no limit.
func readRate(h http.Header) (r rate, ok bool) {
	left, parameters, _ := strings.Cut(h.Get("Ratelimit-Remaining"), ";")
	n, err := strconv.ParseInt(strings.TrimSpace(left), 10, 64)
	if err != nil || n < 0 {
		return rate{}, false
	}
	r = rate{left: n, window: usualWindow, whose: h.Get("Docker-Ratelimit-Source")}
	for parameter := range strings.SplitSeq(parameters, ";") {
		seconds, is := strings.CutPrefix(strings.TrimSpace(parameter), "w=")
		if w, err := strconv.ParseInt(seconds, 10, 64); is && err == nil && w > 0 {
			r.window = time.Duration(min(w, int64(longWindow/time.Second))) * time.Second
		}
	}
	limit, _, _ := strings.Cut(h.Get("Ratelimit-Limit"), ";")
	if n, err := strconv.ParseInt(strings.TrimSpace(limit), 10, 64); err == nil {
		r.limit = n
	}
	return r, true
}

// overQuota tells the refusal of a pull from that of too many requests, which is bare text.
func overQuota(h http.Header) bool {
	return h.Get("Ratelimit-Remaining") != "" || strings.Contains(h.Get("Content-Type"), "json")
}

// heldKey is where a context has its held.
type heldKey struct{}

// held is what one opening of a file holds of the quota, one pull at a time.
type held struct {
	pulls *pulls
	look  func(context.Context) (http.Header, error) // asks for the headers without a pull
	held  bool
}

// holding is ctx for an opening that may need pulls; the opening frees what it holds when it ends.
func (p *pulls) holding(ctx context.Context, look func(context.Context) (http.Header, error)) (context.Context, *held) {
	h := &held{pulls: p, look: look}
	return context.WithValue(ctx, heldKey{}, h), h
}

func (h *held) free() {
	if !h.held {
		return
	}
	h.held = false
	h.pulls.mu.Lock()
	defer h.pulls.mu.Unlock()
	h.pulls.underway--
	h.pulls.tell()
}

// before reserves a pull.
func (p *pulls) before(ctx context.Context) (context.Context, error) {
	h := ctx.Value(heldKey{}).(*held) //nolint:forcetypeassert // Open alone reads manifests, and sets it
	h.free()
	for {
		wait, err := p.reserve(h)
		switch {
		case err != nil:
			return ctx, err
		case h.held:
			return httpx.Quota(ctx, overQuota), nil
		case wait == nil:
			err = p.lookAt(ctx, h)
		default:
			select {
			case <-wait:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if err != nil {
			return ctx, err
		}
	}
}

// reserve takes a pull for h where the quota has one. Else it returns what to wait for, or nothing when the quota is to be
// looked at: when no pull is under way, its headers tell exactly what is left.
func (p *pulls) reserve(h *held) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.known && (!p.limited || p.left-1 >= p.keep):
		p.left--
		p.underway++
		h.held = true
		return nil, nil
	case p.looking, p.known && p.underway > 0:
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		return p.changed, nil
	case p.known && time.Now().Before(p.until):
		return nil, p.spent()
	}
	p.looking = true
	return nil, nil
}

// lookAt asks what is left.
func (p *pulls) lookAt(ctx context.Context, h *held) error {
	header, err := h.look(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looking = false
	p.tell()
	if err != nil {
		return err
	}
	p.known, p.limited = true, false
	p.note(header, 0)
	if p.limited && p.left-1 < p.keep {
		p.until = time.Now().Add(min(max(p.window/24, shortestLook), longestLook))
		return p.spent()
	}
	return nil
}

// after learns from the answer to a pull.
func (p *pulls) after(header http.Header, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(header, 1)
	if refused, ok := quotaRefusal(err); ok {
		p.known, p.limited, p.left = true, true, 0
		p.until = time.Now().Add(min(max(refused.RetryAfter, p.window/24, shortestLook), max(p.window, longestLook)))
	}
}

// note learns from headers. Those of a look, which waits until no pull is under way, are exact; those of the answer to a pull
// may be older than what was pulled meanwhile, and only lower what is left. Its caller holds the lock.
func (p *pulls) note(header http.Header, answered int) {
	r, ok := readRate(header)
	if !ok {
		return
	}
	left := r.left - int64(max(p.underway-answered, 0)) // the others may be counted in it or not
	if p.limited && answered > 0 {
		left = min(left, p.left)
	}
	p.known, p.limited = true, true
	p.left, p.limit, p.window, p.whose = left, r.limit, r.window, r.whose
}

// tell wakes who waits. Its caller holds the lock.
func (p *pulls) tell() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// spent is the error of a quota that is used up. Its caller holds the lock.
func (p *pulls) spent() error {
	of, whose := "", ""
	if p.limit > 0 {
		of = fmt.Sprintf(" of %d", p.limit)
	}
	if p.whose != "" {
		whose = fmt.Sprintf(" (Docker Hub counts for %.100s)", p.whose)
	}
	return fault.Spent(fmt.Errorf("%d%s pulls are left%s and %d are kept; a pull comes back %s after it was made, and the quota is looked at again at %s",
		max(p.left, 0), of, whose, p.keep, p.window, p.until.Format(time.TimeOnly)), p.until)
}

// refused makes the refusal of a pull a quota that is used up.
func (p *pulls) refused(err error) error {
	if _, ok := quotaRefusal(err); !ok {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return fault.Spent(fmt.Errorf("no pull is left until more of the quota comes back, which is looked at again at %s: %w",
		p.until.Format(time.TimeOnly), err), p.until)
}

// quotaRefusal finds the answer that refused a pull for its quota.
func quotaRefusal(err error) (*httpx.StatusError, bool) {
	answer, ok := errors.AsType[*httpx.StatusError](err)
	return answer, ok && answer.Status == http.StatusTooManyRequests && overQuota(answer.Header)
}
