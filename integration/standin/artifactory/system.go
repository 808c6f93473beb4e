package artifactory

import (
	"net/http"
	"strings"
)

// only serves one method under a read lock, with HEAD beside GET; other methods are not part of this imitation.
func (s *Server) only(method string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if head := method == http.MethodGet && r.Method == http.MethodHead; r.Method != method && !head {
			w.Header().Set("Allow", "OPTIONS, HEAD, "+method)
			refuse(w, http.StatusMethodNotAllowed, "")
			return
		}
		s.mu.RLock()
		defer s.mu.RUnlock()
		next(w, r)
	})
}

// system serves /api/system: ping for everybody, version for who signs in or anonymously.
func (s *Server) system(w http.ResponseWriter, r *http.Request, what string) {
	switch {
	case what == "ping":
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("OK"))
	case accountOf(r).anonymous() && !s.modes.anonymous:
		challenge(w, unauthorized)
	case what == "version":
		s.version(w)
	default:
		refuse(w, http.StatusNotFound, "")
	}
}

func (s *Server) version(w http.ResponseWriter) {
	var revision strings.Builder
	for i, part := range strings.Split(s.modes.version, ".") {
		if len(part) == 1 && i > 0 {
			revision.WriteString("0")
		}
		revision.WriteString(part)
	}
	revision.WriteString("900")
	addons, license := list{}, any(nil)
	switch s.modes.edition {
	case "pro", "expired":
		addons, license = list{"aql", "build", "docker", "ha", "helm", "npm", "nuget", "properties", "pypi", "rest", "search", "vcs"}, "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4"
	case "jcr":
		addons = list{"docker", "helm"}
	}
	answer(w, "application/vnd.org.jfrog.artifactory.system.Version+json", object{
		{"version", s.modes.version}, {"revision", revision.String()}, {"addons", addons}, {"license", license},
	})
}

// answer writes JSON that nobody may keep.
func answer(w http.ResponseWriter, mediaType string, value any) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(pretty(value))
}
