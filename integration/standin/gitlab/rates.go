package gitlab

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// GitLab's two rate limits: Rack::Attack's (lib/gitlab/rack_attack.rb) and the application's (lib/api/helpers/rate_limiter.rb).

type limits struct {
	rack   int64
	period int64 // seconds
	app    int64 // per minute
}

func parseRates(value string) (l limits, err error) {
	if value == "" {
		return l, nil
	}
	for _, word := range strings.Split(value, ",") {
		kind, text, _ := strings.Cut(word, ":")
		count, period, windowed := strings.Cut(text, "/")
		n, bad := strconv.ParseInt(count, 10, 32)
		seconds := int64(60)
		if windowed && bad == nil {
			seconds, bad = strconv.ParseInt(period, 10, 32)
		}
		switch {
		case bad != nil || n < 1 || seconds < 1:
			return l, fmt.Errorf("%q is neither rack:N/SECONDS nor app:N", word)
		case kind == "rack" && windowed:
			l.rack, l.period = n, seconds
		case kind == "app" && !windowed:
			l.app = n
		default:
			return l, fmt.Errorf("%q is neither rack:N/SECONDS nor app:N", word)
		}
	}
	return l, nil
}

// rates counts requests per sender in fixed windows, aligned to multiples of their period.
type rates struct {
	mu   sync.Mutex
	rack window
	app  window
}

type window struct {
	start int64
	seen  map[string]int64
}

// count adds a request and tells how many there were and when the window ends.
func (w *window) count(who string, now, period int64) (seen, end int64) {
	if start := now - now%period; w.seen == nil || start != w.start {
		w.start, w.seen = start, map[string]int64{}
	}
	w.seen[who]++
	return w.seen[who], w.start + period
}

// allow counts a request to a route; false means that it has answered 429.
func (r *rates) allow(s *Server, e *exchange, route string) bool {
	l, err := parseRates(s.modes.get("ratelimit"))
	if err != nil || l == (limits{}) || strings.HasPrefix(route, "registry ") || route == "jwt" {
		return true
	}
	who := e.r.Header.Get("PRIVATE-TOKEN") + e.r.Header.Get("Authorization")
	now := s.clock.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.rack > 0 {
		seen, end := r.rack.count(who, now.Unix(), l.period)
		h := e.w.Header()
		h.Set("RateLimit-Name", "throttle_authenticated_api")
		h.Set("RateLimit-Limit", strconv.FormatInt((l.rack*60+l.period-1)/l.period, 10))
		h.Set("RateLimit-Observed", strconv.FormatInt(seen, 10))
		h.Set("RateLimit-Remaining", strconv.FormatInt(max(l.rack-seen, 0), 10))
		h.Set("RateLimit-Reset", strconv.FormatInt(end, 10))
		if seen > l.rack {
			h.Set("RateLimit-ResetTime", time.Unix(end, 0).UTC().Format(http.TimeFormat))
			h.Set("Retry-After", strconv.FormatInt(end-now.Unix(), 10))
			e.text(http.StatusTooManyRequests, "Retry later\n")
			return false
		}
	}
	if l.app > 0 && (route == "project" || route == "group") {
		if seen, end := r.app.count(who, now.Unix(), 60); seen > l.app {
			e.w.Header().Set("Retry-After", strconv.FormatInt(end-now.Unix(), 10))
			e.json(http.StatusTooManyRequests, map[string]any{"message": map[string]string{
				"error": "This endpoint has been requested too many times. Try again later.",
			}})
			return false
		}
	}
	return true
}
