package artifactory

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	art "pkgferry/integration/standin/artifactory"
	"pkgferry/integration/standin/fixture"
	"pkgferry/sources"
)

// Properties go before content, content before the path; and of a file no more is read than that takes.
func TestWhatAFileIs(t *testing.T) {
	s := start(t, "small")
	property := func(kind, name, version string) []art.Property {
		return []art.Property{{Key: kind + ".name", Value: name}, {Key: kind + ".version", Value: version}}
	}
	for _, c := range []struct {
		repository, path, body string
		properties             []art.Property
		want                   string
	}{
		{art.NPM, "x/-/x-1.0.0.tgz", string(fixture.NPM("inside", "2.0.0", 1)), property("npm", "outside", "3.0.0"), "outside 3.0.0 outside-3.0.0.tgz"},
		{art.NPM, "y/-/y-1.0.0.tgz", string(fixture.NPM("@in/side", "2.0.0", 2)), nil, "@in/side 2.0.0 @in/side-2.0.0.tgz"},
		{art.NPM, "z/-/z-1.0.0.tgz", "no archive", nil, "z 1.0.0 z-1.0.0.tgz"},
		{art.NPM, "odd/z.tgz", "no archive", nil, "odd/z.tgz  odd/z.tgz package-unreadable"},
		{art.NPM, "readme.md", "text", nil, "readme.md  readme.md file-name-not-allowed"},
		{art.NPM, "x/-/x-1.0.0.tgz.sha1", "0123", nil, "x/-/x-1.0.0.tgz.sha1  x/-/x-1.0.0.tgz.sha1 not-a-package"},
		{art.NuGet, "deep/any.nupkg", string(fixture.NuPkg("Acme.Inside", "1.2.3.4", 3)), nil, "Acme.Inside 1.2.3.4 any.nupkg"},
		{art.NuGet, "Acme.Path/Acme.Path.1.0.0.nupkg", "no archive", nil, "Acme.Path 1.0.0 Acme.Path.1.0.0.nupkg"},
		{art.PyPI, "any/acme_tool-9.0-py3-none-any.whl", "no archive", nil, "acme_tool 9.0 acme_tool-9.0-py3-none-any.whl"},
		{art.PyPI, "any/wheel.whl", string(fixture.Wheel("Acme.Inside", "9.1", "", 4)), nil, "Acme.Inside 9.1 wheel.whl"},
		{art.Helm, "any/chart.tgz", string(fixture.Chart("inside", "1.0.0", 5)), nil, "inside 1.0.0 inside-1.0.0.tgz"},
		{art.Helm, "any/lonely-1.0.0.tgz.prov", "signature", nil, "lonely 1.0.0 lonely-1.0.0.tgz.prov"},
		{art.Helm, "any/lonely.tgz.prov", "signature", nil, "any/lonely.tgz.prov  any/lonely.tgz.prov file-name-not-allowed"},
		{art.Terraform, "acme/vpc/aws/1.0.0.tgz", "module", nil, "acme/vpc/aws 1.0.0 vpc-aws-1.0.0.tgz"},
		{art.Terraform, "vpc/aws/1.0.0.zip", "module", nil, "vpc/aws/1.0.0.zip  vpc/aws/1.0.0.zip file-name-not-allowed"},
	} {
		s.change(art.Change{Op: "deploy", Repository: c.repository, Path: c.path, Body: c.body, Properties: c.properties})
		for _, user := range []string{art.Username, art.Reader} {
			items, errs := list(t, s.source(user, Options{Repositories: []string{c.repository}, Page: 4}), sources.Start{})
			var got []string
			for _, item := range items {
				for _, f := range item.Package.Files {
					if l, err := parseLocator(f.Locator); err == nil && l.Path == c.path {
						got = append(got, strings.TrimSpace(fmt.Sprint(item.Package.Name, " ", item.Package.Version, " ", f.Path, " ", item.Skip)))
					}
				}
			}
			if diff := cmp.Diff([]string{c.want}, got); diff != "" || len(errs) > 0 {
				t.Errorf("%s %s: %v (-want +got):\n%s", user, c.path, errs, diff)
			}
		}
	}
}

// A file whose content can not be read now, and whose path says nothing, makes the listing incomplete; its path, where it does
// say something, is enough.
func TestContentThatCanNotBeReadNow(t *testing.T) {
	s := start(t, "small")
	s.change(
		art.Change{Op: "deploy", Repository: art.NuGet, Path: "deep/any.nupkg", Body: string(fixture.NuPkg("Acme.Inside", "1.2.3.4", 3))},
		art.Change{Op: "deploy", Repository: art.NuGet, Path: "Acme.Path/Acme.Path.1.0.0.nupkg", Body: string(fixture.NuPkg("Acme.Path", "1.0.0", 4))},
	)
	s.Faults.Add(standin.Fault{Kind: "503", Stage: standin.Read, Rate: 1000})
	items, errs := list(t, s.source(art.Username, Options{Repositories: []string{art.NuGet}}), sources.Start{})
	if len(errs) != 2 || !strings.Contains(fmt.Sprint(errs), "deep/any.nupkg") { // the other one is broken/Acme.Broken.1.0.0.nupkg
		t.Errorf("errors %v", errs)
	}
	if !slices.Contains(paths(items), art.NuGet+"/Acme.Path/Acme.Path.1.0.0.nupkg") {
		t.Error("what its path tells is not listed")
	}
	for item := range s.source(art.Username, Options{Repositories: []string{art.NuGet}}).Packages(t.Context(), sources.Start{}) {
		if len(item.Notes) > 0 {
			t.Errorf("noted as listed: %v", item.Notes)
		}
	}
}

