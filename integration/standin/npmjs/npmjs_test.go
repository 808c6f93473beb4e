package npmjs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/fixture"
	"pkgferry/integration/standin/standintest"
)

type client struct {
	*Server
	t   *testing.T
	url string
}

func start(t *testing.T, o standin.Options) client {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client{Server: s, t: t, url: standintest.Start(t, s)}
}

func with(pairs ...string) standin.Options {
	parsed, _ := standin.ParseModes(pairs)
	return standin.Options{Modes: parsed}
}

// ask sends a request; header has "Name: value" lines. Redirects are not followed.
func (c client) ask(method, path, body string, header ...string) (*http.Response, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, got
}

// get expects a status and decodes the answer.
func (c client) get(path string, status int, header ...string) (body object) {
	c.t.Helper()
	resp, text := c.ask("GET", path, "", header...)
	if resp.StatusCode != status {
		c.t.Errorf("GET %s: %s %s, want %d", path, resp.Status, text, status)
	}
	_ = json.Unmarshal(text, &body)
	return body
}

const bearer = "Authorization: Bearer " + Token

func TestDocuments(t *testing.T) {
	c := start(t, standin.Options{})
	full, text := c.ask("GET", "/@acme%2fui", "")
	short, brief := c.ask("GET", "/@acme/ui", "", "Accept: "+abbreviatedType+"; q=1.0, application/json; q=0.8")
	if full.Header.Get("ETag") == "" || full.Header.Get("ETag") == short.Header.Get("ETag") || short.Header.Get("Content-Type") != abbreviatedType {
		t.Errorf("full %v\nabbreviated %v", full.Header, short.Header)
	}
	for form, has := range map[string][2]bool{`"_rev"`: {true, false}, `"time"`: {true, false}, `"hasInstallScript"`: {false, true}, `"deprecated"`: {true, true}, `"dependencies"`: {true, true}, `"modified"`: {true, true}} {
		if got := [2]bool{bytes.Contains(text, []byte(form)), bytes.Contains(brief, []byte(form))}; got != has {
			t.Errorf("%s in full and abbreviated: %v, want %v", form, got, has)
		}
	}
	again, body := c.ask("GET", "/@acme%2fui", "", "If-None-Match: "+full.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || len(body) > 0 || again.Header.Get("Vary") == "" || again.Header.Get("ETag") != "" {
		t.Errorf("not modified: %s %v", again.Status, again.Header)
	}
	c.ask("POST", "/_standin/mutate", `{"publish":{"name":"@acme/ui","version":"3.0.0","tag":"latest"}}`)
	if again, _ = c.ask("GET", "/@acme%2fui", "", "If-None-Match: "+full.Header.Get("ETag")); again.StatusCode != http.StatusOK {
		t.Errorf("after a change: %s", again.Status)
	}
	if got := c.get("/@acme%2fui/latest", 200)["version"]; got != "3.0.0" {
		t.Errorf("latest is %v", got)
	}
	c.get("/@acme%2fui/9.9.9", 404)
	c.get("/nobody", 404)
}

// TestTarballs reads every tarball by the address and with the digest that its document has.
func TestTarballs(t *testing.T) {
	c := start(t, standin.Options{Seed: "6", Modes: map[string]string{"size": "2000"}})
	read := 0
	for _, name := range []string{"@acme/bulk-0000000", "@acme/bulk-0000001"} {
		versions, _ := c.get("/"+name, 200)["versions"].(object)
		for number, one := range versions {
			dist, _ := one.(object)["dist"].(object)
			address, _ := dist["tarball"].(string)
			_, body := c.ask("GET", strings.TrimPrefix(address, c.url), "")
			sum := sha512.Sum512(body)
			if dist["integrity"] != "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) || len(body) < 2000 {
				t.Errorf("%s: %d bytes, declared %v", address, len(body), dist["integrity"])
			}
			if got := manifestIn(t, body); got["name"] != name || got["version"] != number {
				t.Errorf("%s holds %v", address, got)
			}
			read++
		}
	}
	if read != 6 {
		t.Errorf("%d versions, want 6", read)
	}
	c.get("/@acme/bulk-0000002", 404)
}

