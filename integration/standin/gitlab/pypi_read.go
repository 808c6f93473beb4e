package gitlab

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

// PyPI, for consumers: PEP 503's simple index in HTML, and the files behind it: GitLab's lib/api/pypi_packages.rb,
// app/presenters/packages/pypi/*.rb and app/finders/packages/pypi/*.rb. A file's address holds the digest that its
// publisher claimed.

var pypiSeparators = regexp.MustCompile(`[-_.]+`)

// pypiNormal is a name as PEP 503 compares it.
func pypiNormal(name string) string {
	return strings.ToLower(pypiSeparators.ReplaceAllString(name, "-"))
}

// pypiScope is what a request reads from: the projects, their common name, and the address of the registry.
type pypiScope struct {
	in         []*project
	name, base string
}

// pypiScope finds what a request reads from; false when it has answered.
func (s *Server) pypiScope(e *exchange) (pypiScope, bool) {
	if !strings.HasPrefix(e.r.URL.Path, "/api/v4/groups/") {
		p, _, ok := s.pypiEnter(e, read)
		if !ok {
			return pypiScope{}, false
		}
		return pypiScope{[]*project{p}, lastSegment(p.path), fmt.Sprintf("%s/api/v4/projects/%d/packages/pypi", e.base(), p.id)}, true
	}
	s.mu.RLock()
	g := s.groupByID(e.id)
	s.mu.RUnlock()
	if g == nil {
		e.fail(http.StatusNotFound, "404 Not Found")
		return pypiScope{}, false
	}
	in, ok := s.groupReaders(e, acceptPyPI)
	return pypiScope{in, lastSegment(g.path), fmt.Sprintf("%s/api/v4/groups/%d/-/packages/pypi", e.base(), g.id)}, ok
}

// pypiPage writes a page of links; python of a link is the Python it requires.
func (e *exchange) pypiPage(name string, links []pypiLink) {
	var all strings.Builder
	for _, l := range links {
		fmt.Fprintf(&all, `<a href="%s" data-requires-python="%s">%s</a>`, l.address, html.EscapeString(l.python), l.text)
	}
	name = html.EscapeString(name)
	e.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(e.w, "<!DOCTYPE html>\n<html>\n<head>\n<title>Links for %s</title>\n</head>\n<body>\n<h1>Links for %s</h1>\n%s\n</body>\n</html>\n",
		name, name, all.String())
}

type pypiLink struct{ address, python, text string }

// pypiIndex lists the packages, one link for each row.
func (s *Server) pypiIndex(e *exchange) {
	scope, ok := s.pypiScope(e)
	if !ok {
		return
	}
	var links []pypiLink
	s.mu.RLock()
	for _, p := range scope.in {
		for _, one := range p.packages {
			if one.format == artifact.PyPI && one.installable() {
				links = append(links, pypiLink{
					scope.base + "/simple/" + url.PathEscape(pypiNormal(one.name)), one.pypi["requires_python"], html.EscapeString(one.name),
				})
			}
		}
	}
	s.mu.RUnlock()
	e.pypiPage(scope.name, links)
}

// pypiSimple lists the files of every package whose name is the same by PEP 503.
func (s *Server) pypiSimple(e *exchange) {
	scope, ok := s.pypiScope(e)
	if !ok {
		return
	}
	name, err := url.PathUnescape(strings.TrimSuffix(e.rest, "/"))
	if err != nil || traverses(name) {
		e.invalid("package_name should be a valid file path")
		return
	}
	spelled, links := "", []pypiLink{}
	s.mu.RLock()
	for _, p := range scope.in {
		for _, one := range p.byName[key{format: artifact.PyPI, name: strings.ToLower(name)}] {
			if !one.installable() {
				continue
			}
			if spelled == "" {
				spelled = one.name
			}
			links = append(links, one.pypiLinks(scope.base)...)
		}
	}
	forward := s.forwards(scope.in, "pypi")
	s.mu.RUnlock()
	switch {
	case spelled != "":
		e.pypiPage(spelled, links)
	case forward:
		e.w.Header().Set("Location", strings.TrimSuffix(s.modes.get("forward"), "/")+"/simple/"+name+"/")
		e.empty(http.StatusFound)
	default:
		e.fail(http.StatusNotFound, "404 Package Not Found")
	}
}

func (p *pkg) pypiLinks(base string) (links []pypiLink) {
	for _, f := range p.files {
		if f.status != statusDefault {
			continue
		}
		sum := ""
		if f.sha256 != nil {
			sum = *f.sha256
		}
		address := fmt.Sprintf("%s/files/%s/%s#sha256=%s", base, sum, url.PathEscape(f.name), sum)
		links = append(links, pypiLink{address, f.python, f.name})
	}
	return links
}

// pypiFile serves a file whose name and claimed digest both agree.
func (s *Server) pypiFile(e *exchange) {
	scope, ok := s.pypiScope(e)
	if !ok {
		return
	}
	name, err := url.PathUnescape(e.rest)
	if err != nil || traverses(name) {
		e.invalid("file_identifier should be a valid file path")
		return
	}
	var found *file
	s.mu.RLock()
	for _, p := range scope.in {
		for _, one := range p.packages {
			if one.format != artifact.PyPI || !one.installable() || !strings.Contains(name, ".") {
				continue
			}
			if f := one.file(name); f != nil && f.sha256 != nil && *f.sha256 == e.item {
				found = f
			}
		}
	}
	s.mu.RUnlock()
	if found == nil {
		e.fail(http.StatusNotFound, "404 Not found")
		return
	}
	s.serveStored(e, found)
}
