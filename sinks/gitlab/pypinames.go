package gitlab

// What GitLab takes as a name, a version and a file name of PyPI (GitLab: lib/gitlab/regex/packages.rb, app/models/packages/pypi,
// lib/uploaded_file.rb; versions: https://peps.python.org/pep-0440/).

import (
	"path"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

var (
	pypiName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	pypiFile = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)
)

func allowsPyPI(dst artifact.Destination, _ artifact.Package) error {
	if !pypiName.MatchString(dst.Name) {
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab takes letters, digits and . _ - in it")
	}
	if _, ok := artifact.PyPIVersion(dst.Version); !ok || strings.TrimSpace(dst.Version) != dst.Version {
		return refuse(artifact.VersionNotAllowed, "version", dst.Version, "GitLab takes versions of PEP 440 such as 1.2.3, 1.0rc1 or 2!1.0+local")
	}
	return nil
}

// allowsPyPIFile: GitLab stores another character as an underscore, under which pip does not know the file again.
func allowsPyPIFile(_ artifact.Destination, _ artifact.Package, file string) error {
	extension := path.Ext(file)
	switch {
	case !pypiFile.MatchString(file):
		return refuse(artifact.FileNameNotAllowed, "file", file, "GitLab takes letters, digits and . _ + - in it, and makes _ of anything else")
	case len(extension) < 2 || extension == file:
		return refuse(artifact.FileNameNotAllowed, "file", file, "GitLab serves no file without an extension")
	}
	return nil
}
