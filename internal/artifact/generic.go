package artifact

import (
	"path"
	"regexp"
	"strings"
)

// Unversioned is the version of generic files whose path names none.
const Unversioned = "0.0.0"

// versionSegment is a directory that is a version in everybody's eyes: a digit, optionally after a "v", and a dot.
var versionSegment = regexp.MustCompile(`^v?[0-9]+\.[0-9A-Za-z.+_-]*$`)

// GenericFile is where a plain file of a repository belongs: Name and Version of its package, Path inside it.
type GenericFile struct{ Name, Version, Path string }

// ParseGenericPath finds the package of a plain file. The first directory that is a version ends the package's name:
// "tools/cli/1.2.0/linux/cli.tgz" is linux/cli.tgz of tools.cli 1.2.0. A path without one belongs to the package of the
// whole repository, at version 0.0.0, under its full path, so that old addresses become new ones by a change of prefix.
func ParseGenericPath(repository, p string) GenericFile {
	p = strings.TrimPrefix(p, "/")
	dir, _ := path.Split(p)
	segments := strings.Split(strings.TrimSuffix(dir, "/"), "/")
	for i, segment := range segments {
		if !versionSegment.MatchString(segment) {
			continue
		}
		name := repository
		if i > 0 {
			name = strings.Join(segments[:i], ".")
		}
		return GenericFile{Name: name, Version: segment, Path: p[len(strings.Join(segments[:i+1], "/"))+1:]}
	}
	return GenericFile{Name: repository, Version: Unversioned, Path: p}
}
