package nexus

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	standinnexus "pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// through answers with what the stand-in would, changed.
func (s *server) through(matches func(r *http.Request) bool, change func(body string) string) {
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if !matches(r) {
			return false
		}
		recorded := httptest.NewRecorder()
		s.Server.ServeHTTP(recorded, r)
		w.WriteHeader(recorded.Code)
		_, _ = io.WriteString(w, change(recorded.Body.String()))
		return true
	})
}

var token = regexp.MustCompile(`"continuationToken" : "[0-9a-f]+"`)

// A page that is full does not end a repository because it does not say what follows.
func TestFullPageWithoutToken(t *testing.T) {
	for _, page := range []string{"10", "100"} {
		server := start(t, "100", "page="+page, "era=sqlA", "formats=maven2")
		source := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Releases}})
		want, _ := list(t, source, "")
		pages := 0
		server.through(func(r *http.Request) bool { return about(r, standinnexus.Releases) }, func(body string) string {
			if pages++; page == "10" && pages == 1 { // nothing tells yet how long a page is
				return body
			}
			return token.ReplaceAllString(body, `"continuationToken" : null`)
		})
		got, errs := list(t, source, "")
		if diff := cmp.Diff(files(want), files(got)); diff != "" || len(errs) > 0 || len(files(got)) != 200 {
			t.Errorf("page %s: %d files, %v (-want +got):\n%s", page, len(files(got)), errs, diff)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for _, body := range []string{`{}`, `{"items": null}`, `null`, `[]`, `""`} {
		server := start(t, "small")
		server.through(func(r *http.Request) bool { return about(r, standinnexus.Raw) }, func(string) string { return body })
		_, errs := list(t, server.source(t, standinnexus.Password, few), "")
		if len(errs) != 1 || fault.CodeOf(errs[0]) != string(artifact.SourceFailed) || fault.IsStop(errs[0]) {
			t.Errorf("%s: %v", body, errs)
		}
	}
}

// Nothing is asked of the search, which ends after ten thousand hits, or of components, which lack what has no coordinates; and
// a proxy is never made to fetch.
func TestWhatIsNotAsked(t *testing.T) {
	server := start(t, "small", "usage=over")
	source := server.source(t, standinnexus.Password, Options{Proxies: true})
	items, errs := list(t, source, "")
	uncached := 0
	for _, item := range items {
		if item.Skip == artifact.SourceUncached {
			uncached++
		}
		for _, f := range item.Package.Files {
			if item.Skip != "" {
				continue
			}
			if _, err := openAll(t, source, f); err != nil {
				t.Error(err)
			}
		}
	}
	if len(errs) > 0 || uncached != 2 {
		t.Errorf("%d uncached, %v", uncached, errs)
	}
	for _, request := range server.requests(t) {
		if strings.Contains(request, "/v1/search") || strings.Contains(request, "/v1/components") {
			t.Error(request)
		}
	}
	if n := server.Stats().Requests["GET upstream"]; n > 0 {
		t.Errorf("%d requests went through to a remote", n)
	}
}

// A proxy of a Community Edition over its limits says why it gives nothing.
func TestPaymentRequired(t *testing.T) {
	for repository, path := range map[string]string{standinnexus.Cache: "org/example/known/4.0/known-4.0.jar", standinnexus.NuGetProxy: "Known.Tools/4.0.0"} {
		server := start(t, "small", "usage=over")
		source := server.source(t, standinnexus.Password, Options{})
		_, err := openAll(t, source, artifact.File{Path: "x", Size: -1, Locator: locator{Repository: repository, ID: "x", Path: path}.String()})
		if fault.CodeOf(err) != string(artifact.SourceFailed) || fault.IsStop(err) || !strings.Contains(err.Error(), "Community Edition") {
			t.Errorf("%s: %v", repository, err)
		}
	}
}

// No more requests are under way than are allowed, and as many are.
func TestConcurrentListings(t *testing.T) {
	for _, n := range []int{1, 3} {
		server := start(t, "small", "page=10")
		var active, most atomic.Int32
		server.answer(func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/service/rest/v1/assets") || strings.HasPrefix(r.URL.Path, "/repository/npm-") {
				now := active.Add(1)
				defer active.Add(-1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				time.Sleep(time.Millisecond) // so that others may come, not that they must
			}
			return false
		})
		if _, errs := list(t, server.source(t, standinnexus.Password, Options{Listings: n}), ""); len(errs) > 0 {
			t.Error(errs)
		}
		if int(most.Load()) > n {
			t.Errorf("%d requests at once, %d allowed", most.Load(), n)
		}
	}
}

