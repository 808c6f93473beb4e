package gitlab_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// deployToken makes one for a group and returns its secret and its user.
func (c client) deployToken(group, body string) (secret, user string) {
	c.t.Helper()
	got := c.want(201, "*", "POST", "/api/v4/groups/"+group+"/deploy_tokens", body, asJSON)
	var made struct{ Token, Username string }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil || !strings.HasPrefix(made.Token, "gldt-") {
		c.t.Fatalf("deploy token %s", got.body)
	}
	return made.Token, made.Username
}

func TestDeployTokens(t *testing.T) {
	c := start(t)
	const of, path = "acme", "/api/v4/groups/acme/deploy_tokens"
	c.want(200, "[]", "GET", path, "")
	secret, user := c.deployToken(of, `{"name":"reader","scopes":["read_package_registry","read_registry"]}`)
	if !strings.HasPrefix(user, "gitlab+deploy-token-") {
		t.Errorf("user %s", user)
	}
	old, _ := c.deployToken(of, `{"name":"old","scopes":"read_package_registry","username":"old","expires_at":"2024-01-01"}`)
	listed := c.want(200, "*", "GET", path, "")
	for _, text := range []string{`"name":"reader"`, `"expired":false`, `"name":"old"`, `"expired":true`, `"expires_at":null`} {
		if !strings.Contains(listed.body, text) {
			t.Errorf("%s lacks %s", listed.body, text)
		}
	}
	if strings.Contains(listed.body, secret) {
		t.Error("a secret is shown twice")
	}
	if active := c.rows(path + "?active=true"); len(active) != 1 || active[0]["username"] != user {
		t.Errorf("active: %v", active)
	}
	c.put(generic+"/generic/a/1.0/f", "text", 201)
	c.as("").want(200, "text", "GET", generic+"/generic/a/1.0/f", "", "DEPLOY-TOKEN: "+secret)
	c.as("").want(401, "*", "GET", generic+"/generic/a/1.0/f", "", "DEPLOY-TOKEN: "+old)

	for _, row := range []struct {
		token, body string
		status      int
		answer      string
	}{
		{"standin-maintainer", `{"name":"x","scopes":["read_registry"]}`, 403, `{"message":"403 Forbidden"}`},
		{"standin-stranger", `{"name":"x","scopes":["read_registry"]}`, 404, `{"message":"404 Group Not Found"}`},
		{c.token, `{"name":"x"}`, 400, `{"error":"scopes is missing"}`},
		{c.token, `{"name":"x","scopes":[]}`, 400, `{"message":"Scopes can't be blank"}`},
		{c.token, `{"name":"x","scopes":["api"]}`, 400, `{"error":"scopes does not have a valid value"}`},
		{c.token, `{"name":"x","scopes":["read_registry"],"username":"a b"}`, 400, `{"message":"Username can contain only letters, digits, '_', '-', '+', and '.'"}`},
		{c.token, `{"name":"x","scopes":["read_registry"],"expires_at":"soon"}`, 400, `{"error":"expires_at is invalid"}`},
	} {
		c.as(row.token).want(row.status, row.answer, "POST", path, row.body, asJSON)
	}
	c.as("standin-maintainer").want(200, "*", "GET", path, "")
	c.as("standin-developer").want(403, `{"message":"403 Forbidden"}`, "GET", path, "")
}
