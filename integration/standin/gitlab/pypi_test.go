package gitlab_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	created = `{"message":"201 Created"}`
	ones    = "1111111111111111111111111111111111111111111111111111111111111111"
)

// wheel is the upload of a file named a-1.0-py3-none-any.whl, with what more there is to say.
func wheel(more ...string) []string {
	return append([]string{":action", "file_upload", "name", "a", "version", "1.0", "content;a-1.0-py3-none-any.whl", "bytes"}, more...)
}

func TestPyPIPublish(t *testing.T) {
	c := start(t)
	const invalid = `{"message":"400 Bad request - Validation failed: `
	for _, row := range []struct {
		status int
		answer string
		pairs  []string
	}{
		{201, created, wheel("sha256_digest", ones, "md5_digest", "claimed")},
		{400, invalid + `File name has already been taken"}`, wheel("sha256_digest", strings.ReplaceAll(ones, "1", "2"))},
		{201, created, []string{"content;a-1.0.tar.gz", "sdist", "version", "1.0", "name", "a"}},
		{201, created, []string{"content;dir/A-1!2.0 (x)\u00e9.zip", "x", "name", "A", "version", "1!2.0.POST1.dev2+local"}},
		{400, `{"error":"content is missing, version is missing"}`, []string{"name", "a"}},
		{400, `{"error":"content is invalid"}`, []string{"name", "a", "version", "1", "content", "no file"}},
		{400, `{"error":"name is missing"}`, []string{"version", "1", "content;x.whl", "x"}},
		{400, `{"error":"sha256_digest is invalid"}`, wheel("sha256_digest", "12")},
		{400, `{"error":"sha256_digest is invalid"}`, wheel("sha256_digest", "")},
		{400, invalid + `Version is invalid"}`, []string{"name", "b", "version", "1.0-SNAPSHOT", "content;x.whl", "x"}},
		{400, invalid + `Version is invalid, Name is invalid"}`, []string{"name", "b c", "version", "latest", "content;x.whl", "x"}},
		{400, invalid + `Name can't be blank, Name is invalid"}`, []string{"name", "", "version", "1", "content;x.whl", "x"}},
	} {
		c.send(row.status, row.answer, "POST", python+"/pypi", row.pairs...)
	}
	want := []string{
		"a 1.0 a-1.0-py3-none-any.whl 5", "a 1.0 a-1.0.tar.gz 5", "A 1!2.0.POST1.dev2+local A-1_2.0__x_\u00e9.zip 1",
	}
	if diff := cmp.Diff(want, c.dump()); diff != "" {
		t.Errorf("what was refused is stored, or what was taken is not:\n%s", diff)
	}
	f := c.files(python, 0)[0]
	if f["file_sha256"] != ones || f["file_md5"] != "claimed" || f["file_sha1"] != nil || f["size"] != 5.0 {
		t.Errorf("digests are not those of the form: %v", f)
	}
	if f = c.files(python, 0)[1]; f["file_sha256"] != nil || f["file_md5"] != nil {
		t.Errorf("digests that nobody claimed: %v", f)
	}
	c.want(400, `{"error":"content is missing, name is missing, version is missing"}`, "POST", python+"/pypi", "name=a")
	c.mutate(`{"set":{"project":"acme/artifact-management/python-packages","visibility":"public"}}`)
	body, header := form(t, wheel()...)
	c.as("").want(401, `{"message":"401 Unauthorized"}`, "POST", python+"/pypi", body, header)
	c.as("").want(404, `{"message":"404 Not Found"}`, "POST", api+"absent/packages/pypi", body, header)
}

// TestPyPIDeletedFile shows that a file that was deleted alone keeps its name taken, and a deleted package does not.
func TestPyPIDeletedFile(t *testing.T) {
	c := start(t)
	c.send(201, created, "POST", python+"/pypi", wheel()...)
	row := c.rows(python)[0]
	c.want(204, "", "DELETE", fmt.Sprintf("%s/%v/package_files/%v", python, row["id"], c.files(python, 0)[0]["id"]), "")
	c.send(400, "*", "POST", python+"/pypi", wheel()...)
	c.want(204, "", "DELETE", fmt.Sprintf("%s/%v", python, row["id"]), "")
	c.send(201, created, "POST", python+"/pypi", wheel()...)
}

