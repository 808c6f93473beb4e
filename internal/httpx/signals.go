// Rate limit headers: RFC 9110, section 10.2.3 (Retry-After), draft-ietf-httpapi-ratelimit-headers, and GitLab:
// doc/administration/settings/user_and_ip_rate_limits.md.

package httpx

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// signals is what the rate limit headers of one answer say.
type signals struct {
	retryAfter time.Duration // Retry-After; 0 when absent, in the past or unreadable
	limit      int64         // requests in the window; 0 when not said
	remaining  int64         // requests left in the window; -1 when not said
	reset      time.Duration // until the window ends; 0 when not said or past
	resetSaid  string        // the header as it came, for people
}

// farthest is the longest time that a header may ask for; more is nonsense or hostile.
const farthest = 24 * time.Hour

// unixTimes is where numbers stop being seconds from now and start being Unix times.
const unixTimes = 500_000_000

// readSignals understands Retry-After (seconds, HTTP date) and RateLimit-Remaining and -Reset with or without an X-
// before them, the reset as Unix time (GitLab, Docker Hub) or as seconds (the IETF draft). Times are taken against the
// server's own Date, so that a clock that is off does not matter.
func readSignals(header http.Header, now time.Time) signals {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	s := signals{remaining: -1}
	s.retryAfter = readWait(first(header, "Retry-After", "X-Retry-After"), now)
	if n, ok := number(first(header, "RateLimit-Remaining", "X-RateLimit-Remaining")); ok {
		s.remaining = n
	}
	if n, ok := number(first(header, "RateLimit-Limit", "X-RateLimit-Limit")); ok {
		s.limit = n
	}
	s.resetSaid = first(header, "RateLimit-Reset", "X-RateLimit-Reset")
	s.reset = readWait(s.resetSaid, now)
	if s.reset == 0 {
		s.reset = readWait(header.Get("RateLimit-ResetTime"), now)
	}
	return s
}

func first(header http.Header, names ...string) string {
	for _, name := range names {
		if value := header.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// readWait reads seconds, a Unix time, or an HTTP date.
func readWait(text string, now time.Time) time.Duration {
	var wait time.Duration
	if n, ok := number(text); ok {
		switch {
		case n >= unixTimes:
			wait = farthest
			if n-now.Unix() < int64(farthest/time.Second) {
				wait = time.Unix(n, 0).Sub(now)
			}
		default:
			wait = time.Duration(min(n, int64(farthest/time.Second))) * time.Second
		}
	} else if at, err := http.ParseTime(strings.TrimSpace(text)); err == nil {
		wait = at.Sub(now)
	}
	return max(0, min(wait, farthest))
}

// number reads the whole number before any parameters, as in "76;w=21600".
func number(text string) (int64, bool) {
	text, _, _ = strings.Cut(text, ";")
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return n, err == nil && n >= 0
}
