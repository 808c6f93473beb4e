package gitlab_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func basic(user, password string) string {
	req := &http.Request{Header: http.Header{}}
	req.SetBasicAuth(user, password)
	return "Authorization: " + req.Header.Get("Authorization")
}

// TestTokens checks who gets in, by the kind of token and the way it is sent.
func TestTokens(t *testing.T) {
	c := start(t).as("")
	document := publish{name: "a", version: "1.0.0"}.document(t)
	routes := []struct{ name, method, path, body string }{
		{"maven", "PUT", java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "x"},
		{"npm", "PUT", node + "/npm/a", document},
		{"generic", "PUT", generic + "/generic/a/1.0/f", "x"},
		{"inventory", "GET", java, ""},
		{"pypi", "GET", python + "/pypi/simple", ""},
	}
	for _, row := range []struct {
		header string
		want   [5]int // by route
	}{
		{"PRIVATE-TOKEN: standin-owner", [5]int{200, 200, 201, 200, 200}},
		{"PRIVATE-TOKEN: standin-developer", [5]int{200, 200, 201, 200, 200}},
		{"PRIVATE-TOKEN: standin-reporter", [5]int{403, 403, 403, 200, 200}},
		{"PRIVATE-TOKEN: standin-stranger", [5]int{404, 404, 404, 404, 404}},
		{"PRIVATE-TOKEN: standin-read", [5]int{403, 403, 403, 200, 200}},
		{"PRIVATE-TOKEN: standin-expired", [5]int{401, 401, 401, 401, 401}},
		{"PRIVATE-TOKEN: standin-revoked", [5]int{401, 401, 401, 401, 401}},
		{"PRIVATE-TOKEN: nonsense", [5]int{401, 401, 401, 401, 401}},
		{"PRIVATE-TOKEN: standin-deploy", [5]int{401, 401, 401, 401, 401}},
		{"Authorization: Bearer standin-owner", [5]int{200, 200, 201, 200, 200}},
		{"Authorization: Bearer standin-deploy", [5]int{200, 200, 201, 401, 200}},
		{"Authorization: Bearer standin-job", [5]int{200, 200, 201, 200, 200}},
		{"Authorization: Bearer nonsense", [5]int{401, 401, 401, 401, 401}},
		{basic("any", "standin-owner"), [5]int{200, 401, 201, 404, 200}},
		{basic("any", "standin-deploy"), [5]int{200, 200, 201, 404, 200}},
		{basic("gitlab-ci-token", "standin-job"), [5]int{200, 401, 401, 404, 200}},
		{basic("any", "nonsense"), [5]int{401, 401, 401, 404, 401}},
		{"DEPLOY-TOKEN: standin-deploy", [5]int{200, 200, 201, 404, 200}},
		{"DEPLOY-TOKEN: standin-deploy-read", [5]int{403, 403, 403, 404, 200}},
		{"JOB-TOKEN: standin-job", [5]int{200, 200, 201, 200, 401}},
		{"X-Nothing: 1", [5]int{401, 401, 401, 404, 401}},
	} {
		for i, r := range routes {
			if got := c.do(r.method, r.path, r.body, row.header); got.status != row.want[i] {
				t.Errorf("%s to %s: %d %s, want %d", row.header, r.name, got.status, got.body, row.want[i])
			}
		}
	}
}

// TestRefusals checks the words and headers of refusals.
func TestRefusals(t *testing.T) {
	c := start(t)
	jar := "/maven/com/acme/lib/1.0/lib-1.0.jar"
	got := c.as("").want(401, `{"message":"401 Unauthorized"}`, "PUT", java+jar, "x")
	if challenge := got.header.Get("WWW-Authenticate"); challenge != `Basic realm="GitLab Packages Registry"` {
		t.Errorf("challenge %q", challenge)
	}
	if got = c.as("").do("PUT", node+"/npm/a", "{}"); got.header.Get("WWW-Authenticate") != "" {
		t.Error("npm asks for Basic")
	}
	c.want(404, `{"message":"404 Project Not Found"}`, "PUT", api+"absent/packages"+jar, "x")
	c.want(404, `{"message":"404 Not Found"}`, "PUT", api+"absent/packages/generic/a/1/f", "x")
	c.want(404, `{"message":"404 Project Not Found"}`, "GET", "/api/v4/projects/9999", "")
	c.want(404, `{"message":"404 Project Not Found"}`, "GET", "/api/v4/projects/java-packages", "")
	c.want(404, `{"message":"404 Group Not Found"}`, "GET", "/api/v4/groups/absent", "")
	c.want(404, `{"error":"404 Not Found"}`, "GET", "/api/v4/nothing", "")
	c.as("standin-expired").want(401, `{"error":"invalid_token","error_description":"Token is expired. `+
		`You can either do re-authorization or token refresh."}`, "GET", java, "")
	if got = c.as("standin-read").do("PUT", java+jar, "x"); !strings.Contains(got.body, `"insufficient_scope"`) {
		t.Errorf("scope: %s", got.body)
	}
	c.as("standin-developer").want(403, `{"message":"403 Forbidden"}`, "PUT", node+"/npm/a", "{}", "Npm-Command: deprecate")

	c.mutate(`{"set":{"project":"acme/artifact-management/java-packages","archived":true}}`)
	c.want(403, `{"message":"403 Forbidden"}`, "PUT", java+jar, "x")
	c.want(200, "[]", "GET", java, "")
	c.mutate(`{"set":{"project":"acme/artifact-management/java-packages","archived":false,"registry":false}}`)
	c.want(403, `{"message":"403 Forbidden"}`, "GET", java, "")
	c.want(403, `{"message":"403 Forbidden"}`, "PUT", java+jar, "x")
}

