package gitlab_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

const asJSON = "Content-Type: application/json"

// make sends a JSON object and returns the id of what was made.
func (c client) make(path, body string) int {
	c.t.Helper()
	got := c.want(201, "*", "POST", "/api/v4"+path, body, asJSON)
	var made struct{ ID int }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil || made.ID == 0 {
		c.t.Fatalf("POST %s: %s", path, got.body)
	}
	return made.ID
}

// row reads one JSON object.
func (c client) row(path string) map[string]any {
	c.t.Helper()
	var row map[string]any
	got := c.want(200, "*", "GET", "/api/v4"+path, "")
	if err := json.Unmarshal([]byte(got.body), &row); err != nil {
		c.t.Fatal(err)
	}
	return row
}

// TestNewProjectTakesPackages makes groups and a project, publishes there, and lets a job and a deploy token in.
func TestNewProjectTakesPackages(t *testing.T) {
	c := start(t)
	acme := int(c.row("/groups/acme")["id"].(float64))
	below := c.make("/groups", fmt.Sprintf(`{"name":"Below","path":"below","parent_id":%d}`, acme))
	id := c.make("/projects", fmt.Sprintf(`{"path":"tools","namespace_id":%d,"issues_access_level":"disabled",
		"container_registry_access_level":"disabled","container_expiration_policy_attributes":{"enabled":true,"keep_n":5}}`, below))
	p := c.row("/projects/acme%2Fbelow%2Ftools")
	policy, _ := p["container_expiration_policy"].(map[string]any)
	for name, want := range map[string]any{
		"id": float64(id), "name": "tools", "visibility": "private", "issues_access_level": "disabled", "issues_enabled": false,
		"container_registry_access_level": "disabled", "package_registry_access_level": "enabled", "builds_access_level": "enabled",
	} {
		if p[name] != want {
			t.Errorf("%s is %v, want %v", name, p[name], want)
		}
	}
	if policy["enabled"] != true || policy["keep_n"] != 5.0 {
		t.Errorf("cleanup %v", policy)
	}

	const file = "/api/v4/projects/acme%2Fbelow%2Ftools/packages/generic/a/1.0/f"
	c.put(file, "text", 201)
	anyone := c.as("")
	anyone.want(404, "*", "PUT", file, "text", "JOB-TOKEN: standin-job")
	scope := fmt.Sprintf("/api/v4/projects/%d/job_token_scope", id)
	c.want(201, fmt.Sprintf(`{"source_project_id":%d,"target_group_id":%d}`, id, acme), "POST", scope+"/groups_allowlist",
		fmt.Sprintf(`{"target_group_id":%d}`, acme), asJSON)
	anyone.want(201, "*", "PUT", file, "text", "JOB-TOKEN: standin-job")

	token, user := c.deployToken("acme%2Fbelow", `{"name":"reader","scopes":["read_package_registry"]}`)
	anyone.want(200, "text", "GET", file, "", "DEPLOY-TOKEN: "+token)
	anyone.want(200, "text", "GET", file, "", basic(user, token))
	anyone.want(403, "*", "PUT", file, "text", "DEPLOY-TOKEN: "+token)
	anyone.want(404, "*", "GET", generic+"/generic/a/1.0/f", "", "DEPLOY-TOKEN: "+token)
}

// TestMakersAreOwners lets somebody who is member of nothing make a group: nobody else sees it, and its maker may do all.
func TestMakersAreOwners(t *testing.T) {
	c := start(t).as("standin-stranger")
	own := c.make("/groups", `{"name":"Own","path":"own"}`)
	id := c.make("/projects", fmt.Sprintf(`{"name":"My Tools","path":"tools","namespace_id":%d}`, own))
	c.put(fmt.Sprintf("/api/v4/projects/%d/packages/generic/a/1.0/f", id), "text", 201)
	c.want(404, `{"message":"404 Project Not Found"}`, "GET", fmt.Sprintf("/api/v4/projects/%d", id), "", "PRIVATE-TOKEN: standin-owner")
	c.want(404, `{"message":"404 Group Not Found"}`, "GET", "/api/v4/groups/own", "", "PRIVATE-TOKEN: standin-owner")
	user := c.row("/user")["id"]
	for _, place := range []string{"/groups/own", fmt.Sprintf("/projects/%d", id)} {
		if level := c.row(fmt.Sprintf("%s/members/all/%v", place, user))["access_level"]; level != 50.0 {
			t.Errorf("%s: the maker has role %v", place, level)
		}
	}
	c.want(404, `{"message":"404 Not found"}`, "GET", "/api/v4/groups/own/members/all/1", "")
	if groups := fmt.Sprint(column(c.rows("/api/v4/groups"), "full_path")); groups != "[own]" {
		t.Errorf("sees %s", groups)
	}
}

