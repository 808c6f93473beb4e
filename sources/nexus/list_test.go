package nexus

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	standinnexus "pkgferry/integration/standin/nexus"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// few are four repositories of three formats.
var few = Options{Repositories: []string{"apt-*", "maven-*", "raw-*"}}

// about tells whether a request lists the assets of a repository.
func about(r *http.Request, repository string) bool {
	return r.URL.Path == "/service/rest/v1/assets" && r.URL.Query().Get("repository") == repository
}

func repositoriesOf(items []sources.Listed) (names []string) {
	for _, item := range items {
		if item.Package.Name != "" && !slices.Contains(names, item.Package.Repository) {
			names = append(names, item.Package.Repository)
		}
	}
	return names
}

func TestARepositoryThatFailsDoesNotHideTheOthers(t *testing.T) {
	for _, c := range []struct {
		answer string
		status int
		reason artifact.Reason
		says   string
	}{
		{"", http.StatusForbidden, artifact.NotPermitted, "browse and read"},
		{"", http.StatusNotFound, artifact.SourceMissing, "not found"},
		{"", http.StatusInternalServerError, artifact.SourceFailed, "500"},
		{`{"items": [`, http.StatusOK, artifact.SourceFailed, "breaks off"},
		{"<html>", http.StatusOK, artifact.SourceFailed, "no JSON"},
		{`{"items": [{"id": "x"}]}`, http.StatusOK, artifact.SourceFailed, "has no path"},
	} {
		t.Run(fmt.Sprint(c.status, c.answer), func(t *testing.T) {
			server := start(t, "small")
			server.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if !about(r, standinnexus.Snapshots) {
					return false
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
				return true
			})
			items, errs := list(t, server.source(t, standinnexus.Password, few), "")
			want := []string{standinnexus.Debian, standinnexus.Releases, standinnexus.Raw}
			if diff := cmp.Diff(want, repositoriesOf(items)); diff != "" {
				t.Errorf("listed (-want +got):\n%s", diff)
			}
			if len(errs) != 1 || fault.CodeOf(errs[0]) != string(c.reason) || fault.SideOf(errs[0]) != fault.Source {
				t.Fatalf("errors %v", errs)
			}
			if text := errs[0].Error(); !strings.Contains(text, c.says) || !strings.Contains(text, standinnexus.Snapshots) {
				t.Errorf("%s does not say %q and the repository", text, c.says)
			}
		})
	}
}

func TestWrongCredentialsInTheMiddleEndTheListing(t *testing.T) {
	server := start(t, "small")
	server.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if about(r, standinnexus.Releases) {
			w.WriteHeader(http.StatusUnauthorized)
		}
		return about(r, standinnexus.Releases)
	})
	source := server.source(t, standinnexus.Password, Options{})
	if _, errs := list(t, source, ""); len(errs) != 1 || !fault.IsStop(errs[0]) {
		t.Errorf("errors %v", errs)
	}
	if err := source.refused(&httpx.StatusError{Status: http.StatusTooManyRequests}, "r"); !fault.IsStop(err) {
		t.Errorf("a user who is blocked for good does not stop the run: %v", err)
	}
}

func TestFirstPageHasNoToken(t *testing.T) {
	server := start(t, "small", "era=sqlA", "page=10")
	if _, errs := list(t, server.source(t, standinnexus.Password, Options{}), ""); len(errs) > 0 {
		t.Fatal(errs)
	}
	pages := map[string]int{}
	for _, request := range server.requests(t) {
		repository, ok := strings.CutPrefix(request, "GET /service/rest/v1/assets?")
		if !ok {
			continue
		}
		pages[repository]++
		if strings.Contains(request, "continuationToken=&") || strings.HasSuffix(request, "continuationToken=") {
			t.Errorf("%s", request)
		}
	}
	for _, name := range []string{standinnexus.Debian, standinnexus.Releases, standinnexus.Snapshots, standinnexus.Raw, standinnexus.Docker} {
		if pages["repository="+name] != 1 {
			t.Errorf("%s: asked %d times without a token", name, pages["repository="+name])
		}
	}
}

