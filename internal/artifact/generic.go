package artifact

import (
	"regexp"
	"slices"
	"strings"
)

// Unversioned is the version of generic files whose path names none.
const Unversioned = "0.0.0"

// versionSegment is a directory that is a version in everybody's eyes: a digit, optionally after a "v", and a dot.
var versionSegment = regexp.MustCompile(`^v?[0-9]+\.[0-9A-Za-z.+_-]*$`)

// GenericFile is where a plain file of a repository belongs: Name and Version of its package, Path inside it.
type GenericFile struct{ Name, Version, Path string }

// ParseGenericPath finds the package of a plain file. The first directory that is a version ends the package's name:
// "tools/cli/1.2.0/linux/cli.tgz" is linux/cli.tgz of tools.cli 1.2.0. Any other path belongs to the package of the whole
// repository, at version 0.0.0, under its full path, so that old addresses become new ones by a change of prefix. Two
// paths of a repository never name the same file.
func ParseGenericPath(repository, p string) GenericFile {
	p = strings.TrimPrefix(p, "/")
	whole := GenericFile{Name: repository, Version: Unversioned, Path: p}
	segments := strings.Split(p, "/")
	directories := segments[:len(segments)-1]
	at := slices.IndexFunc(directories, versionSegment.MatchString)
	if at < 1 {
		return whole
	}
	name := strings.Join(directories[:at], ".")
	if name == repository || slices.ContainsFunc(directories[:at], func(s string) bool { return s == "" || strings.Contains(s, ".") }) {
		return whole
	}
	return GenericFile{Name: name, Version: directories[at], Path: strings.Join(segments[at+1:], "/")}
}
