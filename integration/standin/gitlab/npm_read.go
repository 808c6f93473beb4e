package gitlab

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
)

// npm, for consumers: GitLab's lib/api/concerns/packages/npm_endpoints.rb and
// app/services/packages/npm/generate_metadata_service.rb.

// npmReaders returns the projects that a request reads from: one, or a group's; false when it has answered.
func (s *Server) npmReaders(e *exchange) ([]*project, bool) {
	if strings.HasPrefix(e.r.URL.Path, "/api/v4/groups/") {
		return s.groupReaders(e, acceptNPM)
	}
	p, _, ok := s.enter(e, acceptNPM, read, projectNotFound)
	return []*project{p}, ok
}

// npmGet serves a packument, or a tarball after "/-/".
func (s *Server) npmGet(e *exchange) {
	in, ok := s.npmReaders(e)
	if !ok {
		return
	}
	plain, err := url.PathUnescape(e.rest)
	if err != nil {
		e.invalid("package_name should be a valid file path")
		return
	}
	if name, tarball, ok := strings.Cut(plain, "/-/"); ok {
		s.npmTarball(e, in, name, tarball)
		return
	}
	s.npmPackument(e, in, plain)
}

// npmTarball finds a file whatever its package's status is.
func (s *Server) npmTarball(e *exchange, in []*project, name, tarball string) {
	s.mu.RLock()
	var found *file
	for _, p := range in {
		for _, one := range p.byName[key{format: artifact.NPM, name: name}] {
			if f := one.file(tarball); f != nil {
				found = f
			}
		}
	}
	s.mu.RUnlock()
	if found == nil {
		e.failNPM(http.StatusNotFound, "404 Package Not Found", "Package not found")
		return
	}
	s.serveStored(e, found)
}

func (s *Server) npmPackument(e *exchange, in []*project, name string) {
	s.mu.RLock()
	versions := map[string]any{}
	var all []*pkg
	for _, p := range in {
		all = append(all, installableOf(p, name)...)
	}
	for _, one := range all {
		if shown := one.npmShown(e.base()); shown != nil {
			versions[one.version] = shown
		}
	}
	tags, forwarded := npmTagsOf(in, name, all), s.forwards(in, "npm")
	s.mu.RUnlock()
	if len(all) > 0 {
		e.json(http.StatusOK, map[string]any{"name": name, "versions": versions, "dist-tags": tags})
		return
	}
	if forwarded {
		e.w.Header().Set("Location", strings.TrimSuffix(s.modes.get("forward"), "/")+"/"+name)
		e.empty(http.StatusFound)
		return
	}
	e.failNPM(http.StatusNotFound, "404 Packages Not Found", "Packages not found")
}

// npmShown is one version of a packument; nil when it has no file. The caller holds the lock.
func (p *pkg) npmShown(base string) map[string]any {
	i := slices.IndexFunc(p.files, func(f *file) bool { return f.status == statusDefault })
	if i < 0 {
		return nil
	}
	f := p.files[i]
	shown := map[string]any{
		"name": p.name, "version": p.version,
		"dist": map[string]any{
			"shasum": f.sha1,
			"tarball": base + "/api/v4/projects/" + strconv.Itoa(p.project.id) + "/packages/npm/" + p.name + "/-/" +
				(&url.URL{Path: f.name}).EscapedPath(),
		},
	}
	for _, key := range []string{"deprecated", "bin", "directories", "engines", "_hasShrinkwrap", "hasInstallScript"} {
		if value, ok := p.manifest[key]; ok {
			shown[key] = value
		}
	}
	for kind, dependencies := range p.dependencies {
		shown[kind] = dependencies
	}
	return shown
}

// npmTagsOf is the dist-tags object; without a tag latest, the highest version is it. The caller holds the lock.
func npmTagsOf(in []*project, name string, all []*pkg) map[string]string {
	tags := map[string]string{}
	for _, p := range in {
		for _, t := range p.tags[name] {
			if t.pkg.installable() {
				tags[t.name] = t.pkg.version
			}
		}
	}
	if _, ok := tags["latest"]; !ok && len(all) > 0 {
		highest := slices.MaxFunc(all, func(a, b *pkg) int { return compareVersions(a.version, b.version) })
		tags["latest"] = highest.version
	}
	return tags
}

