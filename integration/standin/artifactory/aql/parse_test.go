package aql

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	now   = time.Date(2024, 3, 31, 12, 0, 0, 0, time.UTC)
	seven = Dialect{Now: now, Seven: true, Distinct: true}
	six   = Dialect{Now: now}
)

// thing is a row of plain values; what has none is null.
type thing struct {
	texts      map[Field]string
	numbers    map[Field]int64
	properties []Property
}

func (r thing) Span(f Field) (low, high Value, ok bool) {
	text, hasText := r.texts[f]
	number, hasNumber := r.numbers[f]
	v := Value{Text: text, Number: number, Null: !hasText && !hasNumber}
	return v, v, true
}

func (r thing) Properties() ([]Property, bool) { return r.properties, true }

var jar = thing{
	texts:      map[Field]string{Repo: "libs", Path: "com/acme", Name: "a-1.0.jar", Type: "file", SHA256: "abc"},
	numbers:    map[Field]int64{Size: 100, Created: time.Date(2024, 3, 30, 12, 0, 0, 0, time.UTC).UnixMilli()},
	properties: []Property{{"stage", "released"}, {"stage", "tested"}, {"owner", "me"}},
}

func TestCriteria(t *testing.T) {
	for criteria, want := range map[string]bool{
		``: true, `{}`: true, ` { "repo" : "libs" } `: true, `{"repo":"other"}`: false,
		`{"repo":"libs","name":"b"}`: false, `{"repo":"libs"},{"name":"b"}`: false,
		`{"$or":[{"name":"b"},{"path":"com/acme"}]}`: true, `{"$and":[{"name":"b"},{"path":"com/acme"}]}`: false,
		`{"name":{"$match":"*.jar"}}`: true, `{"name":{"$match":"a-?.?.jar"}}`: true, `{"name":{"$match":"*"}}`: true, `{"name":{"$match":"a-1.0.ja"}}`: false,
		`{"name":{"$match":"a*0*r"}}`: true, `{"name":{"$match":"a_1%0.jar"}}`: false, `{"name":{"$nmatch":"*.jar"}}`: false, `{"name":{"$eq":"*.jar"}}`: false,
		`{"name":{"$ne":"b"}}`: true, `{"name":{"$gt":"a"}}`: true, `{"name":{"$lt":"a"}}`: false, `{"path":{"$gte":"com/acme"}}`: true, `{"path":{"$lte":"com"}}`: false,
		`{"size":{"$gt":"99"}}`: true, `{"size":{"$gt":100}}`: false, `{"size":100}`: true, `{"size":{"$lte":"100"}}`: true,
		`{"created":{"$last":"2d"}}`: true, `{"created":{"$last":"23minutes"}}`: false, `{"created":{"$before":"20s"}}`: true, `{"created":{"$before":"1w"}}`: false,
		`{"created":{"$last":"1mo"}}`: true, `{"created":{"$before":"1y"}}`: false, `{"created":{"$last":"86400000ms"}}`: false,
		`{"created":{"$gte":"2024-03-30"}}`: true, `{"created":{"$lt":"2024-03-30T12:00:00.000Z"}}`: false, `{"created":{"$lte":"2024-03-30T14:00:00+02:00"}}`: true,
		`{"created":{"$gte":"1711800000000"}}`: true, `{"created":{"$gt":"1711800000000"}}`: false, `{"created":{"$last":"what"}}`: true,
		`{"modified":{"$gte":"2000-01-01"}}`: false, `{"modified":null}`: true, `{"sha256":{"$ne":null}}`: true, `{"actual_sha1":{"$eq":null}}`: true, `{"modified_by":{"$ne":"x"}}`: true,
		`{"@stage":"released"}`: true, `{"@stage":"tested"}`: true, `{"@stage":{"$ne":"tested"}}`: false, `{"@nothing":{"$ne":"x"}}`: true, `{"@owner":{"$match":"m*"}}`: true,
		`{"@owner":{"$nmatch":"y*"}}`: true, `{"property.key":"owner"}`: true, `{"property.value":{"$match":"rel*"}}`: true, `{"@*":"me"}`: true,
		`{"$msp":[{"property.key":"stage"},{"property.value":"me"}]}`: false, `{"$msp":[{"property.key":"owner"},{"property.value":"me"}]}`: true,
		`{"property.key":"stage"},{"property.value":"me"}`: true,
		`{"name":{"$eqic":"A-1.0.JAR"}}`:                   true, `{"name":{"$matchic":"A*"}}`: true,
		`{"type":"any"}`: true, `{"type":"folder"}`: false, `{"type":"file"}`: true, `{"stat.downloads":{"$gt":"0"}}`: false, `{"item.info.props_modified":{"$last":"1d"}}`: false,
	} {
		q, err := Parse("items.find("+criteria+")", seven)
		if err != nil {
			t.Errorf("%s: %v", criteria, err)
			continue
		}
		if got := q.Where.Holds(jar) == True; got != want {
			t.Errorf("%s holds: %v", criteria, got)
		}
	}
}