func TestLastDownloads(t *testing.T) {
	server := start(t, "small")
	source := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Raw}})
	_, f := find(t, source, standinnexus.Raw, "root.txt")
	if !f.Downloaded.IsZero() {
		t.Errorf("nobody read it: %s", f.Downloaded)
	}
	if _, err := openAll(t, source, f); err != nil {
		t.Fatal(err)
	}
	if _, f = find(t, source, standinnexus.Raw, "root.txt"); time.Since(f.Downloaded) > time.Hour {
		t.Errorf("read just now, listed as %s", f.Downloaded)
	}
	if _, f = find(t, source, standinnexus.Raw, "docs/empty.bin"); !f.Downloaded.IsZero() {
		t.Errorf("a listing is no download: %s", f.Downloaded)
	}
}

// What is called like a dist-tag in a raw repository is a file.
func TestFileCalledLikeATag(t *testing.T) {
	server := start(t, "small")
	for path, body := range map[string]string{"dist-tags/latest": "a file", "deprecated/1.0": "another", "manifests/sha256:" + strings.Repeat("a", 64): "a third"} {
		server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Raw, Path: path, Body: body})
		source := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Raw}})
		_, f := find(t, source, standinnexus.Raw, path)
		if got, err := openAll(t, source, f); got != body || err != nil {
			t.Errorf("%s: %q %v", path, got, err)
		}
	}
	source := server.source(t, standinnexus.Password, Options{})
	message := `{"repository":"raw-hosted","path":"root.txt"}`
	server.change(standinnexus.Change{Op: "deprecate", Repository: standinnexus.NPM, Package: "@acme/ui", Version: "1.0.0", Body: message})
	items, _ := list(t, source, "")
	for _, item := range items {
		for _, f := range item.Package.Files {
			if f.Path == "deprecated/1.0.0" {
				if got, err := openAll(t, source, f); got != message || err != nil {
					t.Errorf("%q %v", got, err)
				}
				return
			}
		}
	}
	t.Error("the deprecation is not listed")
}

// rootOfUI tells whether a request reads the package root of @acme/ui.
func rootOfUI(r *http.Request) bool { return r.URL.Path == "/repository/npm-hosted/@acme/ui" }

// A root that can not be read is a hole in the inventory; one that was deleted meanwhile is none.
func TestRootsThatCanNotBeRead(t *testing.T) {
	o := Options{Repositories: []string{standinnexus.NPM}}
	for name, c := range map[string]struct {
		status int
		body   string
		reason artifact.Reason
	}{
		"not there":      {http.StatusNotFound, "", artifact.SourceMissing},
		"blob missing":   {http.StatusInternalServerError, "", artifact.SourceFailed},
		"not permitted":  {http.StatusForbidden, "", artifact.NotPermitted},
		"broken off":     {http.StatusOK, `{"name":"@acme/ui","versions":{`, artifact.SourceFailed},
		"another's":      {http.StatusOK, `{"name":"@acme/cli"}`, artifact.SourceFailed},
		"a page instead": {http.StatusOK, `<html>`, artifact.SourceFailed},
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t, "small")
			server.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if rootOfUI(r) {
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				}
				return rootOfUI(r)
			})
			items, errs := list(t, server.source(t, standinnexus.Password, o), "")
			if len(errs) != 1 || fault.CodeOf(errs[0]) != string(c.reason) || fault.IsStop(errs[0]) || !strings.Contains(errs[0].Error(), "@acme/ui") {
				t.Errorf("errors %v", errs)
			}
			if !slices.ContainsFunc(items, func(item sources.Listed) bool { return item.Package.Index() && item.Package.Name == "tidy-lines" }) {
				t.Error("it hides the others")
			}
		})
	}
	server := start(t, "small")
	server.answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if rootOfUI(r) {
			server.change(standinnexus.Change{Op: "delete", Repository: standinnexus.NPM, Path: "@acme/ui"})
		}
		return false
	})
	if _, errs := list(t, server.source(t, standinnexus.Password, o), ""); len(errs) > 0 {
		t.Errorf("deleted meanwhile: %v", errs)
	}
}

