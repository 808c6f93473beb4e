package gitlab_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const lib = java + "/maven/com/acme/lib/"

func TestMavenPublish(t *testing.T) {
	c := start(t)
	const sum = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" // of "a"
	for _, row := range []struct {
		path, body string
		status     int
		answer     string
	}{
		{"1.0/lib-1.0.jar.sha1", sum, 404, "*"},
		{"1.0/lib-1.0.jar", "a", 200, "null"},
		{"1.0/lib-1.0.jar.sha1", sum, 204, ""},
		{"1.0/lib-1.0.jar.sha1", sum + "\n", 409, `{"message":"409 Conflict"}`},
		{"1.0/lib-1.0.jar.sha1", sum + "  lib-1.0.jar", 409, "*"},
		{"1.0/lib-1.0.jar.sha1", strings.Repeat("0", 40), 409, "*"},
		{"1.0/lib-1.0.jar.md5", "nonsense", 200, ""},
		{"1.0/lib-1.0.jar.asc", "signature", 200, "*"},
		{"1.0/lib-1.0.jar.sha256", "kept", 200, "*"},
		{"1.0/empty-1.0.txt", "", 200, "*"},
		{"maven-metadata.xml", "<metadata/>", 200, "*"},
		{"2.0-SNAPSHOT/maven-metadata.xml", "<snapshot/>", 200, "*"},
		{"1.0/l%20b.jar", "x", 400, `{"error":"file_name is invalid"}`},
		{"1.0/l~b.jar", "x", 400, `{"error":"file_name is invalid"}`},
		{"1..0/lib.jar", "x", 400, "*"},
		{"1.0%20x/lib.jar", "x", 400, "*"},
	} {
		c.want(row.status, row.answer, "PUT", lib+row.path, row.body)
	}
	c.want(400, "*", "PUT", java+"/maven/lib/maven-metadata.xml", "x")
	c.want(400, "*", "PUT", java+"/maven/com/ac+me/lib/1.0/lib.jar", "x")

	rows := c.rows(java + "?include_versionless=true")
	if diff := cmp.Diff([]any{"1.0", nil, "2.0-SNAPSHOT"}, column(rows, "version")); diff != "" {
		t.Error(diff)
	}
	if rows := c.rows(java); len(rows) != 2 {
		t.Errorf("versionless packages are listed: %v", rows)
	}
	files := c.files(java, 0)
	want := []any{"lib-1.0.jar", "lib-1.0.jar.asc", "lib-1.0.jar.sha256", "empty-1.0.txt"}
	if diff := cmp.Diff(want, column(files, "file_name")); diff != "" {
		t.Error(diff)
	}
	if f := files[0]; f["file_sha1"] != sum || f["file_md5"] == nil || f["file_sha256"] != nil || f["size"] != 1.0 {
		t.Errorf("digests: %v", f)
	}
}

func TestMavenDownload(t *testing.T) {
	c := start(t)
	c.put(lib+"1.0/lib-1.0.jar", "first", 200)
	c.put(lib+"1.0/lib-1.0.jar", "second", 200)
	group := "/api/v4/groups/acme/-/packages/maven/com/acme/lib/"
	for _, base := range []string{lib, group} {
		got := c.want(200, "second", "GET", base+"1.0/lib-1.0.jar", "")
		if got.header.Get("x-checksum-sha1") != "352f7829a2384b001cc12b0c2613c756454a1f6a" || got.header.Get("x-checksum-md5") == "" {
			t.Errorf("checksums: %v", got.header)
		}
		c.want(200, "", "HEAD", base+"1.0/lib-1.0.jar", "")
		c.want(200, "352f7829a2384b001cc12b0c2613c756454a1f6a", "GET", base+"1.0/lib-1.0.jar.sha1", "")
		c.want(200, "a9f0e61a137d86aa9db53465e0801612", "GET", base+"1.0/lib-1.0.jar.md5", "")
		c.want(404, `{"message":"404 Package Not Found"}`, "GET", base+"1.0/other.jar", "")
		c.want(404, `{"message":"404 Project Not Found"}`, "GET", base+"9.0/lib-9.0.jar", "")
		c.want(404, "*", "GET", base+"1.0/lib-1.0.jar.sha256", "")
		c.want(206, "con", "GET", base+"1.0/lib-1.0.jar", "", "Range: bytes=2-4")
	}
	if files := c.files(java, 0); len(files) != 2 {
		t.Errorf("files: %v", files)
	}
	// A group serves the newest of its projects' files.
	c.put(generic+"/maven/com/acme/lib/1.0/lib-1.0.jar", "third", 200)
	c.want(200, "third", "GET", group+"1.0/lib-1.0.jar", "")
	c.put(lib+"1.0/lib-1.0.jar", "fourth", 200)
	c.want(200, "fourth", "GET", group+"1.0/lib-1.0.jar", "")
}

