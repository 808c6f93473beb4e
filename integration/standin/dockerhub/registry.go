package dockerhub

// The registry: what is Docker Hub's own about it. The rest is package registry's.

import (
	"errors"
	"net/http"
	"strings"

	"pkgferry/integration/standin/registry"
)

func (s *Server) serveRegistry(w http.ResponseWriter, r *http.Request) {
	if _, _, basic := r.BasicAuth(); basic {
		s.stats.Foreign() // it belongs to the token service
	}
	g := registry.Registry{
		Store: s.store, Allow: s.allow, Pull: s.pull, Stats: &s.stats, Faults: s.Faults,
		EmptyKnown: s.modes.get("empty") == "list",
	}
	pages := int(s.modes.number("tags.page"))
	switch s.modes.get("tags") {
	case "all":
		g.Tags.Whole = true
	case "link":
		g.Tags = registry.Paging{Max: pages}
	case "absolute":
		g.Tags = registry.Paging{Max: pages, Link: registry.LinkAbsolute}
	case "none":
		g.Tags = registry.Paging{Max: pages, Link: registry.LinkNone}
	}
	if s.modes.get("referrers") == "on" {
		g.Referrers = &registry.Paging{}
	}
	if s.modes.get("cdn") == "on" {
		g.Redirect = func(_ *http.Request, c registry.Call) string {
			return s.network().Address(s.base(cdnRole), c.Reference)
		}
	}
	g.ServeHTTP(w, r)
}

// allow checks the token of a request, which the registry has counted.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, c registry.Call) bool {
	s.trigger(r.Method + " " + c.Route)
	bearer, sent := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !sent {
		s.challenge(w, c, "")
		return false
	}
	token, err := s.keys.verify(bearer, registryAudience, s.clock.now())
	switch {
	case errors.Is(err, errForeign):
		s.stats.Foreign()
		s.challenge(w, c, "invalid_token")
	case err != nil:
		s.challenge(w, c, "invalid_token")
	case c.Repository == "" && s.modes.get("v2") == "401":
		s.challenge(w, c, "insufficient_scope")
	case c.Repository != "" && !token.allows(c.Repository, "pull"):
		s.challenge(w, c, "insufficient_scope")
	default:
		return true
	}
	return false
}

// scopeRecord is an action that a request needs, as the registry spells it.
type scopeRecord struct{ Type, Name, Action string }

// challenge tells where the token is to be had, and for what.
func (s *Server) challenge(w http.ResponseWriter, c registry.Call, failure string) {
	text := `Bearer realm="` + s.base(authRole) + `/token",service="` + service + `"`
	var records any
	if c.Repository != "" {
		text += `,scope="repository:` + c.Repository + `:pull"`
		records = []scopeRecord{{"repository", c.Repository, "pull"}}
	}
	if failure != "" {
		text += `,error="` + failure + `"`
	}
	w.Header().Set("Www-Authenticate", text)
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	registry.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", records)
}

// network is the CDN as the modes want it now.
func (s *Server) network() *registry.CDN {
	cdn := *s.cdn
	cdn.Lifetime, cdn.NoRanges = s.modes.duration("cdn.lifetime"), !s.modes.on("cdn.ranges")
	return &cdn
}

func (s *Server) serveCDN(w http.ResponseWriter, r *http.Request) {
	s.trigger(r.Method + " cdn")
	s.network().ServeHTTP(w, r)
}

// isManifest tells whether a request to the registry asks for a manifest.
func isManifest(r *http.Request) bool { return strings.Contains(r.URL.Path, "/manifests/") }