// A cursor outlives the upgrade of its server to another database, whose tokens are of another kind.
func TestCursorOfAnotherEra(t *testing.T) {
	for _, c := range []struct{ cursor, era string }{
		{standinnexus.Raw + ":" + strings.Repeat("0f", 16), "era=sqlB"},
		{standinnexus.Raw + ":4f1bbcdd", "era=orient"},
	} {
		server := start(t, "small", c.era)
		source := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Raw}})
		all, _ := list(t, source, "")
		items, errs := list(t, source, sources.Cursor(c.cursor))
		if diff := cmp.Diff(all, items); diff != "" || len(errs) > 0 {
			t.Errorf("%s: errors %v, (-all +resumed):\n%s", c.era, errs, diff)
		}
	}
}

func TestCursorsOfRepositoriesThatAreGone(t *testing.T) {
	source := start(t, "small").source(t, standinnexus.Password, few)
	for cursor, want := range map[sources.Cursor][]string{
		"b-gone:4f1bbcdd":            {standinnexus.Releases, standinnexus.Snapshots, standinnexus.Raw},
		"maven-snapshots:*":          {standinnexus.Raw},
		"raw-hosted:*":               nil,
		standinnexus.Snapshots + ":": {standinnexus.Snapshots, standinnexus.Raw},
		"zzz:*":                      nil,
		"b-gone:*":                   {standinnexus.Releases, standinnexus.Snapshots, standinnexus.Raw},
		"no colon at all":            {standinnexus.Raw},
	} {
		items, errs := list(t, source, cursor)
		if diff := cmp.Diff(want, repositoriesOf(items)); diff != "" || len(errs) > 0 {
			t.Errorf("%s: errors %v, (-want +got):\n%s", cursor, errs, diff)
		}
	}
}

func TestPageThatLeadsToItself(t *testing.T) {
	server := start(t, "0")
	server.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if about(r, standinnexus.Raw) {
			_, _ = io.WriteString(w, `{"items": [{"id": "aQ", "path": "/f"}], "continuationToken": "1"}`)
		}
		return about(r, standinnexus.Raw)
	})
	items, errs := list(t, server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Raw}}), "")
	if len(items) != 2 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "leads to itself") {
		t.Errorf("%d items, errors %v", len(items), errs)
	}
}

func TestFilesOfAPackageComeTogether(t *testing.T) {
	source := start(t, "small").source(t, standinnexus.Password, Options{})
	p, f := find(t, source, standinnexus.Releases, "com/example/lib/1.0/lib-1.0.jar")
	var paths []string
	for _, one := range p.Files {
		paths = append(paths, one.Path)
	}
	want := []string{"lib-1.0-javadoc.jar", "lib-1.0-sources.jar", "lib-1.0.jar", "lib-1.0.jar.asc", "lib-1.0.pom.asc", "lib-1.0.pom"}
	if diff := cmp.Diff(want, paths); diff != "" || p.Source != "old" || p.PURL() != "pkg:maven/com.example/lib@1.0" {
		t.Errorf("%s of %s (-want +got):\n%s", p.PURL(), p.Source, diff)
	}
	if f.Modified != time.Date(2024, 5, 3, 10, 12, 12, 345_000_000, time.UTC) {
		t.Errorf("modified %s", f.Modified)
	}
}

func TestHollowAssetsAreSkippedAlone(t *testing.T) {
	source := start(t, "small").source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Cache}})
	items, errs := list(t, source, "")
	var got []string
	for _, item := range items {
		if item.Package.Name == "" {
			continue
		}
		got = append(got, fmt.Sprintf("%s@%s %s", item.Package.Name, item.Package.Version, item.Skip))
	}
	want := []string{"org.example:cached@3.1 ", "org/example/known/4.0/known-4.0.jar@ source-uncached"}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, (-want +got):\n%s", errs, diff)
	}
}

// Every file of a format that GitLab has no place for is there to be routed, under the name that packages have elsewhere.
func TestForeignFormats(t *testing.T) {
	source := start(t, "small").source(t, standinnexus.Password, Options{})
	items, errs := list(t, source, "")
	files := map[artifact.Format]int{}
	for _, item := range items {
		if p := item.Package; p.Format.Foreign() && p.Name != "" {
			files[p.Format] += len(p.Files)
			if item.Skip != "" || !slices.Contains(artifact.ForeignFormats(), p.Format) {
				t.Errorf("%+v", item)
			}
		}
	}
	want := map[artifact.Format]int{"deb": 2, "rpm": 2, "gem": 2, "conan": 2, "golang": 3, "cran": 2, "cargo": 1, "gitlfs": 1, "terraform-registry": 1}
	if diff := cmp.Diff(want, files); diff != "" || len(errs) > 0 {
		t.Errorf("%v (-want +got):\n%s", errs, diff)
	}
}
