package gitlab

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

// Maven: GitLab's doc/api/packages/maven.md, lib/api/maven_packages.rb, lib/api/helpers/packages/maven.rb and
// app/services/packages/maven/find_or_create_package_service.rb; names by lib/gitlab/regex/packages.rb.

var (
	mavenFileName = regexp.MustCompile(`\A[A-Za-z0-9._\-+]+\z`)
	mavenPath     = regexp.MustCompile(`\A@?(([\w\-.]*)/)*([\w\-.+]*)\z`)
	mavenApp      = regexp.MustCompile(`\A[\w\-.]+\z`)
	versionText   = regexp.MustCompile(`\A[\w+.-]+\z`)
	snapshotPart  = regexp.MustCompile(`-[0-9]{8}\.[0-9]{6}-[0-9]+`)
)

func (s *Server) mavenRoutes() []route {
	return []route{
		{"GET", inProject + "/maven/*", "maven", s.download(s.mavenGet)},
		{"PUT", inProject + "/maven/*", "maven", s.upload(s.mavenPut)},
		{"GET", inGroup + "/maven/*", "group maven", s.download(s.mavenGetFromGroup)},
	}
}

func versionOK(v string) bool { return versionText.MatchString(v) && !strings.Contains(v, "..") }

// mavenTarget is what a path names. version is empty for the index of an artifact.
type mavenTarget struct{ path, file, name, version string }

// mavenTarget reads a request's path; false when it has answered.
func (e *exchange) mavenTarget() (mavenTarget, bool) {
	full, err := url.PathUnescape(e.rest)
	if err != nil {
		e.invalid("path should be a valid file path")
		return mavenTarget{}, false
	}
	i := strings.LastIndexByte(full, '/')
	if i < 0 {
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return mavenTarget{}, false
	}
	t := mavenTarget{path: full[:i], file: full[i+1:]}
	switch {
	case !mavenFileName.MatchString(t.file):
		e.invalid("file_name is invalid")
		return t, false
	case len(t.file) > 5000:
		e.fail(http.StatusBadRequest, "File name is too long")
		return t, false
	}
	t.name = t.path
	if t.file != artifact.MavenMetadata || strings.HasSuffix(t.path, "-SNAPSHOT") {
		t.name, t.version = path.Dir(t.path), path.Base(t.path)
	}
	return t, true
}

// check tells what is wrong with a package that does not exist yet; "" when nothing is.
func (t mavenTarget) check() string {
	group, app := path.Split(t.name)
	group = strings.ReplaceAll(strings.TrimSuffix(group, "/"), "/", ".")
	switch {
	case !mavenPath.MatchString(t.path) || len(t.path) > 512:
		return "Maven metadatum path is invalid"
	case !mavenApp.MatchString(app):
		return "Maven metadatum app name is invalid"
	case !mavenApp.MatchString(group):
		return "Maven metadatum app group is invalid"
	case t.version != "" && !versionOK(t.version):
		return "Version is invalid"
	}
	return ""
}

// mavenPut stores a file, or compares a checksum.
func (s *Server) mavenPut(e *exchange) {
	p, who, ok := s.enter(e, acceptMaven, create, projectNotFound)
	if !ok {
		return
	}
	t, ok := e.mavenTarget()
	if !ok {
		return
	}
	if p.protected(s, "maven", path.Dir(t.path), who) {
		e.fail(http.StatusForbidden, "403 Forbidden - Package protected.")
		return
	}
	switch path.Ext(t.file) {
	case ".md5":
		if _, ok := s.mavenPackage(e, p, t); ok {
			e.empty(http.StatusOK)
		}
	case ".sha1":
		s.mavenVerify(e, p, t)
	default:
		s.mavenStore(e, p, t)
	}
}

// protected takes the lock.
func (p *project) protected(s *Server, format, name string, who *token) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return p.protects(format, name, who)
}

// mavenPackage finds or makes the package of a path; false when it has answered.
func (s *Server) mavenPackage(e *exchange, p *project, t mavenTarget) (*pkg, bool) {
	s.mu.Lock()
	one := p.byPath[t.path]
	if one == nil {
		if wrong := t.check(); wrong != "" {
			s.mu.Unlock()
			e.fail(http.StatusBadRequest, "Validation failed: "+wrong)
			return nil, false
		}
		one = &pkg{
			project: p, format: artifact.Maven, name: t.name, version: t.version, path: t.path,
			status: statusDefault, created: s.clock.now(),
		}
		s.add(one)
	}
	duplicate := one.version != "" && path.Ext(t.file) != ".md5" && path.Ext(t.file) != ".sha1" &&
		!s.duplicatesAllowed(p, "maven", one.name, one.version) && one.mavenHolds(t.file)
	s.mu.Unlock()
	if duplicate {
		e.bad("Duplicate package is not allowed")
	}
	return one, !duplicate
}

