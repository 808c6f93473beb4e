package gitlab

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// Generic packages: GitLab's doc/user/packages/generic_packages/_index.md, lib/api/generic_packages.rb and
// app/services/packages/generic; names by lib/gitlab/regex/packages.rb.

var (
	genericName = regexp.MustCompile(`\A[A-Za-z0-9._\-+]+\z`)
	genericFile = regexp.MustCompile(`\A[A-Za-z0-9._\-+~@]+\z`)
)

func (s *Server) genericRoutes() []route {
	return []route{
		{"GET", inProject + "/generic/*", "generic", s.storable(s.genericGet)},
		{"PUT", inProject + "/generic/*", "generic", s.upload(s.genericPut)},
	}
}

// genericTarget is what a path names; stored is how GitLab keeps the file's name: percent-encoded when it is nested.
type genericTarget struct{ name, version, stored string }

// genericTarget reads a request's path; false when it has answered.
func (e *exchange) genericTarget() (genericTarget, bool) {
	var parts []string
	for _, segment := range strings.Split(e.rest, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			e.invalid("path should be a valid file path")
			return genericTarget{}, false
		}
		parts = append(parts, plain)
	}
	if len(parts) < 3 {
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return genericTarget{}, false
	}
	t := genericTarget{name: parts[0], version: parts[1]}
	name := parts[len(parts)-1]
	dir := strings.Join(parts[2:len(parts)-1], "/")
	if given := e.r.URL.Query().Get("path"); given != "" {
		dir = given
	}
	switch {
	case !genericName.MatchString(t.name):
		e.invalid("package_name is invalid")
	case !versionOK(t.version):
		e.invalid("package_version is invalid")
	case dir != "" && traverses(dir):
		e.invalid("path should be a valid file path")
	case !genericFile.MatchString(name) || strings.ContainsAny(name[:1]+name[len(name)-1:], "~@"):
		e.invalid("file_name is invalid")
	default:
		t.stored = name
		if dir != "" {
			t.stored = encodeComponent(dir + "/" + name)
		}
		return t, true
	}
	return t, false
}

// traverses tells whether a directory leaves its place, plainly or encoded.
func traverses(dir string) bool {
	if plain, err := url.PathUnescape(dir); err == nil && plain != dir && traverses(plain) {
		return true
	}
	segments := strings.Split(dir, "/")
	return strings.HasPrefix(dir, "/") || strings.ContainsAny(dir, "\\\x00") || slices.Contains(segments, "..") || slices.Contains(segments, ".")
}

// encodeComponent is Ruby's URI.encode_uri_component.
func encodeComponent(s string) string {
	return strings.NewReplacer("+", "%20", "~", "%7E", "%2A", "*").Replace(url.QueryEscape(s))
}

func (s *Server) genericPut(e *exchange) {
	p, who, ok := s.enter(e, acceptGeneric, create, "404 Not Found")
	if !ok {
		return
	}
	query := e.r.URL.Query()
	switch {
	case !slices.Contains([]string{"", statusDefault, statusHidden}, query.Get("status")):
		e.invalid("status does not have a valid value")
		return
	case !slices.Contains([]string{"", "package_file"}, query.Get("select")):
		e.invalid("select does not have a valid value")
		return
	}
	t, ok := e.genericTarget()
	if !ok {
		return
	}
	if p.protected(s, "generic", t.name, who) {
		e.fail(http.StatusForbidden, "403 Forbidden - Package protected.")
		return
	}
	b, ok := s.receiveRequest(e, 0)
	if !ok {
		return
	}
	if limit := s.modes.number("limit.generic"); limit > 0 && b.size >= limit {
		b.remove()
		e.bad("File is too large")
		return
	}
	if s.storeFails(e, true) {
		b.remove()
		return
	}
	one, f := s.genericStore(p, t, b, query.Get("status"))
	switch {
	case f == nil:
		b.remove()
		e.bad("Duplicate package is not allowed")
	case query.Get("select") == "package_file":
		e.json(http.StatusOK, f.record(one))
	default:
		e.fail(http.StatusCreated, "201 Created")
	}
}

// genericStore adds a file row; nil when it is there and may not be again.
func (s *Server) genericStore(p *project, t genericTarget, b body, status string) (*pkg, *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := p.get(artifact.Generic, t.name, t.version)
	if one != nil && one.file(t.stored) != nil && !s.duplicatesAllowed(p, "generic", t.name, t.version) {
		return nil, nil
	}
	if one == nil {
		one = &pkg{project: p, format: artifact.Generic, name: t.name, version: t.version, status: statusDefault, created: s.clock.now()}
		s.add(one)
	}
	if status != "" {
		one.status = status
	}
	f := &file{name: t.stored, body: b, sha256: &b.sha256, created: s.clock.now()}
	s.addFile(one, f)
	s.stats.Wrote(one.key(decoded(t.stored)))
	return one, f
}

// decoded is a file's name as it is downloaded.
func decoded(stored string) string {
	if plain, err := url.PathUnescape(stored); err == nil {
		return plain
	}
	return stored
}

// record is the database row that select=package_file shows.
func (f *file) record(p *pkg) map[string]any {
	return map[string]any{
		"id": f.id, "package_id": p.id, "created_at": f.created.Format(timeFormat), "updated_at": f.created.Format(timeFormat),
		"size": f.body.size, "file_store": 1, "file_md5": f.md5, "file_sha1": f.sha1, "file_sha256": f.sha256,
		"file_name": f.name, "file": map[string]any{"url": nil}, "status": f.status, "verification_checksum": nil,
	}
}

func (s *Server) genericGet(e *exchange) {
	p, _, ok := s.enter(e, acceptGeneric, read, "404 Not Found")
	if !ok {
		return
	}
	t, ok := e.genericTarget()
	if !ok {
		return
	}
	s.mu.RLock()
	var f *file
	if one := p.get(artifact.Generic, t.name, t.version); one != nil && one.installable() {
		f = one.file(t.stored)
	}
	s.mu.RUnlock()
	if f == nil {
		e.fail(http.StatusNotFound, "404 Not found")
		return
	}
	if s.modes.get("store") == "off" {
		e.w.Header().Set("X-Checksum-SHA256", *f.sha256)
	}
	s.serveStored(e, f)
}
