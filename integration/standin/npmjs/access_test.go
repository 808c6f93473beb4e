package npmjs

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
)

func TestTeams(t *testing.T) {
	c := start(t, standin.Options{})
	_, text := c.ask("GET", "/-/org/acme/team?format=cli", "", bearer)
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"acme:design", "acme:developers"}, names); diff != "" {
		t.Errorf("teams (-want +got):\n%s", diff)
	}
	for path, want := range map[string]object{
		"/-/team/acme/developers/package":         {"@acme/core": "read-only", "@acme/ui": "read-only"},
		"/-/team/acme/design/package":             {"@acme/ui": "read-only"},
		"/-/org/acme/user":                        {Username: "owner", "olga": "owner"},
		"/-/package/@acme%2fui/collaborators":     {Username: "read-only"},
		"/-/package/@acme%2fui/visibility":        {"@acme/ui": "public"},
		"/-/package/@acme/ui/visibility":          {"@acme/ui": "public"},
		"/-/package/tidy-lines/visibility":        {"tidy-lines": "public"},
		"/-/user/" + Username + "/package":        {"tidy-lines": "read-only"},
		"/-/npm/v1/attestations/@acme%2fui@1.2.0": nil,
	} {
		status := 200
		if want == nil {
			want, status = object{"error": "Not found"}, 404
		}
		if diff := cmp.Diff(want, c.get(path, status, bearer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if _, text := c.ask("GET", "/-/team/acme/design/user", "", bearer); strings.TrimSpace(string(text)) != `["standin"]` {
		t.Errorf("members of a team: %s", text)
	}
	for _, path := range []string{"/-/team/acme/none/package", "/-/org/nobody/team", "/-/package/none/visibility", "/-/user/acme/package"} {
		c.get(path, 404, bearer)
	}
	c.get("/-/team/acme/design/package", 401)
}

func TestWhatADeveloperSees(t *testing.T) {
	c := start(t, with("role=developer", "permissions=mixed", "private=@acme/core", "visibility=flag"))
	if diff := cmp.Diff(object{"@acme/core": "read", "@acme/ui": "read-only"}, c.get("/-/org/acme/package", 200, bearer)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	c.get("/@acme%2fcore", 404)
	c.get("/@acme%2fui", 200)
	for name, want := range map[string]bool{"@acme%2fcore": false, "@acme%2fui": true} {
		if got := c.get("/-/package/"+name+"/visibility", 200, bearer)["public"]; got != want {
			t.Errorf("%s is public: %v", name, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, one := range []struct {
		modes  []string
		path   string
		status int
		header string // of WWW-Authenticate
		body   string
	}{
		{[]string{"token=ip"}, "/-/whoami", 401, "Bearer, ipaddress", "address"},
		{[]string{"token=otp"}, "/-/org/acme/package", 401, "OTP", "one-time"},
		{[]string{"token=onetime"}, "/-/whoami", 401, "", "one-time pass"},
		{[]string{"token=ip", "private=yes"}, "/@acme%2fui", 404, "", "Not found"},
		{[]string{"org=401"}, "/-/org/acme/package", 401, "", "Bearer"},
		{[]string{"org=403"}, "/-/org/acme/package", 403, "", "token"},
		{[]string{"org=403"}, "/-/team/acme/design/package", 403, "", "token"},
		{[]string{"org=403", "teams=ok"}, "/-/team/acme/design/package", 200, "", "@acme/ui"},
		{[]string{"org=404"}, "/-/org/acme/package", 404, "", "Not found"},
		{[]string{"org=otp"}, "/-/org/acme/package", 401, "OTP", "one-time"},
		{[]string{"org=page"}, "/-/org/acme/package", 200, "", "<html>"},
		{[]string{"whoami=empty"}, "/-/whoami", 200, "", "{}"},
		{[]string{"whoami=missing"}, "/-/whoami", 404, "", "does not exist"},
		{[]string{"whoami=page"}, "/-/whoami", 200, "", "<html>"},
		{[]string{"whoami=401"}, "/-/whoami", 401, "", "Bearer"},
		{nil, "/-/v1/search?text=" + strings.Repeat("a", 65), 400, "", "ERR_TEXT_LENGTH"},
		{nil, "/-/v1/search?text=a", 400, "", "ERR_TEXT_LENGTH"},
		{nil, "/-/v1/search?text=", 400, "", "ERR_TEXT_MISSING"},
	} {
		resp, body := start(t, with(one.modes...)).ask("GET", one.path, "", bearer)
		if resp.StatusCode != one.status || resp.Header.Get("WWW-Authenticate") != one.header || !strings.Contains(string(body), one.body) {
			t.Errorf("%v %s: %s %v %s", one.modes, one.path, resp.Status, resp.Header, body)
		}
	}
}

func TestTokenExpires(t *testing.T) {
	c := start(t, with("expires=2", "private=yes"))
	for i, status := range []int{200, 200, 404} {
		if resp, _ := c.ask("GET", "/@acme%2fui", "", bearer); resp.StatusCode != status {
			t.Errorf("request %d: %s, want %d", i+1, resp.Status, status)
		}
	}
	c.get("/-/whoami", 401, bearer)
	c.get("/tidy-lines", 200, bearer)
}

func TestRevoke(t *testing.T) {
	c := start(t, with("private=yes"))
	c.ask("POST", "/_standin/mutate", `{"revoke":{"name":"@acme/ui"}}`)
	c.get("/@acme%2fui", 404, bearer)
	c.get("/@acme/ui/-/ui-1.2.0.tgz", 404, bearer)
	c.get("/@acme%2fcore", 200, bearer)
	if c.get("/-/org/acme/package", 200, bearer)["@acme/ui"] == nil {
		t.Error("the organisation does not have it any more")
	}
}

func TestSearchLimit(t *testing.T) {
	c := start(t, with("search=limited"))
	for range 10 {
		c.get("/-/v1/search?text=acme", 200)
	}
	if resp, body := c.ask("GET", "/-/v1/search?text=acme", ""); resp.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(body), "<html>") {
		t.Errorf("the eleventh search: %s %s", resp.Status, body)
	}
	c = start(t, standin.Options{})
	c.ask("POST", "/_standin/mutate", `{"publish":{"name":"acme-new","version":"1.0.0","tag":"latest"}}`)
	if got := c.get("/-/v1/search?text=acme-new", 200)["total"]; got != 0. {
		t.Errorf("a new package is found: %v", got)
	}
}
