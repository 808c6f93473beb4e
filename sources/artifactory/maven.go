// Maven repositories on Artifactory, and those of Gradle, Ivy and sbt as far as their layout is Maven's
// (https://maven.apache.org/repository/layout.html). Package and version come from the path, which is all that Maven goes by.

package artifactory

import (
	"path"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

var mavenLayout = layout{format: artifact.Maven, generated: mavenGenerated, read: each(maven)}

// mavenGenerated tells the files that describe a whole repository.
func mavenGenerated(p string) bool {
	return within(p, ".index") || strings.HasPrefix(path.Base(p), "nexus-maven-repository-index") || p == "archetype-catalog.xml" ||
		path.Base(p) == artifact.MavenMetadata && strings.Count(p, "/") < 2
}

func maven(w *walk, one item) (sources.Listed, bool) {
	if artifact.IsSidecar(one.Name) {
		return sources.Listed{}, false
	}
	m, ok := artifact.ParseMavenPath(one.at())
	if !ok {
		return w.skip(one, artifact.FileNameNotAllowed, "its path is not in Maven's layout"), true
	}
	return w.part(one, m.Name, m.Version, m.File), true
}
