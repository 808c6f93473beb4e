package scan

// Python's indexes: pip's settings and requirements (https://pip.pypa.io/en/stable/reference/requirements-file-format/), the
// tables of Poetry, uv, PDM and Pipenv in pyproject.toml, Pipfile and lock files, and twine's .pypirc.
// GitLab: doc/user/packages/pypi_repository/_index.md.

import (
	"bytes"
	"path"
	"strings"

	"pkgferry/internal/artifact"
)

var pypiFiles = []kind{
	{name: "pypi", format: artifact.PyPI, files: []string{".pypirc"}, judge: pypircCredential, publishes: func(*document, address) bool { return true }},
	{name: "pypi", format: artifact.PyPI, files: []string{
		"requirements*.txt", "requirements*.in", "requirements/*.txt", "requirements/*.in", "constraints*.txt", "pip.conf", "pip.ini",
		"setup.cfg", "setup.py", "tox.ini", "noxfile.py", "uv.toml", "uv.lock", "environment.yml", "environment.yaml", "conda.yml",
	}},
	{name: "pypi", format: artifact.PyPI, files: []string{"pyproject.toml"}, then: "lock files of Poetry and PDM go by a checksum of this file: let poetry lock, or pdm lock, renew it"},
	{name: "pypi", format: artifact.PyPI, files: []string{"poetry.lock"}, then: "its content-hash covers the addresses of pyproject.toml: let poetry lock renew it"},
	{name: "pypi", format: artifact.PyPI, files: []string{"pdm.lock"}, then: "its content_hash covers the addresses of pyproject.toml: let pdm lock renew it"},
	{name: "pypi", format: artifact.PyPI, files: []string{"pipfile", "pipfile.lock"}, then: "the hash in Pipfile.lock covers the addresses of Pipfile: let pipenv lock renew it"},
}

var pypiFormat = format{
	group: true, forwards: true,
	registry: func(scope, rest string) string {
		if rest == "" { // where twine sends to
			return scope + "/packages/pypi"
		}
		return scope + "/packages/pypi/simple"
	},
	root:        func(rest string) bool { return rest == "" || rest == "simple" },
	publishRoot: func(rest string) bool { return rest == "" },
	cut:         func(rest string) string { return strings.TrimPrefix(rest, "simple/") },
	below:       func(rest string) bool { return strings.HasPrefix(rest, "simple/") && strings.Count(rest, "/") == 1 },
	file: func(_, rest string) (name, version, file string, ok bool) {
		file = path.Base(rest)
		name, version, ok = artifact.ParsePyPIFile(file)
		return name, version, file, ok
	},
	address: func(_ artifact.Destination, f artifact.File) string {
		if f.Digests.SHA256 == "" {
			return ""
		}
		return "packages/pypi/files/" + f.Digests.SHA256 + "/" + f.Path
	},
}

// pypircCredential: the password of a section goes where its repository points.
func pypircCredential(d *document, a address) string {
	section := d.text[max(bytes.LastIndex(d.text[:a.start], []byte("\n[")), 0):]
	if n := bytes.Index(section[1:], []byte("\n[")); n >= 0 {
		section = section[:n+1]
	}
	if hasSecret(section) {
		return "a credential of the old registry is in its section: write it anew with a token of GitLab"
	}
	return ""
}
