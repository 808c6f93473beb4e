package gitlab

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// Group is the group that every stand-in starts with.
const Group = "acme/artifact-management"

// projects are those of the default structure.
var projects = []string{
	"java-packages", "node-packages", "python-packages", "docker-images",
	"terraform-modules", "nuget-packages", "generic-packages", "helm-charts",
}

// Server is a GitLab. It is safe for concurrent use.
type Server struct {
	state
	modes   *modes
	clock   *clock
	stats   standin.Stats
	faults  *standin.Faults
	rates   rates
	images  *registry
	routes  []route
	tickets map[string]ticket // of Terraform's files, by their text
	dir     string
	remove  func() error
}

var _ standin.Server = (*Server)(nil)

// New returns a GitLab with the projects of the default structure and, when the seed is a number, so many generic packages.
func New(o standin.Options) (*Server, error) {
	m, err := newModes(o)
	if err != nil {
		return nil, err
	}
	count, err := o.SeedCount(0)
	if err != nil {
		return nil, err
	}
	s := &Server{modes: m, tickets: map[string]ticket{}, faults: standin.NewFaults(o.Faults, o.Random)}
	if s.dir, s.remove, err = o.DataDir(); err != nil {
		return nil, fmt.Errorf("directory for bodies: %w", err)
	}
	if s.images, err = newRegistry(); err != nil {
		return nil, err
	}
	s.clock = newClock(s.work)
	s.routes = s.table()
	s.faults.Refuse = s.refuse
	for _, name := range projects {
		p := s.addProject(Group+"/"+name, o.Mode("visibility", "private"), s.clock.now())
		p.jobs.groups = []*group{s.addGroup("acme")}
	}
	return s, s.seed(count)
}

// seed stores n small generic packages, ten versions of each name, that share one body.
func (s *Server) seed(n int) error {
	b, err := s.receive(strings.NewReader("seeded\n"), -1, 0)
	if err != nil {
		return err
	}
	p := s.projectOf(Group + "/generic-packages")
	for i := range n {
		one := &pkg{
			project: p, format: artifact.Generic, name: fmt.Sprintf("seeded-%d", i/10), version: fmt.Sprintf("1.0.%d", i%10),
			status: statusDefault, created: s.clock.now(),
		}
		s.add(one)
		s.addFile(one, &file{name: "seeded.txt", body: b, sha256: &b.sha256, created: one.created})
	}
	return nil
}

// Ready tells how to reach the stand-in at url.
func (s *Server) Ready(url string) standin.Ready {
	return standin.Ready{Kind: "gitlab", URL: url, Username: "owner", Token: "standin-owner", Group: Group}
}

// Close ends the background work and removes temporary bodies.
func (s *Server) Close() error {
	s.clock.stop()
	return s.remove()
}

// route is a method, a pattern and the name under which its requests are counted. In a pattern ":id" and ":item" match
// one segment and "*" the rest.
type route struct {
	method, pattern, name string
	serve                 func(*exchange)
}

// Where the routes of a project's packages, and those of a group's, begin.
const (
	inProject = "/api/v4/projects/:id/packages"
	inGroup   = "/api/v4/groups/:id/-/packages"
)

// table holds every route; of those that match, the first serves.
func (s *Server) table() []route {
	return slices.Concat(
		s.accountRoutes(), s.structureRoutes(), s.jobScopeRoutes(), s.protectionRoutes(), s.deployTokenRoutes(),
		s.mavenRoutes(), s.genericRoutes(), s.npmRoutes(), s.pypiRoutes(), s.nugetRoutes(), s.helmRoutes(), s.terraformRoutes(), s.objectStoreRoutes(),
		s.inventoryRoutes(), s.controlRoutes(),
		s.imageRoutes(), s.imageRuleRoutes(), s.jwtRoutes(), s.registryStoreRoutes(),
	)
}

// listing, download and upload let the faults of their stages strike a route.
func (s *Server) listing(f func(*exchange)) func(*exchange)  { return s.faulty(f, standin.List) }
func (s *Server) download(f func(*exchange)) func(*exchange) { return s.faulty(f, standin.Read) }
func (s *Server) upload(f func(*exchange)) func(*exchange) {
	return s.faulty(f, standin.Write, standin.Stored)
}

// faulty lets faults strike a route, the first stage outermost.
func (s *Server) faulty(f func(*exchange), stages ...string) func(*exchange) {
	return func(e *exchange) {
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner := *e
			inner.w, inner.r = w, r
			f(&inner)
		})
		for i := len(stages) - 1; i >= 0; i-- {
			h = s.faults.Wrap(stages[i], h)
		}
		h.ServeHTTP(e.w, e.r)
	}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{w: w, r: r, known: s.tokenOf}
	if strings.HasPrefix(r.URL.Path, "/api/") && e.registryToken() {
		s.stats.Foreign()
	}
	one := s.find(e)
	switch {
	case one == nil:
		s.stats.Request(r.Method, "unknown")
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
	case one.name == "":
		one.serve(e)
	default:
		s.stats.Request(r.Method, one.name)
		if s.rates.allow(s, e, one.name) {
			s.stats.Measure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				e.w, e.r = w, r
				one.serve(e)
			})).ServeHTTP(w, r)
		}
	}
}

// find returns the route of a request and fills in what its pattern matched; nil when there is none.
func (s *Server) find(e *exchange) *route {
	if found, ours := s.registryRoute(e); ours {
		return found
	}
	method := e.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(e.r.URL.EscapedPath(), "/")
	for i := range s.routes {
		if s.routes[i].method == method && s.routes[i].match(segments, e) {
			return &s.routes[i]
		}
	}
	return nil
}

func (r *route) match(segments []string, e *exchange) bool {
	e.id, e.item, e.rest = "", "", ""
	pattern := strings.Split(r.pattern, "/")
	for i, want := range pattern {
		if i >= len(segments) {
			return false
		}
		switch got := segments[i]; {
		case want == "*":
			e.rest = strings.Join(segments[i:], "/")
			return e.rest != ""
		case got == "":
			if want != "" {
				return false
			}
		case want == ":id":
			e.id = got
		case want == ":item":
			e.item = got
		case want != got:
			return false
		}
	}
	return len(segments) == len(pattern)
}

// refuse words a status fault as GitLab does.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int) {
	e := &exchange{w: w, r: r}
	switch {
	case strings.HasPrefix(r.URL.Path, "/v2/"):
		s.refuseRegistry(e, status)
	case r.URL.Path == jwtPath && status == http.StatusUnauthorized:
		e.accessDenied()
	case status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
		e.text(status, "Retry later\n")
	default:
		e.fail(status, fmt.Sprintf("%d %s", status, http.StatusText(status)))
	}
}

// dump tells every stored file row.
func (s *Server) dump(e *exchange) {
	s.mu.RLock()
	lines := s.lines()
	s.mu.RUnlock()
	e.w.Header().Set("Content-Type", "application/x-ndjson")
	_ = standin.WriteDump(e.w, lines)
}