// mavenHolds tells whether a file of that name was ever put; builds of a snapshot are not told apart.
func (p *pkg) mavenHolds(name string) bool {
	plain := func(s string) string { return s }
	if strings.HasSuffix(p.path, "-SNAPSHOT") {
		plain = func(s string) string { return snapshotPart.ReplaceAllString(s, "") }
	}
	for _, f := range p.files {
		if plain(f.name) == plain(name) {
			return true
		}
	}
	return false
}

func (s *Server) mavenStore(e *exchange, p *project, t mavenTarget) {
	limit := s.modes.number("limit.maven")
	b, ok := s.receiveRequest(e, limit)
	if !ok {
		return
	}
	one, ok := s.mavenPackage(e, p, t)
	if ok && limit > 0 && b.size >= limit {
		e.bad("File is too large")
		ok = false
	}
	if !ok || s.storeFails(e, false) {
		b.remove()
		return
	}
	s.mu.Lock()
	s.addFile(one, &file{name: t.file, body: b, md5: &b.md5, sha1: &b.sha1, created: s.clock.now()})
	wrote := one.key(t.file)
	s.mu.Unlock()
	s.stats.Wrote(wrote)
	e.json(http.StatusOK, nil)
}

// key names a file of p in the statistics.
func (p *pkg) key(file string) string {
	return fmt.Sprintf("%s/%s/%s/%s/%s", p.project.path, p.format, p.name, p.version, file)
}

// mavenVerify compares the body of a .sha1 with the digest of what was stored.
func (s *Server) mavenVerify(e *exchange, p *project, t mavenTarget) {
	claimed, err := io.ReadAll(io.LimitReader(e.r.Body, 1<<20))
	if err != nil {
		e.fail(http.StatusInternalServerError, "500 Internal Server Error")
		return
	}
	one, ok := s.mavenPackage(e, p, t)
	if !ok {
		return
	}
	s.mu.RLock()
	f := one.file(strings.TrimSuffix(t.file, ".sha1"))
	s.mu.RUnlock()
	switch {
	case f == nil:
		e.fail(http.StatusNotFound, "404 Not found")
	case string(claimed) != f.body.sha1:
		e.fail(http.StatusConflict, "409 Conflict")
	default:
		e.empty(http.StatusNoContent)
	}
}

// mavenGet serves a file of a project.
func (s *Server) mavenGet(e *exchange) {
	if p, _, ok := s.enter(e, acceptMaven, read, projectNotFound); ok {
		s.mavenServe(e, []*project{p})
	}
}

// mavenGetFromGroup serves a file of any project of a group.
func (s *Server) mavenGetFromGroup(e *exchange) {
	if in, ok := s.groupReaders(e, acceptMaven); ok {
		s.mavenServe(e, in)
	}
}

// groupReaders returns the projects of a group whose packages the sender may read; false when it has answered.
func (s *Server) groupReaders(e *exchange, a accepts) ([]*project, bool) {
	g, who, ok := s.findGroup(e, a)
	if !ok {
		return nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var in []*project
	for _, p := range s.inGroup(g) {
		if who.may(read, p) {
			in = append(in, p)
		}
	}
	return in, true
}

func (s *Server) mavenServe(e *exchange, in []*project) {
	t, ok := e.mavenTarget()
	if !ok {
		return
	}
	name, digest := t.file, ""
	if ext := path.Ext(name); ext == ".md5" || ext == ".sha1" {
		name, digest = strings.TrimSuffix(name, ext), ext
	}
	f, known := s.mavenFind(in, t.path, name)
	switch {
	case f == nil && known:
		e.fail(http.StatusNotFound, "404 Package Not Found")
	case f == nil:
		e.fail(http.StatusNotFound, projectNotFound)
	case digest == ".md5":
		e.text(http.StatusOK, f.body.md5)
	case digest == ".sha1":
		e.text(http.StatusOK, f.body.sha1)
	default:
		e.w.Header().Set("x-checksum-sha1", f.body.sha1)
		e.w.Header().Set("x-checksum-md5", f.body.md5)
		e.serve(f)
	}
}

// mavenFind finds the newest file of a name at a path; known tells whether any project of the instance has the path.
func (s *Server) mavenFind(in []*project, at, name string) (newest *file, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range s.projects {
		known = known || p.byPath[at] != nil
	}
	for _, p := range in {
		one := p.byPath[at]
		if one == nil || !one.installable() {
			continue
		}
		if f := one.file(name); f != nil && (newest == nil || f.id > newest.id) {
			newest = f
		}
	}
	return newest, known
}
