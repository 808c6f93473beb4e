package gitlab

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// NuGet, for consumers: the service index, package content, registrations and search of the protocol's version 3
// (https://learn.microsoft.com/nuget/api/overview), as GitLab serves them: lib/api/concerns/packages/nuget/*.rb,
// app/presenters/packages/nuget/*.rb and lib/api/entities/nuget/*.rb. The feed of a group has no publishing and no package
// content; its addresses are those of the projects.

// unescaped is a segment as it was meant; what can not be, stays.
func unescaped(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}

// normalises tells whether the client may mean the normal form of a version; very old ones say that they do not.
func (e *exchange) normalises() bool {
	major, _, _ := strings.Cut(e.r.Header.Get("X-NuGet-Client-Version"), ".")
	n, err := strconv.Atoi(major)
	return err != nil || n >= 3
}

// nugetRegistry is the address of a project's or a group's registry.
func (e *exchange) nugetRegistry() string {
	path, _, _ := strings.Cut(e.r.URL.EscapedPath(), "/nuget/")
	return e.base() + path + "/nuget"
}

// nugetServices is the service index, which anybody may read.
func (s *Server) nugetServices(e *exchange) {
	if !e.numericID() {
		return
	}
	group := strings.HasPrefix(e.r.URL.Path, "/api/v4/groups/")
	s.mu.RLock()
	found := group && s.groupByID(e.id) != nil || !group && s.projectByID(e.id) != nil
	s.mu.RUnlock()
	if !found {
		e.fail(http.StatusNotFound, "404 Not Found")
		return
	}
	resources := []any{}
	add := func(path, comment string, types ...string) {
		for _, kind := range types {
			resources = append(resources, map[string]string{"@id": e.nugetRegistry() + path, "@type": kind, "comment": comment})
		}
	}
	add("/query", "Filter and search for packages by keyword.",
		"SearchQueryService", "SearchQueryService/3.0.0-beta", "SearchQueryService/3.0.0-rc")
	add("/metadata", "Get package metadata.",
		"RegistrationsBaseUrl", "RegistrationsBaseUrl/3.0.0-beta", "RegistrationsBaseUrl/3.0.0-rc")
	if !group {
		add("/download", "Get package content (.nupkg).", "PackageBaseAddress/3.0.0")
		add("", "Push and delete (or unlist) packages.", "PackagePublish/2.0.0")
		add("/symbolpackage", "Push symbol packages.", "SymbolPackagePublish/4.9.0")
	}
	e.json(http.StatusOK, map[string]any{"version": "3.0.0", "resources": resources})
}

// nugetReaders returns the projects that a request reads from; false when it has answered.
func (s *Server) nugetReaders(e *exchange) ([]*project, bool) {
	if !strings.HasPrefix(e.r.URL.Path, "/api/v4/groups/") {
		p, _, ok := s.nugetEnter(e, acceptNuGet, read)
		return []*project{p}, ok
	}
	if !e.numericID() {
		return nil, false
	}
	return s.groupReaders(e, acceptNuGet)
}

// nugetAll finds packages in several projects, newest first. The caller holds the lock.
func nugetAll(in []*project, name, version string, normal bool) (all []*pkg) {
	for _, p := range in {
		all = append(all, nugetFind(p, name, version, normal)...)
	}
	slices.SortFunc(all, func(a, b *pkg) int { return cmp.Compare(b.id, a.id) })
	return all[:min(len(all), maxNuGet)]
}

// nugetDownload lists the versions of a name, or serves a file of one.
func (s *Server) nugetDownload(e *exchange) {
	in, ok := s.nugetReaders(e)
	if !ok {
		return
	}
	name, rest := unescaped(e.item), unescaped(e.rest)
	if rest == "index" || rest == "index.json" {
		s.nugetVersions(e, in, name)
		return
	}
	version, requested, _ := strings.Cut(rest, "/")
	dot := strings.LastIndexByte(requested, '.')
	if dot < 0 || requested[dot:] != ".nupkg" && requested[dot:] != ".snupkg" || strings.Contains(requested, "/") {
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return
	}
	s.mu.RLock()
	var f *file
	if one := first(nugetAll(in, name, version, e.normalises())); one != nil {
		f = one.nugetFile(version, requested[:dot], requested[dot:])
	}
	s.mu.RUnlock()
	if f == nil {
		e.fail(http.StatusNotFound, "404 Package Not Found")
		return
	}
	e.serve(f)
}

// nugetFile is the newest file of a name, in which the normal form may stand for the version.
func (p *pkg) nugetFile(version, name, extension string) *file {
	switch {
	case p.version == version:
	case p.nuget != nil && p.nuget.normal == version:
		name = strings.Replace(name, version, p.version, 1)
	default:
		return nil
	}
	for _, f := range slices.Backward(p.files) {
		if f.status == statusDefault && like(name+extension, f.name) {
			return f
		}
	}
	return nil
}

