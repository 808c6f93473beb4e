package dockerhub_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/registry"
)

const repositories = "/v2/namespaces/acme/repositories"

func TestWhoListsWhat(t *testing.T) {
	s := start(t)
	all := []string{"app", "broken", "chart", "empty", "legacy", "many", "plugin", "scanned", "tool", "untyped", "windows"}
	public := []string{"empty", "many", "scanned"}
	for _, c := range []struct {
		name, secret string
		want         []string
	}{
		{"", "", public}, {dockerhub.Username, dockerhub.Password, all}, {dockerhub.Username, dockerhub.Token, all},
		{dockerhub.Username, dockerhub.TokenPublic, public}, {dockerhub.Outsider, dockerhub.Password, public},
		{dockerhub.Org, dockerhub.TokenOrg, all}, {dockerhub.Org, dockerhub.TokenOrgBlind, public}, {dockerhub.Org, dockerhub.TokenOrgFew, all},
	} {
		headers := []string{}
		if c.name != "" {
			headers = append(headers, s.signIn(c.name, c.secret))
		}
		if diff := cmp.Diff(c.want, s.names(repositories+"?page_size=2", headers...)); diff != "" {
			t.Errorf("%s %s: %s", c.name, c.secret, diff)
		}
	}
	if got := s.names("/v2/namespaces/library/repositories"); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("library has %v", got)
	}
}

func TestWhoReadsTags(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name, secret, repository string
		status                   int
	}{
		{dockerhub.Username, dockerhub.Token, "tool", 200}, {dockerhub.Username, dockerhub.TokenPublic, "tool", 404},
		{dockerhub.Outsider, dockerhub.Password, "tool", 404}, {dockerhub.Outsider, dockerhub.Password, "scanned", 200},
		{dockerhub.Org, dockerhub.TokenOrg, "tool", 200}, {dockerhub.Org, dockerhub.TokenOrgBlind, "tool", 200},
		{dockerhub.Org, dockerhub.TokenOrgFew, "tool", 404}, {dockerhub.Org, dockerhub.TokenOrgFew, "app", 200},
		{dockerhub.Username, dockerhub.Token, "none", 404},
	} {
		if a := s.get(repositories+"/"+c.repository+"/tags", s.signIn(c.name, c.secret)); a.status != c.status {
			t.Errorf("%s %s reads %s: %d", c.name, c.secret, c.repository, a.status)
		}
	}
}

func TestOrganizationTokensAreRefusedAtOlderPaths(t *testing.T) {
	s := start(t)
	org, owner := s.signIn(dockerhub.Org, dockerhub.TokenOrg), s.owner()
	for _, path := range []string{
		"/v2/repositories/acme", "/v2/repositories/acme/", "/v2/repositories/acme/app", "/v2/repositories/acme/app/tags/",
		"/v2/users/acme/repositories", "/v2/repositories/acme/app/tags/1.0",
	} {
		a := s.get(path, org)
		if a.status != http.StatusForbidden || s.fields(a)["message"] != "token issued from organization access token is not allowed" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := s.get(path, owner); a.status != http.StatusOK {
			t.Errorf("the owner at %s: %d %s", path, a.status, a.body)
		}
	}
}

func TestPages(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		query         string
		status, count int
	}{
		{"", 200, 10}, {"?page_size=100", 200, 11}, {"?page_size=1000", 200, 11}, {"?page=2", 200, 1}, {"?page=3", 404, 0},
		{"?page=0", 400, 0}, {"?page_size=x", 400, 0}, {"?name=o&page_size=100", 200, 3}, {"?name=none", 200, 0},
		{"?ordering=-pull_count", 200, 10}, {"?ordering=created", 400, 0},
	} {
		a := s.get(repositories+c.query, s.owner())
		results, _ := s.fields(a)["results"].([]any)
		if a.status != c.status || len(results) != c.count {
			t.Errorf("%q: %d with %d repositories", c.query, a.status, len(results))
		}
	}
	if all, _ := s.fields(s.get(repositories+"/many/tags?page_size=1000", s.owner()))["results"].([]any); len(all) != 100 {
		t.Errorf("a page has %d tags", len(all))
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"page_size": "25"}})
	results, _ := s.fields(s.get(repositories+"/many/tags?page_size=100", s.owner()))["results"].([]any)
	if len(results) != 25 {
		t.Errorf("a page that ignores its size has %d tags", len(results))
	}
}

