package artifact

import (
	"cmp"
	"path"
	"slices"
)

// SortFiles puts a package's files in the order in which they must be published: what others stand on first, then by path.
func SortFiles(format Format, files []File) {
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(rank(format, a.Path), rank(format, b.Path)), cmp.Compare(a.Path, b.Path))
	})
}

// rank is a file's place among the kinds of file that its format orders: GitLab refuses symbols whose package is not there
// yet, and a signature means nothing before what it signs.
func rank(format Format, file string) int {
	switch {
	case format == Maven:
		return mavenRank(file)
	case format == NuGet && NuGetSymbols(file), format == Helm && HelmProvenance(file):
		return 1
	}
	return 0
}

// Moving tells whether a file is one that its publishers replace in the ordinary course of things, so that the source's
// newer content may take the place of the sink's: an index, or the list of a snapshot's builds.
func Moving(p Package, f File) bool {
	return p.Index() || p.Format == Maven && path.Base(f.Path) == MavenMetadata
}

// Movable tells what a route may let the source replace: what moves anyway, a snapshot, and an image's tag, of which nobody
// can say whether it was meant to stay.
func Movable(p Package, f File) bool {
	return Moving(p, f) || p.Format == Container || p.Format == Maven && IsSnapshot(p.Version)
}
