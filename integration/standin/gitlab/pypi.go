package gitlab

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// PyPI, publishing: twine's upload form, as GitLab takes it: doc/api/packages/pypi.md, lib/api/pypi_packages.rb,
// app/services/packages/pypi/create_package_service.rb and app/models/packages/pypi/*.rb. Nothing is read from the file:
// name, version and digests are what the form says, and the digests are never compared.

var (
	packageName = regexp.MustCompile(`\A@?(([\w\-.+]*)/)*([\w\-.]+)@?(([\w\-.+]*)/)*([\w\-.]*)\z`)
	pypiVersion = regexp.MustCompile(`(?i)\A(?:v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
		`([-_.]?((a|b|c|rc|alpha|beta|pre|preview))[-_.]?([0-9]+)?)?` +
		`((?:-([0-9]+))|(?:[-_.]?(post|rev|r)[-_.]?([0-9]+)?))?([-_.]?(dev)[-_.]?([0-9]+)?)?` +
		`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?)\z`)
	sha256Text = regexp.MustCompile(`(?i)\A[0-9a-f]{64}\z`)
)

// pypiKept are the fields that a package keeps, with the characters of each; what is longer is cut.
var pypiKept = map[string]int{
	"requires_python": 255, "metadata_version": 16, "author_email": 2048, "summary": 255, "keywords": 1024,
	"description": 4000, "description_content_type": 128,
}

func (s *Server) pypiRoutes() []route {
	return []route{
		{"POST", inProject + "/pypi", "pypi", s.upload(s.pypiPost)},
		{"POST", inProject + "/pypi/", "pypi", s.upload(s.pypiPost)},
		{"GET", inProject + "/pypi/simple", "pypi index", s.listing(s.pypiIndex)},
		{"GET", inProject + "/pypi/simple/", "pypi index", s.listing(s.pypiIndex)},
		{"GET", inProject + "/pypi/simple/*", "pypi simple", s.listing(s.pypiSimple)},
		{"GET", inProject + "/pypi/files/:item/*", "pypi file", s.storable(s.pypiFile)},
		{"GET", inGroup + "/pypi/simple", "group pypi index", s.listing(s.pypiIndex)},
		{"GET", inGroup + "/pypi/simple/", "group pypi index", s.listing(s.pypiIndex)},
		{"GET", inGroup + "/pypi/simple/*", "group pypi simple", s.listing(s.pypiSimple)},
		{"GET", inGroup + "/pypi/files/:item/*", "group pypi file", s.storable(s.pypiFile)},
	}
}

// pypiEnter finds the project and checks what its sender may do; a project that is not there is told to anybody.
func (s *Server) pypiEnter(e *exchange, a ability) (*project, *token, bool) {
	s.mu.RLock()
	p := s.projectByID(e.id)
	s.mu.RUnlock()
	if p == nil {
		e.fail(http.StatusNotFound, "404 Not Found")
		return nil, nil, false
	}
	return s.enter(e, acceptPyPI, a, "404 Not Found")
}

func (s *Server) pypiPost(e *exchange) {
	p, who, ok := s.pypiEnter(e, create)
	if !ok {
		return
	}
	known := s.newestID()
	limit := s.modes.number("limit.pypi")
	f, ok := s.receiveForm(e, limit)
	if !ok {
		return
	}
	defer f.remove()
	if wrong := pypiWrong(f); wrong != "" {
		e.invalid(wrong)
		return
	}
	size := f.files["content"].body.size
	switch name := f.fields["name"]; {
	case limit > 0 && size >= limit:
		e.bad("File is too large")
	case p.protected(s, "pypi", name, who):
		e.fail(http.StatusForbidden, "403 Forbidden - Package protected.")
	case s.storeFails(e, true):
	default:
		if wrong := s.pypiStore(p, f, known); wrong != "" {
			e.bad("Validation failed: " + wrong)
			return
		}
		e.fail(http.StatusCreated, "201 Created")
	}
}

// newestID is that of the newest row.
func (s *Server) newestID() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lastID
}

// pypiWrong is what the validation of parameters says of a form.
func pypiWrong(f form) string {
	var wrong []string
	if text := f.wrongFile("content"); text != "" {
		wrong = append(wrong, text)
	}
	for _, name := range []string{"name", "version"} {
		if _, ok := f.fields[name]; !ok {
			wrong = append(wrong, name+" is missing")
		}
	}
	if sum, ok := f.fields["sha256_digest"]; ok && !sha256Text.MatchString(sum) {
		wrong = append(wrong, "sha256_digest is invalid")
	}
	return strings.Join(wrong, ", ")
}

// pypiStore adds a file to its package, or tells what is wrong; then nothing has changed.
func (s *Server) pypiStore(p *project, f form, known int) (wrong string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, version := f.fields["name"], f.fields["version"]
	one := s.pypiPackage(p, name, version, known)
	if one == nil {
		if wrong := pypiInvalid(name, version); wrong != "" {
			return wrong
		}
		one = &pkg{project: p, format: artifact.PyPI, name: name, version: version, status: statusDefault, created: s.clock.now()}
	}
	if slices.ContainsFunc(one.files, func(other *file) bool { return other.name == f.files["content"].name }) {
		return "File name has already been taken"
	}
	if one.id == 0 {
		s.add(one)
	}
	one.pypi = map[string]string{}
	for field, most := range pypiKept {
		if text, ok := f.fields[field]; ok {
			one.pypi[field] = truncate(text, most)
		}
	}
	u := f.take("content")
	s.addFile(one, &file{
		name: u.name, body: u.body, md5: presence(f.fields["md5_digest"]), sha256: presence(f.fields["sha256_digest"]),
		python: one.pypi["requires_python"], created: s.clock.now(),
	})
	s.stats.Wrote(one.key(u.name))
	return ""
}

// presence is nil for an empty text.
func presence(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// pypiPackage finds the row of an exact spelling. No index of the database makes it unique: under pypi.race a request
// does not see the rows that were made while its body came in, so that the first two files of a version, sent in
// parallel, make two rows, as they may on GitLab. Later files go to the older one.
func (s *Server) pypiPackage(p *project, name, version string, known int) *pkg {
	for _, one := range p.byName[nameKey(artifact.PyPI, name)] {
		if one.name == name && one.version == version && (one.id <= known || s.modes.get("pypi.race") == "off") {
			return one
		}
	}
	return nil
}

// pypiInvalid is what the validation of a new row says.
func pypiInvalid(name, version string) string {
	var wrong []string
	if strings.TrimSpace(name) == "" {
		wrong = append(wrong, "Name can't be blank")
	}
	if !pypiVersion.MatchString(version) {
		wrong = append(wrong, "Version is invalid")
	}
	if !packageName.MatchString(name) {
		wrong = append(wrong, "Name is invalid")
	}
	return strings.Join(wrong, ", ")
}