func TestMavenDuplicates(t *testing.T) {
	c := start(t, "maven.duplicates=false", `maven.duplicates.except=.*/open`)
	const refused = `{"message":"400 Bad request - Duplicate package is not allowed"}`
	snapshot := lib + "1.0-SNAPSHOT/lib-1.0-"
	for _, row := range []struct {
		path   string
		status int
		answer string
	}{
		{lib + "1.0/lib-1.0.jar", 200, "*"},
		{lib + "1.0/lib-1.0.jar", 400, refused},
		{lib + "1.0/lib-1.0.pom", 200, "*"},
		{lib + "maven-metadata.xml", 200, "*"},
		{lib + "maven-metadata.xml", 200, "*"},
		{snapshot + "20240501.101112-1.jar", 200, "*"},
		{snapshot + "20240501.101112-1.pom", 200, "*"},
		{snapshot + "20240501.101112-1-sources.jar", 200, "*"},
		{snapshot + "20240502.101112-2.jar", 400, refused},
		{lib + "1.0-SNAPSHOT/maven-metadata.xml", 200, "*"},
		{lib + "1.0-SNAPSHOT/maven-metadata.xml", 400, refused},
		{java + "/maven/com/acme/open/1.0/open-1.0.jar", 200, "*"},
		{java + "/maven/com/acme/open/1.0/open-1.0.jar", 200, "*"},
	} {
		c.want(row.status, row.answer, "PUT", row.path, "x")
	}
	if lines := c.dump(); len(lines) != 10 {
		t.Errorf("refused files were stored: %v", lines)
	}
	// Where duplicates are allowed, the exception forbids them.
	c.mutate(`{"mode":{"maven.duplicates":"true"}}`)
	c.want(400, refused, "PUT", java+"/maven/com/acme/open/1.0/open-1.0.jar", "x")
	c.put(lib+"1.0/lib-1.0.jar", "x", 200)
}

// TestMavenMetadataTrap: metadata in a release directory, uploaded first, hides the version.
func TestMavenMetadataTrap(t *testing.T) {
	c := start(t)
	c.put(lib+"1.0/maven-metadata.xml", "x", 200)
	c.put(lib+"1.0/lib-1.0.jar", "x", 200)
	rows := c.rows(java + "?include_versionless=true")
	if len(rows) != 1 || rows[0]["name"] != "com/acme/lib/1.0" || rows[0]["version"] != nil {
		t.Errorf("packages: %v", rows)
	}
}

func TestMavenLimit(t *testing.T) {
	c := start(t, "limit.maven=4")
	c.put(lib+"1.0/a.jar", "abc", 200)
	c.want(400, `{"message":"400 Bad request - File is too large"}`, "PUT", lib+"1.0/b.jar", "abcd")
	got := c.want(413, "*", "PUT", lib+"1.0/c.jar", "abcde")
	if !strings.Contains(got.body, "entity is too large") || got.header.Get("Content-Type") != "text/plain" {
		t.Errorf("413: %s", got.body)
	}
	if lines := c.dump(); len(lines) != 1 {
		t.Errorf("stored: %v", lines)
	}
}
