package dockerhub_test

// The answers as they are on the wire, each as a file in testdata. The files were read beside the contract, whose words
// they have; PKGFERRY_WRITE_GOLDEN=1 writes them anew.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin/dockerhub"
)

// volatile is what differs from run to run.
var volatile = []struct {
	is   *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "<JWT>"},
	{regexp.MustCompile(`"issued_at": "[^"]*"`), `"issued_at": "<now>"`},
	{regexp.MustCompile(`verify=[\w-]+`), "verify=<until>-<signature>"},
	{regexp.MustCompile(`(?m)^(X-Ratelimit-Reset|X-Retry-After): \d{10}$`), "$1: <unix time>"},
	{regexp.MustCompile(`(?m)^Retry-After: [1-9]\d*$`), "Retry-After: <seconds>"},
}

// golden is an answer as text, without what differs from run to run.
func (s server) golden(method, address string, a answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n%d\n", method, address, a.status)
	for _, key := range slices.Sorted(maps.Keys(a.header)) {
		if key != "Date" && (key != "Content-Length" || !strings.Contains(a.body, "eyJ")) {
			fmt.Fprintf(&b, "%s: %s\n", key, strings.Join(a.header[key], ", "))
		}
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, []byte(a.body), "", "  ") == nil {
		a.body = pretty.String()
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(a.body))
	text := b.String()
	for from, to := range map[string]string{
		s.URL: "https://hub.example.test", s.Auth: "https://auth.example.test", s.Registry: "https://registry.example.test", s.CDN: "https://cdn.example.test",
	} {
		text = strings.ReplaceAll(text, from, to)
	}
	for _, one := range volatile {
		text = one.is.ReplaceAllString(text, one.says)
	}
	return text
}

func TestAnswersOnTheWire(t *testing.T) {
	const tags = "/v2/namespaces/acme/repositories/app/tags"
	for _, c := range []struct {
		name, modes, method, at, body string
		as                            string // owner, org, anonymous, "pull REPOSITORY", or a header
	}{
		{"repositories", "", "GET", "hub /v2/namespaces/acme/repositories?page=1&page_size=3", "", "owner"},
		{"repositories-middle", "", "GET", "hub /v2/namespaces/acme/repositories?page=2&page_size=3", "", "owner"},
		{"repositories-anonymous", "", "GET", "hub /v2/namespaces/acme/repositories?page_size=100", "", "anonymous"},
		{"repositories-ordering", "", "GET", "hub /v2/namespaces/acme/repositories?ordering=size", "", "owner"},
		{"repositories-behind", "", "GET", "hub /v2/namespaces/acme/repositories?page=9&page_size=100", "", "owner"},
		{"repositories-unknown", "", "GET", "hub /v2/namespaces/nobody/repositories", "", "owner"},
		{"repository", "", "GET", "hub /v2/namespaces/acme/repositories/app", "", "owner"},
		{"repository-plugin", "", "GET", "hub /v2/namespaces/acme/repositories/plugin", "", "owner"},
		{"repository-untyped", "", "GET", "hub /v2/namespaces/acme/repositories/untyped", "", "owner"},
		{"repository-private", "", "GET", "hub /v2/namespaces/acme/repositories/app", "", "anonymous"},
		{"repositories-legacy", "", "GET", "hub /v2/repositories/acme/?page=1&page_size=1", "", "owner"},
		{"legacy-organization", "", "GET", "hub /v2/repositories/acme/", "", "org"},
		{"namespaces", "", "GET", "hub /v2/repositories/namespaces", "", "owner"},
		{"orgs", "", "GET", "hub /v2/user/orgs/", "", "owner"},

		{"tags", "", "GET", "hub " + tags + "?page=1&page_size=2", "", "owner"},
		{"tags-rest", "attestations=listed", "GET", "hub " + tags + "?page=2&page_size=2", "", "owner"},
		{"tags-schema1", "", "GET", "hub /v2/namespaces/acme/repositories/legacy/tags", "", "owner"},
		{"tags-undigested", "", "GET", "hub /v2/namespaces/acme/repositories/untyped/tags", "", "owner"},
		{"tags-chart", "", "GET", "hub /v2/namespaces/acme/repositories/chart/tags", "", "owner"},
		{"tags-chart-one", "artifacts=one", "GET", "hub /v2/namespaces/acme/repositories/chart/tags", "", "owner"},
		{"tags-empty", "", "GET", "hub /v2/namespaces/acme/repositories/empty/tags", "", "owner"},
		{"tags-behind", "", "GET", "hub /v2/namespaces/acme/repositories/many/tags?page=12&page_size=100", "", "owner"},
		{"tags-deep", "", "GET", "hub /v2/namespaces/acme/repositories/many/tags?page=11&page_size=100", "", "anonymous"},
		{"tag", "", "GET", "hub " + tags + "/1.0", "", "owner"},
		{"tag-unknown", "", "GET", "hub " + tags + "/0.1", "", "owner"},
		{"limit", "api.limit=1", "GET", "hub " + tags, "", "anonymous twice"},
		{"limit-time", "api.limit=1 api.retry=X-Retry-After", "GET", "hub " + tags, "", "anonymous twice"},
		{"abuse", "abuse=1", "GET", "hub " + tags, "", "anonymous twice"},
		{"jwt-bad", "", "GET", "hub " + tags, "", "Authorization: Bearer x.y.z"},

		{"login-token", "", "POST", "hub /v2/auth/token", `{"identifier":"acme","secret":"` + dockerhub.TokenOrg + `"}`, "anonymous"},
		{"login-token-wrong", "", "POST", "hub /v2/auth/token", `{"identifier":"acme","secret":"no"}`, "anonymous"},
		{"login", "", "POST", "hub /v2/users/login?refresh_token=true", `{"username":"standin","password":"` + dockerhub.Password + `"}`, "anonymous"},
		{"login-wrong", "", "POST", "hub /v2/users/login", `{"username":"standin","password":"no"}`, "anonymous"},
		{"login-2fa", "2fa=true", "POST", "hub /v2/users/login", `{"username":"standin","password":"` + dockerhub.Password + `"}`, "anonymous"},

		{"auth", "", "GET", "auth /token?service=registry.docker.io&scope=repository:acme/app:pull", "", "Basic"},
		{"auth-anonymous", "token=60s token.expires=false token.fields=token", "GET", "auth /token?service=registry.docker.io&scope=repository:acme/app:pull", "", "anonymous"},
		{"auth-other-field", "token.fields=access_token", "GET", "auth /token?service=registry.docker.io", "", "anonymous"},
		{"auth-wrong", "", "GET", "auth /token?service=registry.docker.io&scope=repository:library/hello:pull", "", basic(dockerhub.Username, "no")},

		{"base-challenge", "", "GET", "registry /v2/", "", "anonymous"},
		{"challenge", "", "GET", "registry /v2/acme/app/manifests/1.0", "", "anonymous"},
		{"scope", "", "GET", "registry /v2/acme/app/manifests/1.0", "", "pull library/hello"},
		{"tags-list", "", "GET", "registry /v2/acme/app/tags/list?n=1", "", "pull acme/app"},
		{"tags-list-link", "tags=link", "GET", "registry /v2/acme/app/tags/list?n=1", "", "pull acme/app"},
		{"tags-list-absolute", "tags=absolute", "GET", "registry /v2/acme/app/tags/list?n=1", "", "pull acme/app"},
		{"tags-list-empty", "", "GET", "registry /v2/acme/empty/tags/list", "", "pull acme/empty"},
		{"catalog", "", "GET", "registry /v2/_catalog", "", "pull acme/app"},
		{"manifest", "quota=200", "GET", "registry /v2/acme/app/manifests/2.0", "", "pull acme/app"},
		{"manifest-head", "quota=200", "HEAD", "registry /v2/acme/app/manifests/2.0", "", "pull acme/app"},
		{"manifest-unknown", "", "GET", "registry /v2/acme/app/manifests/0.1", "", "pull acme/app"},
		{"manifest-anonymous", "", "HEAD", "registry /v2/ratelimitpreview/test/manifests/latest", "", "anonymous pull ratelimitpreview/test"},
		{"quota", "quota=1", "GET", "registry /v2/acme/app/manifests/2.0", "", "pull acme/app twice"},
		{"quota-anonymous", "quota.anonymous=1 quota.retry=true", "GET", "registry /v2/library/hello/manifests/1", "", "anonymous pull library/hello twice"},
		{"referrers-off", "referrers=off", "GET", "registry /v2/acme/scanned/referrers/sha256:" + strings.Repeat("0", 64), "", "pull acme/scanned"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, strings.Fields(c.modes)...)
			role, path, _ := strings.Cut(c.at, " ")
			address := map[string]string{"hub": s.URL, "auth": s.Auth, "registry": s.Registry}[role] + path
			headers := s.credentials(c.as)
			if role == "registry" {
				headers = append(headers, accept)
			}
			if strings.HasSuffix(c.as, "twice") {
				s.ask(c.method, address, c.body, headers...)
			}
			got := s.golden(c.method, address, s.ask(c.method, address, c.body, headers...))
			same(t, c.name, got)
		})
	}
}

