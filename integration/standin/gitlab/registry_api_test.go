package gitlab_test

import (
	"fmt"
	"strings"
	"testing"
)

const imagesAPI = "/api/v4/projects/acme%2Fartifact-management%2Fdocker-images"

// repositoryAPI pushes images and returns where GitLab's API has their repository, and the digest of the last.
func (c client) repositoryAPI(tags ...string) (path, digest string) {
	c.t.Helper()
	r := c.pusher(app)
	for _, tag := range tags {
		digest = r.pushed(app, tag, "layer of "+tag)
	}
	return fmt.Sprintf("%s/registry/repositories/%v", imagesAPI, c.rows(imagesAPI + "/registry/repositories")[0]["id"]), digest
}

// object reads a JSON object.
func (c client) object(path string) map[string]any {
	c.t.Helper()
	return c.row(strings.TrimPrefix(path, "/api/v4"))
}

// TestRepositoriesAPI reads what GitLab tells of repositories and tags.
func TestRepositoriesAPI(t *testing.T) {
	c := start(t)
	host := strings.TrimPrefix(c.url, "http://")
	path, digest := c.repositoryAPI("v1", "v2", "v3")
	c.pusher(imageProject) // the project's own repository, with nothing in it
	rows := c.rows(imagesAPI + "/registry/repositories?tags_count=true")
	if fmt.Sprint(column(rows, "name"), column(rows, "path"), column(rows, "tags_count")) != fmt.Sprintf("[app ] [%s %s] [3 0]", app, imageProject) {
		t.Errorf("repositories: %v", rows)
	}
	if rows[0]["location"] != host+"/"+app || rows[0]["tags"] != nil || rows[0]["size"] != nil || rows[0]["delete_api_path"] != nil {
		t.Errorf("repository: %v", rows[0])
	}
	group := c.rows("/api/v4/groups/acme/registry/repositories?tags=true")
	if len(group) != 2 || group[0]["tags"] != nil {
		t.Errorf("group: %v", group)
	}
	one := c.object(fmt.Sprintf("/api/v4/registry/repositories/%v?tags=true&size=true", rows[0]["id"]))
	if one["size"] != 33.0 || one["delete_api_path"] == nil || len(one["tags"].([]any)) != 3 {
		t.Errorf("one: %v", one)
	}
	tags := c.rows(path + "/tags?per_page=2")
	if fmt.Sprint(column(tags, "name")) != "[v1 v2]" || tags[0]["location"] != host+"/"+app+":v1" || tags[0]["path"] != app+":v1" {
		t.Errorf("tags: %v", tags)
	}
	got := c.want(200, "*", "GET", path+"/tags?pagination=keyset&per_page=2&sort=desc", "")
	link := got.header.Get("Link")
	if !strings.Contains(got.body, "v3") || strings.Contains(got.body, "v1") || !strings.Contains(link, "last=v2") || !strings.HasSuffix(link, `rel="next"`) {
		t.Errorf("keyset: %s %s", got.body, link)
	}
	next := strings.TrimPrefix(strings.Split(link, ">")[0], "<"+c.url)
	if got = c.want(200, "*", "GET", next, ""); !strings.Contains(got.body, "v1") || strings.Contains(got.body, "v3") || got.header.Get("Link") != "" {
		t.Errorf("next page: %s %v", got.body, got.header)
	}
	tag := c.object(path + "/tags/v3")
	revision := strings.TrimPrefix(sha("{}"), "sha256:")
	if tag["digest"] != digest || tag["revision"] != revision || tag["short_revision"] != revision[:9] || tag["created_at"] == nil || tag["total_size"].(float64) <= 8 {
		t.Errorf("tag: %v", tag)
	}
	c.want(404, `{"message":"404 Tag Not Found"}`, "GET", path+"/tags/absent", "")
	c.want(404, `{"message":"404 Not found"}`, "GET", imagesAPI+"/registry/repositories/1/tags", "")
	c.want(400, `{"error":"repository_id is invalid"}`, "GET", imagesAPI+"/registry/repositories/x/tags", "")
	c.as("standin-stranger").want(404, "*", "GET", path+"/tags", "")
	c.as("standin-reporter").want(200, "*", "GET", path+"/tags", "")
	c.as("").want(200, "*", "GET", path+"/tags", "", "JOB-TOKEN: standin-job")

	project := c.object(imagesAPI)
	if project["container_registry_image_prefix"] != host+"/"+imageProject || project["container_registry_enabled"] != true {
		t.Errorf("project: %v", project)
	}
	c.mutate(fmt.Sprintf(`{"set":{"project":%q,"container_registry":"disabled"}}`, imageProject))
	c.want(403, `{"message":"403 Forbidden"}`, "GET", path+"/tags", "")
	if project = c.object(imagesAPI); project["container_registry_enabled"] != false || project["container_registry_access_level"] != "disabled" {
		t.Errorf("project without registry: %v", project)
	}
	if group = c.rows("/api/v4/groups/acme/registry/repositories"); len(group) != 0 {
		t.Errorf("group: %v", group)
	}
}

