package npmjs

// What an organisation, its teams and a user have: npm/api-documentation api/{access,org,team}.yaml, and npm/cli
// workspaces/libnpmaccess, libnpmorg and libnpmteam where that says otherwise. Every list is one flat document.

import (
	"net/http"
	"strings"
)

// teams are the organisation's. Every organisation has developers, which new packages are given to; @acme/cli was taken
// from it, so that no team reaches it.
var teams = map[string]func(name string) bool{
	"developers": func(name string) bool { return name != "@acme/cli" },
	"design":     func(name string) bool { return name == "@acme/ui" },
}

// members are who belongs to the organisation, and as what.
func (s *Server) members() object { return object{Username: s.modes.get("role"), "olga": "owner"} }

// listed answers /-/org/{org}/package and /-/user/{user}/package: an object from name to permission.
func (s *Server) listed(w http.ResponseWriter, r *http.Request, kind, owner string) {
	if !s.granted(w, r, s.modes.get("org")) {
		return
	}
	if (kind == "org") != (owner == scope) {
		send(w, http.StatusNotFound, object{"error": "Scope not found"})
		return
	}
	blind := kind == "org" && s.modes.is("role", "developer")
	names := s.permissions(func(name string) bool {
		return owns(owner, name) && (!blind || teams["developers"](name) || teams["design"](name))
	})
	if len(names) == 0 && kind == "user" {
		send(w, http.StatusNotFound, object{"error": "User not found"})
		return
	}
	send(w, http.StatusOK, names)
}

// permissions are the names that has lets in, with the words that the mode asks for.
func (s *Server) permissions(has func(string) bool) object {
	vocabulary := map[string][]string{
		"read-write": {"read-only", "read-write"}, "write": {"read", "write"}, "mixed": {"read-only", "write", "read", "read-write"},
	}[s.modes.get("permissions")]
	names := object{}
	for name := range s.names {
		if has(name) && !s.vanished(name) {
			names[name] = vocabulary[len(name)%len(vocabulary)]
		}
	}
	return names
}

// organisation answers /-/org/{org}/team and /-/org/{org}/user.
func (s *Server) organisation(w http.ResponseWriter, r *http.Request, org, what string) {
	if !s.granted(w, r, s.modes.get("teams")) {
		return
	}
	switch {
	case org != scope:
		send(w, http.StatusNotFound, object{"error": "Scope not found"})
	case what == "team":
		names := []string{}
		for team := range teams {
			names = append(names, scope+":"+team)
		}
		send(w, http.StatusOK, names)
	default:
		send(w, http.StatusOK, s.members())
	}
}

// team answers /-/team/{org}/{team}/package and …/user.
func (s *Server) team(w http.ResponseWriter, r *http.Request, org, team, what string) {
	if !s.granted(w, r, s.modes.get("teams")) {
		return
	}
	reaches, ok := teams[team]
	switch {
	case org != scope || !ok:
		send(w, http.StatusNotFound, object{"error": "Team not found"})
	case what == "user":
		send(w, http.StatusOK, []string{Username})
	default:
		send(w, http.StatusOK, s.permissions(func(name string) bool { return owns(scope, name) && reaches(name) }))
	}
}

// about answers /-/package/{name}/visibility and …/collaborators.
func (s *Server) about(w http.ResponseWriter, r *http.Request, name, what string) {
	p := s.snapshot(name)
	switch {
	case !s.granted(w, r, "ok"):
	case s.hidden(w, r, name):
	case p == nil:
		notFound(w, r)
	case what == "collaborators":
		send(w, http.StatusOK, object{Username: s.permissions(func(one string) bool { return one == name })[name]})
	case s.modes.is("visibility", "flag"):
		send(w, http.StatusOK, object{"public": !s.isPrivate(name)})
	default:
		word := "public"
		if s.isPrivate(name) {
			word = "private"
		}
		send(w, http.StatusOK, object{name: word})
	}
}

// escaped puts the two halves of a scoped name together that came as segments of their own.
func escaped(path []string) (name string, rest []string) {
	if strings.HasPrefix(path[0], "@") && !strings.Contains(path[0], "/") && len(path) > 1 {
		return path[0] + "/" + path[1], path[2:]
	}
	return path[0], path[1:]
}
