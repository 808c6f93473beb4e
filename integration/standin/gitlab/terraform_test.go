package gitlab_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	modules   = api + "terraform-modules/packages"
	modulesV1 = "/api/v4/packages/terraform/modules/v1/acme/"
)

func TestTerraformPublish(t *testing.T) {
	c := start(t, "limit.terraform=10")
	const to = modules + "/terraform/modules/"
	for _, row := range []struct {
		status             int
		answer, path, body string
	}{
		{201, created, "net-work/aws/1.0.0/file", "tgz"},
		{201, created, "net-work/aws/1.0.0-rc.1+build/file", "tgz"},
		{403, `{"message":"A module with the same name & version already exists in the project."}`, "net-work/aws/1.0.0/file", "other"},
		{400, `{"error":"module_version is invalid"}`, "net-work/aws/v1.0.0/file", "tgz"},
		{400, `{"error":"module_version is invalid"}`, "net-work/aws/1.0/file", "tgz"},
		{422, `{"message":"Validation failed: Name is invalid"}`, "net_work/aws/1.0.0/file", "tgz"},
		{422, `{"message":"Validation failed: Name is invalid"}`, "network/AWS/1.0.0/file", "tgz"},
		{400, `{"message":"400 Bad request - File is too large"}`, "network/aws/1.0.0/file", "ten bytes!"},
		{404, `{"error":"404 Not Found"}`, "network/aws/1.0.0", "tgz"},
		{404, `{"error":"404 Not Found"}`, "network/aws", "tgz"},
	} {
		c.want(row.status, row.answer, "PUT", to+row.path, row.body)
	}
	if rows := c.rows(modules); len(rows) != 0 {
		t.Errorf("listed without being asked for: %v", rows)
	}
	rows := c.rows(modules + "?package_type=terraform_module")
	if diff := cmp.Diff([]any{"net-work/aws", "net-work/aws"}, column(rows, "name")); diff != "" || rows[0]["package_type"] != "terraform_module" {
		t.Error(diff, rows)
	}
	files := c.rows(fmt.Sprintf("%s/%v/package_files", modules, rows[1]["id"]))
	if f := files[0]; f["file_name"] != "net-work-aws-1.0.0-rc.1+build.tgz" || f["file_sha256"] == nil || f["file_sha1"] != nil || f["size"] != 3.0 {
		t.Errorf("file: %v", f)
	}
	listed := c.graphql(`{project(fullPath:"acme/artifact-management/terraform-modules"){all:packages{count} some:packages(packageType:TERRAFORM_MODULE){count nodes{packageType}}}}`)
	if listed != `{"project":{"all":{"count":0},"some":{"count":2,"nodes":[{"packageType":"TERRAFORM_MODULE"},{"packageType":"TERRAFORM_MODULE"}]}}}` {
		t.Error(listed)
	}
}

func TestTerraformTokens(t *testing.T) {
	c := start(t).as("")
	put := func(status int, answer string, headers ...string) {
		t.Helper()
		c.want(status, answer, "PUT", modules+"/terraform/modules/a/b/1.0.0/file", "x", headers...)
	}
	put(401, `{"message":"401 Unauthorized"}`)
	put(401, `{"message":"401 Unauthorized"}`, basic("owner", "standin-owner"))
	put(401, `{"message":"401 Unauthorized"}`, "Authorization: Bearer standin-owner")
	put(401, `{"message":"401 Unauthorized"}`, "PRIVATE-TOKEN: standin-deploy")
	put(400, `{"message":"400 Bad request - Found more than one set of credentials"}`, "PRIVATE-TOKEN: standin-owner", "DEPLOY-TOKEN: standin-deploy")
	put(403, `{"message":"403 Forbidden"}`, "PRIVATE-TOKEN: standin-reporter")
	put(404, `{"message":"404 Not Found"}`, "PRIVATE-TOKEN: standin-stranger")
	c.mutate(`{"protect":{"project":"acme/artifact-management/terraform-modules","format":"terraform","pattern":"a/*","role":"owner"}}`)
	put(403, `{"message":"403 Forbidden - Package protected."}`, "DEPLOY-TOKEN: standin-deploy")
	put(403, `{"message":"403 Forbidden - Package protected."}`, "JOB-TOKEN: standin-job")
	c.mutate(`{"fault":"objectstore@write=1"}`)
	put(403, `{"message":"403 Forbidden"}`, "PRIVATE-TOKEN: standin-owner")
	put(201, created, "PRIVATE-TOKEN: standin-owner")
}

// TestTerraformElsewhere shows that a module belongs to one project of its root group, unless a group above says otherwise.
func TestTerraformElsewhere(t *testing.T) {
	c := start(t)
	const here, there = modules + "/terraform/modules/", generic + "/terraform/modules/"
	const elsewhere = `{"message":"A module with the same name already exists in the namespace."}`
	c.mutate(`{"add_project":"other/project"}`)
	c.put(here+"a/b/1.0.0/file", "x", 201)
	c.want(403, elsewhere, "PUT", there+"a/b/2.0.0/file", "x")
	c.put("/api/v4/projects/other%2Fproject/packages/terraform/modules/a/b/2.0.0/file", "x", 201)
	c.graphql(writeSettings("acme", `terraformModuleDuplicateExceptionRegex: "a/.*"`))
	c.put(there+"a/b/2.0.0/file", "x", 201)
	c.put(here+"b/b/1.0.0/file", "x", 201)
	c.want(403, elsewhere, "PUT", there+"b/b/2.0.0/file", "x")
	c.graphql(writeSettings("acme/artifact-management", `terraformModuleDuplicatesAllowed: true, terraformModuleDuplicateExceptionRegex: "c/.*"`))
	c.put(there+"b/b/2.0.0/file", "x", 201)
	c.put(here+"c/b/1.0.0/file", "x", 201)
	c.want(403, elsewhere, "PUT", there+"c/b/2.0.0/file", "x")
	c.put(here+"a/b/2.0.0/file", "x", 201)
	c.want(403, "*", "PUT", here+"a/b/2.0.0/file", "x")
}

