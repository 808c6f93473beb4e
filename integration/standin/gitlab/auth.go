package gitlab

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Who may do what, and how a token may be sent: GitLab's lib/gitlab/auth/auth_finders.rb, the route_setting lines of
// lib/api/*_packages.rb, and app/policies/project_policy.rb.

type tokenKind int

const (
	personal tokenKind = iota
	deploy
	job
)

// The roles, by GitLab's numbers.
const (
	reporter   = 20
	developer  = 30
	maintainer = 40
	owner      = 50
)

type token struct {
	id      int
	kind    tokenKind
	name    string
	role    int // in the groups that the stand-in starts with; 0: member of nothing
	admin   bool
	scopes  []string
	dead    string    // why it is not valid any more
	only    string    // full path of the project that a project access token belongs to
	group   *group    // the one that a deploy token was made for; nil: it reaches every project
	expires time.Time // zero: never
	job     string    // full path of the project whose job a job token belongs to
}

var tokens = func() map[string]*token {
	all := []*token{
		{name: "standin-owner", role: owner, scopes: []string{"api"}},
		{name: "standin-maintainer", role: maintainer, scopes: []string{"api"}},
		{name: "standin-developer", role: developer, scopes: []string{"api"}},
		{name: "standin-reporter", role: reporter, scopes: []string{"api"}},
		{name: "standin-read", role: owner, scopes: []string{"read_api"}},
		{name: "standin-stranger", scopes: []string{"api"}},
		{name: "standin-ending", role: developer, scopes: []string{"api"}},
		{name: "project_1_bot_standin", role: developer, scopes: []string{"api"}, only: Group + "/java-packages"},
		{name: "standin-expired", dead: "Token is expired. You can either do re-authorization or token refresh."},
		{name: "standin-revoked", dead: "Token was revoked. You have to re-authorize from the user."},
		{name: "standin-deploy", kind: deploy, scopes: []string{"read_package_registry", "write_package_registry"}},
		{name: "standin-deploy-read", kind: deploy, scopes: []string{"read_package_registry"}},
		{name: "standin-registry", role: owner, scopes: []string{"read_registry", "write_registry"}},
		{name: "standin-registry-read", role: owner, scopes: []string{"read_registry"}},
		{name: "standin-deploy-images", kind: deploy, scopes: []string{"read_registry", "write_registry"}},
		{name: "standin-deploy-images-read", kind: deploy, scopes: []string{"read_registry"}},
		{name: "standin-admin", role: owner, admin: true, scopes: []string{"api"}},
		{name: "standin-job", kind: job, role: developer, scopes: []string{"api"}, job: "acme/app"},
	}
	byName := make(map[string]*token, len(all))
	for i, t := range all {
		t.id = i + 1
		byName[t.name] = t
	}
	return byName
}()

// accepts is how a route lets tokens be sent.
type accepts struct {
	personalBasic, deploy, deployBasic, job, jobBearer, jobBasic bool
	challenge                                                    bool // a 401 asks for Basic
	query                                                        bool // a POST may be a question
	anyScope                                                     bool // a personal token needs none
	only                                                         places
}

var (
	acceptAPI       = accepts{}
	acceptItself    = accepts{anyScope: true}
	acceptGraphQL   = accepts{query: true}
	acceptInventory = accepts{job: true}
	acceptMaven     = accepts{personalBasic: true, deploy: true, deployBasic: true, job: true, jobBasic: true, challenge: true}
	acceptNPM       = accepts{deploy: true, deployBasic: true, job: true}
	acceptPyPI      = accepts{personalBasic: true, deploy: true, deployBasic: true, jobBearer: true, jobBasic: true, challenge: true}
	acceptGeneric   = accepts{personalBasic: true, deploy: true, deployBasic: true, job: true, challenge: true}
)

