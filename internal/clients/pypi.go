package clients

// pip (https://pip.pypa.io/en/stable/topics/configuration/), twine (https://twine.readthedocs.io), uv and poetry: the simple
// index of a project or group (GitLab: doc/user/packages/pypi_repository/_index.md). pip.conf knows no environment
// variables; requirements files do, and so do the variables that each of the clients reads.

import (
	"net/url"

	"pkgferry/internal/artifact"
)

var pypi = ecosystem{dir: "pypi", title: "pip, uv, poetry, twine", format: artifact.PyPI, howTo: "pypi.md", files: pypiFiles}

func pypiFiles(s site) []file {
	data := struct {
		site
		// User is what stands before the token.
		User stand
		// Before and After are the address around user and token.
		Before, After string
	}{site: s, User: s.Who.User}
	if s.Who.Dir == "local" {
		data.User = stand{Literal: "__token__"} // a personal access token goes with any name
	}
	if u, err := url.Parse(s.Endpoint); err == nil {
		data.Before, data.After = u.Scheme+"://", "@"+u.Host+u.EscapedPath()
	}
	files := []file{{"pip.conf", "pip.conf", data}, {"index.txt", "index.txt", data}, {"env.sh", "pypi-env.sh", data}}
	if s.Publishes() {
		files = append(files, file{".pypirc", "pypirc", data})
	}
	return files
}
