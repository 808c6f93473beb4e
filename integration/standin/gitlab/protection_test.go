package gitlab_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestProtectionRules(t *testing.T) {
	c := start(t)
	const rules = generic + "/protection/rules"
	c.want(200, "[]", "GET", rules, "")
	got := c.want(201, "*", "POST", rules,
		`{"package_name_pattern":"*","package_type":"generic","minimum_access_level_for_push":"maintainer"}`, asJSON)
	var made struct{ ID int }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil {
		t.Fatal(err)
	}
	developer := c.as("standin-developer")
	developer.want(403, `{"message":"403 Forbidden - Package protected."}`, "PUT", generic+"/generic/a/1.0/f", "x")
	c.put(generic+"/generic/a/1.0/f", "x", 201)
	one := fmt.Sprintf("%s/%d", rules, made.ID)
	c.want(200, "*", "PATCH", one, `{"package_name_pattern":"secret-*","minimum_access_level_for_push":"owner"}`, asJSON)
	developer.put(generic+"/generic/a/1.0/f", "x", 201)
	c.as("standin-maintainer").want(403, "*", "PUT", generic+"/generic/Secret-a/1.0/f", "x")
	if listed := c.rows(rules); len(listed) != 1 || listed[0]["package_name_pattern"] != "secret-*" || listed[0]["minimum_access_level_for_push"] != "owner" {
		t.Errorf("listed %v", listed)
	}
	c.want(200, "*", "PATCH", one, `{"minimum_access_level_for_push":null,"minimum_access_level_for_delete":"owner"}`, asJSON)
	developer.put(generic+"/generic/secret-a/1.0/f", "x", 201)

	const push = `"minimum_access_level_for_push":"maintainer"`
	for _, row := range []struct {
		token, method, path, body string
		status                    int
		answer                    string
	}{
		{"standin-developer", "GET", rules, "", 403, `{"message":"403 Forbidden"}`},
		{"standin-stranger", "GET", rules, "", 404, `{"message":"404 Project Not Found"}`},
		{"standin-developer", "POST", rules, `{}`, 403, `{"message":"403 Forbidden"}`},
		{c.token, "POST", rules, `{` + push + `}`, 400, `{"error":"package_name_pattern is missing, package_type is missing"}`},
		{c.token, "POST", rules, `{"package_name_pattern":"*","package_type":"generic"}`, 400,
			`{"error":"minimum_access_level_for_push, minimum_access_level_for_delete are missing, at least one parameter must be provided"}`},
		{c.token, "POST", rules, `{"package_name_pattern":"*","package_type":"terraform_module",` + push + `}`, 400, `{"error":"package_type does not have a valid value"}`},
		{c.token, "POST", rules, `{"package_name_pattern":"*","package_type":"npm","minimum_access_level_for_push":"developer"}`, 400, `{"error":"minimum_access_level_for_push does not have a valid value"}`},
		{c.token, "POST", rules, `{"package_name_pattern":"secret-*","package_type":"generic",` + push + `}`, 422, `{"message":{"error":["Package name pattern has already been taken"]}}`},
		{c.token, "POST", rules, `{"package_name_pattern":"","package_type":"generic",` + push + `}`, 422, `{"message":{"error":["Package name pattern can't be blank"]}}`},
		{c.token, "POST", rules, `{"package_name_pattern":"a b","package_type":"npm",` + push + `}`, 422, `{"message":{"error":["Package name pattern should be a valid NPM package name with optional wildcard characters."]}}`},
		{c.token, "POST", rules, `{"package_name_pattern":"x","package_type":"npm","minimum_access_level_for_push":null}`, 422, `{"message":{"error":["A rule must have at least a minimum access role for push or delete."]}}`},
		{c.token, "PATCH", rules + "/999", `{}`, 404, `{"message":"404 Not found"}`},
		{c.token, "PATCH", rules + "/x", `{}`, 400, `{"error":"package_protection_rule_id is invalid"}`},
		{c.token, "PATCH", one, `{"package_type":"rust"}`, 400, `{"error":"package_type does not have a valid value"}`},
		{c.token, "PATCH", one, `{"minimum_access_level_for_delete":null}`, 422, "*"},
	} {
		c.as(row.token).want(row.status, row.answer, row.method, row.path, row.body, asJSON)
	}
	c.mutate(`{"set":{"project":"acme/artifact-management/generic-packages","registry":false}}`)
	c.want(403, `{"message":"403 Forbidden"}`, "GET", rules, "")
}

func TestPathRuleChanges(t *testing.T) {
	c := start(t)
	got := c.want(201, "*", "POST", imagesAPI+"/registry/protection/repository/rules",
		`{"repository_path_pattern":"`+imageProject+`/a*","minimum_access_level_for_push":"maintainer"}`, asJSON)
	var made struct{ ID int }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("%s/registry/protection/repository/rules/%d", imagesAPI, made.ID)
	for _, row := range []struct {
		token, path, body string
		status            int
	}{
		{c.token, one, `{"minimum_access_level_for_push":"owner"}`, 200},
		{"standin-developer", one, `{}`, 403},
		{c.token, one + "0", `{}`, 404},
		{c.token, one, `{"minimum_access_level_for_push":"developer"}`, 400},
		{c.token, one, `{"minimum_access_level_for_push":null}`, 422},
		{c.token, one, `{"repository_path_pattern":"elsewhere"}`, 422},
	} {
		c.as(row.token).want(row.status, "*", "PATCH", row.path, row.body, asJSON)
	}
	if rows := c.rows(imagesAPI + "/registry/protection/repository/rules"); len(rows) != 1 || rows[0]["minimum_access_level_for_push"] != "owner" {
		t.Errorf("path rules: %v", rows)
	}
}