func TestRepositoriesAreOrdered(t *testing.T) {
	s := start(t)
	byName := s.names(repositories+"?ordering=name", s.owner())
	if !slices.IsSorted(byName) {
		t.Error(byName)
	}
	for ordering, want := range map[string]string{"-name": "windows", "last_updated": "empty", "-last_updated": "untyped", "pull_count": "empty", "-pull_count": "windows"} {
		if got := s.names(repositories+"?ordering="+ordering, s.owner()); got[0] != want || len(got) != len(byName) {
			t.Errorf("%s: %v", ordering, got)
		}
	}
}

func TestAllTagsAreListedByWhoSignsIn(t *testing.T) {
	s := start(t)
	names := s.names(repositories+"/many/tags?page_size=100", s.owner())
	if len(names) != registry.ManyTags || names[0] != "build-0001049" {
		t.Errorf("%d tags, the first %s", len(names), names[0])
	}
	for ordering, first := range map[string]string{"name": "build-0001049", "-name": "build-0000000", "last_updated": "build-0000000", "-last_updated": "build-0001049"} {
		if got := s.names(repositories+"/many/tags?page_size=100&ordering="+ordering, s.owner()); got[0] != first || len(got) != registry.ManyTags {
			t.Errorf("%s begins with %s", ordering, got[0])
		}
	}
}

// The offset counts, not the page: smaller pages end there, too.
func TestAnonymousPagesEndAtAnOffset(t *testing.T) {
	s := start(t)
	for query, status := range map[string]int{
		"?page=10&page_size=100": 200, "?page=11&page_size=100": 403, "?page=100&page_size=10": 200, "?page=101&page_size=10": 403,
	} {
		if a := s.get(repositories + "/many/tags" + query); a.status != status {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"signedin.offset": "500", "anonymous.offset": "0"}})
	if a := s.get(repositories+"/many/tags?page=6&page_size=100", s.owner()); a.status != 403 || s.fields(a)["message"] != "pagination offset too large" {
		t.Errorf("signed in: %d %s", a.status, a.body)
	}
	if a := s.get(repositories + "/many/tags?page=11&page_size=100"); a.status != 200 {
		t.Errorf("without the bound: %d", a.status)
	}
}

func TestHeadTellsWhetherThereAreTags(t *testing.T) {
	s := start(t)
	for path, status := range map[string]int{"/app/tags": 200, "/empty/tags": 404, "/none/tags": 404, "/app": 200, "/none": 404, "/app/tags/1.0": 200} {
		if a := s.ask(http.MethodHead, s.URL+repositories+path, "", s.owner()); a.status != status {
			t.Errorf("HEAD %s: %d", path, a.status)
		}
	}
}

func TestTheNextPageMayBeElsewhere(t *testing.T) {
	s := start(t, "next=elsewhere")
	next, _ := s.fields(s.get(repositories, s.owner()))["next"].(string)
	if !strings.HasPrefix(next, s.CDN+"/") {
		t.Fatalf("next is %s", next)
	}
	s.ask(http.MethodGet, next, "", s.owner())
	if n := s.Stats().ForeignCredentials; n != 1 {
		t.Errorf("%d foreign credentials", n)
	}
}

func TestDigestsMayBeMissing(t *testing.T) {
	s := start(t, "digests=none")
	if a := s.get(repositories+"/tool/tags", s.owner()); strings.Contains(a.body, "digest") {
		t.Error(a.body)
	}
	if a := s.get(repositories+"/app/tags?page_size=100", s.owner()); strings.Count(a.body, `"digest"`) != 2+2+2 {
		t.Errorf("the images of indexes have digests: %s", a.body)
	}
}

// The digest that the API tells is that of the registry.
func TestDigestsAgree(t *testing.T) {
	s := start(t)
	pull := s.token(basic(dockerhub.Username, dockerhub.Token), "acme/app")
	results, _ := s.fields(s.get(repositories+"/app/tags", s.owner()))["results"].([]any)
	for _, one := range results {
		tag, _ := one.(map[string]any)
		a := s.pull(http.MethodHead, fmt.Sprintf("/v2/acme/app/manifests/%s", tag["name"]), pull)
		if digest := a.header.Get("Docker-Content-Digest"); digest == "" || digest != tag["digest"] {
			t.Errorf("%s is %s to the API, %s to the registry", tag["name"], tag["digest"], digest)
		}
	}
	if len(results) != 5 {
		t.Errorf("%d tags", len(results))
	}
}

