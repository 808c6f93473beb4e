package gitlab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

const charts = api + "helm-charts/packages"

// chart packs a chart; more goes into its Chart.yaml.
func chart(t testing.TB, name, version string, more ...string) string {
	t.Helper()
	text := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n%s", name, version, strings.Join(more, "\n"))
	return string(tarball(t, "chart/values.yaml", "x: 1", "chart/Chart.yaml", text))
}

// upload sends a chart as the owner, who may name any user.
func (c client) upload(status int, answer, channel, content string) {
	c.t.Helper()
	body, header := form(c.t, "chart;c.tgz", content)
	c.as("").want(status, answer, "POST", charts+"/helm/api/"+channel+"/charts", body, header, basic("any", c.token))
}

func (c client) settle(stages int) {
	c.t.Helper()
	c.want(200, "*", "POST", "/_standin/clock", fmt.Sprintf(`{"stages":%d}`, stages))
}

func TestHelmPublish(t *testing.T) {
	c := start(t, "settle=manual")
	c.upload(201, created, "stable", chart(t, "mychart", "1.0.0"))
	rows := c.rows(charts + "?status=processing")
	if len(rows) != 1 || rows[0]["name"] != "Helm.Temporary.Package" {
		t.Fatalf("placeholder: %v", rows)
	}
	if lines := c.dump(); len(lines) != 1 || !strings.Contains(lines[0], " package.tgz ") {
		t.Errorf("stored: %v", lines)
	}
	c.settle(1)
	now := c.rows(charts)
	if len(now) != 1 || now[0]["id"] != rows[0]["id"] || now[0]["name"] != "mychart" || now[0]["status"] != "default" {
		t.Fatalf("afterwards: %v", now)
	}
	c.upload(201, created, "stable", chart(t, "mychart", "1.0.0", "description: newer"))
	c.upload(201, created, "dev", chart(t, "mychart", "1.0.0"))
	c.upload(201, created, "dev", chart(t, "mychart", "v2.0.0-rc.1+build"))
	c.settle(1)
	files := c.files(charts, 0)
	if diff := cmp.Diff([]any{"mychart-1.0.0.tgz", "mychart-1.0.0.tgz", "mychart-1.0.0.tgz"}, column(files, "file_name")); diff != "" {
		t.Error(diff)
	}
	if f := files[0]; f["file_sha256"] != nil || f["file_sha1"] != nil || f["file_md5"] != nil {
		t.Errorf("charts have no digests: %v", f)
	}
	if all := c.rows(charts + "?status=processing"); len(all) != 0 || len(c.rows(charts)) != 2 {
		t.Errorf("left over: %v", all)
	}
}

func TestHelmRefusals(t *testing.T) {
	c := start(t, "settle=manual", "limit.helm=2000")
	const to = charts + "/helm/api/stable/charts"
	body, header := form(t, "chart;c.tgz", chart(t, "a", "1.0.0"))
	for _, row := range []struct {
		status             int
		answer, path, auth string
	}{
		{400, `{"error":"channel is invalid"}`, charts + "/helm/api/a--b/charts", basic("x", c.token)},
		{400, `{"error":"channel is invalid"}`, charts + "/helm/api/a-/charts", "X-Nothing: 1"},
		{400, `{"error":"chart is invalid"}`, to + "/", basic("x", c.token)},
		{401, `{"message":"401 Unauthorized"}`, to, "X-Nothing: 1"},
		{401, `{"message":"401 Unauthorized"}`, to, "PRIVATE-TOKEN: standin-owner"},
		{401, `{"message":"401 Unauthorized"}`, to, basic("x", "nonsense")},
		{403, `{"message":"403 Forbidden"}`, to, basic("x", "standin-reporter")},
		{403, `{"message":"403 Forbidden"}`, to, basic("x", "standin-deploy-read")},
		{404, `{"message":"404 Not Found"}`, to, basic("x", "standin-stranger")},
		{404, `{"message":"404 Not Found"}`, api + "absent/packages/helm/api/stable/charts", basic("x", c.token)},
		{201, created, to, basic("gitlab-ci-token", "standin-job")},
		{201, created, to, basic("x", "standin-deploy")},
	} {
		c.as("").want(row.status, row.answer, "POST", row.path, body, row.auth, header)
	}
	c.as("").want(400, `{"error":"chart is missing"}`, "POST", to, "x", basic("x", c.token))
	c.upload(413, "entity is too large", "stable", strings.Repeat("x", 2001))
	c.upload(400, `{"message":"400 Bad request - File is too large"}`, "stable", strings.Repeat("x", 2000))
	c.mutate(`{"fault":"objectstore@write=1"}`)
	c.upload(403, `{"message":"403 Forbidden"}`, "stable", "x")
}

