//go:build openapi

package gitlab_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// The stand-in's answers against GitLab's own OpenAPI description of its REST API, doc/api/openapi/openapi_v3.yaml of the
// GitLab repository, in the file that this variable names.
const description = "PKGFERRY_GITLAB_OPENAPI"

// repairs make the description readable. It is generated, and its generator leaves Ruby's words and routes in it.
var repairs = []struct {
	from *regexp.Regexp
	to   string
}{
	// The servers' base path stands in every path already.
	{regexp.MustCompile(`(?m)^servers:\n(?:[- ] .*\n)+`), ""},
	// Publishing and reading an npm package are one route, in two spellings.
	{regexp.MustCompile(`(?m)^(  /.*/npm/)\*package_name:$`), "${1}read/{package_name}:"},
	// Routes have optional parts and globs, at most three of these.
	{regexp.MustCompile(`(?m)^(  /.*)\(\*path/\)`), "$1"},
	{regexp.MustCompile(`(?m)^(  /.*?)\*(\w+)(.*:)$`), "$1{any_$2}$3"},
	{regexp.MustCompile(`(?m)^(  /.*?)\*(\w+)(.*:)$`), "$1{any_$2}$3"},
	{regexp.MustCompile(`(?m)^(  /.*?)\*(\w+)(.*:)$`), "$1{any_$2}$3"},
	// Ruby's types.
	{regexp.MustCompile(`(?m)^(\s+type:) Boolean$`), "$1 boolean"},
	{regexp.MustCompile(`(?m)^(\s+type:) Array$`), "$1 array"},
	{regexp.MustCompile(`(?m)^(\s+type:) [A-Z].*$`), "$1 string"},
}

// spelled is a path as the repaired description spells its route.
func spelled(method, path string) string {
	if method == http.MethodGet && !strings.Contains(path, "/-/") {
		return strings.Replace(path, "/npm/", "/npm/read/", 1)
	}
	return path
}

// misdescribed are properties whose type the description gets wrong, in every answer or in those of one name: GitLab's
// lib/api/entities show another one.
var misdescribed = map[string]string{
	"_links":      "an object, described as a string",
	"tags":        "an array, described as a string",
	"pipelines":   "an array, described as one of its items",
	"versions":    "an array, described as one of its items",
	"kas":         "an object, described as a string",
	"permissions": "an object, described as a string",

	"container_expiration_policy":   "its number and its boolean are described as strings",
	"terraform registry modules":    "an array, described as a string",
	"terraform registry providers":  "an array, described as a string",
	"terraform registry root":       "an object, described as a string",
	"terraform registry submodules": "an array, described as a string",
	"group id":                      "a number, described as a string",
	"group parent_id":               "a number, described as a string",
}

// undescribed are statuses that GitLab answers although its description does not say so.
var undescribed = map[string]string{
	"401 GET inventory":  "any route answers 401 to a wrong token (lib/api/api_guard.rb)",
	"400 GET inventory":  "any route answers 400 to a wrong parameter (lib/api/api.rb)",
	"404 GET files":      "a package that is not displayable (lib/api/package_files.rb)",
	"204 PUT maven sha1": "a checksum that agrees (lib/api/maven_packages.rb)",
	"409 PUT maven sha1": "a checksum that does not (lib/api/maven_packages.rb)",
	"404 GET project":    "a project that is not there (lib/api/helpers.rb)",
	"400 POST group":     "a group that can not be saved (lib/api/groups.rb)",
	"403 POST group":     "who may not make a group there (lib/api/groups.rb)",
	"404 POST group":     "a parent that is not there (lib/api/groups.rb)",
	"422 PUT terraform":  "a name that can not be saved (app/services/packages/terraform_module/create_package_service.rb)",

	"200 GET terraform module": "the file itself (lib/api/terraform/modules/v1/project_packages.rb)",
	"403 POST tokens":          "who is no Owner (lib/api/deploy_tokens.rb)",

	"200 DELETE image tag":  "described as 204 (lib/api/project_container_repositories.rb)",
	"202 DELETE image tags": "described as 204 (lib/api/project_container_repositories.rb)",
	"202 DELETE repository": "described as 204 (lib/api/project_container_repositories.rb)",
}

