package gitlab_test

import (
	"fmt"
	"strings"
	"testing"
)

func readSettings(group string) string {
	return fmt.Sprintf(`{group(fullPath:%q){packageSettings{mavenDuplicatesAllowed genericDuplicateExceptionRegex}}}`, group)
}

func writeSettings(group, settings string) string {
	return fmt.Sprintf(`mutation { updateNamespacePackageSettings(input: {namespacePath: %q, %s}) {
		packageSettings { mavenDuplicatesAllowed terraformModuleDuplicatesAllowed } errors } }`, group, settings)
}

func TestPackageSettings(t *testing.T) {
	c := start(t)
	write := writeSettings("acme", `mavenDuplicatesAllowed: false, genericDuplicateExceptionRegex: "a.*"`)
	for _, row := range []struct{ token, query, want string }{
		{"standin-maintainer", readSettings("acme"), `{"group":{"packageSettings":null}}`},
		{"standin-maintainer", write, "The resource that you are attempting to access does not exist or you don't have permission to perform this action"},
		{"standin-read", write, "The resource that you are attempting to access does not exist or you don't have permission to perform this action"},
		{c.token, writeSettings("absent", "mavenDuplicatesAllowed: false"), "The resource that you are attempting to access does not exist or you don't have permission to perform this action"},
		{c.token, writeSettings("acme", `genericDuplicateExceptionRegex: "("`), "( is an invalid regexp: error parsing regexp: missing closing ): `(`"},
		{c.token, writeSettings("acme", "rustDuplicatesAllowed: true"), "InputObject 'UpdateNamespacePackageSettingsInput' doesn't accept argument 'rustDuplicatesAllowed'"},
		{c.token, writeSettings("acme", `mavenDuplicatesAllowed: "no"`), "Argument 'mavenDuplicatesAllowed' on InputObject 'UpdateNamespacePackageSettingsInput' has an invalid value (no)."},
		{c.token, readSettings("acme"), `{"group":{"packageSettings":{"genericDuplicateExceptionRegex":"","mavenDuplicatesAllowed":true}}}`},
		{c.token, write, `{"updateNamespacePackageSettings":{"errors":[],"packageSettings":{"mavenDuplicatesAllowed":false,"terraformModuleDuplicatesAllowed":false}}}`},
		{c.token, readSettings("acme"), `{"group":{"packageSettings":{"genericDuplicateExceptionRegex":"a.*","mavenDuplicatesAllowed":false}}}`},
		{c.token, readSettings("acme/artifact-management"), `{"group":{"packageSettings":{"genericDuplicateExceptionRegex":"","mavenDuplicatesAllowed":true}}}`},
	} {
		if got := c.as(row.token).graphql(row.query); got != row.want {
			t.Errorf("%s asks %s:\n%s, want\n%s", row.token, row.query, got, row.want)
		}
	}
}

// TestSettingsReach checks that duplicates are the direct group's matter and forwarding that of every group above.
func TestSettingsReach(t *testing.T) {
	c := start(t, "forward=http://127.0.0.1:9/up")
	const jar = java + "/maven/com/acme/lib/1.0/lib-1.0.jar"
	put := func(status int) {
		t.Helper()
		c.put(jar, "x", status)
	}
	put(200)
	c.graphql(writeSettings("acme", "mavenDuplicatesAllowed: false, npmPackageRequestsForwarding: false"))
	put(200)
	c.graphql(writeSettings("acme/artifact-management", "mavenDuplicatesAllowed: false"))
	put(400)
	c.graphql(writeSettings("acme/artifact-management", `mavenDuplicateExceptionRegex: "com/acme/.*"`))
	put(200)
	c.want(404, "*", "GET", node+"/npm/absent", "")
	c.graphql(writeSettings("acme/artifact-management", "npmPackageRequestsForwarding: true"))
	if got := c.want(302, "*", "GET", node+"/npm/absent", ""); !strings.HasSuffix(got.header.Get("Location"), "/up/absent") {
		t.Errorf("forwarded to %q", got.header.Get("Location"))
	}
}
