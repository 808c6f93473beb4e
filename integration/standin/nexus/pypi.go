package nexus

// PyPI repositories (org.sonatype.nexus.repository.pypi of the open 3.30: ContentPypiPathUtils, PypiContentFacetImpl): files
// at packages/NAME/VERSION/FILE, NAME as PEP 503 normalises it, and the simple pages, which are stored when they are first
// asked for.

import (
	"fmt"
	"html"
	"path"
	"slices"
	"strings"

	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

const pypiFormat = "pypi"

func pypiPath(name, version, file string) string {
	return fmt.Sprintf("packages/%s/%s/%s", artifact.PyPIName(name), version, file)
}

// pypiMeta keeps the name as its publisher spells it.
func pypiMeta(name, version string) object {
	return object{{"name", name}, {"version", version}, {"platform", nil}}
}

// pypiPublish stores a wheel and an sdist.
func (s *store) pypiPublish(r *repository, name, version string) {
	for _, f := range pypiFiles(name, version, int(s.last)) {
		s.keep(r, &asset{path: f.path, body: f.body(), attributes: f.shown})
	}
	r.remove("simple/" + artifact.PyPIName(name) + "/") // it is made again when it is asked for
	r.remove("simple/")
}

func pypiFiles(name, version string, seed int) []generatedFile {
	shown := pypiMeta(name, version)
	return []generatedFile{
		{path: pypiPath(name, version, fixture.WheelFile(name, version)), shown: shown, body: func() []byte { return fixture.Wheel(name, version, ">=3.8", seed) }},
		{path: pypiPath(name, version, fixture.SdistFile(name, version)), shown: shown, body: func() []byte { return fixture.Sdist(name, version, ">=3.8", seed) }},
	}
}

func (s *store) seedPyPI(r *repository) {
	s.pypiPublish(r, "Acme.UI", "1.0")
	s.pypiPublish(r, "Acme.UI", "1.1rc1")
	s.pypiPublish(r, "tidy_lines", "2.0+local.1")
	signed := pypiPath("Acme.UI", "1.0", fixture.SdistFile("Acme.UI", "1.0"))
	s.keep(r, &asset{path: signed + ".asc", body: fixture.Signature(r.at(signed).body), attributes: pypiMeta("Acme.UI", "1.0")})
	s.keep(r, s.simplePage(r, "simple/acme-ui/"))
}

// generatedPyPI are versions of a wheel and an sdist.
func generatedPyPI(n int, first int64) generated {
	return generated{n: n, per: 2, first: first, index: func(p string) (int, bool) {
		return number(path.Base(path.Dir(path.Dir(p))), "made", path.Base(path.Dir(p)))
	}, files: func(i int) []generatedFile {
		return pypiFiles(fmt.Sprintf("made%d", i/versionsPerName), fmt.Sprintf("1.%d.0", i%versionsPerName), i)
	}}
}

// simplePage makes the page "simple/NAME/", or "simple/" with all names; nil for another path, or an unknown name.
func (s *store) simplePage(r *repository, p string) *asset {
	name, ok := strings.CutPrefix(p, "simple/")
	name = strings.TrimSuffix(name, "/")
	if r.format != pypiFormat || r.kind != hosted || !ok || strings.Contains(name, "/") {
		return nil
	}
	var links []string
	r.after(0, func(a *asset) bool {
		segments := strings.Split(a.path, "/")
		switch {
		case segments[0] != "packages" || len(segments) != 4:
		case name == "":
			links = append(links, fmt.Sprintf("<a href=%q>%s</a><br/>\n", segments[1]+"/", html.EscapeString(segments[1])))
		case segments[1] == name:
			sum := digestsOf(a.content()).SHA256
			links = append(links, fmt.Sprintf("<a href=\"../../%s#sha256=%s\" rel=\"internal\" data-requires-python=\"&gt;=3.8\">%s</a><br/>\n", html.EscapeString(a.path), sum, segments[3]))
		}
		return true
	})
	slices.Sort(links)
	links = slices.Compact(links)
	if len(links) == 0 && name != "" {
		return nil
	}
	page := "<html lang=\"en\">\n<head><title>Links for " + html.EscapeString(name) + "</title></head>\n<body>\n" + strings.Join(links, "") + "</body>\n</html>\n"
	return &asset{path: strings.TrimSuffix(p, "/") + "/", body: []byte(page), media: "text/html"}
}
