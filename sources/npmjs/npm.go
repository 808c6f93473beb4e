package npmjs

// How a packument becomes packages: a version is a Package with its tarball, the name's dist-tags and deprecations are
// its index package. Withdrawn versions are told as such: npm Docs "npm Unpublish Policy" (a tombstone keeps
// time.unpublished, an unpublished version stays in time) and github.com/npm/security-holder (0.0.1-security).

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// securityHolder is the version that npm leaves behind in place of malware, alone or with a number after a dot.
const securityHolder = "0.0.1-security"

// items yields what a packument says: its versions by ascending precedence, then the withdrawn ones, then the index.
// Cursors are the caller's. A packument that says nothing yields one skipped item, so that no name is lost.
func (s *Source) items(name string, p *packument) iter.Seq[sources.Listed] {
	return func(yield func(sources.Listed) bool) {
		said, live := false, map[string]bool{}
		slices.SortFunc(p.versions, func(a, b version) int { return compareVersions(a.number, b.number) })
		for _, v := range p.versions {
			item := s.version(name, v, p)
			said, live[v.number] = true, item.Skip == ""
			if !yield(item) {
				return
			}
		}
		for _, number := range p.gone() {
			said = true
			if !yield(s.withdrawn(name, number, "this version was unpublished")) {
				return
			}
		}
		index := s.index(name, p, live)
		if len(index.Package.Files) > 0 {
			said = true
			if !yield(index) {
				return
			}
		}
		if !said {
			yield(s.withdrawn(name, "", "the registry keeps the name and no version of it"))
		}
	}
}

func (s *Source) version(name string, v version, p *packument) sources.Listed {
	pkg := s.pkg(name, v.number)
	if v.deprecated != "" {
		pkg.Metadata = map[string]string{artifact.NPMDeprecated: v.deprecated}
	}
	if v.number == securityHolder || strings.HasPrefix(v.number, securityHolder+".") {
		return sources.Listed{Package: pkg, Skip: artifact.SourceUnpublished, Detail: "npm replaced malware by this security holding package"}
	}
	locator := s.locate(name, v.tarball)
	if locator == "" {
		return sources.Listed{Package: pkg, Skip: artifact.SourceMissing, Detail: "the registry names no tarball for this version"}
	}
	pkg.Files = []artifact.File{{
		Path:     artifact.NPMTarball(name, v.number),
		Size:     -1, // dist.unpackedSize is that of the content, not of the tarball
		Digests:  digests(v.shasum, v.integrity),
		Locator:  locator,
		Modified: p.times[v.number],
	}}
	return sources.Listed{Package: pkg}
}

func (s *Source) withdrawn(name, number, detail string) sources.Listed {
	return sources.Listed{Package: s.pkg(name, number), Skip: artifact.SourceUnpublished, Detail: detail}
}

// index is the index package: every dist-tag, and the deprecations of the versions that can be copied. It has no files
// when there is nothing to say, or no version to say it of.
func (s *Source) index(name string, p *packument, live map[string]bool) sources.Listed {
	index := sources.Listed{Package: s.pkg(name, "")}
	files := &index.Package.Files
	for _, v := range p.versions {
		if live[v.number] && v.deprecated != "" {
			*files = append(*files, artifact.NPMDeprecation(v.number, v.deprecated))
		}
	}
	for tag, number := range p.tags {
		if slices.ContainsFunc(p.versions, func(v version) bool { return live[v.number] }) {
			*files = append(*files, artifact.NPMTag(tag, number))
		}
	}
	artifact.SortFiles(artifact.NPM, *files)
	return index
}

func (s *Source) pkg(name, number string) artifact.Package {
	return artifact.Package{Source: s.name, Format: artifact.NPM, Name: name, Version: number}
}

// gone are the versions that the packument remembers and no longer has.
func (p *packument) gone() []string {
	numbers := map[string]bool{}
	for _, number := range p.withdrawn {
		numbers[number] = true
	}
	for number := range p.times {
		numbers[number] = true
	}
	for _, v := range p.versions {
		delete(numbers, v.number)
	}
	return slices.SortedFunc(maps.Keys(numbers), compareVersions)
}

// compareVersions orders by semver precedence; versions of equal precedence by their text, and what is no semantic
// version after all others.
func compareVersions(a, b string) int {
	va, errA := semver.StrictNewVersion(a)
	vb, errB := semver.StrictNewVersion(b)
	switch {
	case errA != nil && errB != nil:
		return strings.Compare(a, b)
	case errA != nil:
		return 1
	case errB != nil:
		return -1
	}
	return cmp.Or(va.Compare(vb), strings.Compare(a, b))
}
