// Generic repositories on Artifactory: plain files under any path. Nothing in them is made by the server, so what looks like a
// checksum beside a file, or like a folder of a server's own, is a file like any other.

package artifactory

import (
	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

var genericLayout = layout{format: artifact.Generic, read: each(generic)}

func generic(w *walk, one item) (sources.Listed, bool) {
	g := artifact.ParseGenericPath(w.Key, one.at())
	return w.part(one, g.Name, g.Version, g.Path), true
}