// sent is a token as the request carries it.
func (a accepts) sent(e *exchange) (text string, kinds []tokenKind) {
	h := e.r.Header
	switch {
	case h.Get("PRIVATE-TOKEN") != "":
		return h.Get("PRIVATE-TOKEN"), []tokenKind{personal}
	case a.deploy && h.Get("DEPLOY-TOKEN") != "":
		return h.Get("DEPLOY-TOKEN"), []tokenKind{deploy}
	case a.job && h.Get("JOB-TOKEN") != "":
		return h.Get("JOB-TOKEN"), []tokenKind{job}
	}
	if bearer, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); ok {
		kinds = []tokenKind{personal}
		if a.deploy {
			kinds = append(kinds, deploy)
		}
		if a.job || a.jobBearer {
			kinds = append(kinds, job)
		}
		return bearer, kinds
	}
	user, password, ok := e.r.BasicAuth()
	if !ok {
		return "", nil
	}
	if a.personalBasic {
		kinds = append(kinds, personal)
	}
	if a.deployBasic {
		kinds = append(kinds, deploy)
	}
	if user == "gitlab-ci-token" && (a.jobBasic || a == acceptGeneric && !e.writes()) {
		kinds = append(kinds, job)
	}
	if kinds == nil {
		return "", nil // a route that knows no Basic ignores it
	}
	return password, kinds
}

// identify finds whose request it is; nil is anonymous, false means that it has answered. lenient makes a wrong
// password anonymous, as on public projects.
func (e *exchange) identify(a accepts, lenient bool) (*token, bool) {
	if a.only != 0 {
		return e.strictly(a)
	}
	text, kinds := a.sent(e)
	if text == "" {
		return nil, true
	}
	t := e.known(text)
	if t == nil || !slices.Contains(kinds, t.kind) {
		if _, _, basic := e.r.BasicAuth(); basic && lenient {
			return nil, true
		}
		e.unauthorized(a)
		return nil, false
	}
	return t, e.usable(t, a)
}

func (e *exchange) unauthorized(a accepts) {
	if a.challenge {
		e.w.Header().Set("WWW-Authenticate", `Basic realm="GitLab Packages Registry"`)
	}
	e.fail(http.StatusUnauthorized, "401 Unauthorized")
}

// enter finds the project of a request and checks that its sender may do a there; false when it has answered. missing
// is what the route says of a project that is not there.
func (s *Server) enter(e *exchange, accept accepts, a ability, missing string) (*project, *token, bool) {
	return s.enterWhere(e, accept, func(who *token, p *project) bool { return who.may(a, p) && (a != create || !s.full(p)) }, missing)
}

// enterWhere is enter with another rule of who may.
func (s *Server) enterWhere(e *exchange, accept accepts, may func(*token, *project) bool, missing string) (*project, *token, bool) {
	s.mu.RLock()
	p := s.projectByID(e.id)
	public := p != nil && p.visibility == "public"
	s.mu.RUnlock()
	who, ok := e.identify(accept, public && !e.writes())
	if !ok {
		return nil, nil, false
	}
	if who == nil && e.writes() {
		e.unauthorized(accept)
		return nil, nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case p != nil && who.sees(p):
	case who == nil && accept != acceptInventory && accept != acceptAPI:
		e.unauthorized(accept)
		return nil, nil, false
	default:
		e.fail(http.StatusNotFound, missing)
		return nil, nil, false
	}
	if !may(who, p) {
		if who == nil && accept.challenge {
			e.unauthorized(accept)
		} else {
			e.fail(http.StatusForbidden, "403 Forbidden")
		}
		return nil, nil, false
	}
	return p, who, true
}

const projectNotFound = "404 Project Not Found"

// projectByID finds a project by number or by escaped full path; a path of one word is no path.
func (s *state) projectByID(id string) *project {
	id, err := url.PathUnescape(id)
	if err != nil {
		return nil
	}
	if n, err := strconv.Atoi(id); err == nil {
		for _, p := range s.projects {
			if p.id == n {
				return p
			}
		}
		return nil
	}
	return s.projectOf(id)
}

func (s *state) groupByID(id string) *group {
	id, err := url.PathUnescape(id)
	if err != nil {
		return nil
	}
	n, err := strconv.Atoi(id)
	for _, g := range s.groups {
		if err == nil && g.id == n || err != nil && strings.EqualFold(g.path, id) {
			return g
		}
	}
	return nil
}
