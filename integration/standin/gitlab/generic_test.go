package gitlab_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGenericPublish(t *testing.T) {
	c := start(t)
	const created = `{"message":"201 Created"}`
	for _, row := range []struct {
		path   string
		status int
		answer string
	}{
		{"tool/1.0/tool.tgz", 201, created},
		{"tool/1.0/linux/x+y@z/tool.tgz", 201, created},
		{"tool/1.0/empty.txt?path=deep/er", 201, created},
		{"tool/2.0/hidden.txt?status=hidden", 201, created},
		{"to~ol/1.0/f", 400, `{"error":"package_name is invalid"}`},
		{"tool/1..0/f", 400, `{"error":"package_version is invalid"}`},
		{"tool/1%2F0/f", 400, `{"error":"package_version is invalid"}`},
		{"tool/1.0/a%20b", 400, `{"error":"file_name is invalid"}`},
		{"tool/1.0/~f", 400, `{"error":"file_name is invalid"}`},
		{"tool/1.0/f@", 400, `{"error":"file_name is invalid"}`},
		{"tool/1.0/%2e%2e/f", 400, `{"error":"path should be a valid file path"}`},
		{"tool/1.0/a%252F%252e%252e/f", 400, `{"error":"path should be a valid file path"}`},
		{"tool/1.0/f?status=lost", 400, `{"error":"status does not have a valid value"}`},
		{"tool/1.0/f?select=all", 400, `{"error":"select does not have a valid value"}`},
		{"tool/1.0", 404, "*"},
	} {
		c.want(row.status, row.answer, "PUT", generic+"/generic/"+row.path, "x")
	}
	files := c.files(generic, 0)
	want := []any{"tool.tgz", "linux%2Fx%2By%40z%2Ftool.tgz", "deep%2Fer%2Fempty.txt"}
	if diff := cmp.Diff(want, column(files, "file_name")); diff != "" {
		t.Error(diff)
	}
	if f := files[0]; f["file_sha256"] == nil || f["file_sha1"] != nil || f["file_md5"] != nil {
		t.Errorf("digests: %v", f)
	}
	if rows := c.rows(generic); len(rows) != 1 {
		t.Errorf("hidden packages are listed: %v", rows)
	}
	if rows := c.rows(generic + "?status=hidden"); len(rows) != 1 || rows[0]["version"] != "2.0" {
		t.Errorf("hidden: %v", rows)
	}
	c.want(200, "x", "GET", generic+"/generic/tool/2.0/hidden.txt", "")
	c.put(generic+"/generic/tool/2.0/more.txt?status=default", "x", 201)
	if rows := c.rows(generic); len(rows) != 2 {
		t.Errorf("not unhidden: %v", rows)
	}
}

func TestGenericRecord(t *testing.T) {
	c := start(t)
	const sum = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // of "a"
	got := c.want(200, "*", "PUT", generic+"/generic/tool/1.0/dir/f?select=package_file", "a")
	var record map[string]any
	if err := json.Unmarshal([]byte(got.body), &record); err != nil {
		t.Fatal(err)
	}
	if record["file_name"] != "dir%2Ff" || record["file_sha256"] != sum || record["size"] != 1.0 || record["status"] != "default" {
		t.Errorf("record: %v", record)
	}
	got = c.want(200, "", "HEAD", generic+"/generic/tool/1.0/dir/f", "")
	if got.header.Get("X-Checksum-SHA256") != sum || got.header.Get("Content-Length") != "1" {
		t.Errorf("HEAD: %v", got.header)
	}
	c.want(404, `{"message":"404 Not found"}`, "GET", generic+"/generic/tool/1.0/absent", "")
	c.mutate(`{"corrupt":{"project":"acme/artifact-management/generic-packages","format":"generic","package":"tool","version":"1.0","file":"dir/f"}}`)
	got = c.want(200, "A", "GET", generic+"/generic/tool/1.0/dir/f", "")
	if got.header.Get("X-Checksum-SHA256") != sum {
		t.Error("corruption shows in the recorded digest")
	}
}

func TestGenericDuplicates(t *testing.T) {
	c := start(t)
	path := generic + "/generic/tool/1.0/f"
	c.put(path, "first", 201)
	c.put(path, "second", 201)
	c.want(200, "second", "GET", path, "")
	c.mutate(`{"mode":{"generic.duplicates":"false"}}`)
	c.want(400, `{"message":"400 Bad request - Duplicate package is not allowed"}`, "PUT", path, "third")
	c.want(200, "second", "GET", path, "")
	for _, f := range c.files(generic, 0) {
		id, _ := json.Marshal(f["id"])
		pkg, _ := json.Marshal(f["package_id"])
		c.want(204, "", "DELETE", generic+"/"+string(pkg)+"/package_files/"+string(id), "")
	}
	c.put(path, "third", 201) // deleted files do not count
	c.want(200, "third", "GET", path, "")
}

func TestGenericLimit(t *testing.T) {
	c := start(t, "limit.generic=4")
	c.put(generic+"/generic/tool/1.0/f", "abc", 201)
	for _, body := range []string{"abcd", "abcdefgh"} {
		c.want(400, `{"message":"400 Bad request - File is too large"}`, "PUT", generic+"/generic/tool/1.0/g", body)
	}
	if lines := c.dump(); len(lines) != 1 {
		t.Errorf("stored: %v", lines)
	}
}
