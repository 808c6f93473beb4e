package gitlab_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestPlanLimits(t *testing.T) {
	c := start(t, "limit.helm=7")
	const limits = "/api/v4/application/plan_limits"
	var got map[string]any
	answer := c.as("standin-admin").want(200, "*", "GET", limits+"?plan_name=default", "")
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]float64{
		"helm_max_file_size": 7, "pypi_max_file_size": 3 << 30, "maven_max_file_size": 3 << 30, "conan_max_file_size": 3 << 30,
		"npm_max_file_size": 500 << 20, "nuget_max_file_size": 500 << 20, "generic_packages_max_file_size": 5 << 30,
		"terraform_module_max_file_size": 1 << 30,
	} {
		if got[column] != want {
			t.Errorf("%s: %v, want %v", column, got[column], want)
		}
	}
	c.want(403, `{"message":"403 Forbidden"}`, "GET", limits, "")
	c.as("").want(401, `{"message":"401 Unauthorized"}`, "GET", limits, "")
	c.as("standin-admin").want(400, `{"error":"plan_name does not have a valid value"}`, "GET", limits+"?plan_name=huge", "")
	c.as("standin-admin").want(404, `{"message":"404 Plan Not Found"}`, "GET", limits+"?plan_name=gold", "")
	for token, admin := range map[string]bool{"standin-admin": true, "standin-owner": false} {
		var user map[string]any
		if err := json.Unmarshal([]byte(c.as(token).want(200, "*", "GET", "/api/v4/user", "").body), &user); err != nil || user["is_admin"] != admin {
			t.Errorf("%s: %v, %v", token, user, err)
		}
	}
}

// TestAdmin shows that no protection rule and no membership binds an administrator.
func TestAdmin(t *testing.T) {
	c := start(t)
	c.mutate(`{"add_project":"elsewhere/project"}`)
	c.mutate(`{"protect":{"project":"elsewhere/project","format":"generic","pattern":"*","role":"admin"}}`)
	const path = "/api/v4/projects/elsewhere%2Fproject/packages/generic/a/1.0/f"
	c.want(403, "*", "PUT", path, "x")
	c.as("standin-admin").put(path, "x", 201)
}

// TestQuota shows that a full namespace takes no package of any format, and that the upload that fills it succeeds.
func TestQuota(t *testing.T) {
	c := start(t, "quota=10", "settle=immediate")
	c.put(generic+"/generic/a/1.0/f", "ten bytes!", 201)
	c.put(generic+"/generic/a/1.0/g", "more", 201)
	pypi, pypiForm := form(t, wheel()...)
	nuget, nugetForm := form(t, "package;a.nupkg", nupkg(t, "Acme", "1.0"))
	helm, helmForm := form(t, "chart;a.tgz", chart(t, "a", "1.0.0"))
	owner := basic("owner", c.token)
	const refused = `{"message":"403 Forbidden"}`
	for _, row := range []struct {
		method, path, body string
		headers            []string
	}{
		{"PUT", generic + "/generic/a/1.0/h", "x", nil},
		{"PUT", java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "x", nil},
		{"PUT", node + "/npm/a", "{}", nil},
		{"POST", python + "/pypi", pypi, []string{pypiForm}},
		{"PUT", c.nuget() + "/", nuget, []string{nugetForm, owner}},
		{"POST", charts + "/helm/api/stable/charts", helm, []string{helmForm, owner}},
		{"PUT", modules + "/terraform/modules/a/b/1.0.0/file", "x", nil},
	} {
		c.want(403, refused, row.method, row.path, row.body, row.headers...)
	}
	c.want(200, "more", "GET", generic+"/generic/a/1.0/g", "")
	c.want(204, "", "DELETE", fmt.Sprintf("%s/%v", generic, c.rows(generic)[0]["id"]), "")
	c.mutate(`{"add_project":"elsewhere/project"}`)
	c.as("standin-admin").put("/api/v4/projects/elsewhere%2Fproject/packages/generic/a/1.0/f", "x", 201)
	c.mutate(`{"mode":{"quota":"14"}}`)
	c.put(generic+"/generic/a/1.0/h", "x", 201)
	c.mutate(`{"mode":{"quota":"0","storage":"full"}}`)
	c.want(403, refused, "PUT", generic+"/generic/a/1.0/h", "x")
}
