package gitlab

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Package protection rules: GitLab's lib/api/project_packages_protection_rules.rb and app/models/packages/protection/rule.rb.

func (s *Server) protectionRoutes() []route {
	const rules = "/api/v4/projects/:id/packages/protection/rules"
	return []route{
		{"GET", rules, "protection rules", s.listRules},
		{"POST", rules, "protection rules", s.addRule},
		{"PATCH", rules + "/:item", "protection rule", s.changeRule},
	}
}

// rule keeps publishers below Role away from the names that Pattern matches; without a Role it is about deleting alone.
type rule struct {
	Project, Format, Pattern, Role string
	id                             int
	remove                         string // the role that may delete
}

var (
	protectable  = []string{"conan", "generic", "helm", "maven", "npm", "nuget", "pypi"}
	pushRoles    = []string{"maintainer", "owner", "admin"}
	deleteRoles  = []string{"owner", "admin"}
	npmPattern   = regexp.MustCompile(`^(\*|(@[A-Za-z0-9\-_.*~]+/)?[A-Za-z0-9\-_.*~]+)$`)
	otherPattern = regexp.MustCompile(`^(\*|[A-Za-z0-9\-_.+*@/]+)$`)
)

func (r rule) shown(p *project) map[string]any {
	return map[string]any{
		"id": r.id, "project_id": p.id, "package_name_pattern": r.Pattern, "package_type": r.Format,
		"minimum_access_level_for_push": nullable(r.Role), "minimum_access_level_for_delete": nullable(r.remove),
	}
}

// protects tells whether a rule of p forbids who to publish name. It binds no administrator; a deploy token is bound by
// every rule, be it about deleting alone (app/services/packages/protection/check_rule_existence_service.rb).
func (p *project) protects(format, name string, who *token) bool {
	deployed := who != nil && who.kind == deploy
	if who != nil && who.admin {
		return false
	}
	for _, r := range p.rules {
		if r.Format != format || r.Role == "" && !deployed || !wildcard(strings.ToLower(r.Pattern), strings.ToLower(name)) {
			continue
		}
		least := map[string]int{"maintainer": maintainer, "owner": owner, "admin": owner + 1}[r.Role]
		if deployed || who.roleIn(p) < least {
			return true
		}
	}
	return false
}

// wildcard matches a pattern whose only special character is *.
func wildcard(pattern, name string) bool {
	head, tail, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, head)
	for ok && !wildcard(tail, rest) {
		if rest == "" {
			return false
		}
		rest = rest[1:]
	}
	return ok
}

// check is the rule's validation, for rules that come by POST /_standin/mutate.
func (r rule) check() error {
	if !slices.Contains(pushRoles, r.Role) {
		return fmt.Errorf("role %q is none of maintainer, owner, admin", r.Role)
	}
	return nil
}

func (s *Server) listRules(e *exchange) {
	p, ok := s.administerPackages(e)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	shown := []any{}
	for _, r := range p.rules {
		shown = append(shown, r.shown(p))
	}
	e.json(http.StatusOK, shown)
}

// administerPackages is administer, where the package registry must be on.
func (s *Server) administerPackages(e *exchange) (*project, bool) {
	p, _, ok := s.administer(e)
	if !ok {
		return nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !p.registry || e.writes() && p.archived {
		e.fail(http.StatusForbidden, "403 Forbidden")
		return nil, false
	}
	return p, true
}

func (s *Server) addRule(e *exchange) {
	p, ok := s.administerPackages(e)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.required(e, "package_name_pattern", "package_type") || !in.rule(e) {
		return
	}
	const push, remove = "minimum_access_level_for_push", "minimum_access_level_for_delete"
	_, pushed := in[push]
	_, deleted := in[remove]
	if !pushed && !deleted {
		e.invalid(push + ", " + remove + " are missing, at least one parameter must be provided")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made := rule{Project: p.path, Format: in.text("package_type"), Pattern: in.text("package_name_pattern"), Role: in.text(push), remove: in.text(remove)}
	if wrong := p.checkRule(made); len(wrong) > 0 {
		e.json(http.StatusUnprocessableEntity, map[string]any{"message": map[string]any{"error": wrong}})
		return
	}
	made.id = s.nextID()
	p.rules = append(p.rules, made)
	e.json(http.StatusCreated, made.shown(p))
}

// rule refuses values that no rule has; false when it has answered.
func (p parameters) rule(e *exchange) bool {
	return p.valid(e, "package_type", protectable...) && p.valid(e, "minimum_access_level_for_push", pushRoles...) &&
		p.valid(e, "minimum_access_level_for_delete", deleteRoles...)
}

// checkRule judges a rule that p is to have.
func (p *project) checkRule(r rule) (wrong []string) {
	twin := slices.ContainsFunc(p.rules, func(o rule) bool { return o.id != r.id && o.Format == r.Format && o.Pattern == r.Pattern })
	switch {
	case r.Pattern == "":
		wrong = append(wrong, "Package name pattern can't be blank")
	case len(r.Pattern) > maxName:
		wrong = append(wrong, "Package name pattern is too long (maximum is 255 characters)")
	case twin:
		wrong = append(wrong, "Package name pattern has already been taken")
	case r.Format == "npm" && !npmPattern.MatchString(r.Pattern):
		wrong = append(wrong, "Package name pattern should be a valid NPM package name with optional wildcard characters.")
	case r.Format == "pypi" && !otherPattern.MatchString(r.Pattern):
		wrong = append(wrong, "Package name pattern should be a valid PyPI package name with optional wildcard characters.")
	}
	if r.Role == "" && r.remove == "" {
		wrong = append(wrong, "A rule must have at least a minimum access role for push or delete.")
	}
	return wrong
}

func (s *Server) changeRule(e *exchange) {
	p, ok := s.administerPackages(e)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.rule(e) {
		return
	}
	id, err := strconv.Atoi(e.item)
	if err != nil {
		e.invalid("package_protection_rule_id is invalid")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(p.rules, func(r rule) bool { return r.id == id })
	if i < 0 {
		e.fail(http.StatusNotFound, "404 Not found")
		return
	}
	changed := p.rules[i]
	for name, field := range map[string]*string{
		"package_name_pattern": &changed.Pattern, "package_type": &changed.Format,
		"minimum_access_level_for_push": &changed.Role, "minimum_access_level_for_delete": &changed.remove,
	} {
		if _, ok := in[name]; ok {
			*field = in.text(name)
		}
	}
	if wrong := p.checkRule(changed); len(wrong) > 0 {
		e.json(http.StatusUnprocessableEntity, map[string]any{"message": map[string]any{"error": wrong}})
		return
	}
	p.rules[i] = changed
	e.json(http.StatusOK, changed.shown(p))
}
