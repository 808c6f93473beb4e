package gitlab

import "strings"

// What protects images: GitLab's app/models/container_registry/protection/{rule,tag_rule}.rb.

// roles are the access levels that a rule may ask for; nobody here is an administrator.
var roles = map[string]int{"maintainer": maintainer, "owner": owner, "admin": owner + 1}

// pathRule protects repositories whose path matches; "" asks for nothing.
type pathRule struct {
	id            int
	pattern       string
	push, destroy string
}

// tagRule protects tags whose name matches. One that names no role makes them immutable, for everybody.
type tagRule struct {
	id            int
	pattern       string
	push, destroy string
}

func (r *tagRule) fixed() bool { return r.push == "" && r.destroy == "" }

// least is the role that an action needs.
func (r *tagRule) least(action string) string {
	if action == "delete" {
		return r.destroy
	}
	return r.push
}

// protectsPath tells whether a rule forbids who an action on a repository. A deploy token has no role, so that any rule
// forbids it.
func (p *project) protectsPath(path, action string, who *token) bool {
	for _, r := range p.images.rules {
		least := map[string]string{"push": r.push, "delete": r.destroy}[action]
		if !wildcard(strings.ToLower(r.pattern), path) {
			continue
		}
		if who != nil && who.kind == deploy || least != "" && who.roleIn(p) < roles[least] {
			return true
		}
	}
	return false
}
