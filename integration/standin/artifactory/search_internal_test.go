package artifactory

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/aql"
)

// criteria makes a criterion at random, of values that the seeds have.
func criteria(random *rand.Rand, depth int) string {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	if depth > 0 && random.IntN(3) == 0 {
		var some []string
		for range 1 + random.IntN(3) {
			some = append(some, criteria(random, depth-1))
		}
		return fmt.Sprintf(`{%q:[%s]}`, pick("$and", "$or"), strings.Join(some, ","))
	}
	field := pick("repo", "path", "name", "type", "created", "modified", "size", "@k", "depth")
	switch field {
	case "repo":
		return fmt.Sprintf(`{"repo":%q}`, pick(Releases, Files, "nowhere"))
	case "path":
		op := pick("$eq", "$match", "$match", "$gt", "$lte", "$ne", "$nmatch")
		return fmt.Sprintf(`{"path":{%q:%q}}`, op, pick(".", "com", "com/example/team000/area00/lib00", "com/*", "*/1.1?.0", "com/example/team000/*", "nightly*", "*b01*", "n"))
	case "name":
		return fmt.Sprintf(`{"name":{%q:%q}}`, pick("$eq", "$match", "$lt", "$nmatch"), pick("maven-metadata.xml", "*.pom", "lib0?-1.1*", "part-00003.bin", "."))
	case "type":
		return fmt.Sprintf(`{"type":%q}`, pick("any", "file", "folder"))
	case "created", "modified":
		at := aqlTime(time.Date(2024, 5, 30+random.IntN(4), random.IntN(24), 0, 0, 0, time.UTC))
		return fmt.Sprintf(`{%q:{%q:%q}}`, field, pick("$gte", "$lt", "$gt", "$lte"), at)
	case "@k":
		return fmt.Sprintf(`{"@k":{%q:"v"}}`, pick("$eq", "$ne"))
	}
	return fmt.Sprintf(`{%q:{%q:"%d"}}`, field, pick("$gt", "$lte"), random.IntN(120))
}

func aqlTime(at time.Time) string { return at.Format("2006-01-02T15:04:05.000Z") }

