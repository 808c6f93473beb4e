// Package artifactory imitates JFrog Artifactory as far as a migration reads it: repositories, AQL, the storage API, downloads
// with their redirects to a store elsewhere, and the package APIs of npm, PyPI, NuGet, Helm and Docker. It goes by the
// sources of Artifactory OSS 6.20 and the documentation of 7.x; where the two leave open what a server does, a mode says it.
// It answers reads only; writes are made by POST /_standin/mutate. Help has the modes and the accounts.
package artifactory

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"pkgferry/integration/standin"
)

// Server is one imitated Artifactory.
type Server struct {
	// Faults may be changed while the server runs.
	Faults *standin.Faults

	modes   modes
	context string // "" or "/path"
	stats   standin.Stats
	clock   clock
	store   *foreignStore // nil: downloads are not redirected
	slots   chan struct{} // of AQL queries at once; nil: as many as one likes

	signedIn atomic.Int64 // requests with good credentials
	shuffles atomic.Int64 // queries without an order

	downloads counts

	mu      sync.RWMutex // guards what follows
	content *content
	shifts  int // how often rows may still move between two pages
	summary *summary
}

var _ standin.Server = (*Server)(nil)

// New makes a server with the content that o.Seed asks for.
func New(o standin.Options) (*Server, error) {
	m, err := readModes(o)
	if err != nil {
		return nil, err
	}
	s := &Server{Faults: standin.NewFaults(o.Faults, o.Random), modes: m, context: m.context, shifts: m.shifts}
	s.Faults.Refuse = s.fail
	if m.parallel > 0 {
		s.slots = make(chan struct{}, m.parallel)
	}
	if err := s.seed(o); err != nil {
		return nil, err
	}
	if m.redirect >= 0 {
		if s.store, err = openStore(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Ready tells how to reach the server.
func (s *Server) Ready(url string) standin.Ready {
	return standin.Ready{Kind: "artifactory", URL: url + s.context, Username: Username, Password: Password, Token: ReferenceToken(Username)}
}

// Stats are the counts so far.
func (s *Server) Stats() standin.Counts { return s.stats.Counts() }

// Close ends the store that downloads are redirected to.
func (s *Server) Close() error {
	if s.store == nil {
		return nil
	}
	return s.store.close()
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(path, s.context), "/_standin/"); ok {
		s.control(w, r, rest)
		return
	}
	w.Header().Set("Date", s.clock.now().UTC().Format(http.TimeFormat))
	if rest, ok := strings.CutPrefix(path, "/v2/"); ok && s.modes.dockerPath {
		s.stats.Measure(s.authenticated(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.atRoot(w, r, rest) }))).ServeHTTP(w, r)
		return
	}
	path, ok := strings.CutPrefix(path, s.context+"/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Server", "Artifactory/"+s.modes.version)
	w.Header().Set("X-Artifactory-Id", "6c1d0f8a116b1c1f:-0a6c1d0f:18f3e5c1f0e:-8000")
	w.Header().Set("X-Artifactory-Node-Id", "standin-0")
	handler, route := s.route(path)
	if route != "" { // a query counts itself once it is known what it asks for
		s.stats.Request(r.Method, route)
	}
	s.stats.Measure(s.authenticated(handler)).ServeHTTP(w, r)
}

// route finds what serves an escaped path below the context, and its name in the statistics.
func (s *Server) route(path string) (http.Handler, string) {
	api, isAPI := strings.CutPrefix(path, "api/")
	if !isAPI {
		return s.Faults.Wrap(standin.Read, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.download(w, r, path) })), "content"
	}
	first, rest, _ := strings.Cut(api, "/")
	switch first {
	case "system":
		return s.only(http.MethodGet, func(w http.ResponseWriter, r *http.Request) { s.system(w, r, rest) }), "system"
	case "repositories":
		return s.Faults.Wrap(standin.List, s.only(http.MethodGet, func(w http.ResponseWriter, r *http.Request) { s.repositories(w, r, rest) })), "repositories"
	case "storageinfo":
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.storageInfo(w, r, rest) }), "storageinfo"
	case "storage":
		return s.Faults.Wrap(standin.List, s.only(http.MethodGet, func(w http.ResponseWriter, r *http.Request) { s.storage(w, r, rest) })), "storage"
	}
	if api == "search/aql" {
		return http.HandlerFunc(s.aql), ""
	}
	if key, path, ok := strings.Cut(rest, "/v2"); ok && slices.Contains(imageTypes, first) && !strings.Contains(key, "/") {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.registry(w, r, first, key, path) }), ""
	}
	return s.packageAPI(first, rest)
}