// credentials are the headers of whoever asks.
func (s server) credentials(as string) []string {
	s.t.Helper()
	as = strings.TrimSuffix(as, " twice")
	switch repository, pulls := strings.CutPrefix(as, "pull "); {
	case as == "owner":
		return []string{s.owner()}
	case as == "org":
		return []string{s.signIn(dockerhub.Org, dockerhub.TokenOrg)}
	case as == "Basic":
		return []string{basic(dockerhub.Username, dockerhub.Token)}
	case as == "anonymous":
		return nil
	case strings.HasPrefix(as, "anonymous pull "):
		return []string{s.token("", strings.TrimPrefix(as, "anonymous pull "))}
	case pulls:
		return []string{s.token(basic(dockerhub.Username, dockerhub.Token), repository)}
	}
	return []string{as}
}

// same compares a text with a file in testdata.
func same(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if os.Getenv("PKGFERRY_WRITE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// The redirect of a blob and what the CDN says, in one file.
func TestABlobOnTheWire(t *testing.T) {
	s := start(t)
	blob := s.layer("acme/app", "1.0")
	address := s.Registry + "/v2/acme/app/blobs/" + blob
	head := s.ask(http.MethodHead, address, "", s.token(basic(dockerhub.Username, dockerhub.Token), "acme/app"))
	redirect := s.ask(http.MethodGet, address, "", s.token(basic(dockerhub.Username, dockerhub.Token), "acme/app"))
	location := redirect.header.Get("Location")
	got := s.golden("HEAD", address, head) + "\n" + s.golden("GET", address, redirect) + "\n" +
		s.golden("GET", location, s.ask(http.MethodGet, location, "", "Authorization: Bearer x")) + "\n" +
		s.golden("GET", location+"0", s.ask(http.MethodGet, location+"0", ""))
	same(t, "blob", got)
}
