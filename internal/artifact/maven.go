package artifact

import (
	"path"
	"slices"
	"strings"
)

// Maven's repository layout (https://maven.apache.org/repository/layout.html):
//
//	com/acme/lib/1.0/lib-1.0.jar                           a file of com.acme:lib 1.0
//	com/acme/lib/1.0-SNAPSHOT/lib-1.0-20240501.101112-3.jar  a build of com.acme:lib 1.0-SNAPSHOT
//	com/acme/lib/1.0-SNAPSHOT/maven-metadata.xml           which builds that snapshot has
//	com/acme/lib/maven-metadata.xml                        the index of com.acme:lib, or of the plugin group com.acme.lib

// MavenMetadata is the name of Maven's index files.
const MavenMetadata = "maven-metadata.xml"

const snapshotSuffix = "-SNAPSHOT"

// MavenFile is what a path in a Maven repository names. Version is empty for an index file.
type MavenFile struct{ Name, Version, File string }

// ParseMavenPath reads a slash-separated path, with or without a leading slash; false when it is not in Maven's layout.
func ParseMavenPath(p string) (MavenFile, bool) {
	p = strings.TrimPrefix(p, "/")
	segments := strings.Split(p, "/")
	if strings.Contains(p, ":") || slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return MavenFile{}, false
	}
	n := len(segments) - 1
	file := segments[n]
	if file == MavenMetadata && (n < 2 || !IsSnapshot(segments[n-1])) {
		name, ok := mavenName(segments[:n])
		return MavenFile{Name: name, File: file}, ok
	}
	if n < 3 {
		return MavenFile{}, false
	}
	artifact, version := segments[n-2], segments[n-1]
	stem := artifact + "-" + strings.TrimSuffix(version, "SNAPSHOT")
	if file != MavenMetadata && !strings.HasPrefix(file, stem) {
		return MavenFile{}, false
	}
	name, ok := mavenName(segments[:n-1])
	return MavenFile{Name: name, Version: version, File: file}, ok
}

// mavenName joins directories into group:artifact; false when another path would give the same name.
func mavenName(segments []string) (string, bool) {
	last := len(segments) - 1
	group := segments[:max(last, 0)]
	if len(group) == 0 || slices.ContainsFunc(group, func(s string) bool { return strings.Contains(s, ".") }) {
		return "", false
	}
	return strings.Join(group, ".") + ":" + segments[last], true
}

// MavenDir is the directory of a package in Maven's layout: "com/acme/lib/1.0", or "com/acme/lib" for its index.
func MavenDir(name, version string) string {
	group, artifact, _ := strings.Cut(name, ":")
	return path.Join(strings.ReplaceAll(group, ".", "/"), artifact, version)
}

// IsSnapshot tells whether a Maven version may be replaced at any time.
func IsSnapshot(version string) bool { return strings.HasSuffix(version, snapshotSuffix) }

// IsSidecar tells whether a file only repeats another one's checksum. Sidecars are not copied: every sink makes its own.
func IsSidecar(p string) bool {
	switch path.Ext(p) {
	case ".md5", ".sha1", ".sha256", ".sha512":
		return true
	}
	return false
}

// mavenRank orders a version's files: what is built, then the POM that makes it resolvable, then the snapshot's index.
func mavenRank(file string) int {
	switch {
	case file == MavenMetadata:
		return 2
	case strings.HasSuffix(file, ".pom"):
		return 1
	}
	return 0
}

var mavenLosses = []Loss{
	{"Checksum files (.md5, .sha1, .sha256, .sha512)", "GitLab answers them from its own hashes of the same bytes.", false, versions},
}
