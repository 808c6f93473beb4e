package gitlab

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
)

// The inventory: GitLab's lib/api/{project_packages,group_packages}.rb and
// app/finders/packages/packages_finder.rb.

var (
	packageTypes = []string{
		"maven", "npm", "conan", "nuget", "pypi", "composer", "generic", "golang", "debian", "rubygems", "helm",
		"terraform_module", "rpm", "ml_model", "cargo",
	}
	packageOrders = map[string]func(a, b *pkg) int{
		"":           func(a, b *pkg) int { return cmp.Compare(a.id, b.id) },
		"created_at": func(a, b *pkg) int { return cmp.Compare(a.id, b.id) },
		"name":       func(a, b *pkg) int { return cmp.Compare(a.name, b.name) },
		"version":    func(a, b *pkg) int { return cmp.Compare(a.version, b.version) },
		"type":       func(a, b *pkg) int { return cmp.Compare(a.format, b.format) },
	}
)

func (s *Server) inventoryRoutes() []route {
	return []route{
		{"GET", inProject, "packages", s.listing(s.listPackages)},
		{"GET", "/api/v4/groups/:id/packages", "group packages", s.listing(s.listGroupPackages)},
		{"POST", "/api/graphql", "graphql", s.listing(s.graphql)},
		{"GET", inProject + "/:item", "package", s.onePackage},
		{"DELETE", inProject + "/:item", "package", s.deletePackage},
		{"GET", inProject + "/:item/package_files", "package_files", s.listing(s.packageFiles)},
		{"GET", inProject + "/:item/package_files/*", "package_file", s.storable(s.packageFile)},
		{"DELETE", inProject + "/:item/package_files/*", "package_file", s.packageFile},
	}
}

// packageFilter is what a listing asks for.
type packageFilter struct {
	format, name, version, status string
	versionless                   bool
}

// packageType is GitLab's name of a format.
func packageType(format artifact.Format) string {
	if format == artifact.Terraform {
		return moduleType
	}
	return string(format)
}

// takes tells whether a listing shows p. Terraform modules are left out unless they are asked for.
func (f packageFilter) takes(p *pkg) bool {
	switch {
	case f.format != "" && packageType(p.format) != f.format,
		f.format == "" && p.format == artifact.Terraform,
		f.version != "" && p.version != f.version,
		p.version == "" && !f.versionless,
		f.name != "" && !strings.Contains(strings.ToLower(p.name), strings.ToLower(f.name)):
		return false
	case f.status != "":
		return p.status == f.status
	}
	return p.displayable()
}

// filter reads a listing's parameters; false when it has answered.
func (e *exchange) filter(query url.Values) (packageFilter, bool) {
	f := packageFilter{
		format: query.Get("package_type"), name: query.Get("package_name"), version: query.Get("package_version"),
		status: query.Get("status"), versionless: query.Get("include_versionless") == "true",
	}
	_, ordered := packageOrders[query.Get("order_by")]
	for _, check := range []struct {
		name string
		ok   bool
	}{
		{"package_type", f.format == "" || slices.Contains(packageTypes, f.format)},
		{"status", f.status == "" || slices.Contains(statuses, f.status)},
		{"order_by", ordered},
		{"sort", slices.Contains([]string{"", "asc", "desc"}, query.Get("sort"))},
	} {
		if !check.ok {
			e.invalid(check.name + " does not have a valid value")
			return f, false
		}
	}
	return f, true
}

func (s *Server) listPackages(e *exchange) {
	if p, who, ok := s.enter(e, acceptInventory, read, projectNotFound); ok {
		s.list(e, who, []*project{p}, false)
	}
}

func (s *Server) listGroupPackages(e *exchange) {
	g, who, ok := s.findGroup(e, acceptInventory)
	if !ok {
		return
	}
	s.mu.RLock()
	var in []*project
	for _, p := range s.inGroup(g) {
		if who.may(read, p) && (p.group == g || e.r.URL.Query().Get("exclude_subgroups") != "true") {
			in = append(in, p)
		}
	}
	s.mu.RUnlock()
	s.list(e, who, in, true)
}

