package nexus_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/nexus"
)

func put(t *testing.T, body string, modes ...string) server {
	t.Helper()
	s := start(t, "0", modes...)
	s.change(nexus.Change{Op: "put", Repository: nexus.Raw, Path: "f.txt", Body: body})
	return s
}

func TestHeadersOfAFile(t *testing.T) {
	sum := sha1.Sum([]byte("0123456789"))
	tag := hex.EncodeToString(sum[:])
	for era, etag := range map[string]string{"sqlB": `"` + tag + `"`, "orient": `"{SHA1{` + tag + `}}"`} {
		s := put(t, "0123456789", "era="+era)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := s.do(method, "/repository/raw-hosted/f.txt")
			body := map[string]string{http.MethodGet: "0123456789"}[method]
			if a.status != 200 || a.body != body || a.header.Get("ETag") != etag || a.header.Get("Content-Length") != "10" {
				t.Errorf("%s %s: %d %v %q", era, method, a.status, a.header, a.body)
			}
			if a.header.Get("Accept-Ranges") != "" || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%s %s: %v", era, method, a.header)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	s := put(t, "0123456789")
	etag := s.get("/repository/raw-hosted/f.txt").header.Get("ETag")
	for _, c := range []struct {
		headers      []string
		status       int
		body, answer string
	}{
		{[]string{"Range: bytes=2-4"}, 206, "234", "bytes 2-4/10"},
		{[]string{"Range: bytes=7-"}, 206, "789", "bytes 7-9/10"},
		{[]string{"Range: bytes=7-99"}, 206, "789", "bytes 7-9/10"},
		{[]string{"Range: bytes=-2"}, 206, "89", "bytes 8-9/10"},
		{[]string{"Range: bytes=10-"}, 416, "", "bytes */10"},
		{[]string{"Range: bytes=10-20"}, 416, "", "bytes */10"},
		{[]string{"Range: bytes=-11"}, 416, "", "bytes */10"},
		{[]string{"Range: bytes=0-1,3-4"}, 200, "0123456789", ""},
		{[]string{"Range: lines=1-2"}, 200, "0123456789", ""},
		{[]string{"Range: bytes=2-4", "If-Range: " + etag}, 206, "234", "bytes 2-4/10"},
		{[]string{"Range: bytes=2-4", `If-Range: "other"`}, 200, "0123456789", ""},
		{[]string{"If-None-Match: " + etag}, 304, "", ""},
		{[]string{`If-Match: "other"`}, 412, "", ""},
		{[]string{"If-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT"}, 304, "", ""},
		{[]string{"If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"}, 412, "", ""},
	} {
		a := s.get("/repository/raw-hosted/f.txt", c.headers...)
		if a.status != c.status || a.body != c.body || a.header.Get("Content-Range") != c.answer {
			t.Errorf("%v: %d %q %q", c.headers, a.status, a.body, a.header.Get("Content-Range"))
		}
	}
	s.change(nexus.Change{Op: "put", Repository: nexus.Raw, Path: "empty"},
		nexus.Change{Op: "put", Repository: nexus.Releases, Path: "g/a/maven-metadata.xml", Body: "<metadata/>"})
	if a := s.get("/repository/raw-hosted/empty", "Range: bytes=0-"); a.status != 500 {
		t.Errorf("a range of an empty file: %d", a.status)
	}
	if a := s.get("/repository/maven-releases/g/a/maven-metadata.xml", "Range: bytes=1-2"); a.status != 200 || a.body != "<metadata/>" {
		t.Errorf("a range of metadata: %d %q", a.status, a.body)
	}
}

func TestPaths(t *testing.T) {
	s := start(t, "small")
	s.change(nexus.Change{Op: "lose", Repository: nexus.Raw, Path: "root.txt"})
	for path, status := range map[string]int{
		"/repository/raw-hosted":                           400,
		"/repository/raw-hosted/docs/../root.txt":          400,
		"/repository/raw-hosted/docs/%2e%2e/root.txt":      400,
		"/repository/raw-hosted/none":                      404,
		"/repository/raw-hosted/docs/guide/":               200, // its index.html
		"/repository/raw-hosted/docs//guide/index.html":    200,
		"/repository/raw-hosted/docs%2Fguide%5cindex.html": 200,
		"/repository/raw-hosted/docs/a+b%2520c%3Bd.txt":    200,
		"/repository/raw-hosted/docs/a+b%2520c;d.txt":      404, // a path parameter is cut off
		"/repository/raw-hosted/root.txt":                  500, // lost
		"/repository/raw-hosted/docs/empty.bin":            200,
		"/repository/raw-public/docs/empty.bin":            200,
		"/repository/raw-hosted/none?describe":             200,
		"/elsewhere":                                       404,
	} {
		if a := s.get(path); a.status != status {
			t.Errorf("%s: %d, want %d", path, a.status, status)
		}
	}
	s.change(nexus.Change{Op: "offline", Repository: nexus.Raw})
	if a := s.get("/repository/raw-hosted/docs/empty.bin"); a.status != 503 {
		t.Errorf("offline: %d", a.status)
	}
	if len(s.pages(nexus.Raw)[0].Items) == 0 {
		t.Error("a repository that is offline is not listed")
	}
}

func TestMetadataIsRebuiltWhenRead(t *testing.T) {
	s := start(t, "small")
	const path = "com/example/lib/maven-metadata.xml"
	s.change(nexus.Change{Op: "rebuild", Repository: nexus.Releases, Path: path, Body: "<metadata/>"})
	checksum := func() string {
		for _, page := range s.pages(nexus.Releases) {
			for _, item := range page.Items {
				if item.Path == "/"+path {
					return item.Checksum["sha1"]
				}
			}
		}
		return ""
	}
	before := checksum()
	a := s.get("/repository/maven-releases/" + path)
	if after := checksum(); a.body != "<metadata/>" || after == before || a.header.Get("ETag") != `"`+after+`"` {
		t.Errorf("served %q with ETag %s; listed %s, then %s", a.body, a.header.Get("ETag"), before, after)
	}
}

// Every file of the dump is served as the dump tells it, and twice the same.
func TestGeneratedContentIsRepeatable(t *testing.T) {
	for _, seed := range []string{"small", "23"} {
		a, b := start(t, seed), start(t, seed)
		first, second := dump(a), dump(b)
		if first != second || first == "" {
			t.Errorf("seed %s: two servers hold different things", seed)
		}
		lines := bufio.NewScanner(strings.NewReader(first))
		packages := map[[3]string]bool{}
		for lines.Scan() {
			var line standin.DumpLine
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			packages[[3]string{line.Repository, line.Package, line.Version}] = true
		}
		if seed == "23" && len(packages) != 23 {
			t.Errorf("seed 23: %d packages", len(packages))
		}
		for _, repository := range []string{nexus.Releases, nexus.Raw, nexus.Snapshots} {
			for _, page := range a.pages(repository) {
				for _, item := range page.Items {
					p := "/repository/" + repository + (&url.URL{Path: item.Path}).EscapedPath()
					served := a.get(strings.NewReplacer(";", "%3B").Replace(p))
					if sum := sha1.Sum([]byte(served.body)); served.status != 200 || hex.EncodeToString(sum[:]) != item.Checksum["sha1"] {
						t.Errorf("%s %s: %d, sha1 %x", repository, item.Path, served.status, sum)
					}
				}
			}
		}
	}
}

func dump(s server) string { return s.get("/_standin/dump").body }

func TestOrdinaryDay(t *testing.T) {
	s := start(t, "small")
	before := dump(s)
	if a := s.do(http.MethodPost, "/_standin/mutate"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	after := dump(s)
	for _, c := range []struct {
		text    string
		was, is bool
	}{
		{`"com.example:lib","version":"1.2"`, false, true},
		{`docs/guide/index.html`, true, false},
		{`-3.jar"`, false, true},
	} {
		if strings.Contains(before, c.text) != c.was || strings.Contains(after, c.text) != c.is {
			t.Errorf("%s: want %v, then %v", c.text, c.was, c.is)
		}
	}
	if a := s.do(http.MethodPost, "/_standin/mutate"); a.status != 200 {
		t.Errorf("a second day: %d %s", a.status, a.body)
	}
	var counts standin.Counts
	s.get("/repository/raw-hosted/root.txt")
	if err := json.Unmarshal([]byte(s.get("/_standin/stats").body), &counts); err != nil || counts.Requests["GET content"] != 1 || counts.BytesOut == 0 {
		t.Errorf("%+v %v", counts, err)
	}
}