// In these rows acme has the number 1 and acme/artifact-management 2.
func TestGroupsAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, token, body string
		status            int
		answer            string
	}{
		{"taken", "", `{"name":"x","path":"ACME"}`, 400, `{"message":"Failed to save group {:path=>[\"has already been taken\"]}"}`},
		{"taken by a project", "", `{"name":"x","path":"java-packages","parent_id":2}`, 400, `{"message":"Failed to save group {:path=>[\"has already been taken\"]}"}`},
		{"name taken", "", `{"name":"artifact-management","path":"other","parent_id":1}`, 400, `{"message":"Failed to save group {:name=>[\"has already been taken\"]}"}`},
		{"no name", "", `{"path":"x"}`, 400, `{"error":"name is missing"}`},
		{"nothing", "", `{}`, 400, `{"error":"name is missing, path is missing"}`},
		{"no parent", "", `{"name":"x","path":"xx","parent_id":999}`, 404, `{"message":"404 Group Not Found"}`},
		{"reserved", "", `{"name":"x","path":"dashboard"}`, 400, `{"message":"Failed to save group {:path=>[\"dashboard is a reserved name\"]}"}`},
		{"reserved below", "", `{"name":"x","path":"wikis","parent_id":1}`, 400, `{"message":"Failed to save group {:path=>[\"wikis is a reserved name\"]}"}`},
		{"too short", "", `{"name":"x","path":"x"}`, 400, `{"message":"Failed to save group {:path=>[\"is too short (minimum is 2 characters)\"]}"}`},
		{"bad visibility", "", `{"name":"x","path":"xx","visibility":"secret"}`, 400, `{"error":"visibility does not have a valid value"}`},
		{"too open", "", `{"name":"x","path":"xx","parent_id":1,"visibility":"public"}`, 400,
			`{"message":"Failed to save group {:visibility_level=>[\"public is not allowed since the parent group has a private visibility.\"]}"}`},
		{"developer", "standin-developer", `{"name":"x","path":"xx","parent_id":1}`, 403, `{"message":"403 Forbidden"}`},
		{"stranger", "standin-stranger", `{"name":"x","path":"xx","parent_id":1}`, 404, `{"message":"404 Group Not Found"}`},
		{"read only", "standin-read", `{"name":"x","path":"xx"}`, 403, "*"},
		{"nobody", "nobody", `{"name":"x","path":"xx"}`, 401, `{"message":"401 Unauthorized"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := start(t)
			if row.token != "" {
				c = c.as(row.token)
			}
			c.want(row.status, row.answer, "POST", "/api/v4/groups", row.body, asJSON)
		})
	}
	t.Run("GitLab.com", func(t *testing.T) {
		c := start(t, "toplevel=false")
		c.want(403, `{"message":"403 Forbidden"}`, "POST", "/api/v4/groups", `{"name":"x","path":"xx"}`, asJSON)
		c.make("/groups", `{"name":"x","path":"xx","parent_id":1}`)
	})
}

func TestProjectsAreRefused(t *testing.T) {
	const tools = `"path":"tools","namespace_id":2`
	for _, row := range []struct {
		name, token, body string
		status            int
		answer            string
	}{
		{"taken", "", `{"path":"Java-packages","name":"x","namespace_id":2}`, 400, `{"message":{"path":["has already been taken"]}}`},
		{"taken by a group", "", `{"path":"artifact-management","namespace_id":1}`, 400, `{"message":{"path":["has already been taken"]}}`},
		{"name taken", "", `{"path":"x","name":"java-packages","namespace_id":2}`, 400,
			`{"message":{"name":["has already been taken"],"project_namespace.name":["has already been taken"]}}`},
		{"nothing", "", `{"namespace_id":2}`, 400, `{"error":"name, path are missing, at least one parameter must be provided"}`},
		{"no group", "", `{"path":"x"}`, 403, `{"error":["You cannot create projects in your personal namespace. Contact your GitLab administrator."]}`},
		{"unknown group", "", `{"path":"x","namespace_id":999}`, 400, `{"message":{"namespace":["is not valid"]}}`},
		{"reserved", "", `{"path":"wikis","namespace_id":2}`, 400, `{"message":{"path":["wikis is a reserved name"]}}`},
		{"bad path", "", `{"path":"a--b","namespace_id":2}`, 400, `{"message":{"path":["can only include non-accented letters, digits, '_', '-' and '.'. It must not start with '-', '_', or '.', nor end with '-', '_', '.', '.git', or '.atom'."]}}`},
		{"bad name", "", `{"path":"x","name":"a/b","namespace_id":2}`, 400, `{"message":{"name":["can contain only letters, digits, emoji, '_', '.', '+', dashes, or spaces. It must start with a letter, digit, emoji, or '_'."]}}`},
		{"bad level", "", `{` + tools + `,"container_registry_access_level":"public"}`, 400, `{"error":"container_registry_access_level does not have a valid value"}`},
		{"bad cleanup", "", `{` + tools + `,"container_expiration_policy_attributes":{"keep_n":3}}`, 400,
			`{"message":{"container_expiration_policy.keep_n":["is not included in the list"]}}`},
		{"reporter", "standin-reporter", `{` + tools + `}`, 400, `{"message":{"namespace":["is not valid"]}}`},
		{"stranger", "standin-stranger", `{` + tools + `}`, 400, `{"message":{"namespace":["is not valid"]}}`},
		{"read only", "standin-read", `{` + tools + `}`, 403, "*"},
		{"nobody", "nobody", `{` + tools + `}`, 401, `{"message":"401 Unauthorized"}`},
		{"a deploy token", "standin-deploy", `{` + tools + `}`, 401, `{"message":"401 Unauthorized"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := start(t)
			if row.token != "" {
				c = c.as(row.token)
			}
			c.want(row.status, row.answer, "POST", "/api/v4/projects", row.body, asJSON)
		})
	}
	t.Run("creation level", func(t *testing.T) {
		c := start(t)
		id := c.make("/groups", `{"name":"Strict","path":"strict","parent_id":1,"project_creation_level":"owner","subgroup_creation_level":"owner"}`)
		project := fmt.Sprintf(`{"path":"tools","namespace_id":%d}`, id)
		c.as("standin-maintainer").want(400, `{"message":{"namespace":["is not valid"]}}`, "POST", "/api/v4/projects", project, asJSON)
		c.as("standin-maintainer").want(403, `{"message":"403 Forbidden"}`, "POST", "/api/v4/groups",
			fmt.Sprintf(`{"name":"x","path":"xx","parent_id":%d}`, id), asJSON)
		c.make("/projects", project)
	})
}