func TestPyPISimple(t *testing.T) {
	c := start(t)
	c.send(201, created, "POST", python+"/pypi", "name", "My.Tool", "version", "1.0", "requires_python", `>=3.8,<4 "&`,
		"sha256_digest", ones, "content;My.Tool-1.0.tar.gz", "sdist")
	c.send(201, created, "POST", python+"/pypi", "name", "my_tool", "version", "2.0", "content;my_tool-2.0.zip", "x")
	id := c.rows(python)[0]["_links"].(map[string]any)["delete_api_path"].(string)
	id = strings.Split(strings.TrimPrefix(id, c.url+"/api/v4/projects/"), "/")[0]
	base := c.url + "/api/v4/projects/" + id + "/packages/pypi"
	for _, spelled := range []string{"my-tool", "my-tool/", "My-Tool"} {
		got := c.want(200, "*", "GET", python+"/pypi/simple/"+spelled, "")
		link := fmt.Sprintf(`<a href="%s/files/%s/My.Tool-1.0.tar.gz#sha256=%s" data-requires-python="&gt;=3.8,&lt;4 &#34;&amp;">My.Tool-1.0.tar.gz</a>`,
			base, ones, ones)
		if !strings.Contains(got.body, link) || !strings.Contains(got.body, ">my_tool-2.0.zip</a>") ||
			!strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s:\n%s\nwant %s", spelled, got.body, link)
		}
	}
	// The finder compares the stored name in its normal form with the name of the request as it is.
	c.want(404, `{"message":"404 Package Not Found"}`, "GET", python+"/pypi/simple/my_tool", "")
	index := c.want(200, "*", "GET", python+"/pypi/simple/", "")
	if n := strings.Count(index.body, `"`+base+`/simple/my-tool"`); n != 2 || !strings.Contains(index.body, "Links for python-packages") {
		t.Errorf("%d links in\n%s", n, index.body)
	}
	path := "/pypi/files/" + ones + "/My.Tool-1.0.tar.gz"
	for _, from := range []string{python, "/api/v4/groups/acme/-/packages"} {
		c.want(200, "sdist", "GET", from+path, "")
		c.want(200, "", "HEAD", from+path, "")
		c.want(200, "*", "GET", from+"/pypi/simple/my-tool/", "")
		c.want(404, `{"message":"404 Not found"}`, "GET", from+"/pypi/files/"+ones+"/my_tool-2.0.zip", "")
	}
	group := c.want(200, "*", "GET", "/api/v4/groups/acme/-/packages/pypi/simple", "")
	if !strings.Contains(group.body, "/-/packages/pypi/simple/my-tool") {
		t.Errorf("group: %s", group.body)
	}
	c.want(404, `{"message":"404 Package Not Found"}`, "GET", python+"/pypi/simple/absent", "")
	c.want(404, `{"message":"404 Not Found"}`, "GET", "/api/v4/groups/absent/-/packages/pypi/simple", "")
	c.mutate(`{"mode":{"forward":"https://registry.example"}}`)
	got := c.want(302, "", "GET", python+"/pypi/simple/absent/", "")
	if to := got.header.Get("Location"); to != "https://registry.example/simple/absent/" {
		t.Errorf("forwarded to %s", to)
	}
}

