package clients

// Helm (https://helm.sh/docs/helm/helm_repo_add/): a chart repository for each channel of a project
// (GitLab: doc/user/packages/helm_repository/_index.md). A group has none.

import (
	"path"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

var helm = ecosystem{dir: "helm", title: "Helm", format: artifact.Helm, howTo: "helm.md", files: helmFiles}

// chartRepository is one channel.
type chartRepository struct{ Name, URL string }

// helmChannel is what GitLab takes for one, so that it can stand in an address as it is.
var helmChannel = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func helmFiles(s site) []file {
	var repositories []chartRepository
	for _, channel := range s.Holding.Channels {
		if !helmChannel.MatchString(channel) {
			continue
		}
		r := chartRepository{"gitlab-" + path.Base(s.Place.Path), s.Endpoint + "/" + channel}
		if len(s.Holding.Channels) > 1 {
			r.Name += "-" + channel
		}
		repositories = append(repositories, r)
	}
	data := struct {
		site
		Repositories []chartRepository
		Base         string
	}{s, repositories, strings.TrimSuffix(s.Endpoint, "/")}
	files := []file{{"add-repositories.sh", "helm.sh", data}, {"chart-part.yaml", "chart-part.yaml", data}}
	if s.Publishes() {
		files = append(files, file{"push.sh", "helm-push.sh", data})
	}
	return files
}