func TestHelmBackground(t *testing.T) {
	c := start(t, "settle=manual")
	c.mutate(`{"protect":{"project":"acme/artifact-management/helm-charts","format":"helm","pattern":"secret*","role":"admin"}}`)
	c.mutate(`{"fault":"500@settle=1"}`)
	c.upload(201, created, "stable", chart(t, "struck", "1.0.0"))
	c.settle(1)
	const schema = "Validation failed: Helm file metadatum metadata must be a valid json schema"
	const unparsed = "Error while parsing Chart.yaml: "
	table := []struct{ content, want string }{
		{chart(t, "secret-tool", "1.0.0"), "Helm chart 'secret-tool' with version '1.0.0' is protected"},
		{chart(t, "a", "1.0"), "Validation failed: Version is invalid"},
		{chart(t, "a", "1"), "Validation failed: Version is invalid"},
		{chart(t, "a b", "latest"), "Validation failed: Name is invalid, Version is invalid"},
		{chart(t, "", "1.0.0"), "Validation failed: Name can't be blank, Name is invalid"},
		{chart(t, "123", "1.0.0"), schema},
		{chart(t, "a", "1.0.0", "appVersion: 1.10"), schema},
		{chart(t, "a", "1.0.0", "appVersion:"), schema},
		{chart(t, "a", "1.0.0", "engine: gotpl"), schema},
		{chart(t, "a", "1.0.0", "annotations: {a: 1}"), schema},
		{chart(t, "a", "1.0.0", "maintainers: [{name: x, phone: y}]"), schema},
		{chart(t, "a", "1.0.0", "dependencies: [{name: x, tags: no}]"), schema},
		{string(tarball(t, "c/Chart.yaml", "name: a\nversion: 1.0.0\n")), schema},
		{chart(t, "a", "1.0.0", "created: 2020-01-02"), unparsed + "Tried to load unspecified class: Date"},
		{chart(t, "a", "1.0.0", "x: &a b", "y: *a"), unparsed + "Alias parsing was not enabled. To enable it, pass `aliases: true` to `Psych::load` or `Psych::safe_load`."},
		{string(tarball(t, "c/Chart.yaml", "- a")), "Unexpected error: NoMethodError"},
		{string(tarball(t, "Chart.yaml", "name: a")), "Chart.yaml not found within a directory"},
		{string(tarball(t, "c/Chart.yaml", strings.Repeat("x", 1<<20+1))), "Chart.yaml too big"},
		{"no gzip", "Unexpected error: NoMethodError"},
		{"", "invalid package file"},
	}
	want := []string{"Unexpected error: StandardError"}
	for _, row := range table {
		c.upload(201, created, "stable", row.content)
		want = append(want, row.want)
	}
	c.settle(1)
	for i := range want {
		want[i] = "Helm.Temporary.Package: " + want[i]
	}
	if diff := cmp.Diff(want, c.messages("helm-charts")); diff != "" {
		t.Error(diff)
	}
	// The first Chart.yaml counts, whose ever it is.
	c.upload(201, created, "stable", string(tarball(t, "c/charts/sub/Chart.yaml", "apiVersion: v1\nname: sub\nversion: 0.1.0\n",
		"c/Chart.yaml", "apiVersion: v1\nname: c\nversion: 1.0.0\n")))
	c.settle(1)
	if rows := c.rows(charts + "?package_name=sub"); len(rows) != 1 {
		t.Errorf("published: %v", c.rows(charts))
	}
}

// index is an index.yaml as far as it is looked at.
type index struct {
	APIVersion string `yaml:"apiVersion"`
	Entries    map[string][]struct {
		Version    string
		AppVersion string `yaml:"appVersion"`
		Digest     *string
		URLs       []string `yaml:"urls"`
	}
	ServerInfo struct {
		ContextPath string `yaml:"contextPath"`
	} `yaml:"serverInfo"`
}

func (c client) chartIndex(channel string) (got index) {
	c.t.Helper()
	answer := c.as("").want(200, "*", "GET", charts+"/helm/"+channel+"/index.yaml", "", basic("x", c.token))
	if err := yaml.Unmarshal([]byte(answer.body), &got); err != nil || !strings.HasPrefix(answer.body, "---\napiVersion: v1\nentries:") {
		c.t.Fatalf("%v:\n%s", err, answer.body)
	}
	return got
}

