// What a host's answers allow: RFC 6585, section 4 (429), RFC 9110, section 10.2.3 (Retry-After), and GitLab:
// doc/administration/settings/user_and_ip_rate_limits.md (RateLimit-*).

package httpx

import (
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

const (
	longestPause  = 10 * time.Minute // at a time; then one request asks again
	shortestPause = 2 * time.Second  // after a refusal that does not say how long; doubled at each further one. Limits.Pause may be longer
	slowest       = rate.Limit(0.2)  // a learned speed never goes below
	fastest       = rate.Limit(500)  // a learned speed above is no limit any more
	telling       = 8                // so many requests before a refusal tell a speed; fewer are chance
)

// pace is what a host's own answers allow: a pause, and a speed. Its owner guards it.
type pace struct {
	last   Pause         // the newest pause, without its host
	pauses int64         // so many began
	rested time.Duration // in the pauses before the last
	limit  int64         // of the server's window, as it said last; 0: it never did
	left   int64         // of the server's window, as it said last; -1: it never did

	speed   *rate.Limiter
	window  time.Time  // the speed holds until then; zero: until further notice
	learned bool       // the speed was found by trial: the server refuses without saying what it allows
	refusal rate.Limit // the speed at which the server refused; 0: it refused before there was one

	epoch   int           // counts the pauses, so that answers to requests from before one are told apart
	strikes int           // refusals in a row that did not say how long
	least   time.Duration // the pause after the first of them
	since   time.Time
	sent    int // requests since then, in this epoch
}

func newPace() pace {
	return pace{speed: rate.NewLimiter(rate.Inf, 1), least: shortestPause, left: -1}
}

// delay is how long the next request has to wait; 0: not at all.
func (p *pace) delay(now time.Time) time.Duration {
	if wait := p.last.Until.Sub(now); wait > 0 {
		return wait
	}
	if !p.window.IsZero() && !now.Before(p.window) {
		p.free()
	}
	r := p.speed.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	r.CancelAt(now)
	if wait > 0 && !p.window.IsZero() {
		wait = min(wait, p.window.Sub(now))
	}
	return wait
}

func (p *pace) free() {
	p.speed.SetLimit(rate.Inf)
	p.window, p.learned, p.refusal = time.Time{}, false, 0
}

// take counts a request that goes out.
func (p *pace) take(now time.Time) {
	p.speed.AllowN(now, 1)
	if p.sent == 0 {
		p.since = now
	}
	p.sent++
}

// observe learns from an answer to a request of an epoch, while others are under way.
func (p *pace) observe(status int, header http.Header, now time.Time, epoch, others int) {
	s := readSignals(header, now)
	if s.limit > 0 {
		p.limit = s.limit
	}
	if s.remaining >= 0 {
		p.left = s.remaining
	}
	switch {
	case status == http.StatusTooManyRequests:
		p.refused(s, status, header, now, epoch)
		return
	case status == http.StatusServiceUnavailable && s.retryAfter > 0:
		p.pause(now, s.retryAfter, Unavailable, "503, Retry-After "+header.Get("Retry-After"))
		return
	case s.remaining == 0 && s.reset > 0:
		p.pause(now, s.reset, UsedUp, "RateLimit-Remaining 0, RateLimit-Reset "+s.resetSaid)
		return
	case s.remaining > 0 && s.reset > 0:
		p.spread(now, s, others)
	case p.learned && status < 400 && epoch == p.epoch:
		p.faster(now)
	}
	if status < 500 && epoch == p.epoch {
		p.strikes = 0
	}
}

// refused answers a 429. Requests that were under way when the pause began are refused along with the first one: they
// may make the pause longer, but they are no further strike.
func (p *pace) refused(s signals, status int, header http.Header, now time.Time, epoch int) {
	wait := max(s.retryAfter, 0)
	why := fmt.Sprintf("%d, Retry-After %s", status, first(header, "Retry-After", "X-Retry-After"))
	if wait == 0 && s.reset > 0 {
		wait, why = s.reset, fmt.Sprintf("%d, RateLimit-Reset %s", status, s.resetSaid)
	}
	if wait == 0 {
		if epoch != p.epoch {
			return
		}
		wait, why = min(longestPause, p.least<<min(p.strikes, 8)), fmt.Sprintf("%d, without a time", status)
		p.strikes++
		p.slower(now)
	}
	p.pause(now, wait, Refused, why)
}

// pause leaves the host alone from now on; a pause that is not over only becomes longer.
func (p *pace) pause(now time.Time, wait time.Duration, cause Cause, why string) {
	until := now.Add(min(wait, longestPause))
	switch over := !p.last.Until.After(now); {
	case over:
		p.rested = p.paused(now)
		p.pauses++
		p.last = Pause{Since: now, Until: until, Cause: cause, Why: short(why)}
	case until.After(p.last.Until):
		p.last.Until, p.last.Cause, p.last.Why = until, cause, short(why)
	}
	p.epoch++
	p.sent = 0
}

// paused is the time spent in pauses up to now.
func (p *pace) paused(now time.Time) time.Duration {
	end := p.last.Until
	if end.After(now) {
		end = now
	}
	return p.rested + end.Sub(p.last.Since)
}

// allowed is the speed in requests per second; 0: any.
func (p *pace) allowed(now time.Time) float64 {
	if !p.window.IsZero() && !now.Before(p.window) {
		return 0
	}
	return perSecondOf(p.speed)
}

func perSecondOf(l *rate.Limiter) float64 {
	if l.Limit() == rate.Inf {
		return 0
	}
	return float64(l.Limit())
}

// spread makes what is left of the window last to its end, with a little to spend at once.
func (p *pace) spread(now time.Time, s signals, others int) {
	left := float64(s.remaining - int64(others)) // those under way are counted against it, too
	left = max(left, 0.5)
	p.learned = false
	p.window = now.Add(s.reset)
	p.speed.SetLimitAt(now, rate.Limit(left/s.reset.Seconds()))
	p.speed.SetBurstAt(now, max(1, int(left/10)))
}

// slower halves the speed at which the refusal came.
func (p *pace) slower(now time.Time) {
	seconds := max(now.Sub(p.since).Seconds(), 1)
	speed := rate.Limit(float64(p.sent) / seconds / 2)
	if p.sent >= telling {
		p.refusal = 2 * speed
	}
	if p.learned {
		speed = min(speed, p.speed.Limit()/2)
	}
	p.learned, p.window = true, time.Time{}
	p.speed.SetLimitAt(now, max(speed, slowest))
	p.speed.SetBurstAt(now, 1)
}

// faster feels its way up again: by a quarter per accepted request while it is far from where the server refused, and
// by a fiftieth from half of that on.
func (p *pace) faster(now time.Time) {
	speed := p.speed.Limit() * 1.25
	if p.refusal > 0 && speed > p.refusal/2 {
		speed = p.speed.Limit() * 1.02
	}
	if speed > fastest {
		p.free()
		return
	}
	p.speed.SetLimitAt(now, speed)
}
