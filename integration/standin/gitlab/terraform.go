package gitlab

import (
	"net/http"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

// Terraform modules, publishing: PUT of the packed module, as GitLab takes it: doc/api/packages/terraform-modules.md,
// lib/api/terraform/modules/v1/project_packages.rb and app/services/packages/terraform_module/create_package_service.rb.
// A module belongs to one project of its root group. GitLab never looks into the file before it answers; what its
// background reads out of it shows on web pages only.
//
// Protection rules for modules are newer than the source that was read (GitLab 18.9): that they answer as those of the
// other formats do is not verified.

var moduleName = regexp.MustCompile(`\A[-a-z0-9]+/[-a-z0-9]+\z`)

// moduleType is GitLab's name of the format.
const moduleType = "terraform_module"

const (
	moduleElsewhere = "A module with the same name already exists in the namespace."
	moduleExists    = "A module with the same name & version already exists in the project."
)

func (s *Server) terraformRoutes() []route {
	const modules = "/api/v4/packages/terraform/modules/v1/:id/:item/*"
	return []route{
		{"PUT", inProject + "/terraform/modules/:item/*", "terraform", s.upload(s.modulePut)},
		{"GET", inProject + "/terraform/modules/:item/*", "terraform", s.storable(s.moduleGet)},
		{"GET", modules, "terraform registry", s.moduleRegistry},
		{"GET", "/.well-known/terraform.json", "terraform services", s.terraformServices},
	}
}

// module is what an address names; a version may be missing.
type module struct{ name, version string }

// moduleOf reads the end of an address, SYSTEM[/VERSION][/more]; false when it has answered.
func (e *exchange) moduleOf(rest string) (m module, more string, ok bool) {
	system, rest, versioned := strings.Cut(rest, "/")
	m.name = unescaped(e.item) + "/" + unescaped(system)
	if !versioned {
		return m, "", true
	}
	version, more, _ := strings.Cut(rest, "/")
	m.version = unescaped(version)
	if !semver.MatchString(m.version) {
		e.invalid("module_version is invalid")
		return m, "", false
	}
	return m, more, true
}

func (s *Server) modulePut(e *exchange) {
	m, more, ok := e.moduleOf(e.rest)
	if !ok {
		return
	}
	if m.version == "" || more != "file" {
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return
	}
	p, who, ok := s.enter(e, acceptModulePut, create, "404 Not Found")
	if !ok {
		return
	}
	b, ok := s.receiveRequest(e, 0)
	if !ok {
		return
	}
	limit := s.modes.number("limit.terraform")
	switch {
	case limit > 0 && b.size >= limit:
		e.bad("File is too large")
	case s.storeFails(e, true):
	case s.moduleStore(e, p, who, m, b):
		return
	}
	b.remove()
}

// moduleStore makes the package of a module; false when it has answered with a refusal.
func (s *Server) moduleStore(e *exchange, p *project, who *token, m module, b body) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.moduleShared(p, m.name) && s.moduleElsewhere(p, m.name):
		e.fail(http.StatusForbidden, moduleElsewhere)
	case p.get(artifact.Terraform, m.name, m.version) != nil:
		e.fail(http.StatusForbidden, moduleExists)
	case p.protects(moduleType, m.name, who):
		e.fail(http.StatusForbidden, "403 Forbidden - Package protected.")
	case !moduleName.MatchString(m.name):
		e.fail(http.StatusUnprocessableEntity, "Validation failed: Name is invalid")
	default:
		one := &pkg{project: p, format: artifact.Terraform, name: m.name, version: m.version, status: statusDefault, created: s.clock.now()}
		s.add(one)
		stored := strings.Replace(m.name, "/", "-", 1) + "-" + m.version + ".tgz"
		s.addFile(one, &file{name: stored, body: b, sha256: &b.sha256, created: one.created})
		s.stats.Wrote(one.key(stored))
		e.fail(http.StatusCreated, "201 Created")
		return true
	}
	return false
}

// moduleShared tells whether a group of p, or any above it, lets several projects hold modules of a name: allowed, unless
// its exception names it, or the other way round. The caller holds the lock.
func (s *Server) moduleShared(p *project, name string) bool {
	for g := p.group; g != nil; g = g.parent {
		allowed := s.setting(g, "terraformModuleDuplicatesAllowed") == true
		except, _ := s.setting(g, "terraformModuleDuplicateExceptionRegex").(string)
		named := regexp.MustCompile(`\A` + except + `\z`).MatchString(name)
		if allowed != named && (allowed || except != "") {
			return true
		}
	}
	return false
}

// moduleElsewhere tells whether another project below the same root group holds a module of that name. The caller holds
// the lock.
func (s *Server) moduleElsewhere(p *project, name string) bool {
	root := p.group
	for root.parent != nil {
		root = root.parent
	}
	for _, other := range s.inGroup(root) {
		if other != p && len(other.byName[key{format: artifact.Terraform, name: name}]) > 0 {
			return true
		}
	}
	return false
}
