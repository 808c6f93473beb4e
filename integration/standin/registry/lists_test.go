package registry_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"pgregory.net/rapid"

	"pkgferry/integration/standin/registry"
)

// walk lists tags or repositories by following Link, and tells how many pages there were.
func walk(t testing.TB, base, path string) (names []string, pages int) {
	t.Helper()
	for next := path; next != ""; pages++ {
		got := ask(t, "GET", base+next)
		var page struct{ Tags, Repositories []string }
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s", next, got.status, got.body)
		}
		names = append(append(names, page.Tags...), page.Repositories...)
		next, _, _ = strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">")
		next = strings.TrimPrefix(next, base)
	}
	return names, pages
}

func TestTagsArePagedAsTheServerDoes(t *testing.T) {
	s := seeded()
	for _, c := range []struct {
		name   string
		paging registry.Paging
		query  string
		pages  int
		want   int
	}{
		{"all in one", registry.Paging{Whole: true}, "?n=100&last=build-0000500", 1, 1050},
		{"n is obeyed", registry.Paging{}, "?n=100", 11, 1050},
		{"without n all", registry.Paging{}, "", 1, 1050},
		{"a page of the server's", registry.Paging{Default: 500}, "", 3, 1050},
		{"n is cut down", registry.Paging{Max: 200}, "?n=1000", 6, 1050},
		{"at most so many without n", registry.Paging{Max: 1000}, "", 2, 1050},
		{"whole addresses", registry.Paging{Link: registry.LinkAbsolute}, "?n=1000", 2, 1050},
		{"no header", registry.Paging{Link: registry.LinkNone}, "?n=1000", 1, 1000},
		{"from a name on", registry.Paging{}, "?n=100&last=build-0000949", 1, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := serve(t, registry.Registry{Store: s, Tags: c.paging})
			names, pages := walk(t, base, "/v2/acme/many/tags/list"+c.query)
			if pages != c.pages || len(names) != c.want || !slices.IsSorted(names) {
				t.Errorf("%d names in %d pages", len(names), pages)
			}
		})
	}
	base := serve(t, registry.Registry{Store: s, Tags: registry.Paging{Max: 1000, Strict: true}})
	if got := ask(t, "GET", base+"/v2/acme/many/tags/list?n=1001"); got.status != 400 ||
		strings.TrimSpace(got.body) != `{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid number of results requested","detail":{"n":1001}}]}` {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestGoContainerRegistryLists(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded(), Catalog: &registry.Paging{Max: 2}})
	at, err := name.NewRegistry(strings.TrimPrefix(base, "http://"), name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	repositories, err := remote.Catalog(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"acme/app", "acme/broken", "acme/chart", "acme/empty", "acme/legacy", "acme/many", "acme/scanned", "acme/tool", "acme/windows"}
	if diff := cmp.Diff(want, repositories); diff != "" {
		t.Error(diff)
	}
	tags, err := remote.List(at.Repo("acme", "many"))
	if err != nil || len(tags) != registry.ManyTags {
		t.Errorf("%d tags, %v", len(tags), err)
	}
}

func TestLinkMayLeaveThePrefixOut(t *testing.T) {
	const prefix = "/repository/docker"
	for link, want := range map[registry.Link]string{
		registry.LinkPath: `<` + prefix + `/v2/_catalog?last=acme%2Fbroken&n=2>; rel="next"`,
		registry.LinkRoot: `</v2/_catalog?last=acme%2Fbroken&n=2>; rel="next"`,
		registry.LinkNone: "",
	} {
		base := serve(t, registry.Registry{Store: seeded(), Prefix: prefix, Catalog: &registry.Paging{Link: link}})
		if got := ask(t, "GET", base+prefix+"/v2/_catalog?n=2").header.Get("Link"); got != want {
			t.Errorf("Link: %s, want %s", got, want)
		}
	}
}

