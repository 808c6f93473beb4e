package gitlab_test

import (
	"fmt"
	"testing"
)

func TestJobTokenScope(t *testing.T) {
	c := start(t)
	const path = "/api/v4/projects/acme%2Ftools"
	id := c.make("/projects", `{"path":"tools","namespace_id":1}`)
	app := c.make("/projects", `{"path":"app","namespace_id":1}`)
	scope := fmt.Sprintf("/api/v4/projects/%d/job_token_scope", id)
	job := func(status int) {
		t.Helper()
		c.as("").want(status, "*", "PUT", path+"/packages/generic/a/1.0/f", "x", "JOB-TOKEN: standin-job")
	}
	c.want(200, `{"inbound_enabled":true,"outbound_enabled":false}`, "GET", scope, "")
	if got := fmt.Sprint(column(c.rows(scope+"/allowlist"), "path_with_namespace")); got != "[acme/tools]" {
		t.Errorf("allowed at first: %s", got)
	}
	job(404)
	c.want(204, "", "PATCH", scope, `{"enabled":false}`, asJSON)
	job(201)
	c.want(204, "", "PATCH", scope, `{"enabled":true}`, asJSON)
	job(404)
	c.want(201, fmt.Sprintf(`{"source_project_id":%d,"target_project_id":%d}`, id, app), "POST", scope+"/allowlist",
		fmt.Sprintf(`{"target_project_id":%d}`, app), asJSON)
	job(201)
	c.want(201, "*", "POST", scope+"/groups_allowlist", `{"target_group_id":2}`, asJSON)
	if got := fmt.Sprint(column(c.rows(scope+"/groups_allowlist"), "id")); got != "[2]" {
		t.Errorf("allowed groups: %s", got)
	}

	const forbidden = `{"message":"403 Forbidden"}`
	for _, row := range []struct {
		token, method, path, body string
		status                    int
		answer                    string
	}{
		{"standin-developer", "GET", scope, "", 403, forbidden},
		{"standin-developer", "PATCH", scope, `{"enabled":false}`, 403, forbidden},
		{"standin-developer", "GET", scope + "/groups_allowlist", "", 403, forbidden},
		{"standin-developer", "POST", scope + "/groups_allowlist", `{"target_group_id":1}`, 403, forbidden},
		{"standin-stranger", "GET", scope, "", 404, `{"message":"404 Project Not Found"}`},
		{"standin-job", "GET", scope, "", 401, `{"message":"401 Unauthorized"}`},
		{c.token, "PATCH", scope, `{}`, 400, `{"error":"enabled is missing"}`},
		{c.token, "PATCH", scope, `{"enabled":"maybe"}`, 400, `{"error":"enabled is invalid"}`},
		{c.token, "POST", scope + "/groups_allowlist", `{}`, 400, `{"error":"target_group_id is missing"}`},
		{c.token, "POST", scope + "/groups_allowlist", `{"target_group_id":"x"}`, 400, `{"error":"target_group_id is invalid"}`},
		{c.token, "POST", scope + "/groups_allowlist", `{"target_group_id":999}`, 404, `{"message":"404 target_group_id not found Not Found"}`},
		{c.token, "POST", scope + "/groups_allowlist", `{"target_group_id":2}`, 400, `{"message":"400 Bad request - This group is already in the job token allowlist."}`},
		{c.token, "POST", path + "/job_token_scope/groups_allowlist", `{"target_group_id":1}`, 400, `{"error":"id is invalid"}`},
		{c.token, "POST", scope + "/allowlist", fmt.Sprintf(`{"target_project_id":%d}`, app), 400, `{"message":"400 Bad request - This project is already in the job token allowlist."}`},
		{c.token, "POST", scope + "/allowlist", `{"target_project_id":999}`, 404, `{"message":"404 target_project_id not found Not Found"}`},
	} {
		c.as(row.token).want(row.status, row.answer, row.method, row.path, row.body, asJSON)
	}
}
