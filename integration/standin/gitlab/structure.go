package gitlab

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// Making groups and projects: GitLab's lib/api/{groups,projects}.rb, app/services/{groups,projects}/create_service.rb and
// app/services/projects/update_service.rb. Moving and renaming are left out.

func (s *Server) structureRoutes() []route {
	return []route{
		{"POST", "/api/v4/projects", "projects", s.createProject},
		{"PUT", "/api/v4/projects/:id", "project", s.updateProject},
		{"GET", "/api/v4/groups", "groups", s.listing(s.listGroups)},
		{"POST", "/api/v4/groups", "groups", s.createGroup},
		{"GET", "/api/v4/groups/:id/subgroups", "subgroups", s.listing(s.subgroups)},
		{"GET", "/api/v4/groups/:id/members/all/:item", "group member", s.groupMember},
		{"GET", "/api/v4/projects/:id/members/all/:item", "project member", s.projectMember},
	}
}

func (s *Server) createGroup(e *exchange) {
	who, ok := s.account(e)
	if !ok {
		return
	}
	p, ok := e.parameters()
	if !ok || !p.required(e, "name", "path") || !p.valid(e, "visibility", openness...) ||
		!p.valid(e, "project_creation_level", projectCreators...) || !p.valid(e, "subgroup_creation_level", "owner", "maintainer") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var parent *group
	if p.text("parent_id") != "" {
		if parent = s.groupByID(p.text("parent_id")); parent == nil || !who.seesGroup(parent) {
			e.fail(http.StatusNotFound, "404 Group Not Found")
			return
		}
	}
	if parent == nil && !s.modes.on("toplevel") || parent != nil && !who.mayCreateGroup(parent) {
		e.fail(http.StatusForbidden, "403 Forbidden")
		return
	}
	made := &group{
		parent: parent, path: p.text("path"), name: p.text("name"), visibility: cmp.Or(p.text("visibility"), "private"),
		creators: cmp.Or(p.text("project_creation_level"), "developer"),
		parents:  cmp.Or(p.text("subgroup_creation_level"), "maintainer"),
		members:  map[string]int{who.name: owner}, settings: map[string]any{},
	}
	if f := s.checkGroup(made); f.any() {
		e.fail(http.StatusBadRequest, "Failed to save group "+f.ruby())
		return
	}
	if parent != nil {
		made.path = parent.path + "/" + made.path
	}
	made.id = s.nextID()
	s.groups = append(s.groups, made)
	e.json(http.StatusCreated, made.shown(e.base()))
}

// checkGroup judges a group that is to be made; its path is the last segment still.
func (s *Server) checkGroup(g *group) (f failures) {
	reserved, full, ancestors := reservedTop, g.path, 0
	for at := g.parent; at != nil; at = at.parent {
		ancestors++
	}
	if g.parent != nil {
		reserved, full = reservedBelow, g.parent.path+"/"+g.path
	}
	f.checkName(g.name, groupName, groupNaming)
	for _, one := range s.groups {
		if g.parent != nil && one.parent == g.parent && one.name == g.name {
			f.add("name", taken)
			break
		}
	}
	f.checkPath(g.path, groupEnding, reserved)
	if len(g.path) == 1 {
		f.add("path", "is too short (minimum is 2 characters)")
	}
	if s.occupied(full) {
		f.add("path", taken)
	}
	if ancestors > maxAncestors {
		f.add("parent_id", "has too deep level of nesting")
	}
	if g.parent != nil && more(g.visibility, g.parent.visibility) {
		f.add("visibility_level", fmt.Sprintf("%s is not allowed since the parent group has a %s visibility.", g.visibility, g.parent.visibility))
	}
	return f
}

func (s *Server) createProject(e *exchange) {
	who, ok := s.account(e)
	if !ok {
		return
	}
	p, ok := e.parameters()
	switch {
	case !ok:
		return
	case p.text("name") == "" && p.text("path") == "":
		e.invalid("name, path are missing, at least one parameter must be provided")
		return
	case !p.levels(e):
		return
	case p.text("namespace_id") == "":
		e.json(http.StatusForbidden, map[string]any{"error": []string{
			"You cannot create projects in your personal namespace. Contact your GitLab administrator.",
		}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByID(p.text("namespace_id"))
	if g == nil || !who.mayCreateProject(g) {
		e.json(http.StatusBadRequest, map[string]any{"message": map[string]any{"namespace": []string{"is not valid"}}})
		return
	}
	name, path := p.text("name"), p.text("path")
	if path == "" {
		path = strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	}
	name = cmp.Or(name, path)
	f := s.checkProject(g, name, path)
	f.checkCleanup(p.object("container_expiration_policy_attributes"))
	if f.any() {
		e.json(http.StatusBadRequest, map[string]any{"message": f.messages})
		return
	}
	visibility := cmp.Or(p.text("visibility"), "private")
	if more(visibility, g.visibility) {
		visibility = g.visibility
	}
	made := s.addProject(g.path+"/"+path, visibility, s.clock.now())
	made.name = name
	made.set(p)
	s.answerProject(e, http.StatusCreated, made, who)
}

// checkProject judges a project that is to be made.
func (s *Server) checkProject(g *group, name, path string) (f failures) {
	f.checkName(name, projectName, projectNaming)
	for _, one := range s.projects {
		if one.group == g && one.name == name {
			f.add("project_namespace.name", taken)
			f.add("name", taken)
		}
	}
	f.checkPath(path, endingMessage, reservedBelow)
	if s.occupied(g.path + "/" + path) {
		f.add("path", taken)
	}
	return f
}

func (s *Server) updateProject(e *exchange) {
	who, ok := s.account(e)
	if !ok {
		return
	}
	p, ok := e.parameters()
	if !ok || !p.levels(e) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.projectByID(e.id)
	name, f := p.text("name"), failures{}
	switch {
	case one == nil || !who.sees(one):
		e.fail(http.StatusNotFound, projectNotFound)
		return
	case who.roleIn(one) < maintainer || p.text("visibility") != "" && who.roleIn(one) < owner:
		e.fail(http.StatusForbidden, "403 Forbidden")
		return
	case !p.changes():
		e.invalid("name, description, visibility are missing, at least one parameter must be provided")
		return
	case name != "" && name != one.name:
		f = s.checkProject(one.group, name, "fine")
	}
	if more(p.text("visibility"), one.group.visibility) {
		f.add("visibility_level", fmt.Sprintf("%s is not allowed in a %s group.", p.text("visibility"), one.group.visibility))
	}
	f.checkCleanup(p.object("container_expiration_policy_attributes"))
	if f.any() {
		e.json(http.StatusBadRequest, map[string]any{"message": f.messages})
		return
	}
	if name != "" {
		one.name = name
	}
	if p.text("visibility") != "" {
		one.visibility = p.text("visibility")
	}
	one.set(p)
	s.answerProject(e, http.StatusOK, one, who)
}
