package gitlab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

// npm, publishing: GitLab's doc/api/packages/npm.md, lib/api/npm_project_packages.rb and
// app/services/packages/npm/{create_temporary_package,create_package,deprecate_package}_service.rb.

var (
	npmName = regexp.MustCompile(`\A(?:@([a-zA-Z0-9_.][a-zA-Z0-9_\-.]{0,254}[a-zA-Z0-9_\-]|[a-zA-Z0-9_])/)?[-+._a-zA-Z0-9]+\z`)
	semver  = regexp.MustCompile(`\A(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(?:-((?:\d*[a-zA-Z-][0-9a-zA-Z-]*|[1-9]\d*|0)(?:\.(?:\d*[a-zA-Z-][0-9a-zA-Z-]*|[1-9]\d*|0))*))?` +
		`(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?\z`)
)

func (s *Server) npmRoutes() []route {
	return []route{
		{"GET", inProject + "/npm/-/package/:item/dist-tags", "npm dist-tags", s.npmTags},
		{"PUT", inProject + "/npm/-/package/:item/dist-tags/*", "npm dist-tag", s.npmTagPut},
		{"DELETE", inProject + "/npm/-/package/:item/dist-tags/*", "npm dist-tag", s.npmTagDelete},
		{"POST", inProject + "/npm/-/npm/v1/security/*", "npm audit", s.npmAudit},
		{"PUT", inProject + "/npm/:item", "npm", s.upload(s.npmPut)},
		{"GET", inProject + "/npm/*", "npm", s.storable(s.npmGet)},
		{"GET", inGroup + "/npm/-/package/:item/dist-tags", "group npm dist-tags", s.npmTags},
		{"POST", inGroup + "/npm/-/npm/v1/security/*", "npm audit", s.npmAudit},
		{"GET", inGroup + "/npm/*", "group npm", s.storable(s.npmGet)},
	}
}

func npmNameOK(name string) bool {
	scope, _, _ := strings.Cut(name, "/")
	return npmName.MatchString(name) && !strings.HasSuffix(scope, ".git") && !strings.HasSuffix(scope, ".atom")
}

const npmNameWrong = "Validation failed: Name should be a valid NPM package name: " +
	"https://github.com/npm/validate-npm-package-name#naming-rules."

// npmPut takes a publish document or a deprecation.
func (s *Server) npmPut(e *exchange) {
	deprecate := e.r.Header.Get("Npm-Command") == "deprecate"
	want := create
	if deprecate {
		want = destroy
	}
	p, who, ok := s.enter(e, acceptNPM, want, projectNotFound)
	if !ok {
		return
	}
	name, err := url.PathUnescape(e.item)
	if err != nil {
		e.invalid("package_name should be a valid file path")
		return
	}
	if e.r.ContentLength == 0 {
		e.invalid("file is missing")
		return
	}
	b, ok := s.receiveRequest(e, s.modes.number("limit.npm"))
	if !ok {
		return
	}
	if s.storeFails(e, false) {
		b.remove()
		return
	}
	if s.modes.get("npm") == "sync" {
		s.npmPutSync(e, p, who, name, b, deprecate)
		return
	}
	s.npmPutAsync(e, p, who, name, b, deprecate)
}

// npmPutAsync stores the document as a temporary package and lets the background find out what is in it.
func (s *Server) npmPutAsync(e *exchange, p *project, who *token, name string, b body, deprecate bool) {
	if !npmNameOK(name) {
		b.remove()
		e.failNPM(http.StatusBadRequest, npmNameWrong, npmNameWrong)
		return
	}
	if p.protected(s, "npm", name, who) {
		b.remove()
		e.failNPM(http.StatusBadRequest, "Package protected.", "Package protected.")
		return
	}
	s.mu.Lock()
	one := &pkg{
		project: p, format: artifact.NPM, name: name, version: "0.0.0-" + uuid(), status: statusProcessing, created: s.clock.now(),
	}
	s.add(one)
	f := &file{name: name + "-" + one.version + ".json", body: b, sha1: &b.sha1, status: statusProcessing, created: one.created}
	s.addFile(one, f)
	record := one.record()
	s.mu.Unlock()
	stage := s.readPublish
	if deprecate {
		stage = s.readDeprecation
	}
	s.later(one, func() error { return stage(one, f) })
	e.json(http.StatusOK, record)
}

// npmPutSync checks all but the tarball in the request.
func (s *Server) npmPutSync(e *exchange, p *project, who *token, name string, b body, deprecate bool) {
	d, err := s.documentAt(b)
	b.remove()
	defer d.close()
	switch {
	case err != nil:
		e.failNPM(http.StatusBadRequest, "Invalid json", "Invalid json")
		return
	case !d.hasVersions:
		e.invalid("versions is missing")
		return
	case deprecate:
		s.mu.Lock()
		deprecateVersions(p, name, d.versions)
		s.mu.Unlock()
		e.json(http.StatusOK, nil)
		return
	case !npmNameOK(name):
		e.failNPM(http.StatusBadRequest, npmNameWrong, npmNameWrong)
		return
	case p.protected(s, "npm", name, who):
		e.failNPM(http.StatusForbidden, "Package protected.", "Package protected.")
		return
	}
	s.stats.Wrote(npmKey(p, name, d.version))
	one := &pkg{project: p, format: artifact.NPM, name: name, status: statusProcessing, created: s.clock.now()}
	s.mu.Lock()
	f, err := s.npmCreate(one, d)
	record := one.record()
	s.mu.Unlock()
	if err != nil {
		s.npmRefuse(e, err)
		return
	}
	s.later(one, func() error { return s.readTarball(one, f) })
	e.json(http.StatusOK, record)
}

func (s *Server) npmRefuse(e *exchange, err error) {
	var r refusal
	if !errors.As(err, &r) || r.status == http.StatusInternalServerError {
		e.fail(http.StatusInternalServerError, "500 Internal Server Error")
		return
	}
	e.failNPM(r.status, r.message, r.message)
}

func npmKey(p *project, name, version string) string {
	return (&pkg{project: p, format: artifact.NPM, name: name, version: version}).key(artifact.NPMTarball(name, version))
}

// record is the database row that a publish answers with.
func (p *pkg) record() map[string]any {
	at := p.created.Format(timeFormat)
	return map[string]any{
		"id": p.id, "project_id": p.project.id, "created_at": at, "updated_at": at, "name": p.name, "version": p.version,
		"package_type": string(p.format), "creator_id": 1, "status": p.status, "last_downloaded_at": nil, "status_message": nil,
	}
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// deprecateVersions gives the named versions their message; an empty one takes it back. GitLab writes the first message
// of each batch to the whole batch. The caller holds the lock.
func deprecateVersions(p *project, name string, messages map[string]string) {
	const batch = 50
	all := installableOf(p, name)
	for len(all) > 0 {
		n := min(batch, len(all))
		deprecateBatch(all[:n], messages)
		all = all[n:]
	}
}

func deprecateBatch(batch []*pkg, messages map[string]string) {
	var changed []*pkg
	first := ""
	for _, one := range batch {
		message, named := messages[one.version]
		if !named || message == one.text("deprecated") {
			continue
		}
		if changed == nil {
			first = message
		}
		changed = append(changed, one)
	}
	for _, one := range changed {
		one.deprecate(first)
	}
}
