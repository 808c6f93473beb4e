package scan

import (
	"path"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// kind is one kind of file.
type kind struct {
	// name is the ecosystem that a finding is printed with; "" is the format of its address.
	name string
	// files are globs of file names in lower case, or of the ends of paths where they have a slash.
	files []string
	// format is what an address stands for that does not say so itself; "" where anything may stand.
	format artifact.Format
	// images tells that image names without a registry stand in such files; context, whether one does at an offset.
	images func(d *document, offset int) bool
	// judge tells why an address may not be replaced where it stands, or "".
	judge func(d *document, a address) string
	// publishes tells that at an address of such a file packages are sent to.
	publishes func(d *document, a address) bool
	// then is what a tool must do after an address of such a file was rewritten.
	then string
	// lock files are written by tools, and have no credentials beside addresses.
	lock bool
	// untouched files are read and never rewritten.
	untouched bool
}

// other is any other text. An address there is told, and left: nobody knows what the file is for.
var other = kind{name: "other", untouched: true}

// kinds are the files that are known. The first that matches counts, so those with special names come before the general ones.
var kinds = slices.Concat(npmFiles, mavenFiles, gradleFiles, pypiFiles, nugetFiles, terraformFiles, helmFiles, ciFiles, containerFiles)

func kindOf(p string) kind {
	p = strings.ToLower(p)
	base := path.Base(p)
	for _, k := range kinds {
		for _, glob := range k.files {
			name := base
			if n := strings.Count(glob, "/"); n > 0 {
				segments := strings.Split(p, "/")
				name = strings.Join(segments[max(len(segments)-n-1, 0):], "/")
			}
			if ok, _ := path.Match(glob, name); ok {
				return k
			}
		}
	}
	return other
}

// ecosystem is what a finding is printed with.
func (k kind) ecosystem(f artifact.Format) string {
	if k.name == "" || k.name == other.name && f != "" {
		return string(f)
	}
	return k.name
}