// TestPyPIFields looks at what is kept of the fields: cut to their lengths, and those of the newest file.
func TestPyPIFields(t *testing.T) {
	c := start(t)
	c.send(201, created, "POST", python+"/pypi", wheel("summary", strings.Repeat("ä", 256), "keywords", "first")...)
	metadata := func() string {
		id := c.rows(python)[0]["id"]
		return c.graphql(fmt.Sprintf(`{package(id:"gid://gitlab/Packages::Package/%v"){metadata{...on PypiMetadata{summary keywords requiredPython}}}}`, id))
	}
	want := fmt.Sprintf(`{"package":{"metadata":{"keywords":"first","requiredPython":"","summary":"%s..."}}}`, strings.Repeat("ä", 252))
	if got := metadata(); got != want {
		t.Error(got)
	}
	c.send(201, created, "POST", python+"/pypi", "name", "a", "version", "1.0", "summary", "second", "requires_python", ">=3", "content;a-1.0.zip", "x")
	if got := metadata(); got != `{"package":{"metadata":{"keywords":null,"requiredPython":">=3","summary":"second"}}}` {
		t.Error(got)
	}
}

func TestPyPILimit(t *testing.T) {
	c := start(t, "limit.pypi=5")
	c.send(400, `{"message":"400 Bad request - File is too large"}`, "POST", python+"/pypi", wheel()...)
	c.send(413, "entity is too large", "POST", python+"/pypi", "name", "a", "version", "1", "content;a.whl", "6bytes")
	c.send(201, created, "POST", python+"/pypi", "name", "a", "version", "1", "content;a.whl", "four")
	c.mutate(`{"mode":{"limit.pypi":"0"}}`)
	c.send(201, created, "POST", python+"/pypi", wheel()...)
}

// TestForms sends what Workhorse refuses before Rails sees it.
func TestForms(t *testing.T) {
	c := start(t)
	var many []string
	for i := range 11 {
		many = append(many, fmt.Sprintf("f%d;f.txt", i), "x")
	}
	c.send(400, "upload request contains more than 10 files", "POST", python+"/pypi", many...)
	c.send(400, "Bad Request", "POST", python+"/pypi", wheel("content.path", "/etc/passwd")...)
	c.send(500, "Internal Server Error", "POST", python+"/pypi", wheel("content;again.whl", "x")...)
	body, header := form(t, wheel()...)
	c.want(400, "Bad Request", "POST", python+"/pypi", body, "Content-Type: multipart/form-data")
	c.want(400, "Bad Request", "POST", python+"/pypi", "", header)
	c.want(400, "Bad Request", "POST", python+"/pypi", strings.Replace(body, "Content-Disposition", "Content Disposition\n ", 1), header)
	c.want(500, "Internal Server Error", "POST", python+"/pypi", body[:strings.LastIndex(body, "ytes")], header)
	if lines := c.dump(); len(lines) > 0 {
		t.Errorf("stored: %v", lines)
	}
}

// TestPyPIRace sends the first two files of a version at once: their bodies overlap.
func TestPyPIRace(t *testing.T) {
	for mode, want := range map[string]int{"off": 1, "on": 2} {
		c := start(t, "pypi.race="+mode)
		var begun, all sync.WaitGroup
		begun.Add(2)
		for _, name := range []string{"a-1.0.zip", "a-1.0.tar.gz"} {
			body, header := form(t, "name", "a", "version", "1.0", "content;"+name, "x")
			all.Go(func() {
				conn := c.dial()
				defer func() { _ = conn.Close() }()
				_, _ = fmt.Fprintf(conn, "POST %s/pypi HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nPRIVATE-TOKEN: %s\r\n%s\r\nContent-Length: %d\r\n\r\n",
					python, c.token, header, len(body))
				answers := bufio.NewReader(conn)
				line, err := answers.ReadString('\n') // the server reads the body now
				if err != nil || !strings.Contains(line, "100 Continue") {
					t.Errorf("%q, %v", line, err)
				}
				begun.Done()
				begun.Wait()
				_, _ = io.WriteString(conn, body)
				_, _ = answers.ReadString('\n')
				if resp, err := http.ReadResponse(answers, nil); err != nil || resp.StatusCode != 201 {
					t.Errorf("%v, %v", resp, err)
				}
			})
		}
		all.Wait()
		c.send(201, created, "POST", python+"/pypi", wheel()...)
		if rows := c.rows(python); len(rows) != want || len(c.files(python, 0)) != 4-want {
			t.Errorf("race %s: %d rows, the first with %d files", mode, len(rows), len(c.files(python, 0)))
		}
	}
}
