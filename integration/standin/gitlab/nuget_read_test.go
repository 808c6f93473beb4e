package gitlab_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNuGetRead(t *testing.T) {
	c := start(t)
	to := c.nuget()
	newest := nupkg(t, "Acme.Tool", "1.0", `<projectUrl>http://acme.example</projectUrl><tags>one two</tags>`, `<dependencies><group targetFramework="net6.0">`+
		`<dependency id="Newtonsoft.Json" version="13.0.1"/></group><group targetFramework="net48"/></dependencies>`)
	c.push(201, created, to+"/", newest)
	c.push(201, created, to+"/", nupkg(t, "Acme.Tool", "1.10.0"))
	c.push(201, created, to+"/", nupkg(t, "Acme.Tool", "1.9.0-rc.1"))
	owner := basic("owner", c.token)
	get := func(status int, path string) (object map[string]any) {
		t.Helper()
		got := c.as("").want(status, "*", "GET", path, "", owner)
		if err := json.Unmarshal([]byte(got.body), &object); err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		return object
	}
	for _, path := range []string{"/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg", "/download/Acme.Tool/1.0/ACME.tool.1.0.nupkg"} {
		c.as("").want(200, newest, "GET", to+path, "", owner)
		c.as("").want(200, "", "HEAD", to+path, "", owner)
	}
	for _, path := range []string{
		"/download/acme.tool/2.0/acme.tool.2.0.nupkg", "/download/absent/index.json", "/metadata/absent/index.json",
		"/metadata/acme.tool/9.9.json", "/download/acme.tool/1.0/acme.tool.1.0.txt",
	} {
		c.as("").want(404, "*", "GET", to+path, "", owner)
	}
	c.as("").want(404, "*", "GET", to+"/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg", "", owner, "X-NuGet-Client-Version: 2.8.6")
	c.as("").want(401, "*", "GET", to+"/download/acme.tool/index.json", "")
	versions := get(200, to+"/download/acme.tool/index.json")
	if diff := cmp.Diff([]any{"1.0", "1.10.0", "1.9.0-rc.1"}, versions["versions"]); diff != "" {
		t.Error(diff)
	}
	page := get(200, to+"/metadata/acme.tool/index.json")["items"].([]any)[0].(map[string]any)
	if page["lower"] != "1.0" || page["upper"] != "1.10.0" || page["count"] != 3.0 {
		t.Errorf("registration: %v", page)
	}
	entry := get(200, to+"/metadata/acme.tool/1.0.0.json")["catalogEntry"].(map[string]any)
	id := c.url + to + "/metadata/Acme.Tool/1.0.json"
	group := id + "#dependencyGroup/net"
	want := map[string]any{
		"@id": id, "id": "Acme.Tool", "version": "1.0", "authors": "Acme", "description": "What it does", "summary": "What it does",
		"projectUrl": "http://acme.example", "tags": "one two", "published": entry["published"],
		"packageContent": c.url + to + "/download/Acme.Tool/1.0/acme.tool.1.0.nupkg",
		"dependencyGroups": []any{
			map[string]any{"@id": group + "6.0", "@type": "PackageDependencyGroup", "targetFramework": "net6.0", "dependencies": []any{map[string]any{
				"@id": group + "6.0/newtonsoft.json", "@type": "PackageDependency", "id": "Newtonsoft.Json", "range": "13.0.1",
			}}},
			map[string]any{"@id": group + "48", "@type": "PackageDependencyGroup", "targetFramework": "net48"},
		},
	}
	if diff := cmp.Diff(want, entry); diff != "" {
		t.Error(diff)
	}
	hits := get(200, to+"/query?q=TOOL&prerelease=false&take=5")
	hit := hits["data"].([]any)[0].(map[string]any)
	if hits["totalHits"] != 1.0 || hit["version"] != "1.10.0" || len(hit["versions"].([]any)) != 2 {
		t.Errorf("query: %v", hits)
	}
	get(400, to+"/query?take=0")
	c.as("").want(400, `{"error":"id is invalid"}`, "GET", "/api/v4/groups/acme/-/packages/nuget/index.json", "")
}

// TestNuGetServices follows the service indexes of a project and of a group.
func TestNuGetServices(t *testing.T) {
	c := start(t)
	to := c.nuget()
	c.push(201, created, to+"/", nupkg(t, "Acme", "1.0"))
	acme := c.want(200, "*", "GET", "/api/v4/groups/acme", "").body
	var g struct{ ID int }
	if err := json.Unmarshal([]byte(acme), &g); err != nil {
		t.Fatal(err)
	}
	group := fmt.Sprintf("/api/v4/groups/%d/-/packages/nuget", g.ID)
	for base, count := range map[string]int{to: 9, group: 6} {
		var index struct {
			Resources []map[string]string
		}
		got := c.as("").want(200, "*", "GET", base+"/index.json", "")
		if err := json.Unmarshal([]byte(got.body), &index); err != nil || len(index.Resources) != count {
			t.Errorf("%v, %s", err, got.body)
		}
		for _, resource := range index.Resources {
			if !strings.HasPrefix(resource["@id"], c.url+base) {
				t.Errorf("%s leads to %s", base, resource["@id"])
			}
		}
	}
	owner := basic("owner", c.token)
	registration := c.as("").want(200, "*", "GET", group+"/metadata/acme/index.json", "", owner)
	if !strings.Contains(registration.body, c.url+to+"/download/Acme/1.0/acme.1.0.nupkg") {
		t.Errorf("a group's registration leads to %s", registration.body)
	}
	c.as("").want(200, "*", "GET", group+"/query", "", owner)
	c.as("").want(401, "*", "GET", group+"/query", "")
	c.as("").want(404, "*", "GET", group+"/download/acme/index.json", "", owner)
}