func TestTerraformProject(t *testing.T) {
	c := start(t)
	const to = modules + "/terraform/modules/net/aws"
	c.put(to+"/1.9.0/file", "nine", 201)
	c.put(to+"/1.10.0/file", "ten", 201)
	owner := basic("owner", c.token)
	c = c.as("")
	c.want(200, "ten", "GET", to+"/1.10.0", "", owner)
	c.want(200, "nine", "GET", to, "", owner) // the versions are compared as texts
	c.want(404, `{"message":"404 Not Found"}`, "GET", to+"/2.0.0", "", owner)
	c.want(400, `{"error":"module_version is invalid"}`, "GET", to+"/x", "", owner)
	c.want(400, `{"error":"terraform-get does not have a valid value"}`, "GET", to+"?terraform-get=2", "", owner)
	got := c.want(204, "", "GET", to+"/1.10.0?terraform-get=1", "", owner)
	if at := got.header.Get("X-Terraform-Get"); at != c.url+to+"/1.10.0?archive=tgz" {
		t.Errorf("leads to %s", at)
	}
	c.want(401, "*", "GET", to, "")
	c.want(401, "*", "GET", to, "", basic("any", "standin-owner"))
	c.want(401, "*", "GET", to, "", "PRIVATE-TOKEN: standin-owner")
	c.want(200, "*", "GET", to, "", basic("standin-deploy-read", "standin-deploy-read"))
}

func TestTerraformRegistry(t *testing.T) {
	c := start(t)
	c.want(200, `{"modules.v1":"/api/v4/packages/terraform/modules/v1/"}`, "GET", "/.well-known/terraform.json", "")
	const to = modules + "/terraform/modules/net/aws"
	c.put(to+"/1.9.0/file", "nine", 201)
	c.put(to+"/1.10.0/file", "ten", 201)
	bearer := "Authorization: Bearer standin-deploy-read"
	c = c.as("")
	got := c.want(200, "*", "GET", modulesV1+"net/aws/versions", "", bearer)
	var listed struct {
		Modules []struct {
			Source   string
			Versions []struct{ Version string }
		}
	}
	if err := json.Unmarshal([]byte(got.body), &listed); err != nil || len(listed.Modules) != 1 || len(listed.Modules[0].Versions) != 2 ||
		listed.Modules[0].Versions[0].Version != "1.9.0" || listed.Modules[0].Source != c.url+"/acme/artifact-management/terraform-modules" {
		t.Errorf("%v: %s", err, got.body)
	}
	c.want(200, `{"modules":[{"versions":[]}]}`, "GET", modulesV1+"absent/aws/versions", "", bearer)
	got = c.want(302, "", "GET", modulesV1+"net/aws/download", "", bearer)
	if at := got.header.Get("Location"); at != modulesV1+"net/aws/1.10.0/download" {
		t.Errorf("newest: %s", at)
	}
	c.want(404, `{"message":{"error":"No version found for absent module"}}`, "GET", modulesV1+"absent/aws/download", "", bearer)
	got = c.want(204, "", "GET", modulesV1+"net/aws/1.9.0/download", "", bearer)
	at := got.header.Get("X-Terraform-Get")
	if !strings.HasPrefix(at, modulesV1+"net/aws/1.9.0/file?token=") || !strings.HasSuffix(at, "&archive=tgz") {
		t.Errorf("leads to %s", at)
	}
	c.want(200, "nine", "GET", at, "")
	c.want(401, "*", "GET", strings.Replace(at, "token=", "token=x", 1), "", bearer)
	c.want(401, "*", "GET", modulesV1+"net/aws/1.9.0/file", "", bearer)
	c.want(404, `{"message":"404 Not Found"}`, "GET", modulesV1+"net/aws/3.0.0/download", "", bearer)
	got = c.want(200, "*", "GET", modulesV1+"net/aws/1.9.0", "", bearer)
	if !strings.Contains(got.body, `"name":"net/aws"`) || !strings.Contains(got.body, `"version":"1.9.0"`) {
		t.Errorf("details: %s", got.body)
	}
	got = c.want(200, "*", "GET", modulesV1+"net/aws", "", bearer)
	if !strings.Contains(got.body, `"version":"1.10.0"`) {
		t.Errorf("newest: %s", got.body)
	}
	c.want(401, `{"message":"401 Unauthorized"}`, "GET", modulesV1+"net/aws/versions", "")
	c.want(401, "*", "GET", modulesV1+"net/aws/versions", "", "Authorization: Bearer nonsense")
	c.want(403, `{"message":"403 Forbidden"}`, "GET", modulesV1+"net/aws/versions", "", "Authorization: Bearer standin-stranger")
	c.want(403, "*", "GET", "/api/v4/packages/terraform/modules/v1/absent/net/aws/versions", "", bearer)
	c.want(200, "*", "POST", "/_standin/clock", `{"advance":"6m"}`)
	c.want(401, "*", "GET", at, "")
	c.mutate(`{"set":{"project":"acme/artifact-management/terraform-modules","visibility":"public"}}`)
	at = c.want(204, "", "GET", modulesV1+"net/aws/1.9.0/download", "").header.Get("X-Terraform-Get")
	c.want(200, "nine", "GET", at, "")
}
