package scan

// Charts and the repositories of what they depend on (https://helm.sh/docs/topics/charts/, helmfile). GitLab has charts in
// projects alone, by channel: doc/user/packages/helm_repository/_index.md.

import (
	"path"

	"pkgferry/internal/artifact"
)

var helmFiles = []kind{
	{name: "helm", format: artifact.Helm, files: []string{"chart.yaml", "requirements.yaml", "helmfile*.yaml", "helmfile*.yml", "repositories.yaml"}, images: imageContext},
	{name: "helm", format: artifact.Helm, files: []string{"chart.lock", "requirements.lock"}, then: "its digest covers the addresses: let helm dependency update renew it"},
	{name: "helm", files: []string{"values*.yaml", "values*.yml", "*-values.yaml", "*-values.yml"}, images: func(d *document, offset int) bool { return true }},
}

var helmFormat = format{
	registry: func(project, _ string) string { return project + "/packages/helm/" }, // the channel follows
	root:     func(rest string) bool { return rest == "" || rest == "index.yaml" },
	below:    func(string) bool { return false },
	channels: true,
	file: func(_, rest string) (name, version, file string, ok bool) {
		file = path.Base(rest)
		name, version, ok = artifact.ParseHelmFile(file)
		return name, version, file, ok
	},
	address: func(project string, d artifact.Destination, f artifact.File) string {
		return project + "/packages/helm/" + helmChannel(d.Channel) + "/charts/" + artifact.HelmFile(d.Name, d.Version)
	},
}

// helmChannel is GitLab's default where none is named.
func helmChannel(name string) string {
	if name == "" {
		return "stable"
	}
	return name
}
