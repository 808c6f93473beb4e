package clients

// NuGet, nuget.exe and dotnet (https://learn.microsoft.com/nuget/reference/nuget-config-file): a source and the credentials
// that go with its name. GitLab compares the user name (GitLab: doc/user/packages/nuget_repository/_index.md).

import "pkgferry/internal/artifact"

var nuget = ecosystem{dir: "nuget", title: "NuGet", format: artifact.NuGet, howTo: "nuget.md", files: nugetFiles}

func nugetFiles(s site) []file {
	return []file{{"nuget.config", "nuget.config", struct {
		site
		Insecure bool
	}{s, s.GitLab.URL.Scheme == "http"}}}
}