func TestAnEmptyRepository(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded(), EmptyKnown: true})
	if got := ask(t, "GET", base+"/v2/acme/empty/tags/list"); got.status != 200 || strings.TrimSpace(got.body) != `{"name":"acme/empty","tags":[]}` {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestReferrers(t *testing.T) {
	s := seeded()
	base := serve(t, registry.Registry{Store: s, Referrers: &registry.Paging{}})
	image, _ := s.Manifest("acme/scanned", "1")
	path := "/v2/acme/scanned/referrers/" + image.Digest
	var index v1.IndexManifest
	if got := ask(t, "GET", base+path); json.Unmarshal([]byte(got.body), &index) != nil || len(index.Manifests) != 1 ||
		index.Manifests[0].ArtifactType != "application/spdx+json" {
		t.Errorf("%d %s", got.status, got.body)
	}
	found, err := remote.Referrers(reference(t, base, "acme/scanned@"+image.Digest).(name.Digest))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := found.IndexManifest(); err != nil || len(m.Manifests) != 1 || m.Manifests[0].Digest != index.Manifests[0].Digest {
		t.Errorf("go-containerregistry finds %v, %v", m, err)
	}
	got := ask(t, "GET", base+path+"?artifactType=x%2Fy")
	if !strings.Contains(got.body, `"manifests":[]`) || got.header.Get("OCI-Filters-Applied") != "artifactType" {
		t.Errorf("of another type: %s", got.body)
	}
	if got := ask(t, "GET", base+"/v2/acme/scanned/referrers/sha256:"+strings.Repeat("0", 64)); got.status != 200 || !strings.Contains(got.body, `"manifests":[]`) {
		t.Errorf("of nothing: %d %s", got.status, got.body)
	}
}

func TestReferrersArePaged(t *testing.T) {
	s := seeded()
	image, _ := s.Manifest("acme/scanned", "1")
	subject := image.Descriptor()
	for i := range 4 {
		s.PutArtifact("acme/scanned", "", registry.Artifact{
			ArtifactType: "x/y", Config: registry.Part{Content: []byte("{}")}, Subject: &subject, Annotations: map[string]string{"number": fmt.Sprint(i)},
		})
	}
	base := serve(t, registry.Registry{Store: s, Referrers: &registry.Paging{Max: 2}})
	seen, pages := map[string]bool{}, 0
	for next := "/v2/acme/scanned/referrers/" + image.Digest; next != ""; pages++ {
		got := ask(t, "GET", base+next)
		var index v1.IndexManifest
		if err := json.Unmarshal([]byte(got.body), &index); err != nil {
			t.Fatal(err)
		}
		for _, d := range index.Manifests {
			seen[d.Digest.String()] = true
		}
		next, _, _ = strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">")
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d referrers in %d pages", len(seen), pages)
	}
}

// TestTagsStayInOrderWhatEverHappens compares the pages of a repository that is mostly made up with a plain list.
func TestTagsStayInOrderWhatEverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := registry.Epoch.AddDate(1, 0, 0)
		s := registry.NewStore()
		s.Now = func() time.Time { now = now.Add(time.Second); return now }
		n := rapid.IntRange(0, 40).Draw(t, "made")
		s.Generate("r", n)
		s.PutManifest("r", "", registry.Manifest{MediaType: "x", Digest: "sha256:x", Body: []byte("x")})
		names := []string{}
		for i := range n {
			names = append(names, fmt.Sprintf("build-%07d", i))
		}
		age := slices.Clone(names)
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 60), 0, 12).Draw(t, "changes") {
			tag := rapid.SampledFrom([]string{fmt.Sprintf("build-%07d", i), fmt.Sprintf("build-%07d-a", i), fmt.Sprintf("a%d", i), fmt.Sprintf("z%d", i)}).Draw(t, "tag")
			remove := func(list []string) []string {
				return slices.DeleteFunc(list, func(s string) bool { return s == tag })
			}
			there := slices.Contains(names, tag)
			names, age = remove(names), remove(age)
			if there && rapid.Bool().Draw(t, "delete") {
				if err := s.DeleteTag("r", tag); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := s.SetTag("r", tag, "sha256:x"); err != nil {
				t.Fatal(err)
			}
			names, age = append(names, tag), append(age, tag)
		}
		slices.Sort(names)
		offset, size := rapid.IntRange(0, 60).Draw(t, "offset"), rapid.IntRange(0, 20).Draw(t, "size")
		for order, all := range map[registry.Order][]string{
			registry.NameUp: names, registry.NameDown: reversed(names), registry.OldestFirst: age, registry.NewestFirst: reversed(age),
		} {
			got, total := s.Page("r", order, offset, size)
			want := all[min(offset, len(all)):min(offset+size, len(all))]
			if total != len(all) || !slices.Equal(got, want) {
				t.Fatalf("order %d from %d: %v of %d, want %v of %d", order, offset, got, total, want, len(all))
			}
		}
		last := rapid.SampledFrom(append([]string{"", "b", "build-0000007", "build-0000007-", "zz"}, names...)).Draw(t, "last")
		got, more, _ := s.NamesAfter("r", last, size)
		after := slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s <= last })
		if want := after[:min(size, len(after))]; !slices.Equal(got, want) || more != (len(after) > size) {
			t.Fatalf("after %q: %v %v, want %v", last, got, more, want)
		}
	})
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func TestReadingAQuery(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded()})
	for _, n := range []string{"-1", "x", "1e3"} {
		if got := ask(t, "GET", base+"/v2/acme/many/tags/list?n="+url.QueryEscape(n)); got.status != 400 {
			t.Errorf("n=%s: %d", n, got.status)
		}
	}
}
