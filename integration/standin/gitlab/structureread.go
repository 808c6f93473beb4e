package gitlab

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Reading groups and their members: GitLab's lib/api/{groups,members}.rb.

// listGroups lists the groups that the sender sees, by name.
func (s *Server) listGroups(e *exchange) { s.showGroups(e, func(*group) bool { return true }) }

// subgroups lists the groups directly below one.
func (s *Server) subgroups(e *exchange) {
	if of, _, ok := s.findGroup(e, acceptAPI); ok {
		s.showGroups(e, func(g *group) bool { return g.parent == of })
	}
}

func (s *Server) showGroups(e *exchange, takes func(*group) bool) {
	who, ok := e.identify(acceptAPI, false)
	if !ok {
		return
	}
	query := e.r.URL.Query()
	search := strings.ToLower(query.Get("search"))
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := slices.DeleteFunc(slices.Clone(s.groups), func(g *group) bool {
		named := strings.Contains(strings.ToLower(g.name), search) || strings.Contains(strings.ToLower(lastSegment(g.path)), search)
		return !named || !takes(g) || !who.seesGroup(g) || query.Get("top_level_only") == "true" && g.parent != nil
	})
	slices.SortStableFunc(found, func(a, b *group) int { return strings.Compare(a.name, b.name) })
	if query.Get("sort") == "desc" {
		slices.Reverse(found)
	}
	from, to, ok := e.page(len(found))
	if !ok {
		return
	}
	shown := []any{}
	for _, g := range found[from:to] {
		shown = append(shown, g.shown(e.base()))
	}
	e.json(http.StatusOK, shown)
}

func (s *Server) groupMember(e *exchange) {
	g, _, ok := s.findGroup(e, acceptAPI)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	e.member(func(t *token) int { return t.roleInGroup(g) })
}

func (s *Server) projectMember(e *exchange) {
	who, ok := e.identify(acceptAPI, false)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.projectByID(e.id)
	if p == nil || !who.sees(p) {
		e.fail(http.StatusNotFound, projectNotFound)
		return
	}
	e.member(func(t *token) int { return t.roleIn(p) })
}

// member answers with the user of a request and the role that user has, inherited ones included.
func (e *exchange) member(role func(*token) int) {
	id, err := strconv.Atoi(e.item)
	if err != nil {
		e.invalid("user_id is invalid")
		return
	}
	for _, t := range tokens {
		if t.id == id && t.kind == personal && role(t) > 0 {
			name := strings.TrimPrefix(t.name, "standin-")
			e.json(http.StatusOK, map[string]any{
				"id": t.id, "username": name, "name": name, "state": "active", "web_url": e.base() + "/" + name,
				"access_level": role(t), "created_at": epoch.Format(timeFormat), "expires_at": nil,
			})
			return
		}
	}
	e.fail(http.StatusNotFound, "404 Not found")
}