func describedAPI(t *testing.T) validator.Validator {
	t.Helper()
	path := os.Getenv(description)
	if path == "" {
		t.Fatalf("%s must name GitLab's OpenAPI description", description)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range repairs {
		text = r.from.ReplaceAll(text, []byte(r.to))
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return v
}

// plain drops what the description can not say: null, and the misdescribed properties.
func plain(name string, value any) any {
	if list, ok := value.([]any); ok {
		kept := []any{}
		for _, one := range list {
			kept = append(kept, plain(name, one))
		}
		return kept
	}
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	kept := map[string]any{}
	for key, one := range object {
		_, wrong := misdescribed[key]
		_, here := misdescribed[name+" "+key]
		if !wrong && !here && one != nil {
			kept[key] = plain(name, one)
		}
	}
	return kept
}

// items is an answer as the descriptions of its parts: a list is described by its item.
func items(t *testing.T, body string) []any {
	t.Helper()
	var list []any
	if json.Unmarshal([]byte(body), &list) == nil {
		return list
	}
	var one any
	if err := json.Unmarshal([]byte(body), &one); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return []any{one}
}

func TestDescribed(t *testing.T) {
	v := describedAPI(t)
	c := start(t, "settle=immediate")
	c.publish(publish{name: "@acme/ui", version: "1.0.0"})
	c.put(java+"/maven/com/acme/lib/maven-metadata.xml", "x", 200)
	c.put(generic+"/generic/tool/1.0/dir/f", "x", 201)
	file := func(of string) string {
		return fmt.Sprintf("%s/%v/package_files", of, c.rows(of + "?include_versionless=true")[0]["id"])
	}
	const jar = "/maven/com%2Facme%2Flib%2F1.0/lib-1.0.jar" // one segment: a described path has no globs
	tags := node + "/npm/-/package/@acme%2fui/dist-tags"
	sdist, header := form(t, "name", "a", "version", "1.0", "sha256_digest", ones, "content;a-1.0.tar.gz", "sdist")
	c.described(t, v, []described{
		{"metadata", "GET", "/api/v4/metadata", "", c.token, 200},
		{"metadata", "GET", "/api/v4/metadata", "", "nonsense", 401},
		{"version", "GET", "/api/v4/version", "", c.token, 200},
		{"token", "GET", "/api/v4/personal_access_tokens/self", "", c.token, 200},
		{"token", "GET", "/api/v4/personal_access_tokens/self", "", "nonsense", 401},
		{"project", "GET", strings.TrimSuffix(java, "/packages"), "", c.token, 200},
		{"project", "GET", api + "absent", "", c.token, 404},
		{"inventory", "GET", java + "?include_versionless=true", "", c.token, 200},
		{"inventory", "GET", node, "", c.token, 200},
		{"inventory", "GET", node, "", "nonsense", 401},
		{"inventory", "GET", node + "?status=lost", "", c.token, 400},
		{"inventory", "GET", node, "", "standin-stranger", 404},
		{"inventory", "GET", "/api/v4/groups/acme/packages", "", c.token, 200},
		{"package", "GET", strings.TrimSuffix(file(node), "/package_files"), "", c.token, 200},
		{"package", "GET", node + "/1", "", c.token, 404},
		{"package", "DELETE", node + "/1", "", c.token, 404},
		{"package", "DELETE", node + "/1", "", "standin-developer", 403},
		{"files", "GET", file(node), "", c.token, 200},
		{"files", "GET", file(java), "", c.token, 200},
		{"files", "GET", file(generic), "", c.token, 200},
		{"files", "GET", node + "/1/package_files", "", c.token, 404},
		{"maven", "PUT", java + jar, "a", c.token, 200},
		{"maven", "PUT", java + jar, "a", "standin-reporter", 403},
		{"maven", "PUT", java + jar + "~", "a", c.token, 400},
		{"maven sha1", "PUT", java + jar + ".sha1", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", c.token, 204},
		{"maven sha1", "PUT", java + jar + ".sha1", "b", c.token, 409},
		{"maven", "GET", java + jar, "", c.token, 200},
		{"maven", "GET", java + jar, "", "", 401},
		{"maven", "GET", java + jar + "x", "", c.token, 404},
		{"generic", "PUT", generic + "/generic/tool/1.0/f", "a", c.token, 201},
		{"generic", "PUT", generic + "/generic/tool/1.0/f?select=package_file", "a", c.token, 200},
		{"generic", "PUT", generic + "/generic/tool/1..0/f", "a", c.token, 400},
		{"generic", "PUT", generic + "/generic/tool/1.0/f", "a", "standin-reporter", 403},
		{"generic", "PUT", generic + "/generic/tool/1.0/f", "a", "", 401},
		{"generic", "GET", generic + "/generic/tool/1.0/f", "", c.token, 200},
		{"generic", "GET", generic + "/generic/tool/2.0/f", "", c.token, 404},
		{"npm", "PUT", node + "/npm/@acme%2fui", "{}", c.token, 200},
		{"npm", "PUT", node + "/npm/@acme%2fui", "", c.token, 400},
		{"npm", "PUT", node + "/npm/@acme%2fui", "{}", "", 401},
		{"npm", "GET", node + "/npm/@acme%2fui", "", c.token, 200},
		{"npm", "GET", node + "/npm/absent", "", c.token, 404},
		{"npm tags", "GET", tags, "", c.token, 200},
		{"npm tag", "PUT", tags + "/next", `"1.0.0"`, c.token, 204},
		{"npm tag", "PUT", tags + "/next", `"2.0.0"`, c.token, 404},
		{"npm tag", "PUT", tags + "/next", ``, c.token, 400},
		{"npm tag", "DELETE", tags + "/next", "", c.token, 204},
		{"npm tag", "DELETE", tags + "/next", "", c.token, 404},
		{"pypi", "POST", python + "/pypi", sdist, c.token, 201},
		{"pypi", "POST", python + "/pypi", sdist, c.token, 400},
		{"pypi", "POST", python + "/pypi", sdist, "standin-reporter", 403},
		{"pypi", "POST", python + "/pypi", sdist, "", 401},
		{"pypi", "POST", api + "absent/packages/pypi", sdist, c.token, 404},
		{"pypi", "GET", python + "/pypi/simple", "", c.token, 200},
		{"pypi", "GET", python + "/pypi/simple", "", "", 401},
		{"pypi", "GET", python + "/pypi/simple/a", "", c.token, 200},
		{"pypi", "GET", python + "/pypi/simple/absent", "", c.token, 404},
		{"pypi", "GET", python + "/pypi/files/" + ones + "/a-1.0.tar.gz", "", c.token, 200},
		{"pypi", "GET", python + "/pypi/files/" + ones + "/a-2.0.tar.gz", "", c.token, 404},
		{"pypi", "GET", "/api/v4/groups/acme/-/packages/pypi/simple", "", c.token, 200},
		{"pypi", "GET", "/api/v4/groups/acme/-/packages/pypi/simple/a", "", c.token, 200},
	}, header)
}

// described is a request and the status of its answer, which the description must know.
type described struct {
	name, method, path, body, token string
	status                          int
}

// described sends the requests, all with the same header lines, and compares the answers with the description.
func (c client) described(t *testing.T, v validator.Validator, rows []described, header ...string) {
	t.Helper()
	for _, row := range rows {
		got := c.as(row.token).want(row.status, "*", row.method, row.path, row.body, header...)
		name := fmt.Sprintf("%d %s %s", row.status, row.method, row.name)
		problems := check(t, v, c.url, row, got)
		if _, silent := undescribed[name]; silent {
			if problems == nil {
				t.Errorf("%s is described after all", name)
			}
			continue
		}
		for _, problem := range problems {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// check validates an answer, item by item.
func check(t *testing.T, v validator.Validator, base string, row described, got reply) (problems []string) {
	t.Helper()
	bodies := []string{got.body}
	if strings.HasPrefix(got.header.Get("Content-Type"), "application/json") && (got.status == http.StatusOK || got.status == http.StatusCreated) {
		bodies = nil
		for _, item := range items(t, got.body) {
			text, err := json.Marshal(plain(row.name, item))
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, string(text))
		}
	}
	for _, body := range bodies {
		req, err := http.NewRequest(row.method, base+spelled(row.method, row.path), nil)
		if err != nil {
			t.Fatal(err)
		}
		ok, wrong := v.ValidateHttpResponse(req, &http.Response{
			StatusCode: got.status, Header: got.header, Body: io.NopCloser(bytes.NewReader([]byte(body))),
		})
		if ok {
			continue
		}
		for _, one := range wrong {
			problems = append(problems, one.Message+": "+one.Reason)
			for _, detail := range one.SchemaValidationErrors {
				problems = append(problems, detail.Reason+" at "+detail.FieldPath)
			}
		}
	}
	return problems
}
