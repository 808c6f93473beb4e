package dockerhub

// The API: docker/docs content/reference/api/hub/latest.yaml, with the shapes that it has on the wire.

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"pkgferry/integration/standin"
)

// call is a request to the API whose sender is known.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	who  subject
	args []string // what the route's pattern matched
}

// hubRoutes is searched in order. A final slash makes no difference.
var hubRoutes = []struct {
	name    string
	methods string
	path    *regexp.Regexp
	serve   func(*Server, *call)
}{
	{"hub token", "POST", hubPath(`/v2/auth/token`), (*Server).authToken},
	{"hub login", "POST", hubPath(`/v2/users/login`), (*Server).login},
	{"hub 2fa", "POST", hubPath(`/v2/users/2fa-login`), (*Server).secondFactor},
	{"hub orgs", "GET", hubPath(`/v2/user/orgs`), (*Server).orgs},
	{"hub namespaces", "GET", hubPath(`/v2/repositories/namespaces`), legacy((*Server).namespaces)},
	{"hub repositories", "GET HEAD", hubPath(`/v2/namespaces/([^/]+)/repositories`), (*Server).listRepositories},
	{"hub repository", "GET HEAD", hubPath(`/v2/namespaces/([^/]+)/repositories/([^/]+)`), (*Server).oneRepository},
	{"hub tags", "GET HEAD", hubPath(`/v2/namespaces/([^/]+)/repositories/([^/]+)/tags`), (*Server).listTags},
	{"hub tag", "GET HEAD", hubPath(`/v2/namespaces/([^/]+)/repositories/([^/]+)/tags/([^/]+)`), (*Server).oneTag},
	{"hub repositories", "GET", hubPath(`/v2/repositories/([^/]+)`), legacy((*Server).legacyRepositories)},
	{"hub repositories", "GET", hubPath(`/v2/users/([^/]+)/repositories`), legacy((*Server).legacyRepositories)},
	{"hub repository", "GET HEAD", hubPath(`/v2/repositories/([^/]+)/([^/]+)`), legacy((*Server).oneRepository)},
	{"hub tags", "GET HEAD", hubPath(`/v2/repositories/([^/]+)/([^/]+)/tags`), legacy((*Server).listTags)},
	{"hub tag", "GET HEAD", hubPath(`/v2/repositories/([^/]+)/([^/]+)/tags/([^/]+)`), legacy((*Server).oneTag)},
}

func hubPath(pattern string) *regexp.Regexp { return regexp.MustCompile(`^` + pattern + `/?$`) }

// legacy refuses the access tokens of organizations at the older paths.
func legacy(serve func(*Server, *call)) func(*Server, *call) {
	return func(s *Server, c *call) {
		if c.who.Org {
			fail(c.w, http.StatusForbidden, "token issued from organization access token is not allowed", nil)
			return
		}
		serve(s, c)
	}
}

func (s *Server) serveHub(w http.ResponseWriter, r *http.Request) {
	for _, route := range hubRoutes {
		match := route.path.FindStringSubmatch(r.URL.Path)
		if match == nil {
			continue
		}
		s.count(r, route.name)
		who, known := s.caller(r)
		switch {
		case !s.limited(w, who):
		case s.modes.on("softblock"):
			notFound(w, nil)
		case !known:
			unauthorized(w)
		case !strings.Contains(route.methods, r.Method):
			fail(w, http.StatusMethodNotAllowed, "method not allowed", nil)
		default:
			c := &call{w, r, who, match[1:]}
			s.Faults.Wrap(standin.List, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.w, c.r = w, r
				route.serve(s, c)
			})).ServeHTTP(w, r)
		}
		return
	}
	s.count(r, "hub other")
	http.NotFound(w, r)
}

// caller reads a request's token; false when it is not good. What is meant for another role counts as foreign.
func (s *Server) caller(r *http.Request) (subject, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return subject{}, true
	}
	kind, token, _ := strings.Cut(header, " ")
	if kind == "Bearer" || kind == "JWT" {
		c, err := s.keys.verify(token, hubAudience, s.clock.now())
		if err == nil {
			return c.Subject, true
		}
		if _, of := s.keys.verify(token, registryAudience, s.clock.now()); !errors.Is(of, errForeign) {
			s.stats.Foreign()
		}
	}
	return subject{}, false
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("Www-Authenticate", "Bearer")
	fail(w, http.StatusUnauthorized, "unauthorized", nil)
}

func notFound(w http.ResponseWriter, info object) {
	fail(w, http.StatusNotFound, "object not found", info)
}

// limited tells the limit of requests, and counts one; false when it has answered.
func (s *Server) limited(w http.ResponseWriter, who subject) bool {
	limit := s.modes.number("api.limit")
	if limit == 0 {
		return true
	}
	now := s.clock.now()
	left := s.api.take(who.Name, now, limit)
	h := w.Header()
	h.Set("X-Ratelimit-Limit", strconv.FormatInt(limit, 10))
	h.Set("X-Ratelimit-Remaining", strconv.FormatInt(max(left, 0), 10))
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(reset(now).Unix(), 10))
	if left < 0 {
		s.overLimit(w)
	}
	return left >= 0
}

// overLimit refuses a request to the API until the minute is over.
func (s *Server) overLimit(w http.ResponseWriter) {
	now := s.clock.now()
	switch how := s.modes.get("api.retry"); how {
	case "Retry-After":
		w.Header().Set(how, strconv.Itoa(int(reset(now).Sub(now).Seconds())+1))
	case "X-Retry-After":
		w.Header().Set(how, strconv.FormatInt(reset(now).Unix(), 10))
	}
	send(w, http.StatusTooManyRequests, struct {
		Detail string `json:"detail"`
		Error  bool   `json:"error"`
	}{"Rate limit exceeded", false})
}
