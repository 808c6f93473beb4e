package nexus_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin/nexus"
)

// component is one of /components or /search.
type component struct {
	ID, Repository, Format, Name string
	Group, Version               *string
	Tags                         []string
	Assets                       []struct{ Path, Repository string }
}

// walk reads a paged list to its end.
func walk[T any](s server, path string) (all []T, pages int) {
	s.t.Helper()
	for token := ""; ; pages++ {
		address := path
		if token != "" {
			address += "&continuationToken=" + url.QueryEscape(token)
		}
		var page struct {
			Items             []T
			ContinuationToken *string
		}
		a := s.get(address)
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != http.StatusOK {
			s.t.Fatalf("%s: %d, %v: %s", address, a.status, err, a.body)
		}
		all = append(all, page.Items...)
		if page.ContinuationToken == nil {
			return all, pages + 1
		}
		token = *page.ContinuationToken
	}
}

func text(p *string) string {
	if p == nil {
		return "null"
	}
	return *p
}

// What has coordinates is in a component, and nothing else is.
func TestComponents(t *testing.T) {
	for _, c := range []struct {
		repository, path string
		want             string
		first            string // "group/name/version" of the first component
	}{
		{nexus.NPM, "/@acme/ui", "", "acme/ui/1.0.0"},
		{nexus.NPM, "/tidy-lines/-/tidy-lines-0.9.0.tgz", "/tidy-lines/0.9.0", ""},
		{nexus.PyPI, "/simple/acme-ui/", "", "/acme-ui/1.0"},
		{nexus.PyPI, "/packages/acme-ui/1.0/acme_ui-1.0.tar.gz.asc", "/acme-ui/1.0", ""},
		{nexus.Helm, "/index.yaml", "", "/acme-web/1.0.0"},
		{nexus.Helm, "/acme-web-1.0.0.tgz.prov", "/acme-web/1.0.0", ""},
		{nexus.NuGet, "/Acme.Tools/1.2.3", "/Acme.Tools/1.2.3", ""},
		{nexus.Raw, "/docs/guide/index.html", "/docs/guide//docs/guide/index.html/", ""},
		{nexus.Debian, "/pool/a/acme-tool/acme-tool_1.0_amd64.deb", "amd64/acme-tool/1.0", ""},
		{nexus.Debian, "/dists/stable/Release", "", ""},
		{nexus.Docker, "/v2/team/tool/manifests/1", "/team/tool/1", ""},
		{nexus.Releases, "/com/example/lib/maven-metadata.xml", "", "com.example/lib/1.0"},
		{nexus.Releases, "/com/example/lib/1.0/lib-1.0.jar.asc.md5", "com.example/lib/1.0", ""},
		{nexus.Snapshots, "/com/example/lib/2.0-SNAPSHOT/lib-2.0-20240503.101112-1.pom", "com.example/lib/2.0-20240503.101112-1", ""},
	} {
		s := start(t, "small")
		all, _ := walk[component](s, "/service/rest/v1/components?repository="+c.repository)
		in, first := "", ""
		for i, one := range all {
			name := text(one.Group) + "/" + one.Name + "/" + text(one.Version)
			if i == 0 {
				first = name
			}
			if slices.ContainsFunc(one.Assets, func(a struct{ Path, Repository string }) bool { return a.Path == c.path }) {
				in += name
			}
		}
		if in != c.want || c.first != "" && first != c.first {
			t.Errorf("%s %s is in %q, want %q; the first is %q", c.repository, c.path, in, c.want, first)
		}
	}
}