// TestProjectChanges checks who may change what of a project, in JSON and in a form.
func TestProjectChanges(t *testing.T) {
	c := start(t)
	const images = "/api/v4/projects/acme%2Fartifact-management%2Fdocker-images"
	for _, row := range []struct {
		token, body string
		status      int
	}{
		{"standin-developer", `{"issues_access_level":"disabled"}`, 403},
		{"standin-maintainer", `{"visibility":"public"}`, 403},
		{"standin-owner", `{"visibility":"public"}`, 400},
		{"standin-stranger", `{"issues_access_level":"disabled"}`, 404},
		{"standin-maintainer", `{}`, 400},
		{"standin-maintainer", `{"name":"java-packages"}`, 400},
		{"standin-maintainer", `{"package_registry_access_level":"disabled","container_expiration_policy_attributes":{"enabled":true}}`, 200},
	} {
		c.as(row.token).want(row.status, "*", "PUT", images, row.body, asJSON)
	}
	c.want(403, "*", "GET", images+"/packages", "")
	const form = "packages_enabled=true&container_registry_access_level=disabled&container_expiration_policy_attributes[keep_n]=25"
	c.want(200, "*", "PUT", images, form, "Content-Type: application/x-www-form-urlencoded")
	c.want(200, "[]", "GET", images+"/packages", "")
	p := c.row("/projects/acme%2Fartifact-management%2Fdocker-images")
	policy, _ := p["container_expiration_policy"].(map[string]any)
	if p["container_registry_access_level"] != "disabled" || policy["enabled"] != true || policy["keep_n"] != 25.0 {
		t.Errorf("%v, %v", p["container_registry_access_level"], policy)
	}
}

func TestGroupLists(t *testing.T) {
	c := start(t)
	c.make("/groups", `{"name":"b","path":"bb","parent_id":1}`)
	for path, want := range map[string]string{
		"/groups":                              "[acme acme/artifact-management acme/bb]",
		"/groups?search=ART":                   "[acme/artifact-management]",
		"/groups?top_level_only=true":          "[acme]",
		"/groups/acme/subgroups?sort=desc":     "[acme/bb acme/artifact-management]",
		"/groups/acme/subgroups?per_page=1":    "[acme/artifact-management]",
		"/groups/acme%2Fbb/subgroups":          "[]",
		"/groups/acme/subgroups?search=absent": "[]",
	} {
		if got := fmt.Sprint(column(c.rows("/api/v4"+path), "full_path")); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	c.as("standin-stranger").want(404, `{"message":"404 Group Not Found"}`, "GET", "/api/v4/groups/acme/subgroups", "")
}