func (s *Server) npmTags(e *exchange) {
	in, ok := s.npmReaders(e)
	if !ok {
		return
	}
	name, _ := url.PathUnescape(e.item)
	s.mu.RLock()
	var all []*pkg
	for _, p := range in {
		all = append(all, installableOf(p, name)...)
	}
	tags := maps.Clone(npmTagsOf(in, name, all))
	s.mu.RUnlock()
	if len(all) == 0 {
		e.failNPM(http.StatusNotFound, "404 Package Not Found", "Package not found")
		return
	}
	e.json(http.StatusOK, tags)
}

// npmTagPut creates a dist-tag or moves it.
func (s *Server) npmTagPut(e *exchange) {
	p, _, ok := s.enter(e, acceptNPM, create, projectNotFound)
	if !ok {
		return
	}
	name, _ := url.PathUnescape(e.item)
	tag, _ := url.PathUnescape(e.rest)
	var version string
	text, err := io.ReadAll(io.LimitReader(e.r.Body, 1<<16))
	if err != nil || json.Unmarshal(text, &version) != nil || version == "" {
		e.failNPM(http.StatusBadRequest, `400 Bad request - "Version" not given`, `"Version" not given`)
		return
	}
	s.mu.Lock()
	one := p.get(artifact.NPM, name, version)
	if one != nil && one.installable() {
		p.setTag(tag, one)
	} else {
		one = nil
	}
	s.mu.Unlock()
	if one == nil {
		e.failNPM(http.StatusNotFound, "404 Package Not Found", "Package not found")
		return
	}
	e.empty(http.StatusNoContent)
}

func (s *Server) npmTagDelete(e *exchange) {
	p, _, ok := s.enter(e, acceptNPM, destroy, projectNotFound)
	if !ok {
		return
	}
	name, _ := url.PathUnescape(e.item)
	tag, _ := url.PathUnescape(e.rest)
	s.mu.Lock()
	dropped := p.dropTag(name, tag)
	s.mu.Unlock()
	if !dropped {
		e.failNPM(http.StatusNotFound, "404 Package Tag Not Found", "Package tag not found")
		return
	}
	e.empty(http.StatusNoContent)
}

// npmAudit knows no advisories.
func (s *Server) npmAudit(e *exchange) {
	// The route reads, although npm posts: a deploy token that only reads may audit.
	if _, ok := e.identify(acceptNPM, false); ok {
		e.json(http.StatusOK, []any{})
	}
}

// compareVersions orders like the VersionSorter of github.com/github/version_sorter: numbers by value, and what goes on
// with letters is lower than what ends.
func compareVersions(a, b string) int {
	for {
		x, xNumber, restA := versionPiece(a)
		y, yNumber, restB := versionPiece(b)
		switch {
		case x == "" && y == "":
			return strings.Compare(a, b)
		case x == "":
			return sign(!yNumber)
		case y == "":
			return sign(xNumber)
		case xNumber != yNumber:
			return sign(xNumber)
		case xNumber && compareNumbers(x, y) != 0:
			return compareNumbers(x, y)
		case !xNumber && x != y:
			return strings.Compare(x, y)
		}
		a, b = restA, restB
	}
}

func sign(positive bool) int {
	if positive {
		return 1
	}
	return -1
}

// versionPiece cuts the next run of digits or letters off.
func versionPiece(v string) (piece string, number bool, rest string) {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	v = strings.TrimLeftFunc(v, func(r rune) bool { return !digit(r) && !letter(r) })
	if v == "" {
		return "", false, ""
	}
	kind := letter
	if number = digit(rune(v[0])); number {
		kind = digit
	}
	rest = strings.TrimLeftFunc(v, kind)
	return v[:len(v)-len(rest)], number, rest
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return sign(len(a) > len(b))
	}
	return strings.Compare(a, b)
}
