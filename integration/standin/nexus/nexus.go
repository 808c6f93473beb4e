// Package nexus imitates Sonatype Nexus Repository 3: the REST API under /service/rest/v1 (its own
// /service/rest/swagger.json), content under /repository/NAME/PATH and registries under /repository/NAME/v2/, in three eras:
// OrientDB (to 3.70), SQL with Elasticsearch (to 3.87) and SQL alone. It answers reads only, as the source code of
// sonatype/nexus-public does; writes are made by POST /_standin/mutate.
//
// Modes: era=orient|sqlA|sqlB (default sqlB), page=10|100 (10 is the size until 3.73), version, edition, context=/path,
// anonymous=on|off, signin=limited (block a user after failed sign-ins), docker=basic|bearer (what a registry asks for),
// manifests=children|all (which manifests have an asset under their digest: those without a tag, or all), usage=over (a
// Community Edition over its limits fetches nothing for proxies), odd=true (also hold what no target takes as it is: names
// that GitLab refuses, files outside Maven's layout, one name in two repositories), formats=maven2+raw (what a numeric seed
// consists of: of maven2, raw, npm, pypi, nuget, helm and docker those that are named).
package nexus

import (
	"net/http"
	"strings"
	"sync"

	"pkgferry/integration/standin"
)

// The accounts, which share one password. Username may browse, read and administer everything, Reader browse and read, Blind
// read alone, and Outsider nothing.
const (
	Username = "migration"
	Reader   = "reader"
	Blind    = "blind"
	Outsider = "outsider"
	Password = "nexus-standin-password"
)

// Server is one imitated Nexus.
type Server struct {
	// Faults may be changed while the server runs.
	Faults *standin.Faults

	release   release
	context   string // "" or "/path"
	anonymous bool
	bearer    bool    // registries ask for a token
	manifests bool    // every manifest has an asset under its digest
	over      bool    // usage is over its limits
	signin    *signin // nil: not limited
	stats     standin.Stats

	mu     sync.RWMutex // guards the content
	store  *store
	frozen bool // nothing may be changed
	days   int  // how many working days have passed
}

var _ standin.Server = (*Server)(nil)

// New makes a server with the content that o.Seed asks for.
func New(o standin.Options) (*Server, error) {
	if err := o.CheckModes("era", "page", "version", "edition", "context", "anonymous", "signin", "odd", "docker", "manifests", "usage", "formats"); err != nil {
		return nil, err
	}
	release, err := newRelease(o)
	if err != nil {
		return nil, err
	}
	s := &Server{Faults: standin.NewFaults(o.Faults, o.Random), release: release, store: newStore()}
	s.Faults.Refuse = s.refuse
	if context := strings.Trim(o.Mode("context", ""), "/"); context != "" {
		s.context = "/" + context
	}
	defaultAnonymous := "on"
	if release.era == sqlB {
		defaultAnonymous = "off"
	}
	s.anonymous = o.Mode("anonymous", defaultAnonymous) == "on"
	s.bearer, s.manifests, s.over = o.Mode("docker", "") == "bearer", o.Mode("manifests", "") == "all", o.Mode("usage", "") == "over"
	if o.Mode("signin", "") == "limited" {
		s.signin = &signin{failed: map[string]int{}}
	}
	return s, s.seed(o)
}

// Ready tells how to reach the server.
func (s *Server) Ready(url string) standin.Ready {
	return standin.Ready{Kind: "nexus", URL: url + s.context, Username: Username, Password: Password}
}

// Close has nothing to end or remove.
func (s *Server) Close() error { return nil }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/_standin/"); ok {
		s.control(w, r, rest)
		return
	}
	w.Header().Set("Server", s.release.server())
	w.Header().Set("X-Content-Type-Options", "nosniff")
	path, ok := strings.CutPrefix(path, s.context)
	if !ok {
		http.NotFound(w, r)
		return
	}
	rest, isREST := strings.CutPrefix(path, "/service/rest/")
	handler, route := http.Handler(http.HandlerFunc(http.NotFound)), "other"
	switch content, isContent := strings.CutPrefix(path, "/repository/"); {
	case isREST:
		handler, route = s.rest(rest)
	case isContent:
		handler, route = s.content(content), "" // counts for itself
	case path == "/v2/token":
		handler, route = http.HandlerFunc(s.dockerTokens), "token"
	case strings.HasPrefix(path, "/v2/") && s.release.minor >= 96:
		handler, route = s.byPath(strings.TrimPrefix(path, "/v2/")), "" // counts for itself
	}
	if route != "" {
		s.stats.Request(r.Method, route)
	}
	s.stats.Measure(s.authenticated(handler)).ServeHTTP(w, r)
}