func TestHelmIndex(t *testing.T) {
	c := start(t, "settle=immediate")
	empty := c.chartIndex("stable")
	if len(empty.Entries) != 0 || empty.ServerInfo.ContextPath != "/api/v4/projects/acme%2Fartifact-management%2Fhelm-charts/packages/helm" {
		t.Errorf("empty: %+v", empty)
	}
	c.upload(201, created, "stable", chart(t, "a", "1.0.0", `appVersion: "1.10"`, "keywords: [x, y]", "deprecated: true"))
	c.upload(201, created, "stable", chart(t, "a", "1.1.0", "appVersion: v2"))
	newest := chart(t, "a", "1.0.0", `appVersion: "2.0"`)
	c.upload(201, created, "stable", newest)
	c.upload(201, created, "dev", chart(t, "a", "1.0.0"))
	c.upload(201, created, "dev", chart(t, "b", "0.1.0", "description: |\n  two\n  lines\n"))
	var lines []string
	got := c.chartIndex("stable")
	for _, entry := range got.Entries["a"] {
		lines = append(lines, fmt.Sprint(entry.Version, " ", entry.AppVersion, " ", entry.URLs, " ", entry.Digest == nil))
	}
	if diff := cmp.Diff([]string{"1.1.0 v2 [charts/a-1.1.0.tgz] true", "1.0.0 2.0 [charts/a-1.0.0.tgz] true"}, lines); diff != "" {
		t.Error(diff)
	}
	if dev := c.chartIndex("dev"); len(dev.Entries) != 2 || len(dev.Entries["a"]) != 1 {
		t.Errorf("dev: %+v", dev)
	}
	auth := basic("x", c.token)
	c.as("").want(200, newest, "GET", charts+"/helm/stable/charts/a-1.0.0.tgz", "", auth)
	c.as("").want(200, "", "HEAD", charts+"/helm/stable/charts/a-1.0.0.tgz", "", auth)
	c.as("").want(404, `{"message":"404 Not found"}`, "GET", charts+"/helm/stable/charts/b-0.1.0.tgz", "", auth)
	c.as("").want(404, `{"error":"404 Not Found"}`, "GET", charts+"/helm/stable/charts/a-1.0.0.tgz.prov", "", auth)
	c.as("").want(401, "*", "GET", charts+"/helm/stable/index.yaml", "")
	c.mutate(`{"set":{"project":"acme/artifact-management/helm-charts","visibility":"public"}}`)
	c.as("").want(200, "*", "GET", charts+"/helm/stable/index.yaml", "")
	c.as("").want(401, "*", "GET", charts+"/helm/stable/index.yaml", "", basic("x", "nonsense"))
}

// TestHelmIndexLength shows that an index that is made for a request is cut, and one from the cache is not.
func TestHelmIndexLength(t *testing.T) {
	c := start(t, "settle=manual", "helm.index=delayed", "helm.max=3")
	for i := range 5 {
		c.upload(201, created, "stable", chart(t, "a", fmt.Sprintf("1.0.%d", i)))
	}
	c.settle(0)
	for _, row := range []struct {
		mode string
		want int
	}{{"delayed", 5}, {"direct", 3}} {
		c.mutate(`{"mode":{"helm.index":"` + row.mode + `"}}`)
		if got := c.chartIndex("stable").Entries["a"]; len(got) != row.want || got[0].Version != "1.0.4" {
			t.Errorf("%s: %d charts", row.mode, len(got))
		}
	}
}

// TestHelmDelayedIndex shows that a cached index is as old as its last refresh.
func TestHelmDelayedIndex(t *testing.T) {
	c := start(t, "settle=manual", "helm.index=delayed")
	versions := func() int { t.Helper(); return len(c.chartIndex("stable").Entries["a"]) }
	c.upload(201, created, "stable", chart(t, "a", "1.0.0"))
	c.settle(2) // the chart, then the index
	c.upload(201, created, "stable", chart(t, "a", "2.0.0"))
	c.settle(1)
	if n := versions(); n != 1 || len(c.rows(charts)) != 2 {
		t.Errorf("%d versions before the refresh", n)
	}
	c.settle(1)
	if n := versions(); n != 2 {
		t.Errorf("%d versions after it", n)
	}
	c.want(204, "", "DELETE", fmt.Sprintf("%s/%v", charts, c.rows(charts)[0]["id"]), "")
	if n := versions(); n != 2 {
		t.Errorf("%d versions right after a deletion", n)
	}
	c.settle(1)
	if n := versions(); n != 1 {
		t.Errorf("%d versions after the refresh", n)
	}
}