func TestSigningIn(t *testing.T) {
	s := start(t)
	login := func(path, body string) answer { return s.ask(http.MethodPost, s.URL+path, body) }
	password := `{"username":"standin","password":"` + dockerhub.Password + `"}`
	if a := login("/v2/users/login", password); a.status != 200 || s.fields(a)["token"] == nil || s.fields(a)["refresh_token"] != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := login("/v2/users/login", `{"username":"acme","password":"`+dockerhub.TokenOrg+`"}`); a.status != 401 {
		t.Errorf("an organization logs in as a user: %d", a.status)
	}
	if a := login("/v2/users/login", "{"); a.status != 400 {
		t.Errorf("half a body: %d", a.status)
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"2fa": "true"}})
	begun := s.fields(login("/v2/users/login", password))
	for code, status := range map[string]int{"000000": 401, "123456": 200} {
		if a := login("/v2/users/2fa-login", fmt.Sprintf(`{"login_2fa_token":%q,"code":%q}`, begun["login_2fa_token"], code)); a.status != status {
			t.Errorf("code %s: %d %s", code, a.status, a.body)
		}
	}
	s.signIn(dockerhub.Username, dockerhub.Token)
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"2fa": "false", "sso": "true"}})
	if a := login("/v2/users/login", password); a.status != 401 {
		t.Errorf("a password with single sign-on: %d", a.status)
	}
	s.signIn(dockerhub.Username, dockerhub.Token)
}

func TestTokensOfTheAPIEnd(t *testing.T) {
	s := start(t)
	header := s.owner()
	s.advance("9m59s")
	if a := s.get(repositories, header); a.status != 200 {
		t.Errorf("within ten minutes: %d", a.status)
	}
	s.advance("2s")
	if a := s.get(repositories, header); a.status != 401 {
		t.Errorf("after ten minutes: %d", a.status)
	}
	header = s.owner()
	if a := s.get(repositories, strings.Replace(header, "Bearer", "JWT", 1)); a.status != 200 {
		t.Errorf("the older word: %d", a.status)
	}
	s.change(dockerhub.Change{Op: "expire"})
	if a := s.get(repositories, header); a.status != 401 {
		t.Errorf("a token that was withdrawn: %d", a.status)
	}
	if n := s.Stats().ForeignCredentials; n != 0 {
		t.Errorf("%d foreign credentials", n)
	}
}

// A token that ends between two pages.
func TestATokenEndsWithinAListing(t *testing.T) {
	s := start(t)
	header := s.owner()
	s.change(dockerhub.Change{Op: "expire", After: &dockerhub.After{Requests: 2, Of: "GET hub tags"}})
	var got []int
	for page := range 3 {
		got = append(got, s.get(repositories+"/many/tags?page_size=100&page="+strconv.Itoa(page+1), header).status)
	}
	if !slices.Equal(got, []int{200, 401, 401}) {
		t.Errorf("the pages are answered %v", got)
	}
}

func TestTheThree429(t *testing.T) {
	s := start(t, "api.limit=2", "quota=1", "abuse=100")
	owner := s.owner() // the first request
	s.get(repositories, owner)
	s.get(repositories, owner)
	a := s.get(repositories, owner)
	after, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 429 || s.fields(a)["detail"] != "Rate limit exceeded" || err != nil || after < 1 || after > 60 || a.header.Get("X-Ratelimit-Remaining") != "0" {
		t.Errorf("the API: %d %v %s", a.status, a.header, a.body)
	}
	pull := s.token(basic(dockerhub.Username, dockerhub.Token), "acme/app")
	s.pull("GET", "/v2/acme/app/manifests/1.0", pull)
	if a := s.pull("GET", "/v2/acme/app/manifests/1.0", pull); a.status != 429 || !strings.Contains(a.body, `"code":"TOOMANYREQUESTS"`) || a.header.Get("Retry-After") != "" {
		t.Errorf("the quota: %d %v %s", a.status, a.header, a.body)
	}
	for range 100 {
		a = s.pull("HEAD", "/v2/acme/app/manifests/1.0", pull)
	}
	a = s.pull("GET", "/v2/", pull)
	if a.status != 429 || a.body != "Too Many Requests" || a.header.Get("Retry-After") != "" {
		t.Errorf("abuse: %d %v %s", a.status, a.header, a.body)
	}
	s.advance("1m")
	if a := s.get(repositories, owner); a.status != 200 {
		t.Errorf("a minute later: %d %s", a.status, a.body)
	}
}

