package gitlab

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// NuGet, publishing: PUT of a form with the part "package" (https://learn.microsoft.com/nuget/api/package-publish-resource,
// symbol-package-publish-resource), as GitLab takes it: doc/api/packages/nuget.md, lib/api/nuget_project_packages.rb and
// app/services/packages/nuget/{create_or_update_package,create_temporary_package}_service.rb. Name and version come from
// the .nuspec inside alone. The feed of version 2 is there for publishing only.

// The placeholders of what the background has not read yet (app/models/packages/nuget.rb), and the names of their files.
const (
	nugetPlaceholder        = "NuGet.Temporary.Package"
	nugetSymbolsPlaceholder = "NuGet.Temporary.SymbolPackage"
	nugetFile               = "package.nupkg"
	nugetSymbolsFile        = "package.snupkg"
)

// nugetMetadata is what GitLab keeps of a .nuspec beside the dependencies and the tags.
type nugetMetadata struct {
	authors, description, license, project, icon string
	normal                                       string // the version
}

func (s *Server) nugetRoutes() []route {
	put := func(symbols bool) func(*exchange) {
		return s.upload(func(e *exchange) { s.nugetPut(e, symbols) })
	}
	return []route{
		{"PUT", inProject + "/nuget", "nuget", s.nugetUnread},
		{"PUT", inProject + "/nuget/", "nuget", put(false)},
		{"PUT", inProject + "/nuget/v2", "nuget", put(false)},
		{"PUT", inProject + "/nuget/v2/", "nuget", put(false)},
		{"PUT", inProject + "/nuget/symbolpackage", "nuget symbols", put(true)},
		{"PUT", inProject + "/nuget/symbolpackage/", "nuget symbols", put(true)},
		{"DELETE", inProject + "/nuget/:item/*", "nuget", s.nugetDelete},
		{"GET", inProject + "/nuget/index", "nuget service index", s.nugetServices},
		{"GET", inProject + "/nuget/index.json", "nuget service index", s.nugetServices},
		{"GET", inProject + "/nuget/download/:item/*", "nuget download", s.download(s.nugetDownload)},
		{"GET", inProject + "/nuget/metadata/:item/*", "nuget metadata", s.listing(s.nugetMetadata)},
		{"GET", inProject + "/nuget/query", "nuget query", s.listing(s.nugetQuery)},
		{"GET", inProject + "/nuget/symbolfiles/*", "nuget symbol file", s.nugetSymbolFile},
		{"GET", inGroup + "/nuget/index", "group nuget service index", s.nugetServices},
		{"GET", inGroup + "/nuget/index.json", "group nuget service index", s.nugetServices},
		{"GET", inGroup + "/nuget/metadata/:item/*", "group nuget metadata", s.listing(s.nugetMetadata)},
		{"GET", inGroup + "/nuget/query", "group nuget query", s.listing(s.nugetQuery)},
	}
}

var positiveNumber = regexp.MustCompile(`\A[1-9]\d*\z`)

// numericID tells whether the request names its project or group by number, as all of NuGet's routes want it; false when
// it has answered.
func (e *exchange) numericID() bool {
	if positiveNumber.MatchString(e.id) {
		return true
	}
	e.invalid("id is invalid")
	return false
}

// nugetEnter finds the project and checks what its sender may do.
func (s *Server) nugetEnter(e *exchange, accept accepts, a ability) (*project, *token, bool) {
	if !e.numericID() {
		return nil, nil, false
	}
	return s.enter(e, accept, a, "404 Not Found")
}

// nugetUnread is the address without its slash, which Workhorse does not know: what it has not read is no file.
func (s *Server) nugetUnread(e *exchange) {
	if !e.numericID() {
		return
	}
	if strings.HasPrefix(e.r.Header.Get("Content-Type"), "multipart/") {
		e.invalid("package is invalid")
		return
	}
	e.invalid("package is missing")
}

func (s *Server) nugetPut(e *exchange, symbols bool) {
	p, who, ok := s.nugetEnter(e, acceptNuGetPush, create)
	if !ok {
		return
	}
	limit := s.modes.number("limit.nuget")
	f, ok := s.receiveForm(e, limit)
	if !ok {
		return
	}
	defer f.remove()
	if wrong := f.wrongFile("package"); wrong != "" {
		e.invalid(wrong)
		return
	}
	if limit > 0 && f.files["package"].body.size >= limit {
		e.bad("File is too large")
		return
	}
	if symbols || s.modes.get("nuget") == "async" {
		s.nugetQueue(e, p, who, f, symbols)
		return
	}
	spec, err := nuspecOf(f.files["package"].body, nuspecFromFront)
	if err != nil {
		e.refuse(err)
		return
	}
	s.nugetPublish(e, p, who, f, spec)
}

// nuspecOf reads the specification in a stored package.
func nuspecOf(b body, find func(io.ReaderAt, int64) ([]byte, error)) (nuspec, error) {
	content, err := b.open()
	if err != nil {
		return nuspec{}, crashed("Errno::ENOENT")
	}
	defer func() { _ = content.Close() }()
	text, err := find(content, b.size)
	if err != nil {
		return nuspec{}, err
	}
	return parseNuspec(text)
}

