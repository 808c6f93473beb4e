package gitlab

// What GitLab takes as a name, a version and a file name, told before any byte is sent
// (GitLab: lib/gitlab/regex/packages.rb, lib/gitlab/path_regex.rb, the models under app/models/packages).
// Ruby's look-aheads, which Go's regular expressions lack, are written out.

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

var (
	plainName        = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)
	mavenPart        = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	genericFile      = regexp.MustCompile(`^[A-Za-z0-9._+~@-]+$`)
	npmPlainName     = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)
	npmScope         = regexp.MustCompile(`^(?:[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}[A-Za-z0-9_-]|[A-Za-z0-9_])$`)
	semver           = regexp.MustCompile(`^` + semverCore + semverTail + `$`)
	versionDirectory = regexp.MustCompile(`^v?[0-9]+(?:\.[0-9A-Za-z.+_-]*)?$`)
)

// The parts of a semantic version (https://semver.org).
const (
	semverCore = `(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)`
	semverTail = `(?:-((?:\d*[a-zA-Z-][0-9a-zA-Z-]*|[1-9]\d*|0)(?:\.(?:\d*[a-zA-Z-][0-9a-zA-Z-]*|[1-9]\d*|0))*))?` +
		`(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?`
)

const (
	maxMavenPath     = 512
	maxMavenFileName = 5000
)

// refuse is an error whose text quotes the part that GitLab refuses.
func refuse(code artifact.Reason, what, part, why string) error {
	return fault.Errorf(code, "%s %q: %s", what, part, why)
}

func plainVersion(version string) error {
	switch {
	case !plainName.MatchString(version):
		return refuse(artifact.VersionNotAllowed, "version", version, "GitLab takes letters, digits and . _ + - in it")
	case strings.Contains(version, ".."):
		return refuse(artifact.VersionNotAllowed, "version", version, "GitLab takes no two dots in a row")
	}
	return nil
}

func allowsMaven(dst artifact.Destination, _ artifact.Package) error {
	group, name, ok := strings.Cut(dst.Name, ":")
	for what, part := range map[string]string{"group": group, "artifact": name} {
		if !ok || !mavenPart.MatchString(part) {
			return refuse(artifact.NameNotAllowed, what, part, "GitLab takes letters, digits and . _ - in it, and wants both a group and an artifact")
		}
	}
	if dst.Version != "" {
		if err := plainVersion(dst.Version); err != nil {
			return err
		}
	}
	if dir := artifact.MavenDir(dst.Name, dst.Version); len(dir) > maxMavenPath {
		return refuse(artifact.NameNotAllowed, "path", dir, "GitLab stores at most 512 characters")
	}
	return nil
}

func allowsMavenFile(dst artifact.Destination, p artifact.Package, file string) error {
	_, name, _ := strings.Cut(dst.Name, ":")
	switch {
	case !plainName.MatchString(file):
		return refuse(artifact.FileNameNotAllowed, "file", file, "GitLab takes letters, digits and . _ + - in it")
	case len(file) > maxMavenFileName:
		return refuse(artifact.FileNameNotAllowed, "file", file[:64]+"…", "GitLab takes at most 5000 characters")
	case path.Ext(file) == ".md5" || path.Ext(file) == ".sha1":
		return refuse(artifact.FileNameNotAllowed, "file", file, "GitLab takes it for a checksum and does not store it")
	case dst.Version == "" && file != artifact.MavenMetadata:
		return refuse(artifact.FileNameNotAllowed, "file", file, "beside the versions GitLab stores only "+artifact.MavenMetadata)
	case file != artifact.MavenMetadata || artifact.IsSnapshot(dst.Version):
		return nil
	case dst.Version != "" && len(p.Files) == 1, dst.Version == "" && versionDirectory.MatchString(name):
		return refuse(artifact.FileNameNotAllowed, "file", path.Join(artifact.MavenDir(dst.Name, dst.Version), file),
			"in a release's directory GitLab takes it for the index of a package of that name, and hides the version")
	}
	return nil
}

func allowsNPM(dst artifact.Destination, p artifact.Package) error {
	name := dst.Name
	if scoped, ok := strings.CutPrefix(dst.Name, "@"); ok {
		scope, rest, _ := strings.Cut(scoped, "/")
		if !npmScope.MatchString(scope) || strings.HasSuffix(scope, ".git") || strings.HasSuffix(scope, ".atom") {
			return refuse(artifact.NameNotAllowed, "scope", "@"+scope, "GitLab takes what could be a group's path")
		}
		name = rest
	}
	if !npmPlainName.MatchString(name) {
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab takes letters, digits and . _ + - in it, after an optional @scope/")
	}
	if dst.Version == "" {
		return nil
	}
	if !semver.MatchString(dst.Version) {
		return refuse(artifact.VersionNotAllowed, "version", dst.Version, "GitLab takes complete semantic versions such as 1.2.3 or 1.2.3-rc.1")
	}
	if len(p.Files) != 1 {
		return fault.Errorf(artifact.TargetRejected, "an npm version is one tarball, and this one has %d files", len(p.Files))
	}
	return nil
}

// anyFile is for formats whose files get their names from the package.
func anyFile(artifact.Destination, artifact.Package, string) error { return nil }

// sameSemver compares two versions as npm does: build metadata does not count.
func sameSemver(a, b string) bool {
	a, _, _ = strings.Cut(a, "+")
	b, _, _ = strings.Cut(b, "+")
	return a == b
}

func allowsGeneric(dst artifact.Destination, _ artifact.Package) error {
	if !plainName.MatchString(dst.Name) || dst.Name == "." || dst.Name == ".." {
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab takes letters, digits and . _ + - in it")
	}
	return plainVersion(dst.Version)
}

func allowsGenericFile(_ artifact.Destination, _ artifact.Package, file string) error {
	dir, name := path.Split(file)
	switch {
	case !genericFile.MatchString(name) || strings.Trim(name, "~@") != name:
		return refuse(artifact.FileNameNotAllowed, "file", file, "GitLab takes letters, digits and . _ + - in a file's name, and ~ @ inside it")
	case name == "." || name == "..":
		return refuse(artifact.FileNameNotAllowed, "file", file, "it names a directory")
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			plain = segment
		}
		if dir != "" && (segment == "" || plain == "." || strings.Contains(plain, "..") || strings.ContainsAny(plain, "\\\x00\n")) {
			return refuse(artifact.FileNameNotAllowed, "directory", dir, "GitLab refuses what could lead out of the package")
		}
	}
	return nil
}
