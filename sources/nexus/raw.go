// Raw repositories on Nexus, format "raw": plain files under any path (Nexus documentation, "Raw Repositories"). What
// looks like a checksum beside a file is a file like any other here, since nobody but its publisher made it.

package nexus

import (
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

func raw(r repository, a asset) (sources.Listed, bool) {
	if strings.HasSuffix(a.path(), "/") {
		return skip(r, a, artifact.FileNameNotAllowed, "its path names a directory"), true
	}
	g := artifact.ParseGenericPath(r.Name, a.path())
	return file(r, a, g.Name, g.Version, g.Path), true
}
