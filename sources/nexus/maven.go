// Maven repositories on Nexus, format "maven2" (https://maven.apache.org/repository/layout.html). Package and version
// come from the path, since assets such as maven-metadata.xml carry no coordinates and a snapshot's component has the
// version of one build.

package nexus

import (
	"path"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

func maven(r repository, a asset) (sources.Listed, bool) {
	p := a.path()
	if artifact.IsSidecar(p) {
		return sources.Listed{}, false
	}
	if generated(p) {
		return skip(r, a, artifact.NotAPackage, "Nexus makes it itself"), true
	}
	m, ok := artifact.ParseMavenPath(p)
	if !ok {
		return skip(r, a, artifact.FileNameNotAllowed, "its path is not in Maven's layout"), true
	}
	return file(r, a, m.Name, m.Version, m.File), true
}

// generated tells the files that describe a whole Maven repository.
func generated(p string) bool {
	return strings.HasPrefix(p, ".index/") || p == "archetype-catalog.xml" ||
		path.Base(p) == artifact.MavenMetadata && strings.Count(p, "/") < 2
}
