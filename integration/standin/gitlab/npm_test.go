package gitlab_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const npmPackages = `{project(fullPath:"acme/artifact-management/node-packages"){packages(packageType:NPM,sort:CREATED_ASC){nodes{version status statusMessage}}}}`

// states returns "version status message" lines; versions that are temporary are shown as 0.0.0-*.
func (c client) states() (lines []string) {
	c.t.Helper()
	var data struct {
		Project struct {
			Packages struct {
				Nodes []struct{ Version, Status, StatusMessage string }
			}
		}
	}
	if err := json.Unmarshal([]byte(c.graphql(npmPackages)), &data); err != nil {
		c.t.Fatal(err)
	}
	for _, n := range data.Project.Packages.Nodes {
		if strings.HasPrefix(n.Version, "0.0.0-") {
			n.Version = "0.0.0-*"
		}
		lines = append(lines, strings.TrimSpace(n.Version+" "+n.Status+" "+n.StatusMessage))
	}
	return lines
}

func (c client) publish(p publish) reply {
	c.t.Helper()
	return c.do("PUT", node+"/npm/"+strings.Replace(p.name, "/", "%2f", 1), p.document(c.t))
}

// TestNPMStages follows one publish through its two background stages.
func TestNPMStages(t *testing.T) {
	c := start(t, "settle=manual")
	got := c.publish(publish{name: "@acme/ui", version: "1.0.0"})
	var record struct {
		ID              int
		Version, Status string
	}
	if err := json.Unmarshal([]byte(got.body), &record); err != nil || got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if !strings.HasPrefix(record.Version, "0.0.0-") || record.Status != "processing" {
		t.Errorf("record %+v", record)
	}
	one := fmt.Sprintf("%s/%d", node, record.ID)
	c.want(404, `{"message":"404 Not found"}`, "GET", one, "")
	c.want(404, "*", "GET", one+"/package_files", "")
	c.want(200, "[]", "GET", node, "")
	if rows := c.rows(node + "?status=processing"); len(rows) != 1 {
		t.Errorf("processing: %v", rows)
	}
	c.want(200, "*", "POST", "/_standin/clock", `{"stages":1}`)
	rows := c.rows(node + "?status=processing")
	if len(rows) != 1 || rows[0]["version"] != "1.0.0" {
		t.Errorf("after the first stage: %v", rows)
	}
	c.want(404, `{"error":"Packages not found","message":"404 Packages Not Found"}`, "GET", node+"/npm/@acme%2fui", "")
	c.want(404, "*", "PUT", node+"/npm/-/package/@acme%2fui/dist-tags/next", `"1.0.0"`)
	c.want(200, "*", "GET", node+"/npm/@acme/ui/-/@acme/ui-1.0.0.tgz", "") // whatever the status
	c.want(200, "*", "POST", "/_standin/clock", "")
	c.want(200, "*", "GET", one, "")
	files := c.rows(one + "/package_files")
	if len(files) != 1 || files[0]["file_name"] != "@acme/ui-1.0.0.tgz" || files[0]["file_sha1"] == nil || files[0]["file_sha256"] != nil {
		t.Errorf("files: %v", files)
	}
}