// A file is read in ranges where what is sought stands at its end.
func TestOnlyRangesOfALargePackage(t *testing.T) {
	const size = 2 << 20
	s := start(t, "small")
	package1 := fixture.NuPkg("Acme.Large", "1.0.0", 9)
	padded := append(fixture.Noise(1, size), package1...) // what stands before a zip is no part of it
	s.change(art.Change{Op: "deploy", Repository: art.NuGet, Path: "deep/large.nupkg", Body: string(padded)})
	before := s.Stats().BytesOut
	items, errs := list(t, s.source(art.Username, Options{Repositories: []string{art.NuGet}}), sources.Start{})
	if read := s.Stats().BytesOut - before; read > size/4 || len(errs) > 0 || !slices.Contains(paths(items), art.NuGet+"/deep/large.nupkg") {
		t.Errorf("%d bytes were sent for a listing with a package of %d; errors %v", read, size, errs)
	}
}

// Files that are one file of one version: the one at its home is listed, else the first; the others are told, with their bytes.
func TestTwins(t *testing.T) {
	s := start(t, "small")
	chart := func(seed int) string { return string(fixture.Chart("twin", "1.0.0", seed)) }
	properties := []art.Property{{Key: "chart.name", Value: "twin"}, {Key: "chart.version", Value: "1.0.0"}}
	for _, c := range []struct {
		path, body string
		properties []art.Property
		want       []string // of the files of twin 1.0.0
	}{
		{"b/twin-1.0.0.tgz", chart(1), properties, []string{"b/twin-1.0.0.tgz"}},
		{"a/renamed.tgz", chart(2), properties, []string{"a/renamed.tgz", "b/twin-1.0.0.tgz name-collision: other bytes"}},
		{"c/twin-1.0.0.tgz", chart(2), nil, []string{"a/renamed.tgz", "b/twin-1.0.0.tgz name-collision: other bytes", "c/twin-1.0.0.tgz name-collision: the same bytes"}},
		{"twin-1.0.0.tgz", chart(1), nil, []string{
			"a/renamed.tgz name-collision: other bytes", "b/twin-1.0.0.tgz name-collision: the same bytes", "c/twin-1.0.0.tgz name-collision: other bytes", "twin-1.0.0.tgz",
		}},
	} {
		s.change(art.Change{Op: "deploy", Repository: art.Helm, Path: c.path, Body: c.body, Properties: c.properties})
		for _, page := range []int{2, 1000} {
			items, errs := list(t, s.source(art.Username, Options{Repositories: []string{art.Helm}, Page: page}), sources.Start{})
			var got []string
			for _, item := range items {
				for _, f := range item.Package.Files {
					l, err := parseLocator(f.Locator)
					if err != nil || !strings.Contains(l.Path, "twin") && !strings.Contains(l.Path, "renamed") {
						continue
					}
					text := l.Path
					if item.Skip != "" {
						_, bytes, _ := strings.Cut(item.Detail, ", with ")
						text += " " + string(item.Skip) + ": " + bytes
					}
					got = append(got, text)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" || len(errs) > 0 {
				t.Errorf("with %s: %v (-want +got):\n%s", c.path, errs, diff)
			}
		}
	}
}

// A folder whose name can not stand in a query is read without one.
func TestNamesThatNoQueryCanHold(t *testing.T) {
	s := start(t, "0")
	names := []string{`we"ird/file.txt`, `we"ird/deeper/file.txt`, `what?*/a/b.txt`, `"},{"repo":"other/file.txt`}
	var want []string
	for _, name := range names {
		s.change(art.Change{Op: "deploy", Repository: art.Files, Path: name, Body: "odd"})
		want = append(want, art.Files+"/"+name)
	}
	slices.Sort(want)
	for _, user := range []string{art.Username, art.Reader} {
		items, errs := list(t, s.source(user, Options{}), sources.Start{})
		if diff := cmp.Diff(want, paths(items)); diff != "" || len(errs) > 0 {
			t.Errorf("%s: %v (-there +listed):\n%s", user, errs, diff)
		}
	}
	s.change(art.Change{Op: "deploy", Repository: art.Files, Path: `back\slash/file.txt`, Body: "what web servers refuse to be asked for"})
	if _, errs := list(t, s.source(art.Username, Options{}), sources.Start{}); len(errs) == 0 || !strings.Contains(errs[0].Error(), `folder back\slash`) {
		t.Errorf("errors %v", errs)
	}
}

// An npm name whose document can not be read is told; its versions are listed all the same.
func TestTagsThatCanNotBeRead(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"an error":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"another package": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"name":"other","dist-tags":{"latest":"1.0.0"}}`)) },
		"no document":     func(w http.ResponseWriter) { _, _ = w.Write([]byte(`[]`)) },
		"half a document": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"name":"left","dist-tags":{"latest":"1.`)) },
	} {
		s := start(t, "small")
		s.answer(func(w http.ResponseWriter, r *http.Request, _ string) bool {
			if strings.HasSuffix(r.URL.Path, "/api/npm/npm-local/left") {
				answer(w)
				return true
			}
			return false
		})
		items, errs := list(t, s.source(art.Username, Options{Repositories: []string{art.NPM}}), sources.Start{})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "the dist-tags of left could not be read") {
			t.Errorf("%s: %v", name, errs)
		}
		if !slices.Contains(paths(items), art.NPM+"/left/-/left-1.0.0.tgz") {
			t.Errorf("%s: its versions are not listed", name)
		}
		for _, item := range items {
			if item.Package.Name == "left" && item.Package.Index() {
				t.Errorf("%s: an index is listed: %+v", name, item.Package)
			}
		}
	}
}
