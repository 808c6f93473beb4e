//go:build openapi

package gitlab_test

import (
	"fmt"
	"testing"
)

func TestStructureIsDescribed(t *testing.T) {
	c := start(t)
	project := c.make("/projects", `{"path":"tools","namespace_id":1}`)
	app := c.make("/projects", `{"path":"app","namespace_id":1}`)
	at := fmt.Sprintf("/api/v4/projects/%d", project)
	const push = `"minimum_access_level_for_push":"maintainer"`
	c.described(t, describedAPI(t), []described{
		{"group", "GET", "/api/v4/groups", "", c.token, 200},
		{"group", "GET", "/api/v4/groups/acme", "", c.token, 200},
		{"group", "POST", "/api/v4/groups", `{"name":"New","path":"new"}`, c.token, 201},
		{"group", "POST", "/api/v4/groups", `{"name":"New","path":"new"}`, c.token, 400},
		{"group", "POST", "/api/v4/groups", `{"name":"x","path":"xx","parent_id":1}`, "standin-developer", 403},
		{"group", "POST", "/api/v4/groups", `{"name":"x","path":"xx","parent_id":999}`, c.token, 404},
		{"projects", "POST", "/api/v4/projects", `{"path":"other","namespace_id":1}`, c.token, 201},
		{"projects", "POST", "/api/v4/projects", `{"path":"other","namespace_id":1}`, c.token, 400},
		{"projects", "POST", "/api/v4/projects", `{"path":"other"}`, c.token, 403},
		{"project", "PUT", at, `{"issues_access_level":"disabled"}`, c.token, 200},
		{"project", "PUT", at, `{}`, c.token, 400},
		{"project", "PUT", at, `{"issues_access_level":"disabled"}`, "standin-developer", 403},
		{"job scope", "GET", at + "/job_token_scope", "", c.token, 200},
		{"job scope", "GET", at + "/job_token_scope", "", "standin-developer", 403},
		{"job scope", "PATCH", at + "/job_token_scope", `{"enabled":true}`, c.token, 204},
		{"job scope", "PATCH", at + "/job_token_scope", `{}`, c.token, 400},
		{"job projects", "GET", at + "/job_token_scope/allowlist", "", c.token, 200},
		{"job projects", "POST", at + "/job_token_scope/allowlist", fmt.Sprintf(`{"target_project_id":%d}`, app), c.token, 201},
		{"job projects", "POST", at + "/job_token_scope/allowlist", `{"target_project_id":999}`, c.token, 404},
		{"job groups", "POST", at + "/job_token_scope/groups_allowlist", `{"target_group_id":1}`, c.token, 201},
		{"job groups", "POST", at + "/job_token_scope/groups_allowlist", `{"target_group_id":1}`, c.token, 400},
		{"job groups", "GET", at + "/job_token_scope/groups_allowlist", "", c.token, 200},
		{"tokens", "POST", "/api/v4/groups/acme/deploy_tokens", `{"name":"x","scopes":["read_registry"]}`, c.token, 201},
		{"tokens", "POST", "/api/v4/groups/acme/deploy_tokens", `{"name":"x"}`, c.token, 400},
		{"tokens", "POST", "/api/v4/groups/acme/deploy_tokens", `{"name":"x","scopes":["read_registry"]}`, "standin-maintainer", 403},
		{"tokens", "GET", "/api/v4/groups/acme/deploy_tokens", "", c.token, 200},
		{"tokens", "GET", "/api/v4/groups/acme/deploy_tokens", "", "standin-developer", 403},
		{"rules", "POST", at + "/packages/protection/rules", `{"package_name_pattern":"*","package_type":"npm",` + push + `}`, c.token, 201},
		{"rules", "POST", at + "/packages/protection/rules", `{"package_name_pattern":"*","package_type":"npm",` + push + `}`, c.token, 422},
		{"rules", "POST", at + "/packages/protection/rules", `{}`, c.token, 400},
		{"rules", "GET", at + "/packages/protection/rules", "", c.token, 200},
		{"rule", "PATCH", at + "/packages/protection/rules/999", `{}`, c.token, 404},
	}, asJSON)
}