// TestNPMRefusals publishes what GitLab does not take, in both modes.
func TestNPMRefusals(t *testing.T) {
	long := map[string]any{"description": strings.Repeat("x", 20_000)}
	noDist := map[string]any{"dist": map[string]any{}}
	pack := func(pairs ...string) []byte { return tarball(t, pairs...) }
	many := map[string]any{}
	for i := range 501 {
		many[fmt.Sprint("d", i)] = "1"
	}
	for name, row := range map[string]struct {
		p      publish
		status int    // of the answer in sync mode
		body   string // of it
		async  string // the state in the end, in async mode
		sync   string // and in sync mode
	}{
		"name":     {publish{name: "a b", version: "1.0.0"}, 400, "valid NPM package name", "", ""},
		"version":  {publish{name: "a", version: "1.0"}, 400, "Version should follow SemVer", "0.0.0-* ERROR Validation failed: Version should follow SemVer: https://semver.org", ""},
		"empty":    {publish{name: "a", version: ""}, 400, "Version is empty.", "0.0.0-* ERROR Version is empty.", ""},
		"no data":  {publish{name: "a", version: "1.0.0", tarball: []byte{}}, 400, "Attachment data is empty.", "0.0.0-* ERROR Attachment data is empty.", ""},
		"no tags":  {publish{name: "a", version: "1.0.0", tags: "{}"}, 500, "500 Internal Server Error", "0.0.0-* ERROR Unexpected error: NoMethodError", ""},
		"too long": {publish{name: "a", version: "1.0.0", manifest: long}, 400, "structure is too large. Maximum size is 20000 characters", "0.0.0-* ERROR Validation failed: Package json structure is too large. Maximum size is 20000 characters", ""},
		"no dist":  {publish{name: "a", version: "1.0.0", manifest: noDist}, 400, "Validation failed", "0.0.0-* ERROR Validation failed: Package json must be a valid json schema", ""},
		"many":     {publish{name: "a", version: "1.0.0", manifest: map[string]any{"dependencies": many}}, 500, "500", "0.0.0-* ERROR Too many names_and_version_patterns", ""},
		"not gzip": {publish{name: "a", version: "1.0.0", tarball: []byte("text")}, 200, "", "1.0.0 ERROR Unexpected error: Zlib::GzipFile::Error", "1.0.0 ERROR Unexpected error: Zlib::GzipFile::Error"},
		"no json":  {publish{name: "a", version: "1.0.0", tarball: pack("package/x", "")}, 200, "", "1.0.0 ERROR package.json not found", "1.0.0 ERROR package.json not found"},
		"deep":     {publish{name: "a", version: "1.0.0", tarball: pack("a/b/package.json", "{}")}, 200, "", "1.0.0 ERROR package.json not found", "1.0.0 ERROR package.json not found"},
		"big json": {publish{name: "a", version: "1.0.0", tarball: pack("p/package.json", strings.Repeat(" ", 4<<20+1))}, 200, "", "1.0.0 ERROR package.json file too large", "1.0.0 ERROR package.json file too large"},
		"other": {publish{name: "a", version: "1.0.0", tarball: pack("p/package.json", `{"name":"A","version":"1.0.0"}`)}, 200, "",
			"1.0.0 ERROR Package manifest is not coherent", "1.0.0 ERROR Package manifest is not coherent"},
		"scripts": {publish{name: "a", version: "1.0.0", tarball: pack("p/package.json", `{"name":"a","version":"1.0.0","scripts":{"x":"y"}}`)}, 200, "",
			"1.0.0 ERROR Package manifest is not coherent", "1.0.0 ERROR Package manifest is not coherent"},
		"loose": {publish{name: "a", version: "1.0.0", tarball: pack("p/package.json", `{"name":"a","version":"v1.0.0"}`)}, 200, "",
			"1.0.0 ERROR Version in package.json is not SemVer compliant", "1.0.0 ERROR Version in package.json is not SemVer compliant"},
		"build": {publish{name: "a", version: "1.0.0+x", tarball: pack("p/package.json", `{"name":"a","version":"1.0.0"}`)}, 200, "", "1.0.0+x DEFAULT", "1.0.0+x DEFAULT"},
		"last":  {publish{name: "a", version: "1.0.0", tarball: pack("o/package.json", `{}`, "p/package.json", `{"name":"a","version":"1.0.0","scripts":{}}`)}, 200, "", "1.0.0 DEFAULT", "1.0.0 DEFAULT"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []string{"async", "sync"} {
				c := start(t, "settle=immediate", "npm="+mode)
				status, body, state := row.status, row.body, row.sync
				if mode == "async" {
					state = row.async
					if state != "" {
						status, body = 200, ""
					}
				}
				path := node + "/npm/" + strings.ReplaceAll(row.p.name, " ", "%20")
				if got := c.do("PUT", path, row.p.document(t)); got.status != status || !strings.Contains(got.body, body) {
					t.Errorf("%s: %d %s, want %d %s", mode, got.status, got.body, status, body)
				}
				if got := strings.Join(c.states(), "; "); got != state {
					t.Errorf("%s: %s, want %s", mode, got, state)
				}
			}
		})
	}
}