func manifestIn(t *testing.T, tarball []byte) (manifest object) {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unpacked); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return manifest
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "package/package.json" {
			if err := json.NewDecoder(archive).Decode(&manifest); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAccess(t *testing.T) {
	c := start(t, with("private=yes", "permissions=write"))
	c.get("/-/whoami", 401)
	c.get("/-/whoami", 401, "Authorization: Bearer wrong")
	if got := c.get("/-/whoami", 200, bearer)["username"]; got != Username {
		t.Errorf("whoami: %v", got)
	}
	c.get("/@acme%2fui", 404)
	c.get("/@acme/ui/-/ui-1.2.0.tgz", 404)
	c.get("/@acme%2fui", 200, bearer)
	c.get("/tidy-lines", 200, "Authorization: Bearer wrong")
	c.get("/-/org/acme/package", 401)
	want := object{"@acme/cli": "write", "@acme/core": "read", "@acme/ui": "read"}
	if diff := cmp.Diff(want, c.get("/-/org/acme/package?format=cli", 200, bearer)); diff != "" {
		t.Errorf("the organisation's (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(object{"tidy-lines": "read"}, c.get("/-/user/"+Username+"/package", 200, bearer)); diff != "" {
		t.Errorf("the user's (-want +got):\n%s", diff)
	}
	c.get("/-/org/nobody/package", 404, bearer)
	c.get("/-/all", 404)
	c.get("/-/v1/search?text=x", 400)
	if got := c.get("/-/v1/search?text=acme", 200, bearer)["total"]; got != 0. {
		t.Errorf("search shows %v private packages", got)
	}
}

func TestVerdaccio(t *testing.T) {
	c := start(t, with("flavour=verdaccio", "private=yes"))
	if got := c.get("/-/whoami", 200, "Authorization: Bearer wrong"); len(got) != 0 {
		t.Errorf("whoami with a wrong token: %v", got)
	}
	c.get("/@acme%2fui", 401)
	c.get("/-/org/acme/package", 404, bearer)
	c.get("/-/verdaccio/data/packages", 404, bearer)
	if _, text := c.ask("GET", "/-/verdaccio/data/packages", ""); !bytes.HasPrefix(text, []byte("[")) || bytes.Contains(text, []byte("@acme/")) {
		t.Errorf("the web list for nobody: %s", text)
	}
	for header, n := range map[string]int{bearer: 5, "X: y": 2} {
		if got := c.get("/-/all", 200, header); len(got) != n {
			t.Errorf("/-/all with %q: %v", header, got)
		}
	}
	if got := c.get("/-/v1/search?text=&size=2&from=1", 200, bearer); got["total"] != 1. {
		t.Errorf("Verdaccio takes size for the end of the page: %v", got["total"])
	}
}

func TestModes(t *testing.T) {
	c := start(t, with("tarball=redirect", "private=yes"))
	resp, _ := c.ask("GET", "/@acme/ui/-/ui-1.2.0.tgz", "", bearer)
	if resp.StatusCode != http.StatusFound || !strings.HasPrefix(resp.Header.Get("Location"), c.foreignAt) {
		t.Errorf("redirect: %s %v", resp.Status, resp.Header)
	}
	second := client{Server: c.Server, t: t, url: c.foreignAt}
	for n, header := range []string{"X: y", bearer} {
		resp, _ := second.ask("GET", "/@acme/ui/-/ui-1.2.0.tgz", "", header)
		if got := c.Stats().ForeignCredentials; resp.StatusCode != http.StatusOK || got != n {
			t.Errorf("with %q: %s, counted %d", header, resp.Status, got)
		}
	}
	if _, text := start(t, with("host=old")).ask("GET", "/@acme%2fui", ""); !bytes.Contains(text, []byte(`"http://registry.old.example/@acme/ui/-/ui-1.2.0.tgz"`)) {
		t.Error("no old address")
	}
	c = start(t, with("gzip=truncated"))
	for _, whole := range []bool{false, true} {
		_, packed := c.ask("GET", "/@acme%2fui", "", "Accept-Encoding: gzip")
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = io.Copy(io.Discard, unpacked); (err == nil) != whole {
			t.Errorf("truncated gzip: %v, want whole %v", err, whole)
		}
	}
	if _, text := start(t, with("packument=3MB")).ask("GET", "/@acme%2flarge", ""); len(text) < 2_900_000 {
		t.Errorf("the large document has %d bytes", len(text))
	}
	for _, wrong := range []string{"colour=red", "size=large", "packument=x", "org=maybe", "expires=-1", "private=", "stale=N"} {
		if s, err := New(with(wrong)); err == nil {
			t.Errorf("mode %s was taken", wrong)
			_ = s.Close()
		}
	}
}

func TestTooManyRequests(t *testing.T) {
	c := start(t, standin.Options{Faults: []standin.Fault{{Kind: "429", Stage: standin.List, Rate: 1}}})
	resp, text := c.ask("GET", "/@acme%2fui", "")
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "0" || !bytes.Contains(text, []byte("<html>")) {
		t.Errorf("%s %v %s", resp.Status, resp.Header, text)
	}
	c.get("/@acme%2fui", 200)
}

func TestPublish(t *testing.T) {
	c := start(t, standin.Options{})
	tarball := fixture.NPM("@acme/new", "1.0.0", 0)
	document, _ := json.Marshal(object{
		"_id": "@acme/new", "name": "@acme/new", "dist-tags": object{"beta": "1.0.0"},
		"versions":     object{"1.0.0": object{"name": "@acme/new", "version": "1.0.0", "dist": object{"tarball": "http://elsewhere.example/x.tgz"}}},
		"_attachments": object{"@acme/new-1.0.0.tgz": object{"data": base64.StdEncoding.EncodeToString(tarball), "length": len(tarball)}},
	})
	for _, step := range []struct {
		method, path, body, header string
		status                     int
	}{
		{"PUT", "/@acme%2fnew", string(document), "X: y", 401},
		{"PUT", "/@acme%2fnew", strings.Replace(string(document), `"length":`, `"length":1`, 1), bearer, 400},
		{"PUT", "/@acme%2fother", string(document), bearer, 400},
		{"PUT", "/@acme%2fnew", string(document), bearer, 201},
		{"PUT", "/@acme%2fnew", string(document), bearer, 403},
		{"PUT", "/-/package/@acme%2fnew/dist-tags/latest", `"1.0.0"`, bearer, 201},
		{"PUT", "/-/package/@acme%2fnew/dist-tags/latest", `"9.9.9"`, bearer, 404},
		{"DELETE", "/-/package/@acme%2fnew/dist-tags/beta", "", bearer, 200},
		{"PUT", "/@acme%2fnew", `{"name":"@acme/new","versions":{"1.0.0":{"deprecated":"old"}}}`, bearer, 200},
	} {
		if resp, text := c.ask(step.method, step.path, step.body, step.header); resp.StatusCode != step.status {
			t.Errorf("%s %s: %s %s, want %d", step.method, step.path, resp.Status, text, step.status)
		}
	}
	if diff := cmp.Diff(object{"latest": "1.0.0"}, c.get("/-/package/@acme%2fnew/dist-tags", 200)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if got := c.get("/@acme%2fnew/1.0.0", 200)["deprecated"]; got != "old" {
		t.Errorf("deprecated: %v", got)
	}
	if _, body := c.ask("GET", "/@acme/new/-/new-1.0.0.tgz", ""); !bytes.Equal(body, tarball) {
		t.Error("the tarball comes back with other bytes")
	}
	if got := c.Stats().Writes; got["npm/npm/@acme/new/1.0.0/new-1.0.0.tgz"] != 1 || len(got) != 1 {
		t.Errorf("writes: %v", got)
	}
}

func TestMutateAndDump(t *testing.T) {
	c := start(t, standin.Options{Seed: "8"})
	for body, status := range map[string]int{
		`{"unpublish":{"name":"@acme/bulk-0000000"}}`:                                   204,
		`{"unpublish":{"name":"@acme/bulk-0000001","version":"1.3.0"}}`:                 204,
		`{"publish":{"name":"more","version":"1.0.0","tag":"latest"}}`:                  204,
		`{"deprecate":{"name":"@acme/bulk-0000001","version":"1.0.0","message":"old"}}`: 204,
		`{"tag":{"name":"@acme/bulk-0000001","version":"1.1.0","tag":"stable"}}`:        204,
		`{"tag":{"name":"nobody","version":"1.1.0","tag":"stable"}}`:                    409,
		`{"publish":{"name":"@acme/bulk-0000001","version":"1.0.0"}}`:                   409,
	} {
		if resp, _ := c.ask("POST", "/_standin/mutate", body); resp.StatusCode != status {
			t.Errorf("%s: %s, want %d", body, resp.Status, status)
		}
	}
	gone := c.get("/@acme%2fbulk-0000000", 200)
	times, _ := gone["time"].(object)
	if _, ok := times["unpublished"].(object); !ok || gone["versions"] != nil || gone["dist-tags"] != nil {
		t.Errorf("tombstone: %v", gone)
	}
	if diff := cmp.Diff(object{"stable": "1.1.0"}, c.get("/@acme%2fbulk-0000001", 200)["dist-tags"]); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	_, text := c.ask("GET", "/_standin/dump", "")
	var held []string
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var line standin.DumpLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Size == 0 || len(line.SHA256) != 64 {
			t.Errorf("%s: %v", lines.Text(), err)
		}
		held = append(held, line.File)
	}
	want := []string{"@acme/bulk-0000001-1.0.0.tgz", "@acme/bulk-0000001-1.1.0.tgz", "@acme/bulk-0000001-1.2.0.tgz", "more-1.0.0.tgz"}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
}