func (s *Server) list(e *exchange, who *token, in []*project, withProject bool) {
	query := e.r.URL.Query()
	f, ok := e.filter(query)
	if !ok {
		return
	}
	s.mu.RLock()
	var found []*pkg
	for _, p := range in {
		for _, one := range p.packages {
			if f.takes(one) {
				found = append(found, one)
			}
		}
	}
	slices.SortStableFunc(found, packageOrders[query.Get("order_by")])
	if query.Get("sort") == "desc" {
		slices.Reverse(found)
	}
	from, to, ok := e.page(len(found))
	shown := []any{}
	for _, one := range found[from:to] {
		item := one.shown(e.base(), who)
		if withProject {
			item["project_id"], item["project_path"] = one.project.id, one.project.path
		}
		shown = append(shown, item)
	}
	s.mu.RUnlock()
	if ok {
		e.json(http.StatusOK, shown)
	}
}

func (p *pkg) shown(base string, who *token) map[string]any {
	links := map[string]any{}
	if p.status == statusDefault || p.status == statusDeprecated {
		links["web_path"] = "/" + p.project.path + "/-/packages/" + strconv.Itoa(p.id)
	}
	if who.may(destroy, p.project) {
		links["delete_api_path"] = base + "/api/v4/projects/" + strconv.Itoa(p.project.id) + "/packages/" + strconv.Itoa(p.id)
	}
	tags := []any{}
	for _, t := range p.project.tags[p.name] {
		if t.pkg == p {
			tags = append(tags, map[string]any{"id": p.id, "package_id": p.id, "name": t.name,
				"created_at": p.created.Format(timeFormat), "updated_at": p.created.Format(timeFormat)})
		}
	}
	return map[string]any{
		"id": p.id, "name": p.name, "version": nullable(p.version), "package_type": packageType(p.format), "status": p.status,
		"_links": links, "created_at": p.created.Format(timeFormat), "last_downloaded_at": nil, "tags": tags, "pipelines": []any{},
	}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// findPackage finds the package of a request for which accept answers; otherwise it says why not. The caller holds the lock.
func (s *Server) findPackage(e *exchange, p *project) *pkg {
	id, err := strconv.Atoi(e.item)
	if err != nil {
		e.invalid("package_id is invalid")
		return nil
	}
	one := p.find(id)
	if one == nil || !one.displayable() {
		e.fail(http.StatusNotFound, "404 Not found")
		return nil
	}
	return one
}

func (s *Server) onePackage(e *exchange) {
	p, who, ok := s.enter(e, acceptInventory, read, projectNotFound)
	if !ok {
		return
	}
	s.mu.RLock()
	one := s.findPackage(e, p)
	var item map[string]any
	if one != nil && one.status != statusError {
		item = one.shown(e.base(), who)
		item["versions"] = []any{}
	}
	s.mu.RUnlock()
	switch {
	case one == nil:
	case item == nil:
		e.fail(http.StatusNotFound, "Package not found")
	default:
		e.json(http.StatusOK, item)
	}
}

func (s *Server) deletePackage(e *exchange) {
	p, _, ok := s.enter(e, acceptInventory, destroy, projectNotFound)
	if !ok {
		return
	}
	s.mu.Lock()
	one := s.findPackage(e, p)
	var channels []string
	if one != nil {
		one.destroy()
		channels = one.channels()
	}
	s.mu.Unlock()
	if one != nil {
		s.helmRefresh(one, channels...)
		e.empty(http.StatusNoContent)
	}
}

// get returns the package of a format, name and version; nil when there is none. The caller holds the lock.
func (p *project) get(format artifact.Format, name, version string) *pkg {
	return p.byKey[key{format, name, version}]
}
