// PyPI repositories on Nexus, format "pypi": files at packages/NAME/VERSION/FILE (ContentPypiPathUtils of the open 3.30),
// NAME as PEP 503 normalises it. That name is taken, and not the one that the asset's record has as its publisher spelled
// it: two spellings are one package, and a page must not split it. Signatures (.asc) are files of their version.

package nexus

import (
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

func pypi(r repository, a asset) (sources.Listed, bool) {
	segments := strings.Split(a.path(), "/")
	last := segments[len(segments)-1]
	switch {
	case segments[0] == "simple":
		return skip(r, a, artifact.NotAPackage, "Nexus makes this page itself"), true
	case last == "" || segments[0] != "packages":
	case len(segments) == 4 && segments[1] != "" && segments[2] != "":
		return file(r, a, artifact.PyPIName(segments[1]), segments[2], last), true
	default: // as an index elsewhere has it, in a proxy
		if name, version, ok := artifact.ParsePyPIFile(strings.TrimSuffix(last, ".asc")); ok {
			return file(r, a, artifact.PyPIName(name), version, last), true
		}
	}
	return skip(r, a, artifact.FileNameNotAllowed, "its path names no version of a package"), true
}
