package gitlab

import (
	"slices"
	"strings"
)

// Membership, and what follows from it: GitLab's app/policies/{project,group}_policy.rb, and app/models/ci/job_token/scope.rb
// for the tokens of CI jobs. A role in a group holds in everything below it. The callers hold the lock.

type ability int

const (
	read ability = iota
	create
	destroy
)

// roleInGroup is 0 for who is no member.
func (t *token) roleInGroup(g *group) int {
	switch {
	case t == nil:
		return 0
	case t.admin:
		return owner
	}
	role := 0
	for ; g != nil; g = g.parent {
		role = max(role, g.members[t.name])
	}
	return role
}

// roleIn is 0 for who is no member, and for a job whose project may not use p.
func (t *token) roleIn(p *project) int {
	if t != nil && t.only == p.path {
		return t.role
	}
	if t != nil && t.kind == job && !p.jobs.admit(t.job, p) {
		return 0
	}
	return t.roleInGroup(p.group)
}

// sees tells whether t may know of p; nil is anonymous.
func (t *token) sees(p *project) bool {
	switch {
	case p.visibility == "public", t != nil && p.visibility == "internal":
		return true
	case t == nil:
		return false
	case t.kind == deploy:
		return t.group == nil || p.group.within(t.group)
	}
	return t.roleIn(p) > 0
}

// seesGroup tells whether t may know of g; nil is anonymous.
func (t *token) seesGroup(g *group) bool {
	switch {
	case g.visibility == "public", t != nil && g.visibility == "internal":
		return true
	case t == nil:
		return false
	case t.kind == deploy:
		return t.group == nil || g.within(t.group)
	}
	return t.roleInGroup(g) > 0
}

// may tells whether t may do a to p's packages; nil is anonymous.
func (t *token) may(a ability, p *project) bool {
	switch {
	case !t.sees(p) || !p.registry || a != read && p.archived:
		return false
	case a == read && p.visibility == "public":
		return true
	case t == nil:
		return false
	case t.kind == deploy && a == read:
		return slices.Contains(t.scopes, "read_package_registry") || slices.Contains(t.scopes, "write_package_registry")
	case t.kind == deploy:
		return slices.Contains(t.scopes, "write_package_registry")
	}
	return t.roleIn(p) >= [...]int{read: reporter, create: developer, destroy: maintainer}[a]
}

// projectCreators are who may make projects in a group, by the words of the API.
var projectCreators = []string{"noone", "owner", "maintainer", "developer", "administrator"}

func (t *token) mayCreateProject(g *group) bool {
	least := map[string]int{"owner": owner, "maintainer": maintainer, "developer": developer}[g.creators]
	return least > 0 && t.roleInGroup(g) >= least
}

func (t *token) mayCreateGroup(parent *group) bool {
	role := t.roleInGroup(parent)
	return role >= owner || role >= maintainer && parent.parents == "maintainer"
}

// within tells whether g is of or below it.
func (g *group) within(of *group) bool {
	for ; g != nil; g = g.parent {
		if g == of {
			return true
		}
	}
	return false
}

// jobScope says which projects' jobs may use a project, beside its own.
type jobScope struct {
	open     bool // every project's
	projects []*project
	groups   []*group
}

// admit tells whether jobs of the project with the full path from may use p.
func (j jobScope) admit(from string, p *project) bool {
	return j.open || strings.EqualFold(from, p.path) ||
		slices.ContainsFunc(j.projects, func(one *project) bool { return strings.EqualFold(from, one.path) }) ||
		slices.ContainsFunc(j.groups, func(g *group) bool {
			return strings.HasPrefix(strings.ToLower(from), strings.ToLower(g.path)+"/")
		})
}

// tokenOf finds who has a token; nil: nobody.
func (s *Server) tokenOf(text string) *token {
	if t := tokens[text]; t != nil {
		return t
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.issued[text]; t != nil && (t.expires.IsZero() || s.clock.now().Before(t.expires)) {
		return t
	}
	return nil
}
