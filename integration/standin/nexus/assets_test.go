package nexus_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin/nexus"
)

// The numbers are those that real servers were seen to give to records 1, 2 and 10.
func TestTokensOfRealServers(t *testing.T) {
	s := start(t, "40", "era=sqlA", "page=10")
	page := s.pages(nexus.Releases)[0]
	for i, token := range map[int]string{0: "4f1bbcdd", 1: "9e3779ba", 9: "171560a2"} {
		want := base64.RawURLEncoding.EncodeToString([]byte(nexus.Releases + ":" + token))
		if got := page.Items[i].ID; got != want {
			t.Errorf("record %d: id %s, want %s", i+1, got, want)
		}
	}
	if *page.ContinuationToken != "171560a2" {
		t.Errorf("token %s", *page.ContinuationToken)
	}
}

func TestPages(t *testing.T) {
	for _, c := range []struct {
		era, page string
		token     int // length
	}{{"orient", "10", 32}, {"sqlA", "10", 8}, {"sqlA", "100", 8}, {"sqlB", "100", 8}} {
		t.Run(c.era+" "+c.page, func(t *testing.T) {
			s := start(t, "200", "era="+c.era, "page="+c.page) // 150 Maven packages of 4 assets, 50 raw ones
			size := map[string]int{"10": 10, "100": 100}[c.page]
			pages, seen := s.pages(nexus.Releases), map[string]bool{}
			for i, page := range pages {
				last := i == len(pages)-1
				if want := map[bool]int{true: 0, false: size}[last]; len(page.Items) != want {
					t.Errorf("page %d has %d items, want %d", i, len(page.Items), want)
				}
				if !last && len(*page.ContinuationToken) > c.token {
					t.Errorf("token %s", *page.ContinuationToken)
				}
				for _, item := range page.Items {
					if seen[item.Path] || strings.HasPrefix(item.Path, "/") == (c.era == "orient") {
						t.Errorf("path %s: twice, or of another era", item.Path)
					}
					seen[item.Path] = true
				}
			}
			if len(seen) != 600 || len(pages) != 600/size+1 {
				t.Errorf("%d assets on %d pages", len(seen), len(pages))
			}
		})
	}
}

func TestDeletingShiftsNoPage(t *testing.T) {
	s := start(t, "40", "page=10")
	first := s.pages(nexus.Releases)[0]
	s.change(nexus.Change{Op: "delete", Repository: nexus.Releases, Path: first.Items[9].Path},
		nexus.Change{Op: "put", Repository: nexus.Releases, Path: "com/example/new/1/new-1.pom", Body: "<project/>"})
	pages := s.pages(nexus.Releases)
	var all []string
	for _, page := range pages {
		for _, item := range page.Items {
			all = append(all, item.Path)
		}
	}
	if len(all) != 120 || all[119] != "/com/example/new/1/new-1.pom" {
		t.Errorf("%d assets, the last %s", len(all), all[len(all)-1])
	}
	a := s.get("/service/rest/v1/assets?repository=" + nexus.Releases + "&continuationToken=" + *first.ContinuationToken)
	if !strings.Contains(a.body, all[9]) {
		t.Error("the page after a token whose record is gone begins elsewhere")
	}
}

func TestBadTokens(t *testing.T) {
	for _, c := range []struct {
		era, token string
		status     int
	}{{"orient", "xyz", 406}, {"orient", "", 200}, {"orient", "4f1bbcdd", 406}, {"sqlA", "xyz", 500}, {"sqlB", "", 500}, {"sqlB", "4F1BBCDD", 200}} {
		s := start(t, "small", "era="+c.era)
		a := s.get("/service/rest/v1/assets?repository=" + nexus.Raw + "&continuationToken=" + c.token)
		if a.status != c.status {
			t.Errorf("%s, token %q: %d, want %d", c.era, c.token, a.status, c.status)
		}
		if a.status == 500 && (a.header.Get("Content-Type") != "text/plain" || !strings.HasPrefix(a.body, "ERROR: (ID ")) {
			t.Errorf("%s %s", a.header, a.body)
		}
	}
}

func TestOneAsset(t *testing.T) {
	s := start(t, "small")
	id := s.pages(nexus.Raw)[0].Items[0].ID
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for id, status := range map[string]int{
		id: 200, "***": 404, encode("nothing"): 422, encode("raw-hosted:xyz"): 422, encode("none:1"): 404, encode("raw-hosted:1"): 404,
	} {
		if a := s.get("/service/rest/v1/assets/" + id); a.status != status || status != 200 && a.body != "" {
			t.Errorf("%s: %d %q, want %d", id, a.status, a.body, status)
		}
	}
}

func TestGroupShowsItsMembers(t *testing.T) {
	s := start(t, "small")
	page := s.pages(nexus.Public)[0]
	for _, item := range page.Items {
		id, err := base64.RawURLEncoding.DecodeString(item.ID)
		if item.Repository != nexus.Public || err != nil || !strings.HasPrefix(string(id), nexus.Public+":") {
			t.Errorf("%+v does not claim to be the group's", item)
		}
	}
	a := s.get("/repository/" + nexus.Public + "/com/example/lib/maven-metadata.xml")
	if a.status != 200 || !strings.HasPrefix(a.header.Get("ETag"), `"{SHA1{`) || !strings.Contains(a.body, "<version>1.1<") {
		t.Errorf("metadata of the group: %d %s\n%s", a.status, a.header.Get("ETag"), a.body)
	}
}

