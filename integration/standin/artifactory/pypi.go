package artifactory

// PyPI repositories: /api/pypi/KEY/simple/ (PEP 503, as Artifactory writes it: relative links with a checksum), and the
// properties that Artifactory takes out of a distribution when it is deployed. What has none is in no index.

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

func (d *seeder) pypi() {
	r := d.local(PyPI, "pypi")
	distribution := func(at, name, version, requires string, body []byte) {
		properties := []storage.Property{
			property("pypi.name", name), property("pypi.normalized.name", artifact.PyPIName(name)), property("pypi.version", version),
			property("pypi.summary", "Made for tests"),
		}
		if requires != "" {
			properties = append(properties, property("pypi.requires.python", requires))
		}
		d.put(r, at, body, properties...)
	}
	for _, version := range []string{"1.0", "1.1"} {
		dir := "acme-tool/" + version + "/"
		distribution(dir+fixture.WheelFile("acme-tool", version), "acme-tool", version, ">=3.8", fixture.Wheel("acme-tool", version, ">=3.8", 1))
		distribution(dir+fixture.SdistFile("acme-tool", version), "acme-tool", version, ">=3.8", fixture.Sdist("acme-tool", version, ">=3.8", 1))
	}
	distribution("Acme.Util/0.3.0rc1/"+fixture.WheelFile("Acme.Util", "0.3.0rc1"), "Acme.Util", "0.3.0rc1", "", fixture.Wheel("Acme.Util", "0.3.0rc1", "", 2))
	distribution("some/where/else/"+fixture.SdistFile("stray", "2.0"), "stray", "2.0", "", fixture.Sdist("stray", "2.0", "", 3))
	d.put(r, "unindexed/1.0/"+fixture.WheelFile("unindexed", "1.0"), fixture.Wheel("unindexed", "1.0", "", 4))
	d.put(r, ".pypi/acme-tool.html", []byte("<html><body></body></html>\n"))
	d.put(r, "acme-tool/NOTES.md", []byte("Notes of nobody in particular.\n"))
}

// pypiAPI serves /api/pypi/KEY/REST.
func (s *Server) pypiAPI(w http.ResponseWriter, r *http.Request, key, rest string) {
	name, isSimple := strings.CutPrefix(rest, "simple")
	if !isSimple || name != "" && name[0] != '/' {
		s.download(w, r, key+"/"+rest)
		return
	}
	name = strings.Trim(name, "/")
	files := map[string][]*storage.Item{}
	for item := range s.readable(r, key) {
		if normal := value(item, "pypi.normalized.name"); normal != "" {
			files[normal] = append(files[normal], item)
		}
	}
	var page strings.Builder
	title := "Simple Index"
	switch {
	case name == "":
		for _, one := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(&page, "<a href=\"%s/\">%s</a><br/>\n", one, one)
		}
	case len(files[artifact.PyPIName(name)]) == 0:
		refuse(w, http.StatusNotFound, "Not Found")
		return
	default:
		title = "Links for " + name
		for _, item := range files[artifact.PyPIName(name)] {
			page.WriteString(s.pypiLink(item))
		}
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\n<html>\n<head>\n<title>%s</title>\n</head>\n<body>\n<h1>%s</h1>\n%s</body>\n</html>\n", title, title, page.String())
}

// pypiLink is one file in an index: mode pypi-hash says which checksum.
func (s *Server) pypiLink(item *storage.Item) string {
	sum := "sha256=" + item.Digests().SHA256
	if s.modes.pypiHash == "md5" || item.NoSHA256 {
		sum = "md5=" + item.Digests().MD5
	}
	requires := ""
	if python := value(item, "pypi.requires.python"); python != "" {
		requires = fmt.Sprintf(` data-requires-python="%s"`, html.EscapeString(python))
	}
	return fmt.Sprintf("<a href=\"../../%s#%s\"%s rel=\"internal\">%s</a><br/>\n", escape(item.At()), sum, requires, html.EscapeString(item.Name))
}

// pypiLine names the package of a distribution.
func pypiLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.PyPI)
	if name, version, ok := artifact.ParsePyPIFile(item.Name); ok {
		line.Package, line.Version, line.File = artifact.PyPIName(name), version, item.Name
	}
	if version := value(item, "pypi.version"); version != "" {
		line.Package, line.Version, line.File = value(item, "pypi.normalized.name"), version, item.Name
	}
}
