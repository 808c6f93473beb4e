package gitlab_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// jwtClaims are what a test reads of a token.
type jwtClaims struct {
	Iss, Aud, Sub, Jti string
	AuthType           string `json:"auth_type"`
	Exp, Nbf, Iat      int64
	User               string
	Access             []struct {
		Type, Name string
		Actions    []string
		Meta       map[string]any
	}
}

// granted is the access as "name:action,action" words.
func (c jwtClaims) granted() string {
	words := []string{}
	for _, a := range c.Access {
		words = append(words, a.Name+":"+strings.Join(a.Actions, ","))
	}
	return strings.Join(words, " ")
}

func part(t testing.TB, token string, i int, into any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ask asks /jwt/auth; without a user nobody asks.
func (c client) ask(user, password string, scopes ...string) reply {
	c.t.Helper()
	query := url.Values{"service": {"container_registry"}}
	for _, one := range scopes {
		query.Add("scope", one)
	}
	var header []string
	if user != "" {
		header = append(header, basic(user, password))
	}
	return c.as("").do("GET", "/jwt/auth?"+query.Encode(), "", header...)
}

// grant asks and returns the token with its claims.
func (c client) grant(user, password string, scopes ...string) (token string, claims jwtClaims) {
	c.t.Helper()
	got := c.ask(user, password, scopes...)
	var answer map[string]string
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || got.status != 200 || len(answer) != 1 {
		c.t.Fatalf("%s for %v: %d %s", user, scopes, got.status, got.body)
	}
	part(c.t, answer["token"], 1, &claims)
	return answer["token"], claims
}

const (
	app     = imageProject + "/app"
	refused = `{"errors":[{"code":"DENIED","message":"access forbidden"}],"http_status":403}`
)

// TestScopes checks what of a scope is granted, by the kind of credential.
func TestScopes(t *testing.T) {
	c := start(t)
	c.mutate(`{"add_project":"acme/app"}`) // the one whose job standin-job is
	c.mutate(`{"add_project":"other/closed"}`)
	all := "repository:" + app + ":pull,push,delete,*,dance"
	for _, row := range []struct{ user, password, scope, want string }{
		{"any", "standin-owner", all, app + ":pull,push,delete,*"},
		{"any", "standin-maintainer", all, app + ":pull,push,delete,*"},
		{"any", "standin-developer", all, app + ":pull,push"},
		{"any", "standin-reporter", all, app + ":pull"},
		{"any", "standin-stranger", all, ""},
		{"any", "standin-read", all, app + ":pull"},
		{"any", "standin-registry", all, app + ":pull,push"},
		{"any", "standin-registry-read", all, app + ":pull"},
		{"standin-deploy-images", "standin-deploy-images", all, app + ":pull,push"},
		{"standin-deploy-images-read", "standin-deploy-images-read", all, app + ":pull"},
		{"gitlab-ci-token", "standin-job", all, app + ":pull"},
		{"gitlab-ci-token", "standin-job", "repository:acme/app:pull,push,delete,*", "acme/app:pull,push,delete"},
		{"gitlab-ci-token", "standin-job", "repository:other/closed:pull", ""},
		{"any", "standin-owner", "repository:acme/app:pull repository:" + app + ":push", "acme/app:pull " + app + ":push"},
		{"any", "standin-owner", "repository:acme/App:pull", "acme/app:pull"},
		{"any", "standin-owner", "repository:" + imageProject + "/a/b:pull", imageProject + "/a/b:pull"},
		{"any", "standin-owner", "repository:" + imageProject + "/a/b/c:pull", ""},
		{"any", "standin-owner", "repository:" + imageProject + "/a..b:pull", ""},
		{"any", "standin-owner", "repository:acme/absent/app:pull", ""},
		{"any", "standin-owner", "repository:acme:pull", ""},
		{"any", "standin-owner", "repository:" + app + ":", ""},
		{"any", "standin-owner", "registry:catalog:*", ""},
		{"any", "standin-owner", "", ""},
	} {
		if _, claims := c.grant(row.user, row.password, row.scope); claims.granted() != row.want {
			t.Errorf("%s for %s: %q, want %q", row.password, row.scope, claims.granted(), row.want)
		}
	}
	_, claims := c.grant("any", "standin-owner", "repository:acme/app:pull", "repository:"+app+":push")
	if want := "acme/app:pull " + app + ":push"; claims.granted() != want {
		t.Errorf("repeated scopes: %q, want %q", claims.granted(), want)
	}
}

// TestJWTRefusals checks the words of what /jwt/auth refuses.
func TestJWTRefusals(t *testing.T) {
	c := start(t)
	scope := "repository:" + app + ":pull"
	for _, row := range []struct {
		user, password, scope string
		status                int
		body                  string
	}{
		{"any", "nonsense", scope, 401, `{"errors":[{"code":"UNAUTHORIZED","message":"HTTP Basic: Access denied.`},
		{"any", "standin-expired", scope, 401, `{"errors":[{"code":"UNAUTHORIZED"`},
		{"any", "standin-deploy-images", scope, 401, `{"errors":[{"code":"UNAUTHORIZED"`}, // not its user name
		{"any", "standin-job", scope, 401, `{"errors":[{"code":"UNAUTHORIZED"`},
		{"standin-deploy", "standin-deploy", scope, 403, refused}, // no scope of the registry
		{"", "", scope, 403, refused},
		{"", "", "", 403, refused},
		{"any", "standin-owner", "repository:" + app, 500, "500"},
	} {
		got := c.ask(row.user, row.password, row.scope)
		if got.status != row.status || !strings.HasPrefix(got.body, row.body) {
			t.Errorf("%s %s: %d %s, want %d %s", row.password, row.scope, got.status, got.body, row.status, row.body)
		}
	}
	c = c.as("")
	c.want(404, "*", "POST", "/jwt/auth", "grant_type=password&service=container_registry")
	c.want(404, "", "GET", "/jwt/auth?service=dependency_proxy", "", basic("any", "standin-owner"))
	c.mutate(`{"mode":{"storage":"full"}}`)
	if got := c.ask("any", "standin-owner", "repository:"+app+":pull,push"); got.status != 403 ||
		!strings.Contains(got.body, "namespace storage limit") {
		t.Errorf("full: %d %s", got.status, got.body)
	}
	c.grant("any", "standin-owner", scope)
	c.mutate(`{"mode":{"registry":"false"}}`)
	if got := c.ask("any", "standin-owner", scope); got.status != 404 ||
		got.body != `{"errors":[{"code":"UNAVAILABLE","message":"registry not enabled"}],"http_status":404}` {
		t.Errorf("off: %d %s", got.status, got.body)
	}
}

// TestJWT checks a token as a registry does that knows GitLab's certificate.
func TestJWT(t *testing.T) {
	c := start(t, "registry.token=90s")
	token, claims := c.grant("any", "standin-developer", "repository:"+app+":pull,push")
	block, _ := pem.Decode([]byte(c.want(200, "*", "GET", "/_standin/registry.crt", "").body))
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		Typ, Alg string
		X5c      []string
	}
	part(t, token, 0, &header)
	leaf, err := base64.StdEncoding.DecodeString(header.X5c[0])
	if err != nil || header.Alg != "RS256" || header.Typ != "JWT" {
		t.Fatalf("header %+v, %v", header, err)
	}
	certificate, err := x509.ParseCertificate(leaf)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
	signed := token[:strings.LastIndexByte(token, '.')]
	signature, err := base64.RawURLEncoding.DecodeString(token[len(signed)+1:])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(signed))
	if err := rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	if claims.Iss == "" || claims.Aud != "container_registry" || claims.Sub != "developer" || claims.AuthType != "personal_access_token" ||
		claims.Exp-claims.Iat != 90 || claims.Iat-claims.Nbf != 5 || len(claims.Jti) != 36 || claims.User == "" {
		t.Errorf("claims %+v", claims)
	}
	if age := time.Since(time.Unix(claims.Iat, 0)); age < 0 || age > time.Hour {
		t.Errorf("issued %v ago", age)
	}
	meta := claims.Access[0].Meta
	if meta["project_path"] != imageProject || meta["project_id"] == nil || meta["root_namespace_id"] == nil || len(meta) != 3 {
		t.Errorf("meta %v", meta)
	}
	if _, deploy := c.grant("standin-deploy-images", "standin-deploy-images"); deploy.Sub != "" || deploy.AuthType != "deploy_token" {
		t.Errorf("deploy token's claims %+v", deploy)
	}
	c.mutate(`{"mode":{"registry.token.json":"docker"}}`)
	var docker map[string]any
	if err := json.Unmarshal([]byte(c.ask("any", c.token).body), &docker); err != nil || docker["token"] != docker["access_token"] ||
		docker["expires_in"] != 90.0 || docker["issued_at"] == nil {
		t.Errorf("docker's answer %v, %v", docker, err)
	}
}

