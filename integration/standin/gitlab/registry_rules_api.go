package gitlab

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The rules that protect images, by the API: GitLab's lib/api/project_container_registry_protection_{rules,tag_rules}.rb.
// Rules that make tags immutable are neither shown nor made here.

func (s *Server) imageRuleRoutes() []route {
	const rules = "/api/v4/projects/:id/registry/protection/"
	return []route{
		{"GET", rules + "repository/rules", "repository rules", s.listPathRules},
		{"POST", rules + "repository/rules", "repository rules", s.addPathRule},
		{"PATCH", rules + "repository/rules/:item", "repository rule", s.changePathRule},
		{"GET", rules + "tag/rules", "tag rules", s.listTagRules},
		{"POST", rules + "tag/rules", "tag rules", s.addTagRule},
	}
}

const (
	pushRole   = "minimum_access_level_for_push"
	deleteRole = "minimum_access_level_for_delete"
)

// administerImages finds the project of a request whose sender may set its rules; false when it has answered.
func (s *Server) administerImages(e *exchange) (*project, bool) {
	p, who, ok := s.administer(e)
	if !ok {
		return nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !who.mayImages(adminImages, p) {
		e.fail(http.StatusForbidden, "403 Forbidden")
		return nil, false
	}
	return p, true
}

func (r *pathRule) shown(p *project) map[string]any {
	return map[string]any{
		"id": r.id, "project_id": p.id, "repository_path_pattern": r.pattern,
		pushRole: nullable(r.push), deleteRole: nullable(r.destroy),
	}
}

func (s *Server) listPathRules(e *exchange) {
	p, ok := s.administerImages(e)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	shown := []any{}
	for _, r := range p.images.rules {
		shown = append(shown, r.shown(p))
	}
	e.json(http.StatusOK, shown)
}

// pathPattern is imagePath with the wildcard.
var pathPattern = regexp.MustCompile(`\A[a-z0-9]+(([._/]|__|-*)[a-z0-9*])*\z`)

func (p *project) checkPathRule(r *pathRule) (problems []string) {
	const subject = "Repository path pattern "
	if slices.ContainsFunc(p.images.rules, func(o *pathRule) bool { return o.id != r.id && o.pattern == r.pattern }) {
		problems = append(problems, subject+"has already been taken")
	}
	if len(r.pattern) > 255 {
		problems = append(problems, subject+"is too long (maximum is 255 characters)")
	}
	if !pathPattern.MatchString(r.pattern) {
		problems = append(problems, subject+"should be a valid container repository path with optional wildcard characters.")
	}
	if !strings.HasPrefix(strings.ToLower(r.pattern), p.imagePrefix()) {
		problems = append(problems, subject+"should start with the project's full path")
	}
	return problems
}

func (s *Server) addPathRule(e *exchange) {
	p, ok := s.administerImages(e)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.required(e, "repository_path_pattern") || !in.valid(e, pushRole, pushRoles...) || !in.valid(e, deleteRole, pushRoles...) {
		return
	}
	made := &pathRule{pattern: in.text("repository_path_pattern"), push: in.text(pushRole), destroy: in.text(deleteRole)}
	if made.push == "" && made.destroy == "" {
		e.invalid(pushRole + ", " + deleteRole + " are missing, at least one parameter must be provided")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if problems := p.checkPathRule(made); problems != nil {
		e.json(http.StatusUnprocessableEntity, map[string]any{"message": map[string]any{"error": problems}})
		return
	}
	made.id = s.nextID()
	p.images.rules = append(p.images.rules, made)
	e.json(http.StatusCreated, made.shown(p))
}

func (s *Server) changePathRule(e *exchange) {
	p, ok := s.administerImages(e)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.valid(e, pushRole, pushRoles...) || !in.valid(e, deleteRole, pushRoles...) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(p.images.rules, func(r *pathRule) bool { return strconv.Itoa(r.id) == e.item })
	if i < 0 {
		e.fail(http.StatusNotFound, "404 Not found")
		return
	}
	changed := *p.images.rules[i]
	for name, field := range map[string]*string{
		"repository_path_pattern": &changed.pattern, pushRole: &changed.push, deleteRole: &changed.destroy,
	} {
		if _, ok := in[name]; ok {
			*field = in.text(name)
		}
	}
	problems := p.checkPathRule(&changed)
	if changed.push == "" && changed.destroy == "" {
		problems = append(problems, "A rule must have at least a minimum access role for push or delete.")
	}
	if problems != nil {
		e.json(http.StatusUnprocessableEntity, map[string]any{"message": map[string]any{"error": problems}})
		return
	}
	p.images.rules[i] = &changed
	e.json(http.StatusOK, changed.shown(p))
}

func (r *tagRule) shown(p *project) map[string]any {
	return map[string]any{
		"id": r.id, "project_id": p.id, "tag_name_pattern": r.pattern, pushRole: r.push, deleteRole: r.destroy,
	}
}

func (s *Server) listTagRules(e *exchange) {
	p, ok := s.administerImages(e)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	shown := []any{}
	for _, r := range p.images.tagRules {
		if !r.fixed() {
			shown = append(shown, r.shown(p))
		}
	}
	e.json(http.StatusOK, shown)
}

// checkTagRule is one text or several.
func (p *project) checkTagRule(r *tagRule, database bool) any {
	switch {
	case len(p.images.tagRules) >= maxTagPatterns:
		return "Maximum number of protection rules have been reached."
	case !database:
		return "GitLab container registry API not supported"
	}
	const subject = "Tag name pattern "
	var problems []string
	if r.pattern == "" {
		problems = append(problems, subject+"can't be blank")
	}
	if utf8.RuneCountInString(r.pattern) > 100 {
		problems = append(problems, subject+"is too long (maximum is 100 characters)")
	}
	if _, err := regexp.Compile(r.pattern); err != nil {
		problems = append(problems, subject+"not valid RE2 syntax: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if slices.ContainsFunc(p.images.tagRules, func(o *tagRule) bool { return !o.fixed() && o.pattern == r.pattern }) {
		problems = append(problems, subject+"has already been taken")
	}
	if problems == nil {
		return nil
	}
	return problems
}

func (s *Server) addTagRule(e *exchange) {
	p, ok := s.administerImages(e)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.required(e, "tag_name_pattern", pushRole, deleteRole) || !in.valid(e, pushRole, pushRoles...) ||
		!in.valid(e, deleteRole, pushRoles...) {
		return
	}
	made := &tagRule{pattern: in.text("tag_name_pattern"), push: in.text(pushRole), destroy: in.text(deleteRole)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if problem := p.checkTagRule(made, s.modes.get("registry.database") == "on"); problem != nil {
		e.json(http.StatusUnprocessableEntity, map[string]any{"message": problem})
		return
	}
	made.id = s.nextID()
	p.images.tagRules = append(p.images.tagRules, made)
	e.json(http.StatusCreated, made.shown(p))
}
