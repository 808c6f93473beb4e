package mapping_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

func condition(m mapping.Match) mapping.Condition {
	return mapping.Condition{Match: m, Position: "f.yaml:1:1"}
}

func globs(g ...string) []string { return g }

func TestSelectionByGlobs(t *testing.T) {
	s := mapping.Selection{
		Include: []mapping.Condition{
			condition(mapping.Match{Repository: globs("*-local"), Name: globs("@acme/**", "tools")}),
			condition(mapping.Match{Source: globs("hub"), Version: globs("1.*")}),
		},
		Exclude: []mapping.Condition{
			condition(mapping.Match{Name: globs("@acme/legacy-*"), Version: globs("0.*")}),
			condition(mapping.Match{Repository: globs("tmp-local")}),
		},
	}
	const excluded, missed = "select excludes it at f.yaml:1:1", "no include of select matches it"
	for _, c := range []struct{ source, repository, name, version, want string }{
		{"nx", "npm-local", "@acme/ui", "1.0.0", ""},
		{"nx", "npm-local", "@acme/ui", "", ""},
		{"nx", "npm-local", "tools", "1.0.0", ""},
		{"nx", "npm-local", "left-pad", "1.0.0", missed},
		{"nx", "npm-local", "left-pad", "", missed},
		{"nx", "npm-remote", "tools", "1.0.0", missed},
		{"nx", "npm-local", "@acme/legacy-ui", "0.9.0", excluded},
		{"nx", "npm-local", "@acme/legacy-ui", "1.0.0", ""},
		{"nx", "npm-local", "@acme/legacy-ui", "", ""}, // it follows its versions
		{"nx", "tmp-local", "tools", "1.0.0", excluded},
		{"nx", "tmp-local", "tools", "", excluded},
		{"hub", "any", "left-pad", "1.3", ""},
		{"hub", "any", "left-pad", "2.0", missed},
		{"hub", "any", "left-pad", "", ""},
	} {
		p := artifact.Package{Source: c.source, Repository: c.repository, Format: artifact.NPM, Name: c.name, Version: c.version}
		if got := s.Excludes(p); got != c.want {
			t.Errorf("%s %s %s@%s: %q, want %q", c.source, c.repository, c.name, c.version, got, c.want)
		}
	}
	if s.ByVersion() || (mapping.Selection{}).Excludes(artifact.Package{Name: "a"}) != "" {
		t.Error("globs need no other version, and no globs leave out nothing")
	}
}

// day is the start of a day; zero for an empty text.
func day(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSelectionByVersion(t *testing.T) {
	const modified, downloaded, newest = "modified_after", "downloaded_after", "newest_versions"
	type release struct{ version, modified, downloaded, want string }
	for name, c := range map[string]struct {
		format              artifact.Format
		modified, downloads string // the rules
		newest              int
		silent              bool // the source tells no downloads
		releases            []release
	}{
		"modified": {
			format: artifact.NPM, modified: "2023-01-01",
			releases: []release{{"1.0.0", "2022-12-31", "2024-01-01", modified}, {"1.1.0", "2023-01-01", "", ""}, {"1.2.0", "", "", ""}},
		},
		"downloaded": {
			format: artifact.NPM, downloads: "2023-01-01",
			releases: []release{
				{"1.0.0", "2020-01-01", "", downloaded}, {"1.1.0", "2020-01-01", "2022-12-31", downloaded}, {"1.2.0", "2020-01-01", "2023-01-01", ""},
				{"1.3.0", "2023-02-01", "", ""}, {"1.4.0", "", "2022-12-31", downloaded}, {"1.5.0", "", "", ""},
			},
		},
		"downloads that nobody tells": {
			format: artifact.NPM, downloads: "2023-01-01", silent: true, releases: []release{{"1.0.0", "2020-01-01", "", ""}},
		},
		"newest": {
			format: artifact.NPM, newest: 2,
			releases: []release{
				{"1.10.0", "", "", ""}, {"1.9.0", "", "", newest}, {"1.10.0-rc.1", "", "", ""}, {"latest", "", "", newest},
				{"1.2.0", "", "", newest},
			},
		},
		"more than there are": {format: artifact.NPM, newest: 9, releases: []release{{"1.0.0", "", "", ""}, {"2.0.0", "", "", ""}}},
		"the newest of those that are left": {
			format: artifact.Maven, newest: 2, modified: "2023-01-01",
			releases: []release{
				{"3.0", "2022-01-01", "", modified}, {"2.0-SNAPSHOT", "2023-06-01", "", ""}, {"1.9", "2023-06-01", "", ""}, {"1.8", "2023-06-01", "", newest},
			},
		},
		"equally new by their text": {
			format: artifact.NPM, newest: 1, releases: []release{{"1.0.0+a", "", "", newest}, {"1.0.0+b", "", "", ""}},
		},
		"images by date": {
			format: artifact.Container, newest: 2,
			releases: []release{
				{"9.0", "2020-01-01", "", newest}, {"latest", "2023-01-01", "", ""}, {"1.0", "2024-01-01", "", ""}, {"10.0", "", "", newest},
			},
		},
		"images without dates by their numbers": {
			format: artifact.Container, newest: 1, releases: []release{{"1.9", "", "", newest}, {"1.10", "", "", ""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := mapping.Selection{ModifiedAfter: day(t, c.modified), DownloadedAfter: day(t, c.downloads), Newest: c.newest}
			want := map[string]string{}
			var releases []artifact.Release
			for _, r := range c.releases {
				releases = append(releases, artifact.Release{Version: r.version, Modified: day(t, r.modified), Downloaded: day(t, r.downloaded)})
				if r.want != "" {
					want[r.version] = r.want
				}
			}
			if !s.ByVersion() {
				t.Error("it is not by version")
			}
			for range 2 {
				got := map[string]string{}
				for v, why := range s.LeftOut(c.format, !c.silent, slices.Values(releases)) {
					for _, rule := range []string{modified, downloaded, newest} {
						if strings.Contains(why, "("+rule+")") {
							got[v.Version] += rule
						}
					}
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				slices.Reverse(releases)
			}
		})
	}
}

// Whatever the order in which versions come, the newest stay, and no version is named twice or lost.
func TestNewestStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom(artifact.Formats()).Draw(t, "format")
		n := rapid.IntRange(1, 6).Draw(t, "n")
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(0, 40), 0, 15, func(i int) int { return i }).Draw(t, "versions")
		var all, want, got []artifact.Release
		for _, i := range numbers {
			all = append(all, artifact.Release{Version: fmt.Sprintf("1.%d.0", i), Modified: time.Unix(int64(i%3), 0)})
		}
		want = slices.SortedFunc(slices.Values(all), func(a, b artifact.Release) int { return artifact.CompareReleases(format, a, b) })
		want = want[:max(0, len(want)-n)]
		for v := range (mapping.Selection{Newest: n}).LeftOut(format, true, slices.Values(all)) {
			got = append(got, v)
		}
		text := func(a, b artifact.Release) int { return cmp.Compare(a.Version, b.Version) }
		slices.SortFunc(want, text)
		slices.SortFunc(got, text)
		if !slices.Equal(want, got) {
			t.Fatalf("%s: %v of %v, want %v", format, got, all, want)
		}
	})
}

