package nexus

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	standinnexus "pkgferry/integration/standin/nexus"
	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// stored are the sums of all files, and what the npm indexes say, by where they are.
func (s *server) stored() map[string]artifact.Package {
	all := map[string]artifact.Package{}
	add := func(p artifact.Package, sum string) {
		for _, f := range p.Files {
			one := p
			one.Files = []artifact.File{f}
			all[fmt.Sprintf("%s %s %s %s %s", p.Repository, p.Name, p.Version, f.Path, sum+f.Digests.SHA256)] = one
		}
	}
	for line := range s.Dump {
		if p, ok := expected(line); ok {
			add(p, line.SHA256)
		}
	}
	for _, p := range s.indexes() {
		add(p, "")
	}
	return all
}

// day makes the changes of a working day, and returns what is new or other since.
func (s *server) day(t *testing.T) (want []artifact.Package) {
	t.Helper()
	before := s.stored()
	resp, err := http.Post(s.url.String()[:len(s.url.String())-len(s.url.Path)]+"/_standin/mutate", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	for key, p := range s.stored() {
		if _, was := before[key]; !was {
			want = append(want, p)
		}
	}
	return want
}

// notebook keeps notes as a checkpoint does.
type notebook map[string]string

// list is a listing that is told what was noted before it, and the requests for assets that it took.
func (n notebook) list(t *testing.T, server *server, source *Source, start sources.Start) (items []sources.Listed, pages int) {
	t.Helper()
	before, known := len(server.requests(t)), maps.Clone(n)
	start.Recall = func(_ context.Context, key string) (string, error) { return known[key], nil }
	for item, err := range source.Packages(t.Context(), start) {
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(n, item.Notes)
		items = append(items, item)
	}
	for _, request := range server.requests(t)[before:] {
		if strings.HasPrefix(request, "GET /service/rest/v1/assets?") {
			pages++
		}
	}
	return items, pages
}

// files are the files of a listing, by repository and path.
func files(items []sources.Listed) (all []string) {
	for _, item := range items {
		for _, f := range item.Package.Files {
			l, _ := parseLocator(f.Locator)
			all = append(all, l.Repository+" "+l.Path)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var changed = sources.Start{Changes: true}

// Where nothing can be replaced, what is new costs the pages at the end and no more.
func TestTailCostsWhatIsNew(t *testing.T) {
	server := start(t, "1500", "era=sqlA", "page=10", "formats=maven2") // 6,000 files
	server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: "com/example/new/maven-metadata.xml", Body: "<metadata/>"})
	for i := range 200 {
		server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: fmt.Sprintf("com/example/old/1.%d/old-1.%d.pom", i, i)})
	}
	source, notes := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Releases}}), notebook{}
	all, pages := notes.list(t, server, source, sources.Start{})
	if pages != 621 {
		t.Errorf("%d pages", pages)
	}
	for i := range 100 {
		c := fmt.Sprintf("com/example/new/1.%d/new-1.%d", i, i)
		server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: c + ".pom", Body: fmt.Sprint("<project>", i)})
	}
	server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: "com/example/new/maven-metadata.xml", Body: "<metadata>2</metadata>"})
	items, pages := notes.list(t, server, source, changed)
	fresh := slices.DeleteFunc(files(items), func(f string) bool { return slices.Contains(files(all), f) })
	if len(fresh) != 100 || pages > 25 {
		t.Errorf("%d new files on %d pages", len(fresh), pages)
	}
	if _, pages = notes.list(t, server, source, changed); pages > window+1 {
		t.Errorf("nothing is new, and %d pages were read", pages)
	}
	at := slices.IndexFunc(items, func(item sources.Listed) bool { return item.Package.Name == "com.example:new" && item.Package.Index() })
	if at < 0 {
		t.Fatal("the index that was replaced is not listed")
	}
	f := items[at].Package.Files[0]
	if body, err := openAll(t, source, f); body != "<metadata>2</metadata>" || err != nil || f.Size != int64(len(body)) || f.Digests.SHA1 == "" {
		t.Errorf("%+v: %q %v", f, body, err)
	}
}

// What was replaced shows only in all of the list, so all of it is read wherever the server may replace something or does
// not say that it may not.
func TestTailOnlyWhereNothingIsReplaced(t *testing.T) {
	for _, c := range []struct {
		name, user, era string
		changes         []standinnexus.Change
		whole           bool
	}{
		{"written once", standinnexus.Username, "sqlB", nil, false},
		{"frozen", standinnexus.Username, "sqlB", []standinnexus.Change{{Op: "policy", Body: "DENY"}}, false},
		{"replaced at will", standinnexus.Username, "sqlB", []standinnexus.Change{{Op: "policy", Body: "ALLOW"}}, true},
		{"nobody knows", standinnexus.Reader, "sqlB", nil, true},
		{"OrientDB", standinnexus.Username, "orient", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := start(t, "100", "era="+c.era, "page=10", "formats=maven2")
			for _, one := range c.changes {
				one.Repository = standinnexus.Releases
				server.change(one)
			}
			source := server.sourceOf(t, c.user, standinnexus.Password, Options{Repositories: []string{standinnexus.Releases}})
			notes := notebook{}
			all, pages := notes.list(t, server, source, sources.Start{})
			items, again := notes.list(t, server, source, changed)
			if whole := len(files(items)) == len(files(all)); whole != c.whole || (again == pages) != c.whole {
				t.Errorf("%d of %d files on %d of %d pages", len(files(items)), len(files(all)), again, pages)
			}
		})
	}
}