// An image that no tag names is told of, and so is how a tag whose record lacks the digest is listed: by a HEAD.
func TestImages(t *testing.T) {
	server := start(t, "small")
	var told []string
	o := Options{Repositories: []string{standinnexus.Docker}, Notice: func(text string) { told = append(told, text) }}
	source := server.source(t, standinnexus.Password, o)
	want, errs := list(t, source, "")
	if len(errs) > 0 || len(told) != 1 || !strings.Contains(told[0], "manifests under their digest alone") {
		t.Errorf("%v, told %q", errs, told)
	}
	for _, request := range server.requests(t) {
		if strings.Contains(request, "/repository/docker-hosted/") {
			t.Errorf("the listing reads %s", request)
		}
	}
	sum := regexp.MustCompile(`,\s+"sha256" : "[0-9a-f]+"`)
	server.through(func(r *http.Request) bool { return about(r, standinnexus.Docker) }, func(body string) string { return sum.ReplaceAllString(body, "") })
	got, errs := list(t, source, "")
	digests := func(items []sources.Listed) (all []string) {
		for _, item := range items {
			if p := item.Package; p.Name != "" && p.Name != "odd/"+registry.Legacy {
				all = append(all, fmt.Sprint(p.Name, ":", p.Version, " ", p.Files[0].Path, " ", p.Files[0].Size))
			}
		}
		slices.Sort(all)
		return all
	}
	if diff := cmp.Diff(digests(want), digests(got)); diff != "" || len(errs) > 0 || len(digests(got)) < 8 {
		t.Errorf("%v (-with digests +without):\n%s", errs, diff)
	}
	for _, item := range got {
		if item.Package.Name == "" {
			continue
		}
		if body, err := openAll(t, source, item.Package.Files[0]); err != nil || body == "" {
			t.Errorf("%s: %v", item.Package.PURL(), err)
		}
	}
	legacy := slices.IndexFunc(want, func(item sources.Listed) bool { return item.Package.Name == "odd/"+registry.Legacy })
	if m := want[legacy].Package.Metadata; m[artifact.ImageMediaType] == "" {
		t.Errorf("a schema 1 image is told by %v", m)
	}
}

func TestTagThatMoved(t *testing.T) {
	server := start(t, "small")
	source := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Docker}})
	_, f := find(t, source, standinnexus.Docker, "v2/team/tool/manifests/1")
	if _, err := openAll(t, source, f); err != nil {
		t.Fatal(err)
	}
	server.change(standinnexus.Change{Op: "publish", Repository: standinnexus.Docker, Package: "team/tool", Tag: "1"})
	server.answer(func(w http.ResponseWriter, r *http.Request) bool { // Nexus has the old one no more
		gone := strings.HasSuffix(r.URL.Path, f.Path)
		if gone {
			registry.Fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", nil)
		}
		return gone
	})
	_, err := openAll(t, source, f)
	moved, ok := err.(*sources.Changed) //nolint:errorlint // it is given as it is
	if !ok || moved.Now.Path == f.Path || moved.Now.Digests.SHA256 == "" {
		t.Fatalf("%v", err)
	}
	body, err := openAll(t, source, moved.Now)
	var manifest struct{ SchemaVersion int }
	if err != nil || json.Unmarshal([]byte(body), &manifest) != nil || artifact.DigestsOf(body).SHA256 != moved.Now.Digests.SHA256 {
		t.Errorf("%s %v", body, err)
	}
	server.change(standinnexus.Change{Op: "untag", Repository: standinnexus.Docker, Package: "team/tool", Tag: "1"})
	server.Faults.Add(standin.Fault{Kind: "404", Stage: standin.Manifest, Rate: 1000})
	if _, err = openAll(t, source, moved.Now); fault.CodeOf(err) != string(artifact.SourceMissing) || fault.SideOf(err) != fault.Source {
		t.Errorf("%v", err)
	}
}

// A budget that ends in the middle of a listing ends it there, and nothing is called complete.
func TestSpentInTheMiddle(t *testing.T) {
	server := start(t, "small", "page=10")
	source := server.source(t, standinnexus.Password, few)
	all, _ := list(t, source, "")
	for allowed := range 8 {
		server := start(t, "small", "page=10")
		items, errs := list(t, server.limited(t, allowed+1, few), "")
		if len(errs) != 1 || len(items) >= len(all) {
			t.Fatalf("%d requests: %d of %d items, %v", allowed+1, len(items), len(all), errs)
		}
		if _, spent := fault.IsSpent(errs[0]); !spent || fault.IsStop(errs[0]) {
			t.Errorf("%d requests: %v", allowed+1, errs)
		}
	}
	if err := server.limited(t, 1, few).Check(t.Context()); fault.IsStop(err) || err == nil {
		t.Errorf("%v", err)
	}
}
