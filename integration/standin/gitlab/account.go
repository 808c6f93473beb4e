package gitlab

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Who am I, and where: GitLab's lib/api/{metadata,projects,groups}.rb, lib/api/entities/{project,group}.rb and
// lib/api/personal_access_tokens/self_information.rb.

func (s *Server) accountRoutes() []route {
	return []route{
		{"GET", "/api/v4/application/plan_limits", "plan limits", s.planLimits},
		{"GET", "/api/v4/metadata", "metadata", s.metadata},
		{"GET", "/api/v4/version", "metadata", s.metadata},
		{"GET", "/api/v4/user", "user", s.user},
		{"GET", "/api/v4/personal_access_tokens/self", "token", s.ownToken},
		{"GET", "/api/v4/projects/:id", "project", s.project},
		{"GET", "/api/v4/groups/:id", "group", s.group},
		{"GET", "/api/v4/groups/:id/projects", "group projects", s.listing(s.groupProjects)},
	}
}

// account identifies the sender of a request that nobody may send anonymously.
func (s *Server) account(e *exchange) (*token, bool) { return s.accountBy(e, acceptAPI) }

func (s *Server) accountBy(e *exchange, a accepts) (*token, bool) {
	who, ok := e.identify(a, false)
	if ok && who == nil {
		e.unauthorized(a)
	}
	return who, ok && who != nil
}

func (s *Server) metadata(e *exchange) {
	if _, ok := s.account(e); !ok {
		return
	}
	version := s.modes.get("version")
	e.json(http.StatusOK, map[string]any{
		"version": version, "revision": "0123456789a", "enterprise": strings.HasSuffix(version, "-ee"),
		"kas": map[string]any{"enabled": false, "externalUrl": nil, "externalK8sProxyUrl": nil, "version": nil},
	})
}

func (s *Server) user(e *exchange) {
	who, ok := s.account(e)
	if !ok {
		return
	}
	name := strings.TrimPrefix(who.name, "standin-")
	e.json(http.StatusOK, map[string]any{
		"id": who.id, "username": name, "name": name, "state": "active", "locked": false, "bot": who.only != "",
		"avatar_url": nil, "web_url": e.base() + "/" + name, "is_admin": who.admin, "email": name + "@users.example",
		"created_at": epoch.Format(timeFormat), "can_create_group": s.modes.on("toplevel"), "can_create_project": false,
	})
}

// epoch is when everything that the stand-in starts with was made.
var epoch = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

func (s *Server) ownToken(e *exchange) {
	who, ok := s.accountBy(e, acceptItself)
	if !ok {
		return
	}
	expires := "2099-01-01"
	if who.name == "standin-ending" {
		expires = s.clock.now().Add(72 * time.Hour).Format(time.DateOnly)
	}
	e.json(http.StatusOK, map[string]any{
		"id": who.id, "name": who.name, "description": nil, "revoked": false, "active": true, "scopes": who.scopes,
		"user_id": who.id, "created_at": epoch.Format(timeFormat), "last_used_at": nil, "expires_at": expires,
	})
}

func (s *Server) project(e *exchange) {
	who, ok := e.identify(acceptAPI, false)
	if !ok {
		return
	}
	s.mu.RLock()
	p := s.projectByID(e.id)
	if p == nil || !who.sees(p) {
		s.mu.RUnlock()
		e.fail(http.StatusNotFound, projectNotFound)
		return
	}
	s.answerProject(e, http.StatusOK, p, who)
	s.mu.RUnlock()
}

// answerProject shows a project. The caller holds the lock.
func (s *Server) answerProject(e *exchange, status int, p *project, who *token) {
	shown := p.shown(e.base(), who)
	s.showImages(e, p, shown)
	e.json(status, shown)
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (p *project) shown(base string, who *token) map[string]any {
	path := lastSegment(p.path)
	shown := map[string]any{
		"id": p.id, "description": nullable(p.description), "name": p.name, "path": path, "path_with_namespace": p.path,
		"name_with_namespace": strings.ReplaceAll(p.group.path, "/", " / ") + " / " + p.name,
		"created_at":          p.created.Format(timeFormat), "web_url": base + "/" + p.path,
		"visibility": p.visibility, "archived": p.archived, "empty_repo": true, "default_branch": "main",
		"container_expiration_policy": p.cleanup.shown(),
		"namespace": map[string]any{
			"id": p.group.id, "name": p.group.name, "path": lastSegment(p.group.path), "kind": "group",
			"full_path": p.group.path, "web_url": base + "/groups/" + p.group.path, "parent_id": p.group.parentID(),
		},
	}
	for _, feature := range features {
		shown[feature+"_access_level"] = p.level(feature)
	}
	for name, feature := range shortcuts {
		shown[name] = p.level(feature) != "disabled"
	}
	if who != nil {
		access := any(nil)
		if role := who.roleIn(p); role > 0 {
			access = map[string]any{"access_level": role, "notification_level": 3}
		}
		shown["permissions"] = map[string]any{"project_access": nil, "group_access": access}
	}
	return shown
}

func (g *group) shown(base string) map[string]any {
	return map[string]any{
		"id": g.id, "name": g.name, "path": lastSegment(g.path), "description": "", "visibility": g.visibility,
		"full_name": strings.ReplaceAll(g.path, "/", " / "), "full_path": g.path, "parent_id": g.parentID(),
		"web_url": base + "/groups/" + g.path, "created_at": epoch.Format(timeFormat),
		"project_creation_level": g.creators, "subgroup_creation_level": g.parents, "archived": false,
	}
}

func (g *group) parentID() any {
	if g.parent == nil {
		return nil
	}
	return g.parent.id
}

// findGroup finds the group of a request; false when it has answered.
func (s *Server) findGroup(e *exchange, a accepts) (*group, *token, bool) {
	who, ok := e.identify(a, false)
	if !ok {
		return nil, nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	g := s.groupByID(e.id)
	if g == nil || !who.seesGroup(g) {
		switch {
		case who == nil && (a.deploy || a.only != 0):
			e.unauthorized(a)
		case a.only != 0 || a == acceptPyPI:
			e.fail(http.StatusNotFound, "404 Not Found")
		default:
			e.fail(http.StatusNotFound, "404 Group Not Found")
		}
		return nil, nil, false
	}
	return g, who, true
}

func (s *Server) group(e *exchange) {
	g, _, ok := s.findGroup(e, acceptAPI)
	if !ok {
		return
	}
	s.mu.RLock()
	shown := g.shown(e.base())
	s.mu.RUnlock()
	e.json(http.StatusOK, shown)
}

// groupProjects lists the projects of a group; with include_subgroups also those below.
func (s *Server) groupProjects(e *exchange) {
	g, who, ok := s.findGroup(e, acceptAPI)
	if !ok {
		return
	}
	query := e.r.URL.Query()
	s.mu.RLock()
	var found []*project
	for _, p := range s.inGroup(g) {
		direct := p.group == g || query.Get("include_subgroups") == "true"
		named := strings.Contains(lastSegment(p.path), query.Get("search"))
		if direct && named && who.sees(p) {
			found = append(found, p)
		}
	}
	if query.Get("sort") != "asc" { // newest first unless asked
		slices.SortFunc(found, func(a, b *project) int { return cmp.Compare(b.id, a.id) })
	}
	from, to, ok := e.page(len(found))
	shown := []any{}
	for _, p := range found[from:to] {
		one := p.shown(e.base(), who)
		s.showImages(e, p, one)
		shown = append(shown, one)
	}
	s.mu.RUnlock()
	if ok {
		e.json(http.StatusOK, shown)
	}
}