// changed is a server with a made tree and a few changes in it.
func changed(tb testing.TB) *Server {
	tb.Helper()
	s, err := New(standin.Options{Seed: "900"})
	if err != nil {
		tb.Fatal(err)
	}
	lib := "com/example/team000/area00/lib00/1.10.0/lib00-1.10.0"
	for _, c := range []Change{
		{Op: "delete", Repository: Releases, Path: lib + ".jar"},
		{Op: "deploy", Repository: Releases, Path: lib + ".pom", Body: "new"},
		{Op: "properties", Repository: Releases, Path: lib + "-sources.jar", Properties: []Property{{"k", "v"}}},
		{Op: "deploy", Repository: Releases, Path: "com-other/a/b.txt", Body: "b"},
		{Op: "deploy", Repository: Files, Path: "-first.txt", Body: "before the root itself"},
		{Op: "delete", Repository: Releases, Path: "com/example/team000/area00/lib02"},
		{Op: "move", Repository: Files, Path: "nightly/app/1.100.0/part-00003.bin", ToRepository: Files, ToPath: "nightly/moved.bin"},
	} {
		if err := s.Change(c); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// What a query finds is what meets its criteria, row by row, in the order of repository, path and name: nothing that could
// be met is passed over.
func TestNothingIsPassedOver(t *testing.T) {
	s := changed(t)
	everything := slices.Collect(s.found(&aql.Query{Where: aql.And{}}))
	if len(everything) < 800 {
		t.Fatalf("%d rows", len(everything))
	}
	random, found := rand.New(rand.NewPCG(3, 1)), 0
	for range 300 {
		text := "items.find(" + criteria(random, 2) + "," + criteria(random, 2) + ")"
		q, err := s.understood(text, account{admin: true})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var want, got []string
		for _, one := range everything {
			if q.Where.Holds(one) == aql.True {
				want = append(want, one.Repo+" "+one.Path+" "+one.Name)
			}
		}
		for one := range s.found(q) {
			got = append(got, one.Repo+" "+one.Path+" "+one.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: (-meets +found)\n%s", text, diff)
		}
		found += len(got)
	}
	if found < 5_000 {
		t.Errorf("300 queries find %d rows together: they test little", found)
	}
}

// The order of everything is that of its path and name as texts.
func TestRowsAreOrdered(t *testing.T) {
	s := changed(t)
	last := []string{"", "", ""}
	for one := range s.found(&aql.Query{Where: aql.And{}}) {
		at := []string{one.Repo, one.Path, one.Name}
		if slices.Compare(last, at) >= 0 {
			t.Fatalf("%q comes after %q", at, last)
		}
		last = at
	}
}

// While as many queries run as may, another is refused.
func TestParallelQueries(t *testing.T) {
	for wait, want := range map[string]string{"none": "", "3": "3"} {
		s, err := New(standin.Options{Seed: "10", Modes: map[string]string{"aql-parallel": "2", "retry-after": wait}})
		if err != nil {
			t.Fatal(err)
		}
		ask := func() *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/artifactory/api/search/aql", strings.NewReader(`items.find({"repo":"files-local"})`))
			r.SetBasicAuth(Username, Password)
			s.ServeHTTP(w, r)
			return w
		}
		s.slots <- struct{}{}
		if got := ask(); got.Code != http.StatusOK {
			t.Errorf("beside one: %d", got.Code)
		}
		s.slots <- struct{}{}
		if got := ask(); got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") != want {
			t.Errorf("beside two: %d %v", got.Code, got.Header())
		}
		<-s.slots
		if got := ask(); got.Code != http.StatusOK {
			t.Errorf("afterwards: %d", got.Code)
		}
	}
}

func TestStoredPath(t *testing.T) {
	for escaped, want := range map[string]string{
		"k/a/b": "k a/b", "k": "k ", "k/": "k ", "k/a%3Bb": "k a;b", "k/a;b": "k a", "k/a;b=1/c": "k a", "k/a;": "k a;", "k/a%20b%23": "k a b#",
		"k/a+b": "k a+b", "k/%2520": "k %20", "k/a%2Fb": "", "k/a//b": "", "k/../b": "", "k/%zz": "", "k/a%5Cb": "",
	} {
		key, at, ok := storedPath(escaped)
		got := key + " " + at
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%s: %q, want %q", escaped, got, want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	s := changed(f)
	f.Add(`items.find({"repo":"files-local","path":{"$match":"n*"}}).include("repo","path","name","property","stat").sort({"$desc":["name"]}).offset(1).limit(2)`)
	f.Add(`items.find({"$or":[{"type":"folder","path":"."},{"@k":"v"}]}).include("*")`)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := s.understood(text, account{name: Reader})
		if err != nil {
			return
		}
		q.Limit = max(q.Limit, 5)
		s.page(&discarded{header: http.Header{}}, account{name: Reader}, q)
	})
}

type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarded) WriteHeader(int)             {}

func FuzzStoredPath(f *testing.F) {
	for _, seed := range []string{"k/a;b", "k/a%3Bb/c", "k/%2e%2e/x", "k/a%2fb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		key, at, ok := storedPath(escaped)
		if !ok {
			return
		}
		again, same, ok := storedPath(url.PathEscape(key) + "/" + escape(at))
		if !ok || again != key || same != at && strings.TrimSuffix(at, "/") != same {
			t.Errorf("%q is %q %q, which is %q %q again, %v", escaped, key, at, again, same, ok)
		}
	})
}

func FuzzRange(f *testing.F) {
	f.Add("bytes=0-1,-5", int64(10))
	f.Add("bytes=9-", int64(10))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		spans, _ := parseRange(header, max(size, 0))
		for _, one := range spans {
			if one.first < 0 || one.last >= size || one.first > one.last {
				t.Errorf("%q of %d bytes: %+v", header, size, one)
			}
		}
	})
}
