package mapping

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pkgferry/internal/artifact"
)

// moment is when the tests count ages from.
var moment = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const oneDay = 24 * time.Hour

// holding is a package with files of these sizes, the first replaced so many days ago and the others before.
func holding(days int, sizes ...int64) artifact.Package {
	p := pkg(artifact.NPM, "r", "x", "1.0.0")
	for i, size := range sizes {
		f := artifact.File{Path: "dir/f" + strings.Repeat("o", i) + ".tgz", Size: size}
		if days >= 0 {
			f.Modified = moment.Add(-time.Duration(days+i) * oneDay)
		}
		p.Files = append(p.Files, f)
	}
	return p
}

func TestMatchesContent(t *testing.T) {
	old := Match{Age: Range{From: int64(10*oneDay) + 1}}
	deprecated := holding(0)
	deprecated.Metadata = map[string]string{"deprecated": "use y"}
	staged := holding(0, 1, 2)
	staged.Files[0].Properties = map[string][]string{"stage": {"tested", "released"}}
	staged.Files[1].Properties = map[string][]string{"stage": {"tested too"}, "team": {"core"}}
	index := pkg(artifact.NPM, "r", "x", "")
	cases := map[string]struct {
		match Match
		p     artifact.Package
		want  string
	}{
		"path":             {Match{Path: []string{"**/*.tgz"}}, holding(0, 1), ""},
		"any path":         {Match{Path: []string{"dir/foo.tgz"}}, holding(0, 1, 2, 3), ""},
		"no path":          {Match{Path: []string{"*.tgz"}}, holding(0, 1, 2), "path: none of its 2 files"},
		"no file":          {Match{Path: []string{"**"}}, holding(0), "path: none of its 0 files"},
		"sum":              {Match{Size: Range{From: 101}}, holding(0, 100, 1), ""},
		"sum, not":         {Match{Size: Range{From: 101}}, holding(0, 100), "size 100 bytes"},
		"small":            {Match{Size: Range{To: 101}}, holding(0, 100), ""},
		"small, not":       {Match{Size: Range{To: 101}}, holding(0, 101), "size 101 bytes"},
		"unknown":          {Match{Size: Range{To: 101}}, holding(0, 1, -1), "size: the source does not tell it"},
		"unknown, enough":  {Match{Size: Range{From: 100}}, holding(0, 100, -1), ""},
		"unknown, too few": {Match{Size: Range{From: 100}}, holding(0, 99, -1), "size: the source tells 99 bytes, and not of every file"},
		"old":              {old, holding(11, 1, 1), ""},
		"old enough":       {old, holding(10, 1, 1), "age 10 days"},
		"future":           {Match{Age: Range{To: int64(oneDay)}}, holding(0, 1), ""},
		"no date":          {old, holding(-1, 1), "age: the source tells no date"},
		"property":         {Match{Properties: map[string][]string{"deprecated": {"use *"}}}, deprecated, ""},
		"of a file":        {Match{Properties: map[string][]string{"stage": {"rel*"}}}, staged, ""},
		"of no file":       {Match{Properties: map[string][]string{"stage": {"x"}}}, staged, `properties: stage "released, tested, tested too"`},
		"of another file":  {Match{Properties: map[string][]string{"stage": {"released"}, "team": {"core"}}}, staged, ""},
		"other property":   {Match{Properties: map[string][]string{"deprecated": {"*z"}}}, deprecated, `properties: deprecated "use y"`},
		"no property":      {Match{Properties: map[string][]string{"deprecated": {"**"}}}, holding(0), `properties: it has no "deprecated"`},
		"index":            {Match{Path: []string{"**"}}, index, "path (an index has none)"},
		"index, by size":   {Match{Size: Range{From: 1}}, index, "size (an index has none)"},
		"index, by age":    {old, index, "age (an index has none)"},
		"release":          {Match{Version: []string{Release}}, pkg(artifact.Maven, "", "g:a", "1.0"), ""},
		"release, not":     {Match{Version: []string{Release}}, pkg(artifact.Maven, "", "g:a", "1.0-SNAPSHOT"), `version "1.0-SNAPSHOT"`},
		"snapshot":         {Match{Version: []string{Snapshot, "2.*"}}, pkg(artifact.Maven, "", "g:a", "1.0-SNAPSHOT"), ""},
		"snapshot or 2":    {Match{Version: []string{Snapshot, "2.*"}}, pkg(artifact.Maven, "", "g:a", "2.0"), ""},
		"word elsewhere":   {Match{Version: []string{Release}}, pkg(artifact.Container, "", "a", "release"), `version "release"`},
		"tag":              {Match{Version: []string{"[r]elease"}}, pkg(artifact.Container, "", "a", "release"), ""},
	}
	for name, c := range cases {
		if got := c.match.misses(c.p, moment); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNeverMatches(t *testing.T) {
	cases := map[string]struct {
		rules []Match
		want  string // of the last
	}{
		"word": {[]Match{{Format: []string{"container"}, Version: []string{Snapshot}}},
			"version: snapshot tells Maven's versions apart, and the route takes no maven; a version that is called so is written [s]napshot"},
		"no size":           {[]Match{{Size: Range{From: 5, To: 5}}}, "size: no size is all of that at once"},
		"no age":            {[]Match{{Age: Range{From: 5, To: 4}}}, "age: no age is all of that at once"},
		"no glob":           {[]Match{{Properties: map[string][]string{"deprecated": {"["}}}}, `properties: deprecated: "[" is not a valid glob`},
		"larger":            {[]Match{{Size: Range{From: 10}}, {Size: Range{From: 20, To: 30}}}, "never reached"},
		"not only larger":   {[]Match{{Size: Range{From: 10}}, {Size: Range{From: 9}}}, ""},
		"smaller":           {[]Match{{Size: Range{To: 10}}, {Size: Range{To: 10}}}, "never reached"},
		"unknown sizes":     {[]Match{{Size: Range{To: 10}}, {}}, ""},
		"older":             {[]Match{{Age: Range{From: 10}}, {Age: Range{From: 10}, Name: []string{"x"}}}, "never reached"},
		"any property":      {[]Match{{Properties: map[string][]string{"deprecated": {"**"}}}, {Properties: map[string][]string{"deprecated": {"x"}, "mediaType": {"y"}}}}, "never reached"},
		"another property":  {[]Match{{Properties: map[string][]string{"deprecated": {"**"}}}, {Properties: map[string][]string{"mediaType": {"y"}}}}, ""},
		"path":              {[]Match{{Path: []string{"**/a"}}, {Path: []string{"**/a"}}}, "never reached"},
		"a path of several": {[]Match{{Path: []string{"*.jar"}}, {Path: []string{"x.jar"}}}, ""},
		"snapshot":          {[]Match{{Format: []string{"maven"}, Version: []string{Snapshot}}, {Format: []string{"maven"}, Version: []string{"1.*-SNAPSHOT"}}}, "never reached"},
		"snapshot glob":     {[]Match{{Version: []string{"*-SNAPSHOT"}}, {Format: []string{"maven"}, Version: []string{Snapshot}}}, "never reached"},
		"release":           {[]Match{{Format: []string{"maven"}, Version: []string{Release}}, {Format: []string{"maven"}, Version: []string{"1.0"}}}, "never reached"},
		"release of others": {[]Match{{Version: []string{Release}}, {Version: []string{"1.0"}}}, ""},
		"release, snapshot": {[]Match{{Format: []string{"maven"}, Version: []string{Release}}, {Format: []string{"maven"}, Version: []string{"1.0-SNAPSHOT"}}}, ""},
		"both words":        {[]Match{{Version: []string{Release, Snapshot}}, {Format: []string{"maven"}}}, ""}, // its indexes
	}
	for name, c := range cases {
		var rules []Rule
		for _, m := range c.rules {
			rules = append(rules, Rule{Match: m, Project: "p", Position: "f:1:1"})
		}
		if _, err := New("g", rules); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// drawMatch draws conditions that often meet what drawPackage draws.
func drawMatch(t *rapid.T) Match {
	some := func(label string, words ...string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(words), 0, 2).Draw(t, label)
	}
	span := func(label string) Range {
		return Range{From: rapid.Int64Range(0, 4).Draw(t, label+" from"), To: rapid.Int64Range(0, 6).Draw(t, label+" to")}
	}
	m := Match{
		Source: some("source", "src", "*"), Format: some("formats", "maven", "npm", "m*"), Name: some("names", "a", "b", "*"),
		Version: some("versions", "1.0", "*", "**", Release, Snapshot, "*-SNAPSHOT"), Path: some("paths", "*.jar", "**", "x.pom"),
	}
	if rapid.Bool().Draw(t, "by size") {
		m.Size = span("size")
	}
	if rapid.Bool().Draw(t, "by age") {
		m.Age = span("age")
	}
	if rapid.Bool().Draw(t, "by property") {
		key := rapid.SampledFrom([]string{artifact.NPMDeprecated, "stage"}).Draw(t, "key")
		m.Properties = map[string][]string{key: {rapid.SampledFrom([]string{"v", "*", "w"}).Draw(t, "value")}}
	}
	return m
}

func drawPackage(t *rapid.T) artifact.Package {
	p := pkg(rapid.SampledFrom([]artifact.Format{artifact.Maven, artifact.NPM, "rpm"}).Draw(t, "format"), "r",
		rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"), rapid.SampledFrom([]string{"", "1.0", "1.0-SNAPSHOT", "release"}).Draw(t, "version"))
	for _, path := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x.jar", "x.pom", "d/x.jar"}), 0, 3, rapid.ID).Draw(t, "files") {
		f := artifact.File{Path: path, Size: rapid.Int64Range(-1, 4).Draw(t, "size")}
		if age := rapid.IntRange(-1, 6).Draw(t, "age"); age >= 0 {
			f.Modified = moment.Add(-time.Duration(age))
		}
		if values := rapid.SliceOfN(rapid.SampledFrom([]string{"v", "w"}), 0, 2).Draw(t, "stages"); len(values) > 0 {
			f.Properties = map[string][]string{"stage": values}
		}
		p.Files = append(p.Files, f)
	}
	if rapid.Bool().Draw(t, "has property") {
		p.Metadata = map[string]string{artifact.NPMDeprecated: "v"}
	}
	return p
}

// Every package gets exactly one decision, that of the first rule that matches, whatever the order of its files; and no rule that
// New lets through for another is one that packages could not reach.
func TestOneDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Rule {
			return Rule{Match: drawMatch(t), Project: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "project")}
		}), 0, 3).Draw(t, "rules")
		p := drawPackage(t)
		r, err := New("g", rules)
		if err != nil { // then no package may show that the rule it is about can be reached
			if len(rules) == 2 && strings.Contains(err.Error(), "never reached") && rules[1].misses(p, moment) == "" && rules[0].misses(p, moment) != "" {
				t.Fatalf("%v reaches the second of %v", p, rules)
			}
			return
		}
		r = r.At(moment)
		d := r.Route(p)
		if (d.Skip == "") == (d.Destination == artifact.Destination{}) {
			t.Fatalf("no single decision: %+v", d)
		}
		p.Files = rapid.Permutation(p.Files).Draw(t, "order")
		if again := r.Route(p); again != d {
			t.Fatalf("%+v, and with its files in another order %+v", d, again)
		}
		for i, rule := range rules {
			matched := rule.misses(p, moment) == ""
			if i < d.Rule && matched || i == d.Rule && !matched || d.Rule < 0 && matched {
				t.Fatalf("rule %d decided, rule %d matches: %v", d.Rule, i, matched)
			}
		}
	})
}