func TestComponentPages(t *testing.T) {
	for _, modes := range []string{"era=orient", "era=sqlA page=10", "era=sqlB", "era=sqlB edition=PRO"} {
		s := start(t, "120", append(strings.Fields(modes), "formats=maven2+npm")...)
		all, pages := walk[component](s, "/service/rest/v1/components?repository="+nexus.Releases)
		seen := map[string]bool{}
		for _, one := range all {
			seen[one.ID] = true
			if len(one.Assets) != 4 {
				t.Errorf("%s: %s has %d assets", modes, one.Name, len(one.Assets))
			}
			if (one.Tags == nil) != (modes == "era=sqlB") {
				t.Errorf("%s: tags %v", modes, one.Tags)
			}
		}
		if want := map[bool]int{true: 1, false: 7}[strings.Contains(modes, "sqlB")]; len(seen) != 60 || pages != want {
			t.Errorf("%s: %d components on %d pages, want 60 on %d", modes, len(seen), pages, want)
		}
		id := all[3].ID
		if a := s.get("/service/rest/v1/components/" + id); a.status != 200 || !strings.Contains(a.body, `"name" : "`+all[3].Name+`"`) {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	s := start(t, "small", "era=orient")
	for _, one := range first(walk[component](s, "/service/rest/v1/components?repository="+nexus.PyPI)) {
		if one.Group != nil {
			t.Errorf("the group of %s is %q, on OrientDB it is null", one.Name, *one.Group)
		}
	}
	for path, status := range map[string]int{"": 422, "?repository=none": 404, "?repository=raw-hosted&continuationToken=x": 406, "/eA": 422, "/***": 404} {
		if a := s.get("/service/rest/v1/components" + path); a.status != status {
			t.Errorf("%s: %d, want %d", path, a.status, status)
		}
	}
}

func first[A, B any](a A, _ B) A { return a }

// Elasticsearch ends after ten thousand hits without a word; SQL does not, and neither does the list of assets.
func TestSearchEndsSilently(t *testing.T) {
	for era, want := range map[string]int{"sqlA": 10_000, "sqlB": 10_060} {
		s := start(t, "10060", "era="+era, "formats=raw")
		all, _ := walk[component](s, "/service/rest/v1/search?repository="+nexus.Raw)
		if len(all) != want || all[0].Repository != nexus.Raw {
			t.Errorf("%s: %d hits, want %d", era, len(all), want)
		}
	}
}

func TestSearch(t *testing.T) {
	s := start(t, "small", "era=sqlA")
	find := func(query string) (names []string) {
		for _, one := range first(walk[component](s, "/service/rest/v1/search?"+query)) {
			names = append(names, one.Repository+" "+one.Name)
		}
		return names
	}
	for query, want := range map[string][]string{
		"name=ui":                           {nexus.NPM + " ui", nexus.NPM + " ui", nexus.NPM + " ui"},
		"format=npm&version=0.9*":           {nexus.NPM + " tidy-lines"},
		"repository=none":                   nil,
		"repository=maven-public&name=lib":  nil, // hits are the members'
		"name=lib&version=1.0&group=com.*e": {nexus.Releases + " lib"},
	} {
		if diff := cmp.Diff(want, find(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	s.change(nexus.Change{Op: "offline", Repository: nexus.NPM})
	if got := find("name=ui"); got != nil {
		t.Errorf("an offline repository is found: %v", got)
	}
	for token, status := range map[string]int{"zz": 406, "3530": 406} {
		if a := s.get("/service/rest/v1/search?name=ui&continuationToken=" + token); a.status != status {
			t.Errorf("token %s: %d", token, a.status)
		}
	}
	if a := start(t, "small").get("/service/rest/v1/search?continuationToken=x"); a.status != 400 {
		t.Errorf("a bad token on SQL: %d", a.status)
	}
	assets, _ := walk[struct{ Path string }](s, "/service/rest/v1/search/assets?repository="+nexus.Releases+"&name=parent")
	if len(assets) != 3 {
		t.Errorf("%v", assets)
	}
	for query, status := range map[string]int{"name=parent": 400, "name=parent&sort=name": 302, "name=none": 404} {
		if a := s.get("/service/rest/v1/search/assets/download?" + query); a.status != status {
			t.Errorf("download %s: %d, want %d", query, a.status, status)
		}
	}
}

func TestNPMRoot(t *testing.T) {
	s := start(t, "small", "context=/nexus")
	var root struct {
		Tags     map[string]string `json:"dist-tags"`
		Versions map[string]struct {
			Deprecated string
			Dist       struct{ Tarball, Shasum string }
		}
	}
	for _, path := range []string{"/repository/npm-hosted/@acme/ui", "/repository/npm-public/@acme%2fui"} {
		if err := json.Unmarshal([]byte(s.get(path).body), &root); err != nil {
			t.Fatal(err)
		}
		repository, _, _ := strings.Cut(strings.TrimPrefix(path, "/repository/"), "/")
		want := s.url + "/repository/" + repository + "/@acme/ui/-/ui-1.10.0.tgz"
		if root.Tags["next"] != "2.0.0-rc.1" || root.Versions["1.0.0"].Deprecated == "" || root.Versions["1.10.0"].Dist.Tarball != want {
			t.Errorf("%s: %+v", path, root)
		}
	}
	if a := s.get("/repository/npm-hosted/-/package/@acme/ui/dist-tags"); a.status != 200 || !strings.Contains(a.body, `"latest":"1.10.0"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.get("/repository/npm-hosted/none"); a.status != 404 || !strings.Contains(a.header.Get("Content-Type"), "json") {
		t.Errorf("an unknown package: %d %s", a.status, a.header)
	}
	s.change(nexus.Change{Op: "unpublish", Repository: nexus.NPM, Package: "@acme/ui", Version: "1.10.0"})
	if a := s.get("/repository/npm-hosted/@acme/ui"); strings.Contains(a.body, "ui-1.10.0.tgz") {
		t.Errorf("unpublished and there: %s", a.body)
	}
	if err := s.Change(nexus.Change{Op: "deprecate", Repository: nexus.NPM, Package: "@acme/ui", Version: "9"}); err == nil {
		t.Error("what is not there can be deprecated")
	}
}

// Pages that a repository makes are stored when they are first asked for, and made anew when something changed.
func TestMadePages(t *testing.T) {
	s := start(t, "small")
	has := func(repository, path string) bool {
		for _, page := range s.pages(repository) {
			for _, item := range page.Items {
				if item.Path == path {
					return true
				}
			}
		}
		return false
	}
	for _, c := range []struct{ repository, path, says string }{
		{nexus.PyPI, "/simple/tidy-lines/", "tidy_lines-2.0+local.1"}, {nexus.PyPI, "/simple/", "acme-ui"},
	} {
		if has(c.repository, c.path) {
			t.Errorf("%s is there before it was asked for", c.path)
		}
		if a := s.get("/repository/" + c.repository + c.path); a.status != 200 || !strings.Contains(a.body, c.says) || !has(c.repository, c.path) {
			t.Errorf("%s: %d %s", c.path, a.status, a.body)
		}
	}
	s.change(nexus.Change{Op: "publish", Repository: nexus.Helm, Package: "acme-web", Version: "3.0.0"})
	if a := s.get("/repository/helm-hosted/index.yaml"); has(nexus.Helm, "/nothing") || !strings.Contains(a.body, "acme-web-3.0.0.tgz") {
		t.Errorf("the index: %s", a.body)
	}
	if a := s.get("/repository/pypi-hosted/simple/none/"); a.status != 404 {
		t.Errorf("a page of nothing: %d", a.status)
	}
}

func TestRegistry(t *testing.T) {
	for _, c := range []struct{ modes, link, challenge string }{
		{"era=sqlA version=3.71.0-06 page=10", `</v2/_catalog?last=`, `BASIC realm="Sonatype Nexus Repository Manager"`},
		{"era=sqlB docker=bearer", `</repository/docker-hosted/v2/_catalog?last=`, `Bearer realm="URL/v2/token",service="URL/v2/token",scope="repository:*:pull"`},
	} {
		s := start(t, "small", append(strings.Fields(c.modes), "anonymous=off")...)
		if a := s.get("/repository/docker-hosted/v2/_catalog?n=1"); a.status != 200 || !strings.HasPrefix(a.header.Get("Link"), c.link) {
			t.Errorf("%s: %d, link %q", c.modes, a.status, a.header.Get("Link"))
		}
		a := s.get("/repository/docker-hosted/v2/team/tool/manifests/1", "Accept: application/vnd.oci.image.manifest.v1+json")
		digest := a.header.Get("Docker-Content-Digest")
		sum := ""
		for _, page := range s.pages(nexus.Docker) {
			for _, item := range page.Items {
				if strings.TrimPrefix(item.Path, "/") == "v2/team/tool/manifests/1" {
					sum = item.Checksum["sha256"]
					if item.ContentType != a.header.Get("Content-Type") {
						t.Errorf("content type %s", item.ContentType)
					}
				}
			}
		}
		if a.status != 200 || digest != "sha256:"+sum {
			t.Errorf("%s: %d, digest %s, listed %s", c.modes, a.status, digest, sum)
		}
		if a := s.get("/repository/docker-hosted/v2/none/tags/list"); a.status != 404 || !strings.Contains(a.body, "NAME_UNKNOWN") {
			t.Errorf("%d %s", a.status, a.body)
		}
		s.user = ""
		a = s.get("/repository/docker-hosted/v2/")
		if got := strings.ReplaceAll(a.header.Get("WWW-Authenticate"), s.url, "URL"); a.status != 401 || got != c.challenge {
			t.Errorf("%s: %d, challenge %s", c.modes, a.status, got)
		}
		if a := s.get("/repository/docker-hosted/v2/", "Authorization: Bearer DockerToken.0c9a7f1e-6c3b-3f0e-9d58-0a6c1d0f8a11"); a.status != 200 {
			t.Errorf("with a token: %d", a.status)
		}
	}
}

// Which manifests have an asset under their digest: those without a tag, or all.
func TestManifestAssets(t *testing.T) {
	count := map[string]int{}
	for _, mode := range []string{"children", "all"} {
		s := start(t, "small", "manifests="+mode)
		for _, page := range s.pages(nexus.Docker) {
			for _, item := range page.Items {
				if strings.HasPrefix(item.Path, "/v2/team/app/manifests/") {
					count[mode+" "+fmt.Sprint(strings.Contains(item.Path, "sha256:"))]++
				}
			}
		}
	}
	want := map[string]int{"children false": 5, "children true": 6, "all false": 5, "all true": 10}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
}

func TestDockerTagThatMoves(t *testing.T) {
	s := start(t, "small", "era=sqlB")
	find := func() (id, sum string) {
		for _, page := range s.pages(nexus.Docker) {
			for _, item := range page.Items {
				if item.Path == "/v2/team/app/manifests/latest" {
					return item.ID, item.Checksum["sha256"]
				}
			}
		}
		return "", ""
	}
	id, sum := find()
	s.change(nexus.Change{Op: "tag", Repository: nexus.Docker, Package: "team/app", Tag: "latest", Version: "1.0"})
	if now, other := find(); now != id || other == sum || other == "" {
		t.Errorf("id %s and %s, digest %s and %s", id, now, sum, other)
	}
	s.change(nexus.Change{Op: "untag", Repository: nexus.Docker, Package: "team/app", Tag: "latest"})
	if now, _ := find(); now != "" {
		t.Error("the tag is gone and listed")
	}
	if err := s.Change(nexus.Change{Op: "tag", Repository: nexus.Docker, Package: "team/app", Tag: "x", Version: "none"}); err == nil {
		t.Error("a tag of nothing")
	}
}

// Each account sees what it may.
func TestPrivileges(t *testing.T) {
	const list, repositories, settings, file = "/service/rest/v1/assets?repository=raw-hosted", "/service/rest/v1/repositories", "/service/rest/v1/repositorySettings", "/repository/raw-hosted/root.txt"
	for _, c := range []struct {
		user                           string
		list, file                     int
		seesRepositories, seesSettings bool
	}{
		{nexus.Username, 200, 200, true, true}, {nexus.Reader, 200, 200, true, false},
		{nexus.Blind, 200, 200, false, false}, {nexus.Outsider, 403, 403, false, false},
	} {
		s := start(t, "small")
		s.user = c.user
		if a, b := s.get(list), s.get(file); a.status != c.list || b.status != c.file {
			t.Errorf("%s: %d and %d", c.user, a.status, b.status)
		}
		if a, b := s.get(repositories), s.get(settings); (a.body != "[ ]") != c.seesRepositories || (b.body != "[ ]") != c.seesSettings || a.status+b.status != 400 {
			t.Errorf("%s sees %.20s and %.20s", c.user, a.body, b.body)
		}
		if a := s.get("/service/rest/v1/repositories/raw/hosted/raw-hosted"); (a.status == 200) != c.seesSettings {
			t.Errorf("%s: the settings of one: %d", c.user, a.status)
		}
	}
}

// Release 3.96 asks nobody in particular who they are, and words its refusals.
func TestRelease396(t *testing.T) {
	s := start(t, "small", "version=3.96.3-01", "edition=COMMUNITY")
	s.user = ""
	for _, path := range []string{"/service/rest/v1/repositories", "/service/rest/v1/assets?repository=raw-hosted", "/service/rest/v1/search"} {
		a := s.get(path)
		if a.status != 401 || a.header.Get("WWW-Authenticate") == "" || !strings.Contains(a.body, `"status-message":"UNAUTHORIZED"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	s.user = nexus.Username
	a := s.get("/service/rest/v1/assets?repository=raw-hosted")
	for _, key := range []string{"blobUpdated", "blobRef", "lastVerified", "registryUrl"} {
		if !strings.Contains(a.body, `"`+key+`"`) {
			t.Errorf("no %s", key)
		}
	}
	if !strings.Contains(s.get("/service/rest/v1/repositories").body, `"online" : true`) {
		t.Error("repositories do not tell whether they are online")
	}
	if a := s.get("/service/rest/v1/nothing"); a.status != 404 || !strings.Contains(a.body, `"status-message":"NOT_FOUND"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestProxyFetches(t *testing.T) {
	for repository, status := range map[string]int{nexus.Cache: 403, nexus.NuGetProxy: 409, nexus.Public: 403, nexus.Raw: 404} {
		s := start(t, "small", "usage=over")
		a := s.get("/repository/" + repository + "/nowhere/1.0")
		if a.status != status || strings.Contains(a.body, "PAYMENT REQUIRED") != (status != 404) {
			t.Errorf("%s: %d %s", repository, a.status, a.body)
		}
	}
	s := start(t, "small")
	if a := s.get("/repository/nuget-proxy/Known.Tools/4.0.0"); a.status != 404 || s.Stats().Requests["GET upstream"] != 1 {
		t.Errorf("%d, %v", a.status, s.Stats().Requests)
	}
	if a := s.get("/repository/nuget-proxy/Cached.Tools/3.1.0"); a.status != 200 || a.header.Get("Content-Type") != "application/zip" || s.Stats().Requests["GET upstream"] != 1 {
		t.Errorf("%d, %v", a.status, s.Stats().Requests)
	}
}

func TestPolicies(t *testing.T) {
	s := start(t, "small")
	again := nexus.Change{Op: "put", Repository: nexus.Releases, Path: "com/example/lib/1.0/lib-1.0.jar", Body: "other"}
	index := nexus.Change{Op: "put", Repository: nexus.Releases, Path: "com/example/lib/maven-metadata.xml", Body: "other"}
	if s.Change(again) == nil || s.Change(index) != nil {
		t.Error("what is written once was replaced, or its index was not")
	}
	s.change(nexus.Change{Op: "policy", Repository: nexus.Releases, Body: "ALLOW"}, again)
	s.change(nexus.Change{Op: "freeze"})
	if a, b := s.get("/service/rest/v1/status/writable"), s.get("/service/rest/v1/status"); a.status != 503 || b.status != 200 {
		t.Errorf("frozen: %d and %d", a.status, b.status)
	}
	if s.Change(again) == nil {
		t.Error("frozen, and changed")
	}
	s.change(nexus.Change{Op: "thaw"}, again)
	if a := s.get("/service/rest/v1/repositorySettings"); !strings.Contains(a.body, `"writePolicy" : "ALLOW"`) || strings.Contains(a.body, "allow") {
		t.Error(a.body)
	}
	if a := start(t, "small", "era=orient", "version=3.29.2-02").get("/service/rest/v1/repositorySettings"); !strings.Contains(a.body, `"writePolicy" : "allow_once"`) {
		t.Error(a.body)
	}
	if a := start(t, "small", "era=orient", "version=3.20.1-01").get("/service/rest/v1/repositorySettings"); a.status != 404 {
		t.Errorf("before there were settings: %d", a.status)
	}
}

// A numeric seed costs no memory, whatever it consists of, and is the same every time.
func TestManyOfEachFormat(t *testing.T) {
	const formats = "formats=maven2+raw+npm+pypi+nuget+helm+docker"
	a, b := start(t, "70", formats), start(t, "70", formats)
	if one, other := dump(a), dump(b); one != other || strings.Count(one, "\n") < 140 {
		t.Errorf("%d and %d lines", strings.Count(one, "\n"), strings.Count(other, "\n"))
	}
	for repository, assets := range map[string]int{nexus.Releases: 40, nexus.Raw: 10, nexus.NPM: 12, nexus.PyPI: 20, nexus.NuGet: 10, nexus.Helm: 10, nexus.Docker: 30} {
		n := 0
		for _, page := range a.pages(repository) {
			for _, item := range page.Items {
				n++
				got := a.get("/repository/" + repository + item.Path)
				if strings.Contains(item.Path, "/manifests/") || repository == nexus.NPM && !strings.Contains(item.Path, "/-/") {
					continue // which clients read in their own way
				}
				if int64(len(got.body)) != item.FileSize || got.status != 200 {
					t.Errorf("%s %s: %d, %d of %d bytes", repository, item.Path, got.status, len(got.body), item.FileSize)
				}
			}
		}
		if n != assets {
			t.Errorf("%s has %d assets, want %d", repository, n, assets)
		}
	}
	huge := start(t, "10000000", formats)
	if a := huge.get("/service/rest/v1/assets?repository=" + nexus.PyPI); a.status != 200 || strings.Count(a.body, `"downloadUrl"`) != 100 {
		t.Errorf("%d", a.status)
	}
}

func TestSeedOfUnknownFormat(t *testing.T) {
	resp, err := http.Post(start(t, "small").url+"/_standin/mutate", "application/json", strings.NewReader(`[{"op":"publish","repository":"raw-hosted","package":"x"}]`))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "format raw") {
		t.Errorf("%s %s", resp.Status, body)
	}
}
