package gitlab

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Which jobs' tokens may use a project: GitLab's lib/api/project_job_token_scope.rb and app/services/ci/job_token_scope.

func (s *Server) jobScopeRoutes() []route {
	const scope = "/api/v4/projects/:id/job_token_scope"
	return []route{
		{"GET", scope, "job token scope", s.readJobScope},
		{"PATCH", scope, "job token scope", s.changeJobScope},
		{"GET", scope + "/allowlist", "job token projects", s.jobProjects},
		{"POST", scope + "/allowlist", "job token projects", s.addJobProject},
		{"GET", scope + "/groups_allowlist", "job token groups", s.jobGroups},
		{"POST", scope + "/groups_allowlist", "job token groups", s.addJobGroup},
	}
}

// administer finds the project of a request whose sender must be its Maintainer; false when it has answered.
func (s *Server) administer(e *exchange) (*project, *token, bool) {
	who, ok := s.account(e)
	if !ok {
		return nil, nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.projectByID(e.id)
	switch {
	case p == nil || !who.sees(p):
		e.fail(http.StatusNotFound, projectNotFound)
	case who.roleIn(p) < maintainer:
		e.fail(http.StatusForbidden, "403 Forbidden")
	default:
		return p, who, true
	}
	return nil, nil, false
}

func (s *Server) readJobScope(e *exchange) {
	p, _, ok := s.administer(e)
	if !ok {
		return
	}
	s.mu.RLock()
	open := p.jobs.open
	s.mu.RUnlock()
	e.json(http.StatusOK, map[string]any{"inbound_enabled": !open, "outbound_enabled": false})
}

func (s *Server) changeJobScope(e *exchange) {
	p, _, ok := s.administer(e)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.required(e, "enabled") {
		return
	}
	enabled := in.text("enabled")
	if enabled != "true" && enabled != "false" {
		e.invalid("enabled is invalid")
		return
	}
	s.mu.Lock()
	p.jobs.open = enabled == "false"
	s.mu.Unlock()
	e.empty(http.StatusNoContent)
}

func (s *Server) jobProjects(e *exchange) {
	p, who, ok := s.administer(e)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := append([]*project{p}, p.jobs.projects...)
	from, to, ok := e.page(len(all))
	if !ok {
		return
	}
	shown := []any{}
	for _, one := range all[from:to] {
		shown = append(shown, one.shown(e.base(), who))
	}
	e.json(http.StatusOK, shown)
}

func (s *Server) jobGroups(e *exchange) {
	p, _, ok := s.administer(e)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	from, to, ok := e.page(len(p.jobs.groups))
	if !ok {
		return
	}
	shown := []any{}
	for _, g := range p.jobs.groups[from:to] {
		shown = append(shown, map[string]any{"id": g.id, "web_url": e.base() + "/groups/" + g.path, "name": g.name})
	}
	e.json(http.StatusOK, shown)
}

// jobTarget reads what is to be added to a project that these routes know by number alone; false when it has answered.
func (s *Server) jobTarget(e *exchange, name string) (p *project, who *token, id int, ok bool) {
	if _, err := strconv.Atoi(e.id); err != nil {
		e.invalid("id is invalid")
		return nil, nil, 0, false
	}
	if p, who, ok = s.administer(e); !ok {
		return nil, nil, 0, false
	}
	in, ok := e.parameters()
	if !ok || !in.required(e, name) {
		return nil, nil, 0, false
	}
	if id = in.number(name); id == 0 {
		e.invalid(name + " is invalid")
		return nil, nil, 0, false
	}
	return p, who, id, true
}

func (s *Server) addJobGroup(e *exchange) {
	p, who, id, ok := s.jobTarget(e, "target_group_id")
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByID(strconv.Itoa(id))
	switch {
	case g == nil:
		e.fail(http.StatusNotFound, "404 target_group_id not found Not Found")
	case !who.seesGroup(g):
		e.bad("The target_group that you are attempting to access does not exist or you don't have permission to perform this action")
	case slices.Contains(p.jobs.groups, g):
		e.bad("This group is already in the job token allowlist.")
	default:
		p.jobs.groups = append(p.jobs.groups, g)
		e.json(http.StatusCreated, map[string]any{"source_project_id": p.id, "target_group_id": g.id})
	}
}

func (s *Server) addJobProject(e *exchange) {
	p, who, id, ok := s.jobTarget(e, "target_project_id")
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	added := s.projectByID(strconv.Itoa(id))
	switch {
	case added == nil:
		e.fail(http.StatusNotFound, "404 target_project_id not found Not Found")
	case !who.sees(added):
		e.bad("The target_project that you are attempting to access does not exist or you don't have permission to perform this action")
	case added == p:
		e.bad(fmt.Sprintf("Validation failed: Target project can't be the same as the source project (%d)", p.id))
	case slices.Contains(p.jobs.projects, added):
		e.bad("This project is already in the job token allowlist.")
	default:
		p.jobs.projects = append(p.jobs.projects, added)
		e.json(http.StatusCreated, map[string]any{"source_project_id": p.id, "target_project_id": added.id})
	}
}
