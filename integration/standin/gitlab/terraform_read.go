package gitlab

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// Terraform modules, for consumers: the module registry protocol
// (https://developer.hashicorp.com/terraform/internals/module-registry-protocol) with its service discovery, and the files of a
// project: GitLab's lib/api/terraform/modules/v1/{namespace,project}_packages.rb, app/presenters/terraform/*.rb and
// app/controllers/terraform/services_controller.rb.

func (s *Server) terraformServices(e *exchange) {
	e.json(http.StatusOK, map[string]string{"modules.v1": "/api/v4/packages/terraform/modules/v1/"})
}

// moduleGet serves the newest or one version of a project's module.
func (s *Server) moduleGet(e *exchange) {
	m, more, ok := e.moduleOf(e.rest)
	if !ok {
		return
	}
	get, asked := e.r.URL.Query()["terraform-get"]
	switch {
	case more != "":
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return
	case asked && get[0] != "1":
		e.invalid("terraform-get does not have a valid value")
		return
	}
	p, _, ok := s.enter(e, acceptModule, read, "404 Not Found")
	if !ok {
		return
	}
	if asked {
		e.w.Header().Set("X-Terraform-Get", e.base()+e.r.URL.EscapedPath()+"?archive=tgz")
		e.empty(http.StatusNoContent)
		return
	}
	var f *file
	s.mu.RLock()
	all := modulesIn([]*project{p}, m, (*pkg).installable)
	slices.SortFunc(all, func(a, b *pkg) int { return strings.Compare(b.version, a.version) })
	if one := first(all); one != nil {
		f = one.firstFile()
	}
	s.mu.RUnlock()
	if f == nil {
		e.fail(http.StatusNotFound, "404 Not Found")
		return
	}
	s.serveStored(e, f)
}

