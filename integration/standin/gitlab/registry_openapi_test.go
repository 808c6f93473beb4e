//go:build openapi

package gitlab_test

import (
	"strings"
	"testing"
)

// TestImagesDescribed checks what GitLab's API tells of images against its description, which leaves out the rules that
// protect them.
func TestImagesDescribed(t *testing.T) {
	v := describedAPI(t)
	c := start(t)
	path, _ := c.repositoryAPI("v1", "v2", "v3")
	id := strings.TrimPrefix(path, imagesAPI+"/registry/repositories/")
	const listing = imagesAPI + "/registry/repositories"
	c.described(t, v, []described{
		{"repositories", "GET", listing + "?tags=true&tags_count=true", "", c.token, 200},
		{"repositories", "GET", listing, "", "nonsense", 401},
		{"repositories", "GET", listing, "", "standin-stranger", 404},
		{"repository", "GET", "/api/v4/registry/repositories/" + id + "?size=true", "", c.token, 200},
		{"repository", "GET", "/api/v4/registry/repositories/1", "", c.token, 404},
		{"group repositories", "GET", "/api/v4/groups/acme/registry/repositories", "", c.token, 200},
		{"image tags", "GET", path + "/tags", "", c.token, 200},
		{"image tags", "GET", listing + "/1/tags", "", c.token, 404},
		{"image tag", "GET", path + "/tags/v1", "", c.token, 200},
		{"image tag", "GET", path + "/tags/absent", "", c.token, 404},
		{"image tag", "DELETE", path + "/tags/v1", "", c.token, 200},
		{"image tag", "DELETE", path + "/tags/v1", "", "standin-reporter", 403},
		{"image tags", "DELETE", path + "/tags?name_regex_delete=v2", "", c.token, 202},
		{"image tags", "DELETE", path + "/tags?name_regex_delete=v2", "", c.token, 400},
		{"repository", "DELETE", path, "", c.token, 202},
		{"repository", "DELETE", path, "", c.token, 404},
	})
}