// Without a word of the type, folders are not meant.
func TestImplicitType(t *testing.T) {
	folder := thing{texts: map[Field]string{Name: "a", Type: "folder"}}
	for query, want := range map[string]bool{
		`items.find()`: false, `items.find({"name":"a"})`: false, `items.find({"name":"a","type":"any"})`: true, `items.find({"type":"folder"})`: true,
		`items.find({"$or":[{"name":"b"},{"type":"folder"}]})`: true,
	} {
		q, err := Parse(query, seven)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Where.Holds(folder) == True; got != want {
			t.Errorf("%s finds the folder: %v", query, got)
		}
	}
}

func TestSections(t *testing.T) {
	for query, want := range map[string]Query{
		`items.find()`: {Fields: defaults, Limit: -1},
		`items.find().include("repo", "path","name").sort({"$asc" : ["path","name"]}).offset(20).limit(10).distinct(false)`: {
			Fields: []Field{Repo, Path, Name}, Sort: []Field{Path, Name}, Offset: 20, Limit: 10},
		`items.find().sort({"$desc":["name"]})`:                      {Fields: defaults, Sort: []Field{Name}, Descending: true, Limit: -1},
		`items.find().include("property")`:                           {Fields: defaults, Properties: true, Limit: -1},
		`items.find().include("name","property.*","stat.downloads")`: {Fields: []Field{Name}, Properties: true, Stats: []Field{Downloads}, Limit: -1},
		`items.find().include("name","@a","@b")`:                     {Fields: []Field{Name}, Properties: true, Keys: []string{"a", "b"}, Limit: -1},
		`items.find().include("*","stat")`:                           {Fields: append(slices.Clone(defaults), all...), Stats: stats, Limit: -1},
		`items.find().include("item.info","name").limit(0)`:          {Fields: []Field{Name}, Limit: 0},
		`items.find().transitive().limit(3)`:                         {Fields: defaults, Limit: 3},
		`items.find().limit(1e3)`:                                    {Fields: defaults, Limit: 1000},
		`items.find({"type":"any","stat.downloads":{"$gt":"1"}})`:    {Fields: defaults, Limit: -1, Typed: true, Downloaded: true},
	} {
		q, err := Parse(query, seven)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		q.Where = nil
		if diff := cmp.Diff(want, *q); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", query, diff)
		}
	}
}

