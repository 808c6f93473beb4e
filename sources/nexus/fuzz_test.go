package nexus

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// FuzzPage lets anything stand in for a page of assets: what comes of it must be whole items, none of them lost.
func FuzzPage(f *testing.F) {
	f.Add("maven2", `{"items":[{"id":"YTox","path":"/g/a/1/a-1.jar","checksum":{"sha1":"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"},`+
		`"contentType":"x","fileSize":0,"lastModified":"2024-05-03T10:11:12.345+00:00"}],"continuationToken":null}`)
	f.Add("raw", `{"items":[{"id":"YTox","path":"a b/1.0/c","blobCreated":null,"blobCreated":"2024-05-03T10:11:12.345+0000"}]}`)
	f.Add("npm", `{"items":[{"path":"/@s/n"},{"path":"/-/all","checksum":{},"contentType":null,"fileSize":0}],"continuationToken":"ff"}`)
	f.Add("maven2", `{"items":[{"path":"/.index/x"},{"path":"/archetype-catalog.xml"},{"path":"/x.sha1"},{"path":"/a/../b"},{"path":"/d/"}]}`)
	f.Add("raw", `{"items":[{"path":"//"},{"path":"/d/"}]}`)
	f.Add("npm", `{"items":[{"path":"/@s/n/-/n-1.tgz","npm":{"name":"n","version":"1"}},{"path":"/n/-/odd.tgz","npm":{"version":"2"}}]}`)
	f.Add("pypi", `{"items":[{"path":"/packages/n/1/n-1.tar.gz.asc"},{"path":"/packages/ab/cd/n-1-py3-none-any.whl"},{"path":"/simple/n/"}]}`)
	f.Add("nuget", `{"items":[{"path":"/A.B/1.0"},{"path":"/A/1.0/a.1.0.snupkg"},{"path":"/v3/index.json"},{"path":"/x"}]}`)
	f.Add("helm", `{"items":[{"path":"/a-1.0.0.tgz.prov"},{"path":"/index.yaml"}]}`)
	f.Add("docker", `{"items":[{"path":"/v2/a/b/manifests/1","checksum":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},{"path":"/v2/-/blobs/x"}]}`)
	f.Add("yum", `{"items":[{"path":"/a/1.0/a.rpm"}]}`)
	s := New("old", nil, Options{})
	f.Fuzz(func(t *testing.T, format, body string) {
		var p page
		if json.Unmarshal([]byte(body), &p) != nil || p.check("") != nil {
			return
		}
		r := repository{Name: "r", Format: format, Type: hosted}
		files := 0
		for _, item := range s.packages(r, p.Items) {
			checkItem(t, item)
			files += len(item.Package.Files)
		}
		docs := map[string]bool{}
		for _, d := range documents(r, p.Items, false) {
			docs[d.name] = true
		}
		files += len(digestless(r, p.Items))
		for _, a := range p.Items {
			_, reference, isManifest := imagePath(a.path())
			isPart := strings.HasPrefix(a.path(), "v2/-/") || isManifest && artifact.IsImageDigest(reference)
			if format == "maven2" && artifact.IsSidecar(a.path()) || docs[a.path()] && !a.hollow() || isDocker(r) && isPart {
				files++
			}
		}
		if files != len(p.Items) {
			t.Errorf("%d of %d assets came through", files, len(p.Items))
		}
	})
}

func checkItem(t *testing.T, item sources.Listed) {
	t.Helper()
	p := item.Package
	if p.Source != "old" || p.Repository != "r" || p.Name == "" || len(p.Files) == 0 {
		t.Errorf("half an item: %+v", item)
	}
	for _, f := range p.Files {
		l, err := parseLocator(f.Locator)
		if f.Path == "" || f.Size < -1 || err != nil || l.Path == "" || l.Repository != "r" || l.Text != nil {
			t.Errorf("half a file: %+v, %v", f, err)
		}
		for _, one := range []string{f.Digests.MD5, f.Digests.SHA1, f.Digests.SHA256, f.Digests.SHA512} {
			if one != digest(one, len(one)/2) {
				t.Errorf("digest %q", one)
			}
		}
	}
}

func FuzzRepositories(f *testing.F) {
	f.Add(`[{"name":"maven-public","format":"maven2","type":"group","attributes":{}}]`, "maven-*", "!x")
	f.Add(`[{"name":"a","type":"group"},{"name":"b","type":"group"},{"name":"c","type":"hosted"}]`, "a", "!b")
	f.Fuzz(func(t *testing.T, body, include, exclude string) {
		var all []repository
		if json.Unmarshal([]byte(body), &all) == nil {
			known := map[string]settings{}
			for i, one := range all { // each is in a group with the next
				member := settings{Name: one.Name}
				member.Group.MemberNames = []string{all[(i+1)%len(all)].Name, one.Name}
				known[one.Name] = member
			}
			c, err := New("old", nil, Options{Repositories: []string{include, exclude}}).choose(all, func() (map[string]settings, error) { return known, nil })
			for i, one := range c.listed {
				if err != nil || i > 0 && c.listed[i-1].Name >= one.Name || one.Type == group {
					t.Errorf("%+v, %v", c.listed, err)
				}
			}
		}
	})
}

// FuzzSaved reads what an earlier process saved, and whatever else a checkpoint may hold.
func FuzzSaved(f *testing.F) {
	f.Add("maven-releases:4f1bbcdd")
	f.Add("maven-releases:*")
	f.Add(`{"repository":"r","hosted":true,"id":"YTox","path":"a/b"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if p := parseCursor(sources.Cursor(text)); parseCursor(p.cursor()) != p {
			t.Errorf("%q becomes %+v, and %q", text, p, p.cursor())
		}
		if l, err := parseLocator(text); err == nil {
			again, err := parseLocator(l.String())
			if l.Text != nil && again.Text != nil && *l.Text == *again.Text {
				l.Text, again.Text = nil, nil
			}
			if err != nil || again != l {
				t.Errorf("%q becomes %+v, and %+v, %v", text, l, again, err)
			}
		}
	})
}

func TestDates(t *testing.T) {
	want := time.Date(2024, 5, 3, 8, 11, 12, 345_000_000, time.UTC)
	for _, text := range []string{"2024-05-03T10:11:12.345+02:00", "2024-05-03T10:11:12.345+0200", "2024-05-03T08:11:12.345Z"} {
		if got := date(text); !got.Equal(want) {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := date("yesterday"); !got.IsZero() {
		t.Errorf("a date that is none: %s", got)
	}
}

// Zero bytes are believed only with the SHA-1 of zero bytes: some releases write 0 for what they do not know.
func TestSizes(t *testing.T) {
	zero, seven := int64(0), int64(7)
	for _, c := range []struct {
		size *int64
		sha1 string
		want int64
	}{{nil, "", -1}, {&zero, "", -1}, {&zero, emptySHA1, 0}, {&seven, "", 7}} {
		a := asset{Path: "/f", FileSize: c.size, Checksum: checksum{SHA1: c.sha1}}
		if got := a.file(repository{}, "f").Size; got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
