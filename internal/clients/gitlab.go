package clients

// Where GitLab's registries are read, format by format and level by level
// (GitLab: doc/user/packages/package_registry/supported_functionality.md and the pages of the formats under doc/api/packages/).

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
)

// GitLab is what consumers read from.
type GitLab struct {
	URL *url.URL
	// Registry is the host of the container registry, with its port; "" when it is not known.
	Registry string
	Group    Place
	// Projects are sorted by their paths.
	Projects []Project
	// Planned tells that nothing has arrived yet, so that the projects are those of the routes.
	Planned bool
}

// Place is the group or one of its projects.
type Place struct {
	// Path is the full path: "acme/artifact-management/java-packages".
	Path string
	// ID is GitLab's number for it; 0 when it is not known.
	ID int64
}

// Project is a project with what it holds.
type Project struct {
	Place
	Holds map[artifact.Format]Holding
}

// Holding is what a project holds of one format, as far as the settings of clients depend on it.
type Holding struct {
	Packages int64
	// Scopes are those of npm packages, with their @; Unscoped tells that there are others.
	Scopes   []string
	Unscoped bool
	// Releases and Snapshots tell which of them there are among Maven packages.
	Releases, Snapshots bool
	// Channels are those of charts.
	Channels []string
	// Repositories are where packages were at their sources.
	Repositories []string
}

// Endpoint is the address in a project from which clients read packages of a format, "" when there is none that could be
// told: NuGet's is by number alone, and that of images is at another host. Helm's lacks the channel.
func (g *GitLab) Endpoint(p Place, f artifact.Format) string {
	segments, ok := endpoints[f]
	switch {
	case f == artifact.Container && g.Registry != "":
		return g.Registry + "/" + strings.ToLower(p.Path)
	case !ok, f == artifact.NuGet && p.ID == 0:
		return ""
	}
	return g.address("projects", p, segments)
}

// GroupEndpoint is the same for all projects of the group. Images, charts, modules and plain files have none.
func (g *GitLab) GroupEndpoint(f artifact.Format) string {
	if !slices.Contains(grouped, f) || f == artifact.NuGet && g.Group.ID == 0 {
		return ""
	}
	return g.address("groups", g.Group, "-/"+endpoints[f])
}

// PublishEndpoint is the address to which clients publish into a project; "" when there is none, or none is known.
func (g *GitLab) PublishEndpoint(p Place, f artifact.Format) string {
	return strings.TrimSuffix(g.Endpoint(p, f), map[artifact.Format]string{artifact.PyPI: "/simple"}[f])
}

// endpoints are the addresses of the registries below a project.
var endpoints = map[artifact.Format]string{
	artifact.Maven: "packages/maven", artifact.NPM: "packages/npm/", artifact.PyPI: "packages/pypi/simple", artifact.NuGet: "packages/nuget/index.json",
	artifact.Terraform: "packages/terraform/modules", artifact.Helm: "packages/helm", artifact.Generic: "packages/generic",
}

// grouped are the formats that a group serves, too.
var grouped = []artifact.Format{artifact.Maven, artifact.NPM, artifact.PyPI, artifact.NuGet}

func (g *GitLab) address(kind string, p Place, rest string) string {
	reference := url.PathEscape(p.Path)
	if p.ID != 0 {
		reference = strconv.FormatInt(p.ID, 10)
	}
	return g.URL.JoinPath("api/v4", kind, reference, rest).String()
}

// ModuleHost is the host that the source of a Terraform module begins with.
func (g *GitLab) ModuleHost() string { return g.URL.Host }

// ModuleNamespace is what follows it: GitLab's root group.
func (g *GitLab) ModuleNamespace() string {
	root, _, _ := strings.Cut(g.Group.Path, "/")
	return root
}

// Having are the projects that hold a format.
func (g *GitLab) Having(f artifact.Format) []Project {
	var found []Project
	for _, p := range g.Projects {
		if _, ok := p.Holds[f]; ok {
			found = append(found, p)
		}
	}
	return found
}

// Below is a project's path without the group's.
func (g *GitLab) Below(p Place) string { return strings.TrimPrefix(p.Path, g.Group.Path+"/") }

// byPath finds projects by their full paths.
func (g *GitLab) byPath() map[string]Project {
	found := make(map[string]Project, len(g.Projects))
	for _, p := range g.Projects {
		found[p.Path] = p
	}
	return found
}
