package gitlab

import (
	"slices"
	"strings"
)

// What a scope asks for and what of it is granted: GitLab's app/services/auth/container_registry_authentication_service.rb,
// its ee/ counterpart, and lib/gitlab/auth.rb for what a credential may do at all.

// scope is one "type:name:action,action". Without actions GitLab's code fails, which it answers with 500.
type scope struct {
	kind, name string
	actions    []string
}

// parseScopes reads the scope parameters of a query: they may be repeated, and each may hold several, separated by
// spaces. It is false when one has no actions.
func parseScopes(values []string) (scopes []scope, ok bool) {
	for _, value := range values {
		for _, word := range strings.Fields(value) {
			parts := strings.SplitN(word, ":", 3)
			if len(parts) < 3 {
				return nil, false
			}
			actions := strings.Split(parts[2], ",")
			scopes = append(scopes, scope{parts[0], parts[1], slices.DeleteFunc(actions, func(a string) bool { return a == "" })})
		}
	}
	return scopes, true
}

// abilities are what a credential may do with images wherever its owner may.
type abilities struct{ pull, push, admin bool }

func (a abilities) none() bool { return a == abilities{} }

// abilities follow from the token's scopes; nil is anonymous, who may pull what is public.
func (t *token) abilities() (a abilities) {
	if t == nil {
		return abilities{pull: true}
	}
	for _, name := range t.scopes {
		switch name {
		case "api":
			return abilities{pull: true, push: true, admin: true}
		case "read_api", "read_registry":
			a.pull = true
		case "write_registry":
			a.push = true
		}
	}
	return a
}

// authType is what GitLab calls the kind of a credential in its tokens.
func (t *token) authType() string {
	if t == nil {
		return "none"
	}
	return [...]string{personal: "personal_access_token", deploy: "deploy_token", job: "build"}[t.kind]
}

// imageAbility is what a role allows (GitLab: app/policies/project_policy.rb, *_container_image).
type imageAbility int

const (
	readImages   imageAbility = iota
	createImages              // and delete a tag
	adminImages               // delete repositories, set rules
)

// mayImages tells whether t may do a to p's images; nil is anonymous.
func (t *token) mayImages(a imageAbility, p *project) bool {
	switch {
	case !t.sees(p) || p.images.level == featureDisabled || a != readImages && p.archived:
		return false
	case a == readImages && p.visibility == "public" && p.images.level == featureEnabled:
		return true
	case t == nil:
		return false
	case t.kind == deploy:
		return slices.Contains(t.scopes, [...]string{readImages: "read_registry", createImages: "write_registry", adminImages: ""}[a])
	}
	return t.roleIn(p) >= [...]int{readImages: reporter, createImages: developer, adminImages: maintainer}[a]
}

// scopeAllowed tells whether who may do an action of a scope to p's images.
func scopeAllowed(who *token, p *project, action string) bool {
	if p.images.level == featureDisabled {
		return false
	}
	can := who.abilities()
	if who != nil && who.kind == job {
		own := strings.EqualFold(who.job, p.path)
		switch action {
		case "pull":
			return own || who.mayImages(readImages, p)
		case "push", "delete":
			return own
		}
		return false
	}
	switch action {
	case "pull":
		return can.pull && who.mayImages(readImages, p)
	case "push":
		return can.push && who.mayImages(createImages, p)
	case "delete", "*":
		return can.admin && who.mayImages(adminImages, p)
	}
	return false
}

// granted is what of a scope who is granted; nil when nothing. A granted push makes the repository's row. The caller
// holds the lock.
func (s *Server) granted(who *token, want scope) *access {
	path, ok := parseImagePath(want.name)
	if want.kind != "repository" || !ok {
		return nil
	}
	p := s.imageProject(path)
	if p == nil {
		return nil
	}
	actions := slices.DeleteFunc(slices.Clone(want.actions), func(a string) bool { return !scopeAllowed(who, p, a) })
	if len(actions) == 0 {
		return nil
	}
	if slices.Contains(actions, "push") {
		s.ensureImage(p, path)
	}
	return &access{Type: "repository", Name: path, Actions: actions, Meta: metaOf(who, p, actions)}
}

// metaOf is what the registry must know of a repository's project.
func metaOf(who *token, p *project, actions []string) *accessMeta {
	root := p.group
	for root.parent != nil {
		root = root.parent
	}
	m := &accessMeta{ProjectPath: strings.ToLower(p.path), ProjectID: p.id, RootID: root.id}
	changing := slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return a == "pull" })
	if slices.Contains(changing, "*") {
		changing = []string{"push", "delete"}
	}
	for _, r := range p.images.tagRules {
		switch {
		case r.fixed():
			if len(changing) > 0 {
				m.FixedPatterns = append(m.FixedPatterns, r.pattern)
			}
		case who != nil && who.kind != deploy: // the rules ask for a user's role
			if m.DenyPatterns == nil {
				m.DenyPatterns = map[string][]string{}
			}
			for _, action := range changing {
				patterns := m.DenyPatterns[action]
				if patterns == nil {
					patterns = []string{}
				}
				if who.roleIn(p) < roles[r.least(action)] {
					patterns = append(patterns, r.pattern)
				}
				m.DenyPatterns[action] = patterns
			}
		}
	}
	return m
}
