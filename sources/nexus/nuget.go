// NuGet repositories on Nexus, format "nuget": a package lies at ID/VERSION without a file name, which is made here; in some
// releases the file's name follows. The indexes of the protocol are made when they are asked for.

package nexus

import (
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

func nuget(r repository, a asset) (sources.Listed, bool) {
	segments := strings.Split(a.path(), "/")
	if len(segments) < 2 || len(segments) > 3 || segments[0] == "" {
		return skip(r, a, artifact.FileNameNotAllowed, "its path names no version of a package"), true
	}
	id, version := segments[0], segments[1]
	if _, ok := artifact.NuGetVersion(version); !ok {
		return skip(r, a, artifact.NotAPackage, "its path names no version of a package"), true
	}
	name := id + "." + version + ".nupkg"
	if len(segments) == 3 {
		name = segments[2]
	}
	if !strings.HasSuffix(strings.ToLower(name), "nupkg") {
		return skip(r, a, artifact.NotAPackage, "it lies beside the package and is none"), true
	}
	return file(r, a, id, version, name), true
}
