package gitlab_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/gitlab"
	"pkgferry/integration/standin/standintest"
)

const (
	api     = "/api/v4/projects/acme%2Fartifact-management%2F"
	java    = api + "java-packages/packages"
	node    = api + "node-packages/packages"
	generic = api + "generic-packages/packages"
	python  = api + "python-packages/packages"
)

// client sends requests to a stand-in as somebody.
type client struct {
	t     testing.TB
	url   string
	token string // PRIVATE-TOKEN; "" is anonymous
}

// start serves a stand-in whose modes are KEY=VALUE words.
func start(t testing.TB, modes ...string) client {
	t.Helper()
	parsed, err := standin.ParseModes(modes)
	if err != nil {
		t.Fatal(err)
	}
	return startWith(t, standin.Options{Modes: parsed})
}

func startWith(t testing.TB, o standin.Options) client {
	t.Helper()
	server, err := gitlab.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client{t, standintest.Start(t, server), server.Ready("").Token}
}

func (c client) as(token string) client {
	c.token = token
	return c
}

type reply struct {
	status int
	body   string
	header http.Header
}

// do sends a request; header holds "Name: value" lines.
func (c client) do(method, path, body string, header ...string) reply {
	c.t.Helper()
	req, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("PRIVATE-TOKEN", c.token)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<24))
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{resp.StatusCode, strings.TrimSuffix(string(text), "\n"), resp.Header}
}

// want sends a request and checks status and, unless it is "*", body.
func (c client) want(status int, body, method, path, sent string, header ...string) reply {
	c.t.Helper()
	got := c.do(method, path, sent, header...)
	if got.status != status || body != "*" && got.body != body {
		c.t.Errorf("%s %s: %d %s, want %d %s", method, path, got.status, got.body, status, body)
	}
	return got
}

func (c client) put(path, body string, status int) {
	c.t.Helper()
	c.want(status, "*", "PUT", path, body)
}

// rows decodes a JSON array, or an object as an array of one.
func (c client) rows(path string) []map[string]any {
	c.t.Helper()
	got := c.want(200, "*", "GET", path, "")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(got.body), &rows); err != nil {
		c.t.Fatalf("GET %s: %v", path, err)
	}
	return rows
}

// column reads one field of each row.
func column(rows []map[string]any, name string) []any {
	values := []any{}
	for _, row := range rows {
		values = append(values, row[name])
	}
	return values
}

// files reads the package_files of the n-th package of a listing.
func (c client) files(packages string, n int) []map[string]any {
	c.t.Helper()
	rows := c.rows(packages + "?include_versionless=true")
	if n >= len(rows) {
		c.t.Fatalf("%s holds %d packages", packages, len(rows))
	}
	return c.rows(fmt.Sprintf("%s/%v/package_files", packages, rows[n]["id"]))
}

func (c client) mutate(body string) { c.t.Helper(); c.want(200, "*", "POST", "/_standin/mutate", body) }

// dump returns "package version file size" lines.
func (c client) dump() (lines []string) {
	c.t.Helper()
	for _, line := range strings.Split(c.want(200, "*", "GET", "/_standin/dump", "").body, "\n") {
		if line == "" {
			continue
		}
		var d standin.DumpLine
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			c.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %d", d.Package, d.Version, d.File, d.Size))
	}
	return lines
}

// graphql runs a query and returns its data as compact JSON, or its first error's message.
func (c client) graphql(query string) string {
	c.t.Helper()
	sent, _ := json.Marshal(map[string]any{"query": query})
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	got := c.want(200, "*", "POST", "/api/graphql", string(sent), "Content-Type: application/json")
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
		c.t.Fatal(err)
	}
	if answer.Errors != nil {
		return answer.Errors[0].Message
	}
	return string(answer.Data)
}

// publish is an npm publish document under construction.
type publish struct {
	name, version string
	tags          string // JSON; "" is {"latest":version}
	manifest      map[string]any
	tarball       []byte // nil: a good one
}

// tarball packs files given as name, text pairs.
func tarball(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipped)
	for i := 0; i < len(pairs); i += 2 {
		if err := archive.WriteHeader(&tar.Header{Name: pairs[i], Mode: 0o644, Size: int64(len(pairs[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func (p publish) document(t testing.TB) string {
	t.Helper()
	if p.tarball == nil {
		p.tarball = tarball(t, "package/package.json", fmt.Sprintf(`{"name":%q,"version":%q}`, p.name, p.version))
	}
	if p.tags == "" {
		p.tags = fmt.Sprintf(`{"latest":%q}`, p.version)
	}
	sum := sha1.Sum(p.tarball)
	manifest := map[string]any{
		"name": p.name, "version": p.version,
		"dist": map[string]any{"shasum": hex.EncodeToString(sum[:]), "tarball": "http://registry.example/x.tgz", "integrity": "sha512-x"},
	}
	for key, value := range p.manifest {
		manifest[key] = value
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"_id":%q,"name":%q,"dist-tags":%s,"versions":{%q:%s},"_attachments":{%q:{"content_type":"x","data":%q,"length":%d}}}`,
		p.name, p.name, p.tags, p.version, text, p.name+"-"+p.version+".tgz", base64.StdEncoding.EncodeToString(p.tarball), len(p.tarball))
}

// form makes a multipart body of name, value pairs, in their order; a name "field;file.ext" is a file's. The header is
// that of the request.
func form(t testing.TB, pairs ...string) (body, header string) {
	t.Helper()
	var buffer strings.Builder
	w := multipart.NewWriter(&buffer)
	for i := 0; i < len(pairs); i += 2 {
		name, file, isFile := strings.Cut(pairs[i], ";")
		part, err := w.CreateFormField(name)
		if isFile {
			part, err = w.CreateFormFile(name, file)
		}
		if err == nil {
			_, err = io.WriteString(part, pairs[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String(), "Content-Type: " + w.FormDataContentType()
}

// send sends a form and checks the answer.
func (c client) send(status int, answer, method, path string, pairs ...string) reply {
	c.t.Helper()
	body, header := form(c.t, pairs...)
	return c.want(status, answer, method, path, body, header)
}