func TestSelectionMistakes(t *testing.T) {
	at := func(position string, m mapping.Match) mapping.Condition {
		return mapping.Condition{Match: m, Position: position}
	}
	one := mapping.Match{Name: globs("a*"), Version: globs("1.*")}
	for _, c := range []struct {
		name             string
		include, exclude []mapping.Condition
		want             string
	}{
		{"sound", []mapping.Condition{at("1", one)}, []mapping.Condition{at("2", mapping.Match{Name: globs("b*")})}, ""},
		{"a part of an include", []mapping.Condition{at("1", mapping.Match{Name: globs("a*")})}, []mapping.Condition{at("2", one)}, ""},
		{"bad glob", []mapping.Condition{at("1", mapping.Match{Name: globs("a[")})}, nil, `1: name: "a[" is not a valid glob`},
		{"no format", nil, []mapping.Condition{at("1", mapping.Match{Format: globs("floppy*")})}, `1: format: "floppy*" matches no format; `},
		{"nothing asked", nil, []mapping.Condition{at("1", mapping.Match{})}, "1: a condition that asks nothing matches everything: leave it out"},
		{"never reached", nil, []mapping.Condition{at("1", mapping.Match{Name: globs("a*")}), at("2", one)}, "2: this exclude says nothing new: the one at 1 matches everything that it does"},
		{"included twice", []mapping.Condition{at("1", one), at("2", one)}, nil, "2: this include says nothing new: the one at 1 matches everything that it does"},
		{"nothing left", []mapping.Condition{at("1", one)}, []mapping.Condition{at("2", mapping.Match{Name: globs("a*")})}, "1: nothing is left of this include: the exclude at 2 takes everything that it matches"},
	} {
		err := mapping.Selection{Include: c.include, Exclude: c.exclude}.Check()
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// The text of a selection is what a later run compares.
func TestSelectionText(t *testing.T) {
	at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	include := []mapping.Condition{condition(mapping.Match{Name: globs("a")})}
	seen := map[string]bool{}
	for i, s := range []mapping.Selection{
		{}, {Include: include}, {Exclude: include}, {ModifiedAfter: at}, {DownloadedAfter: at}, {Newest: 1}, {Newest: 2},
		{ModifiedAfter: at.Add(time.Hour)}, {Include: []mapping.Condition{condition(mapping.Match{Version: globs("a")})}},
	} {
		if seen[s.String()] || (s.String() == "") != (i == 0) {
			t.Errorf("%+v has the text %q", s, s.String())
		}
		seen[s.String()] = true
	}
	moved := []mapping.Condition{{Match: include[0].Match, Position: "elsewhere"}}
	if (mapping.Selection{Include: include}).String() != (mapping.Selection{Include: moved}).String() {
		t.Error("where a condition stands decides nothing")
	}
}

func TestSelectionExplains(t *testing.T) {
	p := artifact.Package{Format: artifact.NPM, Name: "a", Version: "1.0.0"}
	named := []mapping.Condition{condition(mapping.Match{Name: globs("a")})}
	for want, s := range map[string]mapping.Selection{
		"":                                 {},
		"select lets it through":           {Include: named},
		"select excludes it at f.yaml:1:1": {Exclude: named},
		"select lets it through by its names; its dates and place among the other versions are judged when all are listed": {Newest: 1},
	} {
		if got := strings.Join(s.Explain(p), "\n"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
