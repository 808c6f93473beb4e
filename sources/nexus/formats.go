// Which formats of a Nexus server can be copied: the table that turns a repository's format into the reader of its
// layout. A format that is not in it is still listed, asset by asset, as what stays behind.

package nexus

import (
	"fmt"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// layout finds out what an asset is in its repository's format: a file of a package; an item to skip; or nothing of its
// own, and false.
type layout func(r repository, a asset) (sources.Listed, bool)

var layouts = map[string]layout{
	"maven2": maven,
	"raw":    raw,
}

// formats are GitLab's names of Nexus' formats, where they differ.
var formats = map[string]artifact.Format{
	"maven2": artifact.Maven,
	"raw":    artifact.Generic,
	"docker": artifact.Container,
	"oci":    artifact.Container,
}

func format(r repository) artifact.Format {
	if f, ok := formats[r.Format]; ok {
		return f
	}
	return artifact.Format(r.Format)
}

// listed is the item that an asset gives; false when it gives none.
func (s *Source) listed(r repository, a asset) (item sources.Listed, ok bool) {
	read, known := layouts[r.Format]
	switch {
	case !known:
		item, ok = skip(r, a, artifact.FormatUnsupported, fmt.Sprintf("%s is not read from Nexus yet", r.Format)), true
	default:
		if item, ok = read(r, a); ok && item.Skip == "" && a.hollow() {
			item = skip(r, a, artifact.SourceMissing, "Nexus lists it without content")
		}
	}
	item.Package.Source, item.Package.Repository, item.Package.Format = s.name, r.Name, format(r)
	return item, ok
}

// skip lists an asset alone, under its path, so that it is counted and hides nothing of the package beside it.
func skip(r repository, a asset, why artifact.Reason, detail string) sources.Listed {
	return sources.Listed{
		Package: artifact.Package{Name: a.path(), Files: []artifact.File{a.file(r, a.path())}},
		Skip:    why, Detail: detail,
	}
}

// file lists an asset as a file of a package.
func file(r repository, a asset, name, version, path string) sources.Listed {
	return sources.Listed{Package: artifact.Package{Name: name, Version: version, Files: []artifact.File{a.file(r, path)}}}
}