func (s *Server) nugetVersions(e *exchange, in []*project, name string) {
	versions := []string{}
	s.mu.RLock()
	for _, one := range nugetAll(in, name, "", true) {
		versions = append(versions, one.version)
	}
	s.mu.RUnlock()
	if len(versions) == 0 {
		e.fail(http.StatusNotFound, "404 Packages Not Found")
		return
	}
	slices.Sort(versions)
	e.json(http.StatusOK, map[string]any{"versions": versions})
}

// nugetMetadata is the registration of a name, in one page, or of one version.
func (s *Server) nugetMetadata(e *exchange) {
	in, ok := s.nugetReaders(e)
	if !ok {
		return
	}
	name, version := unescaped(e.item), strings.TrimSuffix(unescaped(e.rest), ".json")
	index := version == "index"
	if index {
		version = ""
	}
	s.mu.RLock()
	var items []any
	var versions []string
	all := nugetAll(in, name, version, e.normalises())
	for _, one := range all {
		items = append(items, one.registration(e.base()))
		versions = append(versions, one.version)
	}
	s.mu.RUnlock()
	switch {
	case len(items) == 0 && index:
		e.fail(http.StatusNotFound, "404 Packages Not Found")
	case len(items) == 0:
		e.fail(http.StatusNotFound, "404 Package Not Found")
	case index:
		e.json(http.StatusOK, map[string]any{"count": 1, "items": []any{map[string]any{
			"@id": all[0].nugetAddress(e.base()), "count": len(items), "items": items,
			"lower": slices.MinFunc(versions, compareNuGet), "upper": slices.MaxFunc(versions, compareNuGet),
		}}})
	default:
		e.json(http.StatusOK, items[0])
	}
}

// nugetAddress is that of a version's registration.
func (p *pkg) nugetAddress(base string) string {
	return fmt.Sprintf("%s/api/v4/projects/%d/packages/nuget/metadata/%s/%s.json", base, p.project.id, url.PathEscape(p.name), url.PathEscape(p.version))
}

// registration is one version as registrations show it. The caller holds the lock.
func (p *pkg) registration(base string) map[string]any {
	content := fmt.Sprintf("%s/api/v4/projects/%d/packages/nuget/download/%s/%s/", base, p.project.id, url.PathEscape(p.name), url.PathEscape(p.version))
	for _, f := range slices.Backward(p.files) {
		if f.status == statusDefault && strings.HasSuffix(f.name, ".nupkg") {
			content += url.PathEscape(f.name)
			break
		}
	}
	entry := p.described()
	entry["@id"], entry["id"], entry["version"], entry["packageContent"] = p.nugetAddress(base), p.name, p.version, content
	entry["dependencyGroups"], entry["published"] = p.dependencyGroups(base), p.created.UTC().Format("2006-01-02T15:04:05Z")
	return map[string]any{"@id": p.nugetAddress(base), "packageContent": content, "catalogEntry": entry}
}

// described are the texts of a package.
func (p *pkg) described() map[string]any {
	m := p.nuget
	if m == nil {
		m = &nugetMetadata{}
	}
	shown := map[string]any{
		"authors": m.authors, "description": m.description, "summary": m.description, "tags": strings.Join(p.nugetTags, " "),
	}
	for name, value := range map[string]string{"projectUrl": m.project, "licenseUrl": m.license, "iconUrl": m.icon} {
		if value != "" {
			shown[name] = value
		}
	}
	return shown
}

func (p *pkg) dependencyGroups(base string) []any {
	groups := []any{}
	seen := map[string]map[string]any{}
	for _, d := range p.links {
		group := seen[d.framework]
		if group == nil {
			id := p.nugetAddress(base) + "#dependencyGroup"
			group = map[string]any{"@id": id, "@type": "PackageDependencyGroup"}
			if d.framework != "" {
				group["@id"], group["targetFramework"] = id+"/"+strings.ToLower(d.framework), d.framework
			}
			seen[d.framework] = group
			groups = append(groups, group)
		}
		if strings.HasPrefix(d.name, emptyDependency) {
			continue
		}
		all, _ := group["dependencies"].([]any)
		group["dependencies"] = append(all, map[string]any{
			"@id": fmt.Sprint(group["@id"], "/", strings.ToLower(d.name)), "@type": "PackageDependency", "id": d.name, "range": d.version,
		})
	}
	return groups
}

// nugetSymbolFile serves no symbols, whatever the group's setting says: without the setting GitLab forbids it, and files
// are not taken out of symbol packages here.
func (s *Server) nugetSymbolFile(e *exchange) {
	if !e.numericID() {
		return
	}
	s.mu.RLock()
	p := s.projectByID(e.id)
	enabled := p != nil && s.setting(p.group, "nugetSymbolServerEnabled") == true
	s.mu.RUnlock()
	switch {
	case p == nil:
		e.fail(http.StatusNotFound, "404 Not Found")
	case !enabled:
		e.fail(http.StatusForbidden, "403 Forbidden")
	case e.r.Header.Get("Symbolchecksum") == "":
		e.bad("Missing checksum header")
	default:
		e.fail(http.StatusNotFound, "404 Symbol Not Found")
	}
}