// TestPublicProjects checks that anybody reads them and that a wrong password does not matter then.
func TestPublicProjects(t *testing.T) {
	c := start(t, "visibility=public")
	c.put(generic+"/generic/a/1.0/f", "text", 201)
	anonymous := c.as("")
	anonymous.want(200, "text", "GET", generic+"/generic/a/1.0/f", "")
	anonymous.want(200, "text", "GET", generic+"/generic/a/1.0/f", "", basic("any", "nonsense"))
	anonymous.want(200, "*", "GET", generic, "")
	anonymous.want(401, "*", "PUT", generic+"/generic/a/1.0/f", "text")
	c.as("standin-stranger").want(403, "*", "PUT", generic+"/generic/a/1.0/f", "text")
}

func TestProtection(t *testing.T) {
	c := start(t)
	for _, format := range []string{"maven", "npm", "generic", "pypi", "nuget"} {
		project := map[string]string{"maven": "java", "npm": "node", "generic": "generic", "pypi": "python", "nuget": "nuget"}[format]
		c.mutate(fmt.Sprintf(`{"protect":{"project":"acme/artifact-management/%s-packages","format":%q,"pattern":"*secret*","role":"owner"}}`,
			project, format))
	}
	document := publish{name: "@x/secret", version: "1.0.0"}.document(t)
	const refused = `{"message":"403 Forbidden - Package protected."}`
	for _, who := range []string{"standin-maintainer"} {
		c := c.as(who)
		c.want(403, refused, "PUT", java+"/maven/com/secret/1.0/secret-1.0.jar", "x")
		c.want(403, refused, "PUT", generic+"/generic/a-Secret-b/1.0/f", "x")
		c.want(400, `{"error":"Package protected.","message":"Package protected."}`, "PUT", node+"/npm/@x%2fsecret", document)
		c.send(403, refused, "POST", python+"/pypi", wheel("name", "my_SECRET")...)
		body, header := form(t, "package;a.nupkg", nupkg(t, "My.Secret", "1.0"))
		c.as("").want(403, refused, "PUT", c.nuget()+"/", body, header, "X-NuGet-ApiKey: "+who)
		c.as("").want(403, refused, "PUT", c.nuget()+"/", body, header, "X-NuGet-ApiKey: standin-deploy")
		c.put(generic+"/generic/open/1.0/f", "x", 201)
	}
	c.put(generic+"/generic/a-secret-b/1.0/f", "x", 201)
	c.as("").want(403, refused, "PUT", generic+"/generic/a-secret-b/1.0/f", "x", "DEPLOY-TOKEN: standin-deploy")
	c.want(201, "*", "POST", generic+"/protection/rules", `{"package_name_pattern":"kept*","package_type":"generic","minimum_access_level_for_delete":"owner"}`,
		"Content-Type: application/json")
	c.put(generic+"/generic/kept/1.0/f", "x", 201)
	c.as("").want(403, refused, "PUT", generic+"/generic/kept/1.0/f", "x", "DEPLOY-TOKEN: standin-deploy")
}

// dial opens a bare connection that gives up rather than hang.
func (c client) dial() net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(time.Minute))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// TestRefusalBeforeBody sends only headers: the answer must not wait for the body.
func TestRefusalBeforeBody(t *testing.T) {
	c := start(t, "limit.maven=1000")
	for _, row := range []struct{ path, token, status string }{
		{java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "", "401"},
		{java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "standin-reporter", "403"},
		{java + "/maven/com/acme/lib/1.0/l%20b.jar", "standin-owner", "400"},
		{java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "standin-owner", "413"},
		{generic + "/generic/a/1..0/f", "standin-owner", "400"},
	} {
		conn := c.dial()
		_, _ = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\nContent-Length: 5000000\r\n\r\n", row.path, row.token)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, row.status) {
			t.Errorf("%s as %q: %q, %v, want %s", row.path, row.token, line, err, row.status)
		}
		_ = conn.Close()
	}
}

// TestShortBody ends the body before its Content-Length: nothing may be stored.
func TestShortBody(t *testing.T) {
	c := start(t, "settle=immediate")
	for _, path := range []string{
		java + "/maven/com/acme/lib/1.0/lib-1.0.jar", node + "/npm/a", generic + "/generic/a/1.0/f",
	} {
		conn := c.dial()
		_, _ = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\nContent-Length: 10\r\n\r\nhello", path, c.token)
		_ = conn.(*net.TCPConn).CloseWrite()
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.Contains(string(answer), "500 Internal Server Error") {
			t.Errorf("%s: %q, %v", path, answer, err)
		}
		_ = conn.Close()
	}
	if lines := c.dump(); len(lines) > 0 {
		t.Errorf("stored: %v", lines)
	}
}
