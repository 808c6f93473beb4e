package packument

// How a packument becomes packages: a version is a Package with its tarball, the name's dist-tags and deprecations are
// its index package. Withdrawn versions are told as such: npm Docs "npm Unpublish Policy" (a tombstone keeps
// time.unpublished, an unpublished version stays in time) and github.com/npm/security-holder (0.0.1-security).

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// securityHolder is the version that npm leaves behind in place of malware, alone or with a number after a dot.
const securityHolder = "0.0.1-security"

// Items yields what a packument says: its versions by ascending precedence, then the withdrawn ones, then the index. They are
// packages like of, whose Name is npm's, with versions and files of their own. locate gives the locator of a version's
// tarball, "" when the document names none. Cursors are the caller's. A packument that says nothing yields one skipped item,
// so that no name is lost.
func (p *Document) Items(of artifact.Package, locate func(Version) string) iter.Seq[sources.Listed] {
	l := lister{of, p, locate}
	return func(yield func(sources.Listed) bool) {
		said, live := false, map[string]bool{}
		slices.SortFunc(p.Versions, func(a, b Version) int { return compareVersions(a.Number, b.Number) })
		for _, v := range p.Versions {
			item := l.version(v)
			said, live[v.Number] = true, item.Skip == ""
			if !yield(item) {
				return
			}
		}
		for _, number := range p.gone() {
			said = true
			if !yield(l.withdrawn(number, "this version was unpublished")) {
				return
			}
		}
		index := p.Index(of, func(v Version) bool { return live[v.Number] })
		if len(index.Package.Files) > 0 {
			said = true
			if !yield(index) {
				return
			}
		}
		if !said {
			yield(l.withdrawn("", "the registry keeps the name and no version of it"))
		}
	}
}

type lister struct {
	of       artifact.Package
	document *Document
	locate   func(Version) string
}

func (l lister) version(v Version) sources.Listed {
	pkg := version(l.of, v.Number)
	if v.Deprecated != "" {
		pkg.Metadata = map[string]string{artifact.NPMDeprecated: v.Deprecated}
	}
	if v.Number == securityHolder || strings.HasPrefix(v.Number, securityHolder+".") {
		return sources.Listed{Package: pkg, Skip: artifact.SourceUnpublished, Detail: "npm replaced malware by this security holding package"}
	}
	locator := l.locate(v)
	if locator == "" {
		return sources.Listed{Package: pkg, Skip: artifact.SourceMissing, Detail: "the registry names no tarball for this version"}
	}
	pkg.Files = []artifact.File{{
		Path:     artifact.NPMTarball(pkg.Name, v.Number),
		Size:     -1, // dist.unpackedSize is that of the content, not of the tarball
		Digests:  v.Digests(),
		Locator:  locator,
		Modified: l.document.Times[v.Number],
	}}
	return sources.Listed{Package: pkg}
}

func (l lister) withdrawn(number, detail string) sources.Listed {
	return sources.Listed{Package: version(l.of, number), Skip: artifact.SourceUnpublished, Detail: detail}
}

// Index is the index package of a name, a package like of: every dist-tag, and the deprecations of the versions that can be
// copied. It has no files when there is nothing to say, or no version to say it of.
func (p *Document) Index(of artifact.Package, live func(Version) bool) sources.Listed {
	index := sources.Listed{Package: version(of, "")}
	files := &index.Package.Files
	for _, v := range p.Versions {
		if v.Deprecated != "" && live(v) {
			*files = append(*files, artifact.NPMDeprecation(v.Number, v.Deprecated))
		}
	}
	if slices.ContainsFunc(p.Versions, live) {
		for tag, number := range p.Tags {
			*files = append(*files, artifact.NPMTag(tag, number))
		}
	}
	artifact.SortFiles(artifact.NPM, *files)
	return index
}

// version is a package like of that has no files yet.
func version(of artifact.Package, number string) artifact.Package {
	of.Format, of.Version, of.Files, of.Metadata = artifact.NPM, number, nil, nil
	return of
}

// gone are the versions that the packument remembers and no longer has.
func (p *Document) gone() []string {
	numbers := map[string]bool{}
	for _, number := range p.Withdrawn {
		numbers[number] = true
	}
	for number := range p.Times {
		numbers[number] = true
	}
	for _, v := range p.Versions {
		delete(numbers, v.Number)
	}
	return slices.SortedFunc(maps.Keys(numbers), compareVersions)
}

// compareVersions orders by precedence, and versions of equal precedence by their text.
func compareVersions(a, b string) int {
	return cmp.Or(artifact.CompareVersions(artifact.NPM, a, b), strings.Compare(a, b))
}
