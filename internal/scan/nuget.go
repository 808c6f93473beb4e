package scan

// NuGet's sources (https://learn.microsoft.com/nuget/reference/nuget-config-file) and what projects and Paket name beside them.
// Lock files of NuGet have no addresses. GitLab: doc/user/packages/nuget_repository/_index.md.

import (
	"bytes"

	"pkgferry/internal/artifact"
)

var nugetFiles = []kind{
	{name: "nuget", format: artifact.NuGet, files: []string{"nuget.config", "nuget*.config"}, judge: nugetKey, then: "credentials of this source must be a token of GitLab"},
	{name: "nuget", format: artifact.NuGet, files: []string{"*.csproj", "*.fsproj", "*.vbproj", "*.props", "*.targets", "packages.lock.json", "paket.dependencies"}},
	{name: "nuget", format: artifact.NuGet, files: []string{"paket.lock"}, then: "let paket install renew it"},
}

var nugetFormat = format{
	group:    true,
	registry: func(scope, _ string) string { return scope + "/packages/nuget/index.json" },
	root: func(rest string) bool {
		return rest == "" || rest == "index.json" || rest == "v3/index.json" || rest == "v3" || rest == "v2" || rest == "FindPackagesById()"
	},
	below: func(string) bool { return false },
}

// nugetKey: keys of packageSourceCredentials and apikeys that are addresses stand for old credentials.
func nugetKey(d *document, a address) string {
	if bytes.HasSuffix(d.lower[:a.start], []byte(`key="`)) && within(d.lower, a.start, "apikeys") {
		return "it is the key of a credential of the old registry: write the line anew with a token of GitLab"
	}
	return ""
}