// refuse answers a refusal; what GitLab does not foresee is a 500.
func (e *exchange) refuse(err error) {
	var r refusal
	if !errors.As(err, &r) || r.status == http.StatusInternalServerError {
		e.fail(http.StatusInternalServerError, "500 Internal Server Error")
		return
	}
	e.fail(r.status, r.message)
}

// nugetQueue stores a package as a placeholder and lets the background find out what it is.
func (s *Server) nugetQueue(e *exchange, p *project, who *token, f form, symbols bool) {
	if s.storeFails(e, true) {
		return
	}
	name, stored := nugetPlaceholder, nugetFile
	if symbols {
		name, stored = nugetSymbolsPlaceholder, nugetSymbolsFile
	}
	s.mu.Lock()
	one := &pkg{
		project: p, format: artifact.NuGet, name: name, version: "0.0.0-" + uuid(), status: statusProcessing, created: s.clock.now(),
	}
	s.add(one)
	sent := &file{name: stored, body: f.take("package").body, created: one.created}
	s.addFile(one, sent)
	s.mu.Unlock()
	s.later(one, func() error { return s.nugetProcess(one, sent, who) })
	e.fail(http.StatusCreated, "201 Created")
}

const (
	nugetExists = "A package with the same name and version already exists"
	nugetLocked = "Failed to obtain a lock. Please try again."
)

// nugetPublish creates or extends a package in the request.
func (s *Server) nugetPublish(e *exchange, p *project, who *token, f form, spec nuspec) {
	name, version := spec.get("id"), spec.get("version")
	s.mu.Lock()
	defer s.mu.Unlock()
	one := first(nugetFind(p, name, version, true))
	metadata, wrong := spec.metadata()
	if one == nil {
		wrong = append(nugetInvalid(p, name, version), wrong...)
	}
	switch {
	case one != nil && !s.duplicatesAllowed(p, "nuget", one.name, one.version):
		e.fail(http.StatusConflict, nugetExists)
		return
	case p.protects("nuget", name, who):
		e.fail(http.StatusForbidden, "403 Forbidden - Package protected.")
		return
	case s.faults.Hit(standin.Lock, standin.Write):
		e.fail(http.StatusConflict, nugetLocked)
		return
	case len(wrong) > 0:
		e.fail(http.StatusBadRequest, "Validation failed: "+strings.Join(wrong, ", "))
		return
	case s.storeFails(e, true):
		return
	}
	if one == nil {
		one = &pkg{project: p, format: artifact.NuGet, name: name, version: version, status: statusDefault, created: s.clock.now()}
		one.links = spec.links()
		s.add(one)
	}
	one.describe(spec, metadata)
	stored := strings.ToLower(name + "." + version + ".nupkg")
	s.addFile(one, &file{name: stored, body: f.take("package").body, created: s.clock.now()})
	s.stats.Wrote(one.key(stored))
	e.fail(http.StatusCreated, "201 Created")
}

// describe takes over what a .nuspec says. The caller holds the lock.
func (p *pkg) describe(spec nuspec, metadata *nugetMetadata) {
	if metadata != nil {
		metadata.normal = nugetNormal(p.version)
	}
	p.nuget = metadata
	if tags := strings.Fields(spec.get("tags")); len(tags) > 0 {
		p.nugetTags = tags
	}
}

// nugetInvalid is what the validation of a new row says. The caller holds the lock.
func nugetInvalid(p *project, name, version string) (wrong []string) {
	if name == "" {
		wrong = append(wrong, "Name can't be blank")
	}
	if p.get(artifact.NuGet, name, version) != nil {
		wrong = append(wrong, "Name has already been taken")
	}
	if !nugetName.MatchString(name) {
		wrong = append(wrong, "Name is invalid")
	}
	if !nugetVersion.MatchString(version) {
		wrong = append(wrong, "Version is invalid")
	}
	return wrong
}

func first[T any](all []*T) *T {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// maxNuGet is the number of packages that a look-up finds.
const maxNuGet = 300

// nugetFind finds the installable packages of a name, newest first: all versions, or those that are spelled as version in
// any case, or whose normal form it is. So 1.0.0 finds 1.0, and 1.0 does not find 1.0.0. The caller holds the lock.
func nugetFind(p *project, name, version string, normal bool) (all []*pkg) {
	if name == "" {
		return nil
	}
	version = strings.ToLower(version)
	for _, one := range p.byName[nameKey(artifact.NuGet, name)] {
		same := version == "" || strings.ToLower(one.version) == version || normal && one.nuget != nil && one.nuget.normal == version
		if same && one.installable() {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b *pkg) int { return cmp.Compare(b.id, a.id) })
	return all[:min(len(all), maxNuGet)]
}

// nugetDelete marks one version for destruction.
func (s *Server) nugetDelete(e *exchange) {
	p, _, ok := s.nugetEnter(e, acceptNuGetPush, destroy)
	if !ok {
		return
	}
	name, version := unescaped(e.item), unescaped(e.rest)
	s.mu.Lock()
	one := first(nugetFind(p, name, version, e.normalises()))
	if one != nil {
		one.destroy()
	}
	s.mu.Unlock()
	switch {
	case !nugetName.MatchString(name):
		e.invalid("package_name is invalid")
	case !nugetVersion.MatchString(version):
		e.invalid("package_version is invalid")
	case one == nil:
		e.fail(http.StatusNotFound, "404 Package Not Found")
	default:
		e.empty(http.StatusNoContent)
	}
}
