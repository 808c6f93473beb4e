// Which formats of a Nexus server can be copied: the table that turns a repository's format into the reader of its
// layout. A format that is not in it is listed file by file under the name that GitLab's side knows it by, and a route
// decides what becomes of it.

package nexus

import (
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// layout finds out what an asset is in its repository's format: a file of a package; an item to skip; or nothing of its
// own, and false.
type layout func(r repository, a asset) (sources.Listed, bool)

const npmFormat = "npm"

var layouts = map[string]layout{
	"maven2":  maven,
	npmFormat: npm,
	"pypi":    pypi,
	"nuget":   nuget,
	"helm":    helm,
	"raw":     raw,
	"docker":  docker,
	"oci":     docker,
}

// formats are our names of Nexus' formats, where they differ.
var formats = map[string]artifact.Format{
	"maven2":    artifact.Maven,
	"raw":       artifact.Generic,
	"docker":    artifact.Container,
	"oci":       artifact.Container,
	"apt":       "deb",
	"yum":       "rpm",
	"rubygems":  "gem",
	"go":        "golang",
	"r":         "cran",
	"terraform": "terraform-registry", // modules and providers, in a layout that is documented nowhere
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
	if !known {
		read = foreign
	}
	if item, ok = read(r, a); ok && item.Skip == "" && a.hollow() {
		item = skip(r, a, artifact.SourceMissing, "Nexus lists it without content")
		if r.Type == proxy {
			item.Skip, item.Detail = artifact.SourceUncached, "Nexus knows of it and has not fetched it"
		}
	}
	item.Package.Source, item.Package.Repository, item.Package.Format = s.name, r.Name, format(r)
	return item, ok
}

// foreign lists a file of a format that GitLab has no place for as the plain file that it is.
func foreign(r repository, a asset) (sources.Listed, bool) {
	if strings.HasSuffix(a.path(), "/") {
		return skip(r, a, artifact.FileNameNotAllowed, "its path names a directory"), true
	}
	g := artifact.ParseGenericPath(r.Name, a.path())
	return file(r, a, g.Name, g.Version, g.Path), true
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