// modulesIn finds the packages of a module, oldest first. The caller holds the lock.
func modulesIn(in []*project, m module, takes func(*pkg) bool) (all []*pkg) {
	for _, p := range in {
		for _, one := range p.byName[key{format: artifact.Terraform, name: m.name}] {
			if takes(one) && (m.version == "" || one.version == m.version) {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b *pkg) int { return cmp.Compare(a.id, b.id) })
	return all
}

func (p *pkg) firstFile() *file {
	i := slices.IndexFunc(p.files, func(f *file) bool { return f.status == statusDefault })
	if i < 0 {
		return nil
	}
	return p.files[i]
}

// moduleRegistry answers the registry protocol: SYSTEM, SYSTEM/versions, SYSTEM/download, and with SYSTEM/VERSION before
// them nothing, download and file.
func (s *Server) moduleRegistry(e *exchange) {
	system, rest, _ := strings.Cut(e.rest, "/")
	if rest == "versions" || rest == "download" || rest == "" {
		s.moduleIndex(e, module{name: unescaped(e.item) + "/" + unescaped(system)}, rest)
		return
	}
	m, more, ok := e.moduleOf(e.rest)
	if ok {
		s.moduleVersion(e, m, more)
	}
}

// moduleReaders finds the packages of a module that the sender may read; false when it has answered.
func (s *Server) moduleReaders(e *exchange, m module, who *token) ([]*pkg, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*pkg
	namespace := s.groupByID(e.id)
	if namespace != nil {
		in := slices.DeleteFunc(s.inGroup(namespace), func(p *project) bool { return !who.may(read, p) })
		all = modulesIn(in, m, (*pkg).displayable)
	}
	switch {
	case len(all) > 0 || namespace != nil && who.mayReadGroup(namespace):
		return all, true
	case who == nil:
		e.unauthorized(acceptModules)
	default:
		e.fail(http.StatusForbidden, "403 Forbidden")
	}
	return nil, false
}

// mayReadGroup tells whether t may read a group's packages, should there be any.
func (t *token) mayReadGroup(g *group) bool {
	return t.seesGroup(g) && (t == nil || t.kind == deploy || g.visibility == "public" || t.roleInGroup(g) >= reporter)
}

// moduleIndex tells the versions of a module, or where its newest is.
func (s *Server) moduleIndex(e *exchange, m module, what string) {
	who, ok := e.identify(acceptModules, false)
	if !ok {
		return
	}
	all, ok := s.moduleReaders(e, m, who)
	if !ok {
		return
	}
	name, system, _ := strings.Cut(m.name, "/")
	if what == "versions" {
		e.json(http.StatusOK, moduleVersions(e.base(), all, system))
		return
	}
	if len(all) == 0 {
		e.json(http.StatusNotFound, map[string]any{"message": map[string]string{"error": "No version found for " + name + " module"}})
		return
	}
	newest := slices.MaxFunc(all, func(a, b *pkg) int { return compareVersions(a.version, b.version) })
	if what == "" {
		e.json(http.StatusOK, newest.moduleShown(e.base(), system))
		return
	}
	e.w.Header().Set("Location", strings.TrimSuffix(e.r.URL.EscapedPath(), "download")+url.PathEscape(newest.version)+"/download")
	e.empty(http.StatusFound)
}

func moduleVersions(base string, all []*pkg, system string) any {
	versions := []any{}
	for _, one := range all {
		versions = append(versions, map[string]any{
			"version": one.version, "submodules": []any{},
			"root": map[string]any{"dependencies": []any{}, "providers": []any{map[string]string{"name": system, "version": ""}}},
		})
	}
	found := map[string]any{"versions": versions}
	if len(all) > 0 {
		found["source"] = base + "/" + all[0].project.path
	}
	return map[string]any{"modules": []any{found}}
}

// moduleShown are the details of one version.
func (p *pkg) moduleShown(base, system string) any {
	return map[string]any{
		"name": p.name, "provider": system, "providers": []string{system}, "root": map[string]any{"dependencies": []any{}},
		"source": base + "/" + p.project.path, "submodules": []any{}, "version": p.version, "versions": []string{p.version},
	}
}

// moduleVersion tells about one version, where its file is, or serves it. The file's address holds the permission to read
// it, since the clients send their token no further than to the registry.
func (s *Server) moduleVersion(e *exchange, m module, what string) {
	identify := func() (*token, bool) { return e.identify(acceptModules, false) }
	if what == "file" {
		identify = func() (*token, bool) { return s.ticketHolder(e) }
	}
	who, ok := identify()
	if !ok {
		return
	}
	all, ok := s.moduleReaders(e, m, who)
	if !ok {
		return
	}
	var f *file
	s.mu.RLock()
	if one := first(all); one != nil {
		f = one.firstFile()
	}
	s.mu.RUnlock()
	_, system, _ := strings.Cut(m.name, "/")
	switch {
	case f == nil:
		e.fail(http.StatusNotFound, "404 Not Found")
	case what == "":
		e.json(http.StatusOK, all[0].moduleShown(e.base(), system))
	case what == "download":
		at := strings.TrimSuffix(e.r.URL.EscapedPath(), "download") + "file?token=" + s.ticket(who) + "&archive=tgz"
		e.w.Header().Set("X-Terraform-Get", at)
		e.empty(http.StatusNoContent)
	case what == "file":
		s.storable(func(e *exchange) { s.serveStored(e, f) })(e)
	default:
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
	}
}

// ticketLife is how long the permission in an address holds: lib/gitlab/jwt_token.rb.
const ticketLife = 5 * time.Minute

// ticket is the permission of who to read a file; empty for nobody. It is opaque to clients.
func (s *Server) ticket(who *token) string {
	if who == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	maps.DeleteFunc(s.tickets, func(_ string, t ticket) bool { return !now.Before(t.end) })
	text := uuid()
	s.tickets[text] = ticket{who, now.Add(ticketLife)}
	return text
}

type ticket struct {
	who *token
	end time.Time
}

// ticketHolder finds whose permission an address holds; false when it has answered.
func (s *Server) ticketHolder(e *exchange) (*token, bool) {
	text := e.r.URL.Query().Get("token")
	if text == "" {
		return nil, true
	}
	s.mu.RLock()
	t, ok := s.tickets[text]
	s.mu.RUnlock()
	if !ok || !s.clock.now().Before(t.end) {
		e.unauthorized(acceptModules)
		return nil, false
	}
	return t.who, true
}