// A policy that was changed since says nothing of what was replaced; and npm's tags move wherever anything can come.
func TestWhatMayHaveBeenReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		format, repository string
		policy             string
		changes            []standinnexus.Change
	}{
		"policy": {"maven2", standinnexus.Releases, "ALLOW_ONCE", []standinnexus.Change{
			{Op: "policy", Body: "ALLOW"}, {Op: "put", Path: "com/example/made0/lib0/1.0.0/lib0-1.0.0.pom", Body: "<other/>"},
		}},
		"tag": {"npm", standinnexus.NPM, "ALLOW_ONCE", []standinnexus.Change{{Op: "tag", Package: "@acme/made0", Tag: "beta", Version: "1.0.0"}}},
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t, "200", "page=10", "formats="+c.format)
			server.change(standinnexus.Change{Op: "policy", Repository: c.repository, Body: c.policy})
			source, notes := server.source(t, standinnexus.Password, Options{Repositories: []string{c.repository}}), notebook{}
			sizes := func(items []sources.Listed) map[string]int64 {
				all := map[string]int64{}
				for _, item := range items {
					for _, f := range item.Package.Files {
						all[item.Package.Name+item.Package.Version+f.Path] = f.Size
					}
				}
				return all
			}
			before, _ := notes.list(t, server, source, sources.Start{})
			for _, one := range c.changes {
				one.Repository = c.repository
				server.change(one)
			}
			items, _ := notes.list(t, server, source, changed)
			old, other := sizes(before), 0
			for key, size := range sizes(items) {
				if was, ok := old[key]; !ok || was != size {
					other++
				}
			}
			if other != 1 {
				t.Errorf("%d changes found", other)
			}
		})
	}
}

// What was noted of another content, or of another policy, leads nowhere.
func TestTailThatIsNoMore(t *testing.T) {
	old := start(t, "100", "page=10", "formats=maven2")
	o := Options{Repositories: []string{standinnexus.Releases}}
	notes := notebook{}
	notes.list(t, old, old.source(t, standinnexus.Password, o), sources.Start{})
	for name, at := range map[string]func(t *testing.T) *server{
		"made anew": func(t *testing.T) *server {
			server := start(t, "120", "page=10", "formats=raw+maven2") // its numbers mean other files
			for i := range 200 {
				server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: fmt.Sprintf("g/a/%d/a-%d.jar", i, i)})
			}
			return server
		},
		"another database": func(t *testing.T) *server { return start(t, "100", "page=10", "formats=maven2", "era=orient") },
		"emptied": func(t *testing.T) *server {
			server := start(t, "0", "page=10")
			server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: "g/a/1/a-1.jar"})
			return server
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := at(t)
			source := server.source(t, standinnexus.Password, o)
			all, _ := notebook{}.list(t, server, source, sources.Start{})
			items, _ := maps.Clone(notes).list(t, server, source, changed)
			if diff := cmp.Diff(files(all), files(items)); diff != "" || len(all) < 2 {
				t.Errorf("-all +changes:\n%s", diff)
			}
		})
	}
}

// A page that is there when the listing is interrupted leaves the earlier note as it is.
func TestInterruptedTail(t *testing.T) {
	server := start(t, "100", "page=10", "formats=maven2")
	source, notes := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.Releases}}), notebook{}
	notes.list(t, server, source, sources.Start{})
	key := noted(repository{Name: standinnexus.Releases})
	before := notes[key]
	for i := range 300 {
		server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Releases, Path: fmt.Sprintf("g/a/%d/a-%d.jar", i, i), Body: fmt.Sprint(i)})
	}
	items, _ := notes.list(t, server, source, changed)
	whole := files(items)
	half := items[len(items)/2].Cursor
	notes[key] = before
	rest, _ := notes.list(t, server, source, sources.Start{Changes: true, Cursor: half})
	if len(files(rest)) >= len(whole) || notes[key] != before {
		t.Errorf("%d of %d files, note %s", len(files(rest)), len(whole), notes[key])
	}
	var a anchor
	if err := json.Unmarshal([]byte(before), &a); err != nil || a.Token == "" || len(a.Files) != 10 || len(before) > 300 {
		t.Errorf("%s: %v", before, err)
	}
}

// An npm package's root is read again only when it changed.
func TestRootsAreReadOnce(t *testing.T) {
	server := start(t, "small")
	source, notes := server.source(t, standinnexus.Password, Options{Repositories: []string{standinnexus.NPM}}), notebook{}
	roots := func() (n int) {
		for _, request := range server.requests(t) {
			if strings.HasPrefix(request, "GET /repository/npm-hosted/") {
				n++
			}
		}
		return n
	}
	notes.list(t, server, source, sources.Start{})
	first := roots()
	items, _ := notes.list(t, server, source, changed)
	if again := roots(); first != 3 || again != first {
		t.Errorf("%d roots read, then %d more", first, again-first)
	}
	for _, item := range items {
		if item.Package.Index() && item.Package.Name != "" && item.Skip == "" {
			t.Errorf("listed as a change: %s", item.Package.PURL())
		}
	}
	server.change(standinnexus.Change{Op: "tag", Repository: standinnexus.NPM, Package: "@acme/ui", Tag: "beta", Version: "1.0.0"})
	items, _ = notes.list(t, server, source, changed)
	var found []string
	for _, item := range items {
		if item.Package.Index() && item.Skip == "" && item.Package.Name != "" {
			found = append(found, item.Package.Name)
		}
	}
	if diff := cmp.Diff([]string{"@acme/ui"}, found); diff != "" || roots() != first+1 {
		t.Errorf("%d roots read (-want +got):\n%s", roots()-first, diff)
	}
	if _, _ = notes.list(t, server, source, sources.Start{}); roots() != first+1+3 {
		t.Error("a listing of everything believes the notes")
	}
}
