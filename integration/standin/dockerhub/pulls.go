package dockerhub

// The quota of pulls: docker/docs content/manuals/docker-hub/usage/pulls.md. The GET of a manifest is a pull, a HEAD is
// none; who was given how many in the last hours stands in the headers of both.

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/standin/registry"
)

// pulls is what was charged to whom.
type pulls struct {
	mu    sync.Mutex
	spent map[string][]spending
}

type spending struct {
	at   time.Time
	cost int64
}

// left is what somebody has left of a limit in the window that ends now, and when the first of what was spent comes back.
func (p *pulls) left(who string, now time.Time, window time.Duration, limit int64) (left int64, refill time.Time) {
	p.spent[who] = slices.DeleteFunc(p.spent[who], func(s spending) bool { return !s.at.After(now.Add(-window)) })
	left = limit
	for _, one := range p.spent[who] {
		left -= one.cost
	}
	if len(p.spent[who]) > 0 {
		refill = p.spent[who][0].at.Add(window)
	}
	return max(left, 0), refill
}

// pull charges the GET of a manifest and sets the headers of a quota; false when it has answered.
func (s *Server) pull(w http.ResponseWriter, r *http.Request, _ registry.Call, m registry.Manifest) bool {
	bearer := r.Header.Get("Authorization")[len("Bearer "):] // allow has seen it
	token, _ := s.keys.verify(bearer, registryAudience, s.clock.now())
	limit, who := s.modes.number("quota"), token.Subject.Name
	if who == "" {
		limit = s.modes.number("quota.anonymous")
	}
	if limit == 0 {
		return true
	}
	cost := int64(0)
	if r.Method == http.MethodGet {
		cost = s.cost(m)
	}
	now, window := s.clock.now(), s.modes.duration("quota.window")
	s.pulls.mu.Lock()
	defer s.pulls.mu.Unlock()
	left, refill := s.pulls.left(who, now, window, limit)
	over := cost > 0 && left == 0
	if cost > 0 && !over {
		s.pulls.spent[who] = append(s.pulls.spent[who], spending{now, cost})
		left = max(left-cost, 0)
		for range cost {
			s.stats.Request("PULL", "charged")
		}
	}
	s.tellQuota(w, r, who, limit, left, window)
	if over {
		if s.modes.on("quota.retry") {
			w.Header().Set("Retry-After", strconv.FormatInt(int64(refill.Sub(now)/time.Second)+1, 10))
		}
		s.overQuota(w, who)
	}
	return !over
}

func (s *Server) tellQuota(w http.ResponseWriter, r *http.Request, who string, limit, left int64, window time.Duration) {
	h, seconds := w.Header(), int64(window/time.Second)
	h.Set("Ratelimit-Limit", fmt.Sprintf("%d;w=%d", limit, seconds))
	h.Set("Ratelimit-Remaining", fmt.Sprintf("%d;w=%d", left, seconds))
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	switch kind := s.modes.get("quota.source"); {
	case kind == "none" && who != "":
		return
	case kind == "id" && who != "":
		source = accountID(who)
	}
	h.Set("Docker-Ratelimit-Source", source)
}

// accountID is an account's, made of its name.
func accountID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// cost is how many pulls the GET of a manifest is.
func (s *Server) cost(m registry.Manifest) int64 {
	how := s.modes.get("quota.count")
	if !types.MediaType(m.MediaType).IsIndex() || how == "each" {
		return 1
	}
	if how == "images" {
		return 0
	}
	var index v1.IndexManifest
	if json.Unmarshal(m.Body, &index) != nil {
		return 1
	}
	architectures := map[string]bool{}
	for _, one := range index.Manifests {
		if one.Platform != nil {
			architectures[one.Platform.Architecture] = true
		}
	}
	return int64(max(len(architectures), 1))
}

// overQuota refuses a pull.
func (s *Server) overQuota(w http.ResponseWriter, who string) {
	message := "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
	if who != "" {
		message = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit"
	}
	registry.FailAs(w, http.StatusTooManyRequests, registry.Problem{Code: "TOOMANYREQUESTS", Message: message})
}