// What is no query is refused where it ceases to be one.
func TestSyntaxErrors(t *testing.T) {
	for query, rest := range map[string]string{
		``: ``, `builds.find()`: `builds.find()`, `items`: ``, `items.find(`: ``, `items.find())`: `)`,
		`items.find({"repo":"a"}`: ``, `items.find({"repo":"a"},)`: `)`, `items.find({"repo":a})`: `a})`, `items.find({repo:"a"})`: `repo:"a"})`,
		`items.find({"repo":{"$eq":"a","$ne":"b"}})`: `,"$ne":"b"}})`, `items.find({"repo":{"$foo":"a"}})`: `"$foo":"a"}})`,
		`items.find({"nothing":"a"})`: `"nothing":"a"})`, `items.find({"virtual_repos":"a"})`: `"virtual_repos":"a"})`,
		`items.find({"repo":{"$last":"1d"}})`: `"1d"}})`, `items.find({"$or":{"repo":"a"}})`: `{"repo":"a"}})`, `items.find({"$or":[]})`: `]})`,
		`items.find().limit(2).offset(1)`: `.offset(1)`, `items.find().sort({"$asc":["name"]}).include("name")`: `.include("name")`,
		`items.find().limit(x)`: `x)`, `items.find().limit(-1)`: `-1)`, `items.find().sort({"$up":["name"]})`: `"$up":["name"]})`,
		`items.find().sort({"$asc":["nothing"]})`: `"nothing"]})`, `items.find().include("nothing")`: `"nothing")`, `items.find().include()`: `)`,
		`items.find({"name":"a\"b"})`: `b"})`, `items.find().distinct(maybe)`: `maybe)`,
	} {
		q, err := Parse(query, seven)
		syntax := &SyntaxError{}
		if q != nil || !errors.As(err, &syntax) || syntax.Query != query || syntax.Rest != rest {
			t.Errorf("%s: %v, rest %q, want %q", query, err, syntax.Rest, rest)
		}
	}
	for _, query := range []string{
		`items.find().distinct(true)`, `items.find().include("props_modified")`, `items.find({"props_modified":{"$last":"1d"}})`,
		`items.find({"name":{"$matchic":"a"}})`, `items.find().transitive()`, `items.find().include("item.info")`,
	} {
		if _, err := Parse(query, six); err == nil {
			t.Errorf("%s is understood before release 7", query)
		}
	}
	deep := ""
	for range 1000 {
		deep += `{"$or":[`
	}
	if _, err := Parse("items.find("+deep, seven); err == nil {
		t.Error("any depth is understood")
	}
}

func TestAmong(t *testing.T) {
	for criteria, want := range map[string][]string{
		`{"path":"a"}`: {"a"}, `{"path":{"$match":"a"}}`: {"a"}, `{"path":{"$match":"a*"}}`: nil, `{"path":{"$ne":"a"}}`: nil,
		`{"$or":[{"path":"a"},{"path":"b"},{"path":"a"}]}`: {"a", "b"}, `{"$or":[{"path":"a"},{"name":"b"}]}`: nil,
		`{"$or":[{"path":"a","name":"x"},{"$and":[{"path":"b"},{"name":"y"}]}]}`: {"a", "b"},
		`{"$or":[{"path":"a"},{"path":"b"}]},{"path":"c"}`:                       {"c"},
	} {
		q, err := Parse("items.find("+criteria+")", seven)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Among(q.Where, Path)
		if ok != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v, want %v", criteria, got, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`items.find({"repo":"r","path":{"$match":"a/*"},"$or":[{"name":"x"},{"@k":{"$ne":"v"}}]}).include("repo","property").sort({"$asc":["repo"]}).offset(1).limit(2)`,
		`items.find()`, `items.find({"modified":{"$last":"15d"}}).include("*").distinct(false)`, `items.find({"size":{"$gt":10},"created":{"$lt":"2024-01-01"}})`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := Parse(query, seven)
		if (q == nil) == (err == nil) {
			t.Fatalf("%q gives %v and %v", query, q, err)
		}
		if q == nil {
			return
		}
		q.Where.Holds(jar)
		if q.Where.Holds(nothing{}) == True && q.Where.Holds(jar) != True {
			t.Errorf("%q holds for everything, but not for a row", query)
		}
		if paths, few := Among(q.Where, Path); few && q.Where.Holds(jar) == True && !slices.Contains(paths, "com/acme") {
			t.Errorf("%q holds for a path that is not among %q", query, paths)
		}
	})
}

// nothing knows nothing.
type nothing struct{}

func (nothing) Span(Field) (low, high Value, ok bool) { return low, high, false }
func (nothing) Properties() ([]Property, bool)        { return nil, false }
