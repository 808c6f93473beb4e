package gitlab_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
)

func TestListFilters(t *testing.T) {
	c := start(t, "settle=immediate")
	for _, path := range []string{"alpha/1.0/f", "alpha/2.0/f", "beta/1.0/f", "betAlpha/1.0/f"} {
		c.put(generic+"/generic/"+path, "x", 201)
	}
	c.put(generic+"/maven/com/acme/lib/1.0/lib.jar", "x", 200)
	c.put(generic+"/maven/com/acme/lib/maven-metadata.xml", "x", 200)
	for query, want := range map[string]string{
		"":                                      "alpha 1.0, alpha 2.0, beta 1.0, betAlpha 1.0, com/acme/lib 1.0",
		"sort=desc":                             "com/acme/lib 1.0, betAlpha 1.0, beta 1.0, alpha 2.0, alpha 1.0",
		"package_name=ALPHA":                    "alpha 1.0, alpha 2.0, betAlpha 1.0",
		"package_version=1.0&package_name=beta": "beta 1.0, betAlpha 1.0",
		"package_type=maven":                    "com/acme/lib 1.0",
		"package_type=maven&include_versionless=true": "com/acme/lib 1.0, com/acme/lib <nil>",
		"package_type=npm":                            "",
		"status=error":                                "",
		"order_by=name&sort=asc&per_page=2&page=2":    "betAlpha 1.0, beta 1.0",
	} {
		var got []string
		for _, row := range c.rows(generic + "?" + query) {
			got = append(got, fmt.Sprint(row["name"], " ", row["version"]))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	for _, query := range []string{"package_type=rust", "status=lost", "order_by=size", "sort=up", "per_page=0", "page=x"} {
		if got := c.do("GET", generic+"?"+query, ""); got.status != 400 || !strings.Contains(got.body, `{"error":"`+query[:strings.IndexByte(query, '=')]) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	if rows := c.rows("/api/v4/groups/acme/packages"); len(rows) != 5 || rows[0]["project_path"] != "acme/artifact-management/generic-packages" {
		t.Errorf("group: %v", rows)
	}
	c.want(400, `{"error":"package_id is invalid"}`, "GET", generic+"/x", "")
}

// TestPaging walks a listing that is too long for totals.
func TestPaging(t *testing.T) {
	c := startWith(t, standin.Options{Seed: "10001"})
	got := c.want(200, "*", "GET", generic+"?per_page=1000&page=2", "")
	for name, want := range map[string]string{
		"X-Page": "2", "X-Per-Page": "100", "X-Next-Page": "3", "X-Prev-Page": "1", "X-Total": "", "X-Total-Pages": "",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	link := got.header.Get("Link")
	if !strings.Contains(link, `page=3&per_page=100>; rel="next"`) || !strings.Contains(link, `rel="first"`) || strings.Contains(link, "last") {
		t.Errorf("Link: %s", link)
	}
	last := c.want(200, "*", "GET", generic+"?per_page=100&page=101", "")
	if strings.Contains(last.header.Get("Link"), "next") || last.header.Get("X-Next-Page") != "" {
		t.Errorf("last page: %v", last.header)
	}
	c.mutate(`{"delete":{"project":"acme/artifact-management/generic-packages","format":"generic","package":"seeded-0","version":"1.0.0"}}`)
	got = c.want(200, "*", "GET", generic, "")
	if got.header.Get("X-Total") != "10000" || got.header.Get("X-Total-Pages") != "500" || !strings.Contains(got.header.Get("Link"), `rel="last"`) {
		t.Errorf("totals: %v", got.header)
	}
}

func TestAccount(t *testing.T) {
	c := start(t)
	for path, want := range map[string]map[string]any{
		"/api/v4/metadata":                          {"version": "18.9.0-ee", "enterprise": true},
		"/api/v4/version":                           {"version": "18.9.0-ee"},
		"/api/v4/user":                              {"username": "owner"},
		"/api/v4/personal_access_tokens/self":       {"scopes": []any{"api"}, "active": true},
		"/api/v4/groups/acme%2Fartifact-management": {"full_path": "acme/artifact-management"},
		strings.TrimSuffix(java, "/packages"):       {"path_with_namespace": "acme/artifact-management/java-packages", "packages_enabled": true},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(c.want(200, "*", "GET", path, "").body), &got); err != nil {
			t.Fatal(err)
		}
		for key, value := range want {
			if diff := cmp.Diff(value, got[key]); diff != "" {
				t.Errorf("%s %s: %s", path, key, diff)
			}
		}
		if !strings.Contains(path, "/projects/") && !strings.Contains(path, "/groups/") {
			c.as("").want(401, `{"message":"401 Unauthorized"}`, "GET", path, "")
		}
	}
	rows := c.rows("/api/v4/groups/acme/projects?include_subgroups=true&sort=asc")
	if len(rows) != 8 {
		t.Fatalf("projects: %v", column(rows, "path"))
	}
	if direct := c.rows("/api/v4/groups/acme/projects"); len(direct) != 0 {
		t.Errorf("projects right below acme: %v", direct)
	}
	if found := c.rows("/api/v4/groups/acme%2Fartifact-management/projects?search=node"); len(found) != 1 {
		t.Errorf("search: %v", found)
	}
	c.want(200, "*", "GET", fmt.Sprintf("/api/v4/projects/%v/packages", rows[0]["id"]), "")
	permissions := func(token string) any {
		var p struct{ Permissions any }
		if err := json.Unmarshal([]byte(c.as(token).do("GET", strings.TrimSuffix(java, "/packages"), "").body), &p); err != nil {
			t.Fatal(err)
		}
		return p.Permissions
	}
	want := map[string]any{"project_access": nil, "group_access": map[string]any{"access_level": 30.0, "notification_level": 3.0}}
	if diff := cmp.Diff(want, permissions("standin-developer")); diff != "" {
		t.Error(diff)
	}
	c.mutate(`{"add_project":"other/new"}`)
	c.want(200, "*", "GET", "/api/v4/projects/other%2Fnew", "")
}

func TestGraphQL(t *testing.T) {
	c := start(t, "settle=immediate")
	for i := range 5 {
		c.put(fmt.Sprintf("%s/generic/a/1.%d/dir/f", generic, i), "x", 201)
	}
	page := func(arguments string) string {
		return c.graphql(`query P { p: project(fullPath: "acme/artifact-management/generic-packages") {
			packages(packageType: GENERIC, sort: CREATED_ASC, ` + arguments + `) { ...list } } }
			fragment list on PackageConnection { nodes { version } pageInfo { hasNextPage endCursor } }`)
	}
	var got struct {
		P struct {
			Packages struct {
				Nodes    []struct{ Version string }
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
	}
	var versions []string
	for after, more := "", true; more; more, after = got.P.Packages.PageInfo.HasNextPage, got.P.Packages.PageInfo.EndCursor {
		if err := json.Unmarshal([]byte(page(fmt.Sprintf("first: 2, after: %q", after))), &got); err != nil {
			t.Fatal(err)
		}
		for _, n := range got.P.Packages.Nodes {
			versions = append(versions, n.Version)
		}
	}
	if diff := cmp.Diff([]string{"1.0", "1.1", "1.2", "1.3", "1.4"}, versions); diff != "" {
		t.Error(diff)
	}
	id := fmt.Sprint(c.rows(generic)[0]["id"])
	files := `{package(id:"gid://gitlab/Packages::Package/` + id + `"){packageFiles{nodes{fileName size fileSha256 fileMd5}}}}`
	if got := c.graphql(files); !strings.Contains(got, `"fileName":"dir/f"`) || !strings.Contains(got, `"fileMd5":null`) {
		t.Error(got)
	}
	for query, want := range map[string]string{
		`{project(fullPath:"acme/absent"){id}}`:         `{"project":null}`,
		`{currentUser{username}}`:                       `{"currentUser":{"username":"owner"}}`,
		`{currentUser{nothing}}`:                        "Field 'nothing' doesn't exist on type 'CurrentUser'",
		`{currentUser`:                                  "Unexpected end of document",
		`{a:package(id:"x"){id} b:package(id:"x"){id}}`: `"package" field can be requested only for 1 Query(s) at a time.`,
	} {
		if got := c.graphql(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := c.as("standin-stranger").graphql(`{project(fullPath:"acme/artifact-management/java-packages"){id}}`); got != `{"project":null}` {
		t.Errorf("stranger: %s", got)
	}
	c.as("standin-deploy").want(401, "*", "POST", "/api/graphql", "{}")
}

func TestRateLimits(t *testing.T) {
	c := start(t, "ratelimit=rack:3/3600,app:1")
	project := strings.TrimSuffix(java, "/packages")
	c.want(200, "*", "GET", project, "")
	got := c.want(429, `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`, "GET", project, "")
	if got.header.Get("Retry-After") == "" || got.header.Get("RateLimit-ResetTime") != "" {
		t.Errorf("application limit: %v", got.header)
	}
	got = c.want(200, "*", "GET", java, "")
	if got.header.Get("RateLimit-Remaining") != "0" || got.header.Get("RateLimit-Observed") != "3" || got.header.Get("RateLimit-Limit") != "1" {
		t.Errorf("third request: %v", got.header)
	}
	got = c.want(429, "Retry later", "GET", java, "")
	if got.header.Get("Content-Type") != "text/plain" || got.header.Get("Retry-After") == "" || got.header.Get("RateLimit-ResetTime") == "" {
		t.Errorf("rack limit: %v", got.header)
	}
	c.as("standin-developer").want(200, "*", "GET", java, "")
	c.want(200, "*", "POST", "/_standin/clock", `{"advance":"1h"}`)
	c.want(200, "*", "GET", java, "")
}

// TestPackagesRate shows that package registries may have a limit of their own, and which addresses are theirs.
func TestPackagesRate(t *testing.T) {
	c := start(t, "ratelimit=packages:1/3600,rack:2/3600")
	limited := func(name, path string) {
		t.Helper()
		got := c.do("GET", path, "")
		if got.header.Get("RateLimit-Name") != name {
			t.Errorf("%s counts as %q", path, got.header.Get("RateLimit-Name"))
		}
	}
	limited("throttle_authenticated_api", java)
	limited("throttle_authenticated_packages_api", python+"/pypi/simple")
	c.want(429, "Retry later", "GET", charts+"/helm/stable/index.yaml", "")
	for _, path := range []string{
		c.nuget() + "/index.json", modules + "/terraform/modules/a/b", "/api/v4/groups/acme/-/packages/pypi/simple",
		"/api/v4/packages/terraform/modules/v1/acme/a/b/versions", generic + "/generic/a/1.0/f", node + "/npm/a", java + "/maven/a/b/1/c",
	} {
		limited("throttle_authenticated_packages_api", path)
	}
	c.want(429, "Retry later", "GET", java, "")
	c = c.as("")
	limited("throttle_unauthenticated_packages_api", python+"/pypi/simple")
	limited("throttle_unauthenticated_api", java)
}

func TestControl(t *testing.T) {
	c := start(t)
	for _, body := range []string{
		`{"nonsense":1}`, `{"mode":{"npm":"maybe"}}`, `{"fault":"flip"}`, `{"add_project":"x"}`, `{"set":{"project":"a/b"}}`,
		`{"corrupt":{"project":"a/b"}}`, `{"delete":{"project":"a/b"}}`, `{"protect":{"project":"acme/artifact-management/java-packages","role":"x"}}`,
	} {
		c.want(400, "*", "POST", "/_standin/mutate", body)
	}
	c.want(400, "*", "POST", "/_standin/clock", `{"advance":"soon"}`)
}