// TestRegistryScopes checks that a token of the registry's scopes alone reads nothing else, but itself.
func TestRegistryScopes(t *testing.T) {
	c := start(t)
	for _, token := range []string{"standin-registry", "standin-registry-read"} {
		const refused = `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api read_api"}`
		c.as(token).want(403, refused, "GET", imagesAPI, "")
		c.as(token).want(403, refused, "GET", imagesAPI+"/registry/repositories", "")
		c.as(token).want(200, "*", "GET", "/api/v4/personal_access_tokens/self", "")
	}
	c.as("standin-read").want(200, "*", "GET", imagesAPI+"/registry/repositories", "")
}

// TestRepositoriesWithoutDatabase checks what GitLab can not tell then.
func TestRepositoriesWithoutDatabase(t *testing.T) {
	c := start(t, "registry.database=off")
	path, digest := c.repositoryAPI("v1")
	c.want(405, `{"message":"405 Method Not Allowed"}`, "GET", path+"/tags?pagination=keyset", "")
	tag := c.object(path + "/tags/v1")
	if tag["digest"] != digest || tag["total_size"] != 4.0 || tag["created_at"] != nil {
		t.Errorf("tag: %v", tag)
	}
	r := c.pusher(app)
	config := r.blob(app, `{"created":"2020-01-02T03:04:05Z"}`)
	dated := r.put(app, "dated", ociImage, image(ociImage, descriptor(ociConfig, config), ""))
	if tag = c.object(path + "/tags/dated"); tag["created_at"] != "2020-01-02T03:04:05.000+00:00" {
		t.Errorf("tag: %v", tag)
	}
	r.put(app, "index", ociIndex, list(ociIndex, descriptor(ociImage, dated)))
	c.want(404, `{"message":"404 Tag Not Found"}`, "GET", path+"/tags/index", "")
	for _, one := range []string{"/gitlab/v1/", "/gitlab/v1/repositories/" + app + "/tags/list/"} {
		r.want(404, "", "GET", one, "")
	}
}

// TestRegistryV1 reads the registry's own API.
func TestRegistryV1(t *testing.T) {
	c := start(t)
	c.as("").want(401, "*", "GET", "/gitlab/v1/", "")
	_, digest := c.repositoryAPI("a", "b", "c")
	r := c.pusher(app)
	r.want(200, "{}", "GET", "/gitlab/v1/", "")
	base := "/gitlab/v1/repositories/" + app
	r.want(301, "*", "GET", base+"/tags/list", "")
	got := r.want(200, `[{"`, "GET", base+"/tags/list/?n=2", "")
	if link := got.header.Get("Link"); strings.Count(got.body, `"name"`) != 2 || link != "<"+base+`/tags/list/?last=b&n=2>; rel="next"` {
		t.Errorf("tags: %s %s", got.body, link)
	}
	r.put(app, "", ociImage, image(ociImage, descriptor(ociConfig, sha("{}")), "", `"subject":`+descriptor(ociImage, digest)))
	got = r.want(200, `[{"`, "GET", base+"/tags/list/?n=2&last=b&referrers=true", "")
	for _, part := range []string{`"digest":"` + digest, `"config_digest":"` + sha("{}"), `"media_type":"` + ociImage, `"referrers":[{"artifactType":"` + ociConfig} {
		if !strings.Contains(got.body, part) {
			t.Errorf("tag: %s has no %s", got.body, part)
		}
	}
	r.want(200, `[{"config_digest"`, "GET", base+"/tags/list/?sort=-name&name_exact=a", "")
	for query, code := range map[string]string{"n=x": "INVALID_QUERY_PARAMETER_TYPE", "n=1001": "INVALID_QUERY_PARAMETER_VALUE", "sort=size": "INVALID_QUERY_PARAMETER_VALUE"} {
		r.want(400, code, "GET", base+"/tags/list/?"+query, "")
	}
	r.want(200, "", "GET", base+"/", "")
	if got = r.want(200, "", "GET", base+"/?size=self", ""); !strings.Contains(got.body, `"size_bytes":30`) {
		t.Errorf("size: %s", got.body)
	}
	r.want(400, "INVALID_QUERY_PARAMETER_VALUE", "GET", base+"/?size=all", "")
	c.pusher(imageProject+"/none").want(404, "NAME_UNKNOWN", "GET", "/gitlab/v1/repositories/"+imageProject+"/none/", "")
}