func TestSoftblock(t *testing.T) {
	s := start(t, "softblock=true")
	if a := s.get("/v2/namespaces/library/repositories"); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}

// Offset paging: what is pushed during the walk shifts the rest, what is deleted leaves a gap.
func TestATagIsPushedDuringTheWalk(t *testing.T) {
	s := start(t)
	s.change(
		dockerhub.Change{Op: "push", Repository: "acme/many", Tag: "hotfix", Body: "hotfix", After: &dockerhub.After{Requests: 2, Of: "GET hub tags"}},
	)
	names := s.names(repositories+"/many/tags?page_size=100", s.owner())
	if slices.Contains(names, "hotfix") || len(names) != registry.ManyTags+1 || names[99] != names[100] {
		t.Errorf("%d names: %v %v", len(names), names[99], names[100])
	}
	s = start(t)
	s.change(dockerhub.Change{Op: "delete", Repository: "acme/many", Tag: "build-0001049", After: &dockerhub.After{Requests: 2, Of: "GET hub tags"}})
	names = s.names(repositories+"/many/tags?page_size=100", s.owner())
	if len(names) != registry.ManyTags-1 || slices.Contains(names, "build-0000949") || !slices.Contains(names, "build-0001049") {
		t.Errorf("%d names after one was deleted", len(names))
	}
}

func TestChanges(t *testing.T) {
	s := start(t)
	s.change(
		dockerhub.Change{Op: "push", Repository: "acme/new", Tag: "1", Body: "one", Private: true},
		dockerhub.Change{Op: "push", Repository: "acme/new", Tag: "2", Body: "two"},
		dockerhub.Change{Op: "move", Repository: "acme/new", Tag: "1", To: "2"},
		dockerhub.Change{Op: "delete", Repository: "acme/tool", Tag: "1"},
		dockerhub.Change{Op: "delete", Repository: "acme/chart"},
		dockerhub.Change{Op: "create", Repository: "acme/void"},
	)
	got := s.names(repositories+"?page_size=100", s.owner())
	for name, there := range map[string]bool{"new": true, "tool": true, "chart": false, "void": true} {
		if slices.Contains(got, name) != there {
			t.Errorf("%s among %v", name, got)
		}
	}
	if slices.Contains(s.names(repositories), "new") {
		t.Error("anybody sees a private repository")
	}
	one, _ := s.Store().Tag("acme/new", "1")
	two, _ := s.Store().Tag("acme/new", "2")
	if one.Digest != two.Digest || time.Since(one.Pushed) > time.Minute {
		t.Errorf("tags %+v and %+v", one, two)
	}
	results, _ := s.fields(s.get(repositories+"/new/tags", s.owner()))["results"].([]any)
	if tag, _ := results[0].(map[string]any); tag["tag_status"] != "active" {
		t.Errorf("a new tag is %v", tag)
	}
	if names := s.names(repositories+"/tool/tags", s.owner()); len(names) != 0 {
		t.Errorf("tool has %v", names)
	}
	for _, bad := range []dockerhub.Change{
		{Op: "paint"}, {Op: "move", Repository: "acme/new", Tag: "1", To: "none"}, {Op: "delete", Repository: "acme/none"},
		{Op: "delete", Repository: "acme/new", Tag: "none"}, {Op: "lose", Repository: "acme/new", File: "blobs/none"},
		{Op: "mode", Mode: map[string]string{"quota": "many"}}, {Op: "fault", Fault: "x"}, {Op: "expire", After: &dockerhub.After{}},
	} {
		if err := s.Change(bad); err == nil {
			t.Errorf("%+v is made", bad)
		}
	}
}

func TestADayOfWork(t *testing.T) {
	s := start(t, "seed=3000")
	before := s.names(repositories+"/made-0000/tags?page_size=100", s.owner())
	if a := s.ask(http.MethodPost, s.URL+"/_standin/mutate", ""); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	after := s.names(repositories+"/made-0000/tags?page_size=100", s.owner())
	if len(before) != 1000 || len(after) != 1001 || after[0] != "edge" || slices.Contains(after, "build-0000000") {
		t.Errorf("%d tags before, %d after, the first %s", len(before), len(after), after[0])
	}
	if a := s.ask(http.MethodPost, s.URL+"/_standin/mutate", `[{"op":"push","colour":"red"}]`); a.status != 400 {
		t.Errorf("an unknown field: %d", a.status)
	}
}