func TestNPMDuplicates(t *testing.T) {
	first := publish{name: "a", version: "1.0.0"}
	c := start(t, "settle=immediate", "npm=sync")
	c.publish(first)
	if got := c.publish(first); got.status != 403 || got.body != `{"error":"Package already exists.","message":"Package already exists."}` {
		t.Errorf("sync: %d %s", got.status, got.body)
	}
	c = start(t, "settle=immediate")
	c.publish(first)
	if got := c.publish(first); got.status != 200 {
		t.Errorf("async: %d %s", got.status, got.body)
	}
	want := []string{"1.0.0 DEFAULT", "0.0.0-* ERROR Package already exists."}
	if diff := cmp.Diff(want, c.states()); diff != "" {
		t.Error(diff)
	}
	junk := c.rows(node + "?status=error&package_type=npm")
	path := fmt.Sprintf("%s/%v", node, junk[0]["id"])
	c.want(404, `{"message":"Package not found"}`, "GET", path, "")
	c.want(200, "[]", "GET", path+"/package_files", "")
	c.as("standin-developer").want(403, "*", "DELETE", path, "")
	c.want(204, "", "DELETE", path, "")
	c.want(404, "*", "DELETE", path, "")

	// What failed in the second stage blocks its version until it is deleted.
	broken := publish{name: "b", version: "1.0.0", tarball: []byte("text")}
	c.publish(broken)
	c.publish(publish{name: "b", version: "1.0.0"})
	for _, row := range c.rows(node + "?package_name=b") {
		c.want(204, "", "DELETE", fmt.Sprintf("%s/%v", node, row["id"]), "")
	}
	c.publish(publish{name: "b", version: "1.0.0"})
	want = []string{"1.0.0 DEFAULT", "1.0.0 DEFAULT"}
	if diff := cmp.Diff(want, c.states()); diff != "" {
		t.Error(diff)
	}
}

// TestNPMRootScope: a scope that is the root group makes versions unique below that group.
func TestNPMRootScope(t *testing.T) {
	c := start(t, "settle=immediate", "npm=sync")
	document := publish{name: "@acme/ui", version: "1.0.0"}.document(t)
	c.put(node+"/npm/@acme%2fui", document, 200)
	c.want(400, `{"error":"Validation failed: Package already exists","message":"Validation failed: Package already exists"}`,
		"PUT", generic+"/npm/@acme%2fui", document)
	other := publish{name: "@other/ui", version: "1.0.0"}.document(t)
	c.put(node+"/npm/@other%2fui", other, 200)
	c.put(generic+"/npm/@other%2fui", other, 200)
}

