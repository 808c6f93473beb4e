package artifact

import (
	"path"
	"slices"
	"strings"
)

// SortFiles puts a package's files in the order in which they must be published.
func SortFiles(format Format, files []File) {
	if format == Maven {
		sortMaven(files)
		return
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

// Moving tells whether a file is one that its publishers replace in the ordinary course of things, so that the source's
// newer content may take the place of the sink's: an index, or the list of a snapshot's builds.
func Moving(p Package, f File) bool {
	return p.Index() || p.Format == Maven && path.Base(f.Path) == MavenMetadata
}