// TestRepositoryRow checks that a granted push makes the repository's row, even when nothing is pushed.
func TestRepositoryRow(t *testing.T) {
	c := start(t)
	const listing = "/api/v4/projects/acme%2Fartifact-management%2Fdocker-images/registry/repositories"
	c.grant("any", c.token, "repository:"+app+":pull")
	c.grant("any", "standin-reporter", "repository:"+app+":pull,push")
	c.want(200, "[]", "GET", listing, "")
	for range 2 {
		c.grant("any", "standin-developer", "repository:"+app+":pull,push")
	}
	rows := c.rows(listing + "?tags_count=true")
	if len(rows) != 1 || rows[0]["path"] != app || rows[0]["name"] != "app" || rows[0]["tags_count"] != 0.0 {
		t.Errorf("rows %v", rows)
	}
}

// TestProtectionInTokens checks what protects paths and tags: a path in the answer, tags in the token.
func TestProtectionInTokens(t *testing.T) {
	c := start(t)
	protect := func(body string) { c.mutate(fmt.Sprintf(body, imageProject)) }
	protect(`{"protect":{"project":%[1]q,"format":"container","pattern":"` + imageProject + `/secret*","role":"owner"}}`)
	protect(`{"protect_tag":{"project":%q,"pattern":"^v[0-9]","push":"maintainer","delete":"owner"}}`)
	protect(`{"protect_tag":{"project":%q,"pattern":"final"}}`)
	const both = "repository:" + imageProject + "/secret/app:push repository:" + app + ":push"
	for _, who := range [][2]string{{"any", "standin-maintainer"}, {"standin-deploy-images", "standin-deploy-images"}} {
		const body = `{"errors":[{"code":"DENIED","message":"Pushing to protected repository path forbidden"}],"http_status":403}`
		if got := c.ask(who[0], who[1], both); got.status != 403 || got.body != body {
			t.Errorf("%s: %d %s", who[1], got.status, got.body)
		}
	}
	c.grant("any", "standin-owner", both)
	c.grant("any", "standin-reporter", "repository:"+imageProject+"/secret:pull,push") // no push is granted anyway
	c.want(201, "*", "POST", imagesAPI+"/registry/protection/repository/rules",        // about deleting alone
		`{"repository_path_pattern":"`+imageProject+`/kept","minimum_access_level_for_delete":"owner"}`, "Content-Type: application/json")
	c.grant("any", "standin-developer", "repository:"+imageProject+"/kept:push")
	if got := c.ask("standin-deploy-images", "standin-deploy-images", "repository:"+imageProject+"/kept:push"); got.status != 403 {
		t.Errorf("a rule about deleting does not keep a deploy token from pushing: %d %s", got.status, got.body)
	}
	for _, row := range []struct{ user, password, actions, meta string }{
		{"any", "standin-developer", "pull,push", `{"push":["^v[0-9]"]} ["final"]`},
		{"any", "standin-maintainer", "push,delete", `{"delete":["^v[0-9]"],"push":[]} ["final"]`},
		{"any", "standin-owner", "*", `{"delete":[],"push":[]} ["final"]`},
		{"any", "standin-developer", "pull", `{} null`},
		{"standin-deploy-images", "standin-deploy-images", "push", `null ["final"]`},
	} {
		_, claims := c.grant(row.user, row.password, "repository:"+app+":"+row.actions)
		meta := claims.Access[0].Meta
		deny, _ := json.Marshal(meta["tag_deny_access_patterns"])
		fixed, _ := json.Marshal(meta["tag_immutable_patterns"])
		if got := string(deny) + " " + string(fixed); got != row.meta {
			t.Errorf("%s %s: %s, want %s", row.password, row.actions, got, row.meta)
		}
	}
}
