package artifactory_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
)

// A listing folder by folder, page by page, finds exactly what the dump has.
func TestFolderWalkFindsEverything(t *testing.T) {
	s := start(t, "700")
	var want, got []string
	s.Dump(func(line standin.DumpLine) bool {
		want = append(want, line.Repository+" "+line.SHA256)
		return true
	})
	for _, repo := range []string{artifactory.Files, artifactory.Releases} {
		for folders := []string{"."}; len(folders) > 0; folders = folders[1:] {
			for offset := 0; ; offset += 7 {
				r := s.query(fmt.Sprintf(`items.find({"repo":%q,"path":%q,"type":"any"}).include("repo","path","name","type","sha256").sort({"$asc":["name"]}).offset(%d).limit(7)`,
					repo, folders[0], offset))
				for _, one := range r.Results {
					switch {
					case one.Type == "file":
						got = append(got, one.Repo+" "+one.SHA256)
					case one.Name != ".":
						folders = append(folders, join(one.Path, one.Name))
					}
				}
				if len(r.Results) < 7 {
					break
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" || len(got) != 700 {
		t.Errorf("%d files (-held +listed):\n%s", len(got), diff)
	}
	if n := s.Stats().Requests["POST aql folder"]; n < 100 {
		t.Errorf("%d folder queries are counted", n)
	}
}

func join(path, name string) string {
	if path == "." {
		return name
	}
	return path + "/" + name
}

// Without a sort, pages have another order each time: together they miss rows.
func TestPagesWithoutASortDoNotAdd(t *testing.T) {
	s := start(t, "100")
	seen := map[string]bool{}
	for offset := 0; offset < 40; offset += 10 {
		for _, one := range s.query(fmt.Sprintf(`items.find({"repo":"files-local"}).offset(%d).limit(10)`, offset)).Results {
			seen[one.Name] = true
		}
	}
	if len(seen) == 40 {
		t.Error("four pages without a sort have every row")
	}
	if n := len(s.query(`items.find({"repo":"files-local"})`).Results); n != 40 {
		t.Errorf("%d rows in one answer", n)
	}
}

// Every sort gives the same order, whether rows are found in it or not, and pages of it add up.
func TestSorts(t *testing.T) {
	s := start(t, "300")
	for _, sort := range []string{
		`{"$asc":["name"]}`, `{"$desc":["name"]}`, `{"$asc":["repo","path","name"]}`, `{"$desc":["path","name"]}`, `{"$asc":["size","name","path"]}`,
		`{"$desc":["size","path","name"]}`, `{"$asc":["path"]}`, `{"$asc":["created"]}`, `{"$desc":["repo","path","name"]}`,
	} {
		var fields []string
		direction, list, _ := strings.Cut(strings.Trim(sort, `{}`), ":")
		if err := json.Unmarshal([]byte(list), &fields); err != nil {
			t.Fatal(err)
		}
		query := `items.find({"type":"any"}).include("repo","path","name","size","created").sort(` + sort + `)`
		all := s.query(query).Results
		for i := 1; i < len(all); i++ {
			order := 0
			for _, f := range fields {
				if order == 0 {
					order = cmp.Compare(all[i-1].sortable(f), all[i].sortable(f))
				}
			}
			if order > 0 && direction == `"$asc"` || order < 0 && direction == `"$desc"` {
				t.Fatalf("%s: %+v comes before %+v", sort, all[i-1], all[i])
			}
		}
		var paged []item
		for offset := 0; offset < len(all); offset += 64 {
			paged = append(paged, s.query(fmt.Sprintf("%s.offset(%d).limit(64)", query, offset)).Results...)
		}
		if diff := gocmp.Diff(all, paged); diff != "" || len(all) < 300 {
			t.Errorf("%s: %d rows (-whole +paged)\n%s", sort, len(all), diff)
		}
	}
}

// sortable is a field as a text that compares as the field does.
func (i item) sortable(field string) string {
	size, _ := i.Size.Int64()
	return map[string]string{"repo": i.Repo, "path": i.Path, "name": i.Name, "size": fmt.Sprintf("%012d", size), "created": i.Created}[field]
}

func TestNoJSONWithoutText(t *testing.T) {
	s := start(t, "1")
	if a := s.do(http.MethodPost, "/api/search/aql", "items.find()", "Content-Type: application/json"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("answered %d", a.status)
	}
}
