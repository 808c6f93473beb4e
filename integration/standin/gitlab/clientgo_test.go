package gitlab_test

import (
	"slices"
	"strings"
	"testing"

	goclient "gitlab.com/gitlab-org/api/client-go/v2"
)

// TestGoClient drives the stand-in with GitLab's own Go client.
func TestGoClient(t *testing.T) {
	c := start(t, "settle=immediate")
	git, err := goclient.NewClient(c.token, goclient.WithBaseURL(c.url), goclient.WithoutRetries())
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, ok bool, err error) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", what, ok, err)
		}
	}
	metadata, _, err := git.Metadata.GetMetadata()
	check("metadata", err == nil && metadata.Version == "18.9.0-ee" && metadata.Enterprise, err)
	user, _, err := git.Users.CurrentUser()
	check("user", err == nil && user.Username == "owner" && user.CreatedAt != nil, err)
	token, _, err := git.PersonalAccessTokens.GetSinglePersonalAccessToken()
	check("token", err == nil && token.Active && slices.Equal(token.Scopes, []string{"api"}) && token.ExpiresAt != nil, err)
	group, _, err := git.Groups.GetGroup("acme/artifact-management", nil)
	check("group", err == nil && group.FullPath == "acme/artifact-management" && group.ParentID != 0, err)
	projects, _, err := git.Groups.ListGroupProjects(group.ID, nil)
	check("projects", err == nil && len(projects) == 8, err)
	project, _, err := git.Projects.GetProject("acme/artifact-management/generic-packages", nil)
	check("project", err == nil && project.Permissions.GroupAccess.AccessLevel == goclient.OwnerPermissions &&
		project.PackageRegistryAccessLevel == goclient.EnabledAccessControl && project.Namespace.FullPath == group.FullPath, err)

	content := func() *strings.Reader { return strings.NewReader("content") }
	all := goclient.SelectPackageFile
	file, _, err := git.GenericPackages.PublishPackageFile(project.ID, "tool", "1.0", "dir/f+x.txt", content(),
		&goclient.PublishPackageFileOptions{Select: &all})
	check("publish", err == nil && file.FileSHA256 != "" && file.Size == 7 && file.CreatedAt != nil, err)
	_, _, err = git.GenericPackages.PublishPackageFile(project.PathWithNamespace, "tool", "2.0", "f", content(), nil)
	check("publish without a record", true, err)
	_, resp, err := git.GenericPackages.PublishPackageFile(project.ID, "to ol", "2.0", "f", content(), nil)
	check("bad name", resp != nil && resp.StatusCode == 400 && err != nil && strings.Contains(err.Error(), "package_name is invalid"), nil)
	bytes, _, err := git.GenericPackages.DownloadPackageFile(project.ID, "tool", "1.0", "dir/f+x.txt")
	check("download", string(bytes) == "content", err)

	one := goclient.ListProjectPackagesOptions{ListOptions: goclient.ListOptions{PerPage: 1}}
	packages, resp, err := git.Packages.ListProjectPackages(project.ID, &one)
	check("packages", err == nil && len(packages) == 1 && packages[0].Version == "1.0" && resp.TotalItems == 2 && resp.NextPage == 2, err)
	files, _, err := git.Packages.ListPackageFiles(project.ID, packages[0].ID, nil)
	check("files", err == nil && len(files) == 1 && files[0].FileName == "dir%2Ff%2Bx.txt" && files[0].FileMD5 == "", err)
	grouped, _, err := git.Packages.ListGroupPackages(group.FullPath, nil)
	check("group's packages", err == nil && len(grouped) == 2 && grouped[0].ProjectID == project.ID, err)

	var answer struct {
		Data struct {
			Project struct {
				Packages struct {
					Nodes []struct{ ID, Version string }
				}
			}
		}
	}
	_, err = git.GraphQL.Do(goclient.GraphQLQuery{
		Query:     `query($path: ID!, $n: Int) { project(fullPath: $path) { packages(first: $n, sort: CREATED_DESC) { nodes { id version } } } }`,
		Variables: map[string]any{"path": project.PathWithNamespace, "n": 1},
	}, &answer)
	nodes := answer.Data.Project.Packages.Nodes
	check("graphql", len(nodes) == 1 && nodes[0].Version == "2.0", err)

	_, err = git.Packages.DeletePackageFile(project.ID, packages[0].ID, files[0].ID)
	check("delete file", true, err)
	_, err = git.Packages.DeleteProjectPackage(project.ID, packages[0].ID)
	check("delete", true, err)
	_, resp, err = git.Projects.GetProject("acme/absent", nil)
	check("absent project", resp != nil && resp.StatusCode == 404 && err != nil && strings.Contains(err.Error(), "404"), nil)
}