func TestNPMPackument(t *testing.T) {
	c := start(t, "settle=immediate")
	c.publish(publish{name: "@acme/ui", version: "1.0.0", manifest: map[string]any{
		"dependencies": map[string]string{"a": "^1", strings.Repeat("x", 256): "1"}, "optionalDependencies": map[string]string{"b": "1"},
		"bundleDependencies": []string{"a"}, "peerDependencies": map[string]string{"c": "1"}, "peerDependenciesMeta": map[string]string{},
		"os": []string{"linux"}, "bin": map[string]string{"ui": "ui.js"}, "engines": map[string]string{"node": ">=1"},
		"deprecated": "old", "readme": strings.Repeat("x", 30_000), "license": "MIT", "_hasShrinkwrap": false,
	}})
	got := c.want(200, "*", "GET", node+"/npm/@acme%2fui", "")
	var packument struct {
		Name     string
		Versions map[string]map[string]any
		Tags     map[string]string `json:"dist-tags"`
	}
	if err := json.Unmarshal([]byte(got.body), &packument); err != nil {
		t.Fatal(err)
	}
	shown := packument.Versions["1.0.0"]
	dist := shown["dist"].(map[string]any)
	tarball := dist["tarball"].(string)
	delete(dist, "shasum")
	delete(dist, "tarball")
	want := map[string]any{
		"name": "@acme/ui", "version": "1.0.0", "dist": map[string]any{}, "dependencies": map[string]any{"a": "^1"},
		"peerDependencies": map[string]any{"c": "1"}, "bin": map[string]any{"ui": "ui.js"}, "engines": map[string]any{"node": ">=1"},
		"deprecated": "old", "_hasShrinkwrap": false,
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(tarball, "/packages/npm/@acme/ui/-/@acme/ui-1.0.0.tgz") {
		t.Errorf("tarball %s", tarball)
	}
	c.want(200, "*", "GET", strings.TrimPrefix(tarball, c.url), "")
	c.want(200, got.body, "GET", "/api/v4/groups/acme%2Fartifact-management/-/packages/npm/@acme%2fui", "")
	if rows := c.rows(node); rows[0]["status"] != "default" {
		t.Errorf("deprecated in the document: %v", rows[0]["status"])
	}
}

func TestNPMForward(t *testing.T) {
	c := start(t, "forward=http://127.0.0.1:9/up")
	got := c.want(302, "*", "GET", node+"/npm/@acme%2funknown", "")
	if location := got.header.Get("Location"); location != "http://127.0.0.1:9/up/@acme/unknown" {
		t.Errorf("forwarded to %q", location)
	}
}

func TestNPMTags(t *testing.T) {
	c := start(t, "settle=immediate")
	tags := node + "/npm/-/package/@acme%2fui/dist-tags"
	c.want(404, `{"error":"Package not found","message":"404 Package Not Found"}`, "GET", tags, "")
	for _, version := range []string{"1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"} {
		c.publish(publish{name: "@acme/ui", version: version, tags: `{"next":"ignored","second":"ignored"}`})
	}
	c.want(200, `{"latest":"2.0.0-rc.1","next":"2.0.0-rc.1"}`, "GET", tags, "")
	c.want(204, "", "PUT", tags+"/latest", `"1.10.0"`)
	c.want(204, "", "PUT", tags+"/next", `"1.9.0"`)
	c.want(200, `{"latest":"1.10.0","next":"1.9.0"}`, "GET", tags, "")
	c.want(404, `{"error":"Package not found","message":"404 Package Not Found"}`, "PUT", tags+"/next", `"9.9.9"`)
	for _, body := range []string{"", `""`, "1.0.0", "{}"} {
		c.want(400, "*", "PUT", tags+"/next", body)
	}
	c.as("standin-reporter").want(403, "*", "PUT", tags+"/next", `"1.0.0"`)
	c.as("standin-developer").want(403, "*", "DELETE", tags+"/next", "")
	c.want(204, "", "DELETE", tags+"/next", "")
	c.want(404, `{"error":"Package tag not found","message":"404 Package Tag Not Found"}`, "DELETE", tags+"/next", "")
	c.want(200, `{"latest":"1.10.0"}`, "GET", tags, "")
}

func TestNPMDeprecate(t *testing.T) {
	for _, mode := range []string{"async", "sync"} {
		c := start(t, "settle=immediate", "npm="+mode)
		for _, version := range []string{"1.0.0", "1.1.0"} {
			c.publish(publish{name: "a", version: version})
		}
		deprecate := func(versions string) {
			t.Helper()
			c.want(200, "*", "PUT", node+"/npm/a", `{"name":"a","versions":`+versions+`}`, "Npm-Command: deprecate")
		}
		deprecate(`{"1.0.0":{"deprecated":"use 1.1.0"},"1.1.0":{}}`)
		if diff := cmp.Diff([]string{"1.0.0 DEPRECATED", "1.1.0 DEFAULT"}, c.states()); diff != "" {
			t.Errorf("%s: %s", mode, diff)
		}
		if got := c.do("GET", node+"/npm/a", ""); !strings.Contains(got.body, `"deprecated":"use 1.1.0"`) {
			t.Errorf("%s: %s", mode, got.body)
		}
		deprecate(`{"1.0.0":{"deprecated":""}}`)
		if diff := cmp.Diff([]string{"1.0.0 DEFAULT", "1.1.0 DEFAULT"}, c.states()); diff != "" {
			t.Errorf("%s: %s", mode, diff)
		}
		// One message for the whole batch.
		deprecate(`{"1.0.0":{"deprecated":"one"},"1.1.0":{"deprecated":"two"}}`)
		if got := c.do("GET", node+"/npm/a", ""); strings.Count(got.body, `"deprecated":"one"`) != 2 {
			t.Errorf("%s: %s", mode, got.body)
		}
	}
}

func TestNPMBodies(t *testing.T) {
	c := start(t, "settle=immediate", "limit.npm=2000")
	c.want(400, `{"error":"file is missing"}`, "PUT", node+"/npm/a", "")
	c.want(413, "*", "PUT", node+"/npm/a", strings.Repeat(" ", 2001))
	for body, want := range map[string]string{
		"nonsense": "Unexpected error: JSON::ParserError", "{}": "Unexpected error: NoMethodError", `{"name":"a"} x`: "Unexpected error: JSON::ParserError",
	} {
		c := start(t, "settle=immediate")
		c.put(node+"/npm/a", body, http.StatusOK)
		if got := c.states(); len(got) != 1 || got[0] != "0.0.0-* ERROR "+want {
			t.Errorf("%s: %v", body, got)
		}
		c = start(t, "npm=sync")
		c.put(node+"/npm/a", body, http.StatusBadRequest)
	}
	c.mutate(`{"fault":"500@settle=1"}`)
	c.publish(publish{name: "a", version: "1.0.0"})
	c.publish(publish{name: "a", version: "2.0.0"})
	want := []string{"1.0.0 ERROR Unexpected error: StandardError", "2.0.0 DEFAULT"}
	if diff := cmp.Diff(want, c.states()); diff != "" {
		t.Error(diff)
	}
}
