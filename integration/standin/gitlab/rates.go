package gitlab

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// GitLab's two rate limits: Rack::Attack's (lib/gitlab/rack_attack.rb) and the application's (lib/api/helpers/rate_limiter.rb).

type limits struct {
	rack     throttle // of every request, or of those that are no packages'
	packages throttle // of the packages' alone, where it is set
	app      int64    // per minute
}

// throttle is a number of requests in a window of so many seconds; the zero value is none.
type throttle struct{ count, period int64 }

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
			return l, fmt.Errorf("%q is none of rack:N/SECONDS, packages:N/SECONDS and app:N", word)
		case kind == "rack" && windowed:
			l.rack = throttle{n, seconds}
		case kind == "packages" && windowed:
			l.packages = throttle{n, seconds}
		case kind == "app" && !windowed:
			l.app = n
		default:
			return l, fmt.Errorf("%q is none of rack:N/SECONDS, packages:N/SECONDS and app:N", word)
		}
	}
	return l, nil
}

// rates counts requests per sender in fixed windows, aligned to multiples of their period.
type rates struct {
	mu                  sync.Mutex
	rack, packages, app window
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

// packagesPath is what Rack::Attack takes for a request to a package registry (lib/gitlab/regex/packages.rb); the lists of
// packages and of their files are none.
var packagesPath = regexp.MustCompile(`^/api/v\d+/(projects/[^/]+/|groups?/[^/]+/-/)?packages/[A-Za-z]+`)

// sender is whose requests are counted together.
func (e *exchange) sender() (who string, known bool) {
	for _, name := range []string{"PRIVATE-TOKEN", "DEPLOY-TOKEN", "JOB-TOKEN", "X-NuGet-ApiKey", "Authorization"} {
		if value := e.r.Header.Get(name); value != "" {
			return value, true
		}
	}
	return "", false
}

// allow counts a request to a route; false means that it has answered 429.
func (r *rates) allow(s *Server, e *exchange, route string) bool {
	l, err := parseRates(s.modes.get("ratelimit"))
	if err != nil || l == (limits{}) || strings.HasPrefix(route, "registry ") || route == "jwt" || route == "store" {
		return true
	}
	who, known := e.sender()
	now := s.clock.now().Unix()
	r.mu.Lock()
	defer r.mu.Unlock()
	name, limit, seen := "api", l.rack, &r.rack
	if l.packages.count > 0 && packagesPath.MatchString(e.r.URL.EscapedPath()) {
		name, limit, seen = "packages_api", l.packages, &r.packages
	}
	name = "throttle_authenticated_" + name
	if !known {
		name = strings.Replace(name, "authenticated", "unauthenticated", 1)
	}
	if limit.count > 0 && !e.throttled(name, limit, seen, who, now) {
		return false
	}
	if l.app > 0 && (route == "project" || route == "group") {
		if seen, end := r.app.count(who, now, 60); seen > l.app {
			e.w.Header().Set("Retry-After", strconv.FormatInt(end-now, 10))
			e.json(http.StatusTooManyRequests, map[string]any{"message": map[string]string{
				"error": "This endpoint has been requested too many times. Try again later.",
			}})
			return false
		}
	}
	return true
}

// throttled counts a request and tells what is left; false means that it has answered 429.
func (e *exchange) throttled(name string, limit throttle, in *window, who string, now int64) bool {
	seen, end := in.count(who, now, limit.period)
	h := e.w.Header()
	h.Set("RateLimit-Name", name)
	h.Set("RateLimit-Limit", strconv.FormatInt((limit.count*60+limit.period-1)/limit.period, 10))
	h.Set("RateLimit-Observed", strconv.FormatInt(seen, 10))
	h.Set("RateLimit-Remaining", strconv.FormatInt(max(limit.count-seen, 0), 10))
	h.Set("RateLimit-Reset", strconv.FormatInt(end, 10))
	if seen <= limit.count {
		return true
	}
	h.Set("RateLimit-ResetTime", time.Unix(end, 0).UTC().Format(http.TimeFormat))
	h.Set("Retry-After", strconv.FormatInt(end-now, 10))
	e.text(http.StatusTooManyRequests, "Retry later\n")
	return false
}
