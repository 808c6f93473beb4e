package npmjs

// Addresses of an npm registry (npm/registry docs/REGISTRY-API.md). A scoped name is one segment with an escaped slash,
// or two segments.

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"pkgferry/integration/standin"
)

// route finds what a request asks for. What is under "/-/" belongs to the registry, all else to a package.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	switch {
	case strings.HasPrefix(path, "/_standin/"):
		s.control(w, r)
	case strings.HasPrefix(path, "/-/"):
		s.service(w, r, strings.Split(path[len("/-/"):], "/"))
	default:
		s.packages(w, r)
	}
}

// service answers what is under "/-/".
func (s *Server) service(w http.ResponseWriter, r *http.Request, path []string) {
	for i := range path {
		path[i], _ = url.PathUnescape(path[i])
	}
	last := len(path) - 1
	serve := func(route string, f http.HandlerFunc) {
		s.stats.Request(r.Method, route)
		s.Faults.Wrap(standin.List, f).ServeHTTP(w, r)
	}
	switch kind := path[0]; {
	case kind == "ping" && last == 0:
		serve("ping", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, object{}) })
	case kind == "whoami" && last == 0:
		serve("whoami", s.whoami)
	case kind == "user" && last == 1 && r.Method == http.MethodPut:
		serve("login", s.login)
	case (kind == "org" || kind == "user") && last == 2 && path[2] == "package":
		serve(kind, func(w http.ResponseWriter, r *http.Request) { s.listed(w, r, kind, path[1]) })
	case kind == "org" && last == 2 && (path[2] == "team" || path[2] == "user"):
		serve("org "+path[2], func(w http.ResponseWriter, r *http.Request) { s.organisation(w, r, path[1], path[2]) })
	case kind == "team" && last == 3 && (path[3] == "package" || path[3] == "user"):
		serve("team "+path[3], func(w http.ResponseWriter, r *http.Request) { s.team(w, r, path[1], path[2], path[3]) })
	case !s.verdaccio && strings.Join(path, "/") == "npm/v1/keys":
		serve("keys", s.keys)
	case !s.verdaccio && strings.HasPrefix(strings.Join(path, "/"), "npm/v1/attestations/"):
		serve("attestations", func(w http.ResponseWriter, r *http.Request) { s.attestations(w, r, strings.Join(path[3:], "/")) })
	case kind == "v1" && last == 1 && path[1] == "search":
		serve("search", s.search)
	case s.verdaccio && kind == "all" && last == 0:
		serve("all", s.all)
	case s.verdaccio && strings.Join(path, "/") == "verdaccio/data/packages":
		serve("web", s.web)
	case kind == "package" && last >= 2:
		s.ofPackage(w, r, path[1:], serve)
	default:
		serve("unknown", func(w http.ResponseWriter, r *http.Request) {
			send(w, http.StatusNotFound, object{"code": "ResourceNotFound", "message": r.URL.Path + " does not exist"})
		})
	}
}

// ofPackage answers what is under "/-/package/".
func (s *Server) ofPackage(w http.ResponseWriter, r *http.Request, path []string, serve func(string, http.HandlerFunc)) {
	name, rest := escaped(path)
	switch {
	case len(rest) > 0 && rest[0] == "dist-tags":
		s.tagged(w, r, name, rest[1:])
	case len(rest) == 1 && (rest[0] == "visibility" || rest[0] == "collaborators"):
		serve(rest[0], func(w http.ResponseWriter, r *http.Request) { s.about(w, r, name, rest[0]) })
	default:
		serve("unknown", notFound)
	}
}

// packages answers documents, manifests, tarballs and publishing.
func (s *Server) packages(w http.ResponseWriter, r *http.Request) {
	name, rest := splitPath(r.URL.EscapedPath())
	route, stage, serve := "unknown", standin.List, http.HandlerFunc(notFound)
	switch {
	case r.Method == http.MethodPut && len(rest) == 0:
		route, stage, serve = "publish", standin.Write, func(w http.ResponseWriter, r *http.Request) { s.publish(w, r, name) }
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
	case len(rest) == 0 && name != "":
		route, serve = "packument", func(w http.ResponseWriter, r *http.Request) { s.document(w, r, name) }
	case len(rest) == 1:
		route, serve = "manifest", func(w http.ResponseWriter, r *http.Request) { s.manifestOf(w, r, name, rest[0]) }
	case len(rest) == 2 && rest[0] == "-":
		route, stage, serve = "tarball", standin.Read, func(w http.ResponseWriter, r *http.Request) { s.tarball(w, r, name, rest[1]) }
	}
	s.stats.Request(r.Method, route)
	handler := s.Faults.Wrap(stage, serve)
	if stage == standin.Write {
		handler = s.Faults.Wrap(standin.Stored, handler)
	}
	handler.ServeHTTP(w, r)
}

// splitPath takes a package's name off an escaped path.
func splitPath(path string) (name string, rest []string) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := range segments {
		segments[i], _ = url.PathUnescape(segments[i])
	}
	return escaped(segments)
}

type object = map[string]any

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusNotFound, object{"error": "Not found"})
}

// refuse answers as the network in front of npm's public registry does: "too many requests" is a page for people, and
// its Retry-After means nothing.
func refuse(w http.ResponseWriter, _ *http.Request, status int) {
	if status != http.StatusTooManyRequests {
		send(w, status, object{"error": http.StatusText(status)})
		return
	}
	w.Header().Set("Retry-After", "0")
	page(w, status, "Access denied: error 1015, you are being rate limited")
}