const sqlAsset = `{
  "items" : [ {
    "downloadUrl" : "URL/repository/raw-hosted/a b.txt",
    "path" : "/a b.txt",
    "id" : "ID",
    "repository" : "raw-hosted",
    "format" : "raw",
    "checksum" : {
      "sha1" : "a9993e364706816aba3e25717850c26c9cd0d89d",
      "md5" : "900150983cd24fb0d6963f7d28e17f72",
      "sha256" : "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "sha512" : "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    },
    "contentType" : "text/plain; charset=utf-8",
    "lastModified" : DATE,
    "lastDownloaded" : null,
    "uploader" : "ci",
    "uploaderIp" : "192.0.2.9",
    "fileSize" : 3,
    "blobCreated" : DATE,
    "blobStoreName" : "default",
    "raw" : { }
  } ],
  "continuationToken" : null
}`

const orientAsset = `{
  "items" : [ {
    "downloadUrl" : "URL/repository/raw-hosted/a b.txt",
    "path" : "a b.txt",
    "id" : "ID",
    "repository" : "raw-hosted",
    "format" : "raw",
    "checksum" : {
      "md5" : "900150983cd24fb0d6963f7d28e17f72",
      "sha1" : "a9993e364706816aba3e25717850c26c9cd0d89d"
    },
    "contentType" : "text/plain; charset=utf-8",
    "lastModified" : DATE,
    "lastDownloaded" : null,
    "uploader" : "ci",
    "uploaderIp" : "192.0.2.9",
    "fileSize" : 3,
    "blobCreated" : null,
    "blobCreated" : DATE
  } ],
  "continuationToken" : null
}`

const oldAsset = `{
  "items" : [ {
    "downloadUrl" : "URL/repository/raw-hosted/a b.txt",
    "path" : "a b.txt",
    "id" : "ID",
    "repository" : "raw-hosted",
    "format" : "raw",
    "checksum" : {
      "md5" : "900150983cd24fb0d6963f7d28e17f72",
      "sha1" : "a9993e364706816aba3e25717850c26c9cd0d89d"
    }
  } ],
  "continuationToken" : null
}`

func TestFormOfAnAsset(t *testing.T) {
	for _, c := range []struct{ modes, want string }{
		{"era=sqlB", sqlAsset}, {"era=orient", orientAsset}, {"era=orient version=3.20.1-01", oldAsset},
	} {
		s := start(t, "0", strings.Fields(c.modes)...)
		s.change(nexus.Change{Op: "put", Repository: nexus.Raw, Path: "a b.txt", Body: "abc"})
		a := s.get("/service/rest/v1/assets?repository=" + nexus.Raw)
		got := strings.ReplaceAll(a.body, s.url, "URL")
		got = strings.Replace(got, s.pages(nexus.Raw)[0].Items[0].ID, "ID", 1)
		for _, line := range strings.SplitAfter(got, "\n") {
			if name, date, ok := strings.Cut(line, `" : "20`); ok {
				suffix := strings.TrimLeft(date, "0123456789-T:.+")
				if !strings.Contains(date, ".") || !strings.HasSuffix(strings.TrimSuffix(date, suffix), "+00:00") {
					t.Errorf("date in %s", line)
				}
				got = strings.Replace(got, line, name+`" : DATE`+strings.TrimPrefix(suffix, `"`), 1)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.modes, diff)
		}
		if a.header.Get("Content-Type") != "application/json" {
			t.Errorf("content type %s", a.header.Get("Content-Type"))
		}
	}
}

func TestCoordinates(t *testing.T) {
	s := start(t, "small")
	want := map[string]map[string]string{
		"/com/example/lib/1.0/lib-1.0-sources.jar.md5": {
			"extension": "jar.md5", "groupId": "com.example", "artifactId": "lib", "version": "1.0", "classifier": "sources"},
		"/com/example/lib/2.0-SNAPSHOT/lib-2.0-20240503.101112-1.pom": {
			"extension": "pom", "groupId": "com.example", "artifactId": "lib", "version": "2.0-20240503.101112-1"},
		"/com/example/lib/maven-metadata.xml": {},
		"/notes/README.txt":                   {},
	}
	for _, repository := range []string{nexus.Releases, nexus.Snapshots} {
		for _, page := range s.pages(repository) {
			for _, item := range page.Items {
				if expected, ok := want[item.Path]; ok && !strings.Contains(repository+item.Path, "snapshots/com/example/lib/maven") {
					if diff := cmp.Diff(expected, item.Maven2); diff != "" {
						t.Errorf("%s: %s", item.Path, diff)
					}
					delete(want, item.Path)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
}

func TestHollowAsset(t *testing.T) {
	s := start(t, "small")
	for _, item := range s.pages(nexus.Cache)[0].Items {
		if !strings.HasSuffix(item.Path, "known-4.0.jar") {
			continue
		}
		if len(item.Checksum) != 0 || item.ContentType != "" || item.FileSize != 0 {
			t.Errorf("%+v", item)
		}
		if a := s.get("/repository/" + nexus.Cache + item.Path); a.status != http.StatusNotFound {
			t.Errorf("its content: %d", a.status)
		}
		return
	}
	t.Error("the proxy lists nothing without content")
}