// TestRulesAPI reads and makes the rules that protect images, and sees them work.
func TestRulesAPI(t *testing.T) {
	c := start(t)
	paths, tags := imagesAPI+"/registry/protection/repository/rules", imagesAPI+"/registry/protection/tag/rules"
	const json = "Content-Type: application/json"
	for _, row := range []struct {
		path, body, answer string
		status             int
	}{
		{paths, `{}`, `{"error":"repository_path_pattern is missing"}`, 400},
		{paths, `{"repository_path_pattern":"x"}`,
			`{"error":"minimum_access_level_for_push, minimum_access_level_for_delete are missing, at least one parameter must be provided"}`, 400},
		{paths, `{"repository_path_pattern":"x","minimum_access_level_for_push":"developer"}`,
			`{"error":"minimum_access_level_for_push does not have a valid value"}`, 400},
		{paths, `{"repository_path_pattern":"other/x","minimum_access_level_for_push":"owner"}`,
			`{"message":{"error":["Repository path pattern should start with the project's full path"]}}`, 422},
		{paths, `{"repository_path_pattern":"` + imageProject + `/s*","minimum_access_level_for_push":"owner"}`, "*", 201},
		{paths, `{"repository_path_pattern":"` + imageProject + `/s*","minimum_access_level_for_push":"owner"}`,
			`{"message":{"error":["Repository path pattern has already been taken"]}}`, 422},
		{tags, `{"tag_name_pattern":"v"}`, `{"error":"minimum_access_level_for_push is missing, minimum_access_level_for_delete is missing"}`, 400},
		{tags, `{"tag_name_pattern":"(","minimum_access_level_for_push":"owner","minimum_access_level_for_delete":"owner"}`,
			`{"message":["Tag name pattern not valid RE2 syntax: missing closing ): ` + "`(`" + `"]}`, 422},
		{tags, `{"tag_name_pattern":"v","minimum_access_level_for_push":"owner","minimum_access_level_for_delete":"owner"}`, "*", 201},
		{tags, `{"tag_name_pattern":"v","minimum_access_level_for_push":"owner","minimum_access_level_for_delete":"owner"}`,
			`{"message":["Tag name pattern has already been taken"]}`, 422},
	} {
		c.want(row.status, row.answer, "POST", row.path, row.body, json)
	}
	if rows := c.rows(paths); len(rows) != 1 || rows[0]["minimum_access_level_for_push"] != "owner" || rows[0]["minimum_access_level_for_delete"] != nil {
		t.Errorf("path rules: %v", rows)
	}
	if rows := c.rows(tags); len(rows) != 1 || rows[0]["tag_name_pattern"] != "v" {
		t.Errorf("tag rules: %v", rows)
	}
	for i := range 4 {
		c.mutate(fmt.Sprintf(`{"protect_tag":{"project":%q,"pattern":"final%d"}}`, imageProject, i))
	}
	c.want(422, `{"message":"Maximum number of protection rules have been reached."}`, "POST", tags,
		`{"tag_name_pattern":"w","minimum_access_level_for_push":"owner","minimum_access_level_for_delete":"owner"}`, json)
	if rows := c.rows(tags); len(rows) != 1 {
		t.Errorf("immutable tags are listed: %v", rows)
	}
	c.as("standin-developer").want(403, `{"message":"403 Forbidden"}`, "GET", paths, "")
	if got := c.ask("any", "standin-maintainer", "repository:"+imageProject+"/secret:push"); got.status != 403 {
		t.Errorf("the rule does nothing: %s", got.body)
	}
}

// TestCleaning deletes tags and repositories as GitLab does.
func TestCleaning(t *testing.T) {
	c := start(t)
	path, _ := c.repositoryAPI("v1", "v2", "keep", "latest", "safe")
	c.mutate(fmt.Sprintf(`{"protect_tag":{"project":%q,"pattern":"safe","push":"admin","delete":"admin"}}`, imageProject))
	c.as("standin-reporter").want(403, "*", "DELETE", path+"/tags/v1", "")
	c.as("standin-developer").want(200, "200", "DELETE", path+"/tags/v1", "")
	c.want(403, "*", "DELETE", path+"/tags/v1", "")
	c.want(403, "*", "DELETE", path+"/tags/safe", "")
	c.want(400, "*", "DELETE", path+"/tags", "")
	c.as("standin-developer").want(403, "*", "DELETE", path+"/tags?name_regex_delete=.*", "")
	c.want(400, `{"error":"name_regex_delete is an invalid regexp"}`, "DELETE", path+"/tags?name_regex_delete=(", "")
	c.want(202, "202", "DELETE", path+"/tags?name_regex_delete=.*&older_than=1h", "")
	names := func() string { return fmt.Sprint(column(c.rows(path+"/tags"), "name")) }
	if got := names(); got != "[keep latest safe v2]" {
		t.Errorf("tags: %s", got)
	}
	const soon = `{"message":"This request has already been made. You can run this at most once an hour for a given container repository"}`
	c.want(400, soon, "DELETE", path+"/tags?name_regex_delete=.*", "")
	c.advance("1h")
	c.want(202, "202", "DELETE", path+"/tags?name_regex_delete=.*&name_regex_keep=ke.*", "")
	if got := names(); got != "[keep latest safe]" {
		t.Errorf("tags: %s", got)
	}
	c.as("standin-developer").want(403, "*", "DELETE", path, "")
	c.want(202, "202", "DELETE", path, "")
	c.want(200, "[]", "GET", imagesAPI+"/registry/repositories", "")
}
