package config

import (
	"strings"
	"testing"
)

const day = int64(24 * 60 * 60 * 1e9)

func TestConditions(t *testing.T) {
	cases := map[string]struct {
		match string
		want  string // an error, at its column
		check func(Match) bool
	}{
		"above":     {match: `size: "> 100MiB"`, check: func(m Match) bool { return m.Size.From == 100<<20+1 && m.Size.To == 0 }},
		"from":      {match: `size: ">=1kB"`, check: func(m Match) bool { return m.Size.From == 1000 && m.Size.To == 0 }},
		"at most":   {match: `size: "<= 5MiB"`, check: func(m Match) bool { return m.Size.From == 0 && m.Size.To == 5<<20+1 }},
		"below":     {match: `size: "< 1B"`, check: func(m Match) bool { return m.Size.From == 0 && m.Size.To == 1 }},
		"both":      {match: `size: ["> 1B", "< 10B", "<= 20B"]`, check: func(m Match) bool { return m.Size.From == 2 && m.Size.To == 10 }},
		"old":       {match: `age: "> 2y"`, check: func(m Match) bool { return m.Age.From == 730*day+1 }},
		"fresh":     {match: `age: "< 1.5d"`, check: func(m Match) bool { return m.Age.To == 36*day/24 }},
		"property":  {match: `properties: {deprecated: "*old*", mediaType: [a, b]}`, check: func(m Match) bool { return len(m.Properties["mediaType"]) == 2 }},
		"path":      {match: `path: "**/*.tgz"`, check: func(m Match) bool { return m.Path[0] == "**/*.tgz" }},
		"nothing":   {match: `size: ["> 5MiB", "< 1MiB"]`, want: `12:19: size: no size is all of > 5MiB and < 1MiB: this never matches`},
		"one apart": {match: `age: ["> 1d", "<= 1d"]`, want: `12:18: age: no age is all of > 1d and <= 1d: this never matches`},
		"no sign":   {match: `size: 5MiB`, want: `12:19: size: a comparison begins with one of > >= < <=`},
		"odd sign":  {match: `size: "=> 5MiB"`, want: `12:19: size: a comparison begins with one of > >= < <=`},
		"no number": {match: `size: "> much"`, want: `12:19: size: a comparison is expected here, for example "> 100MiB" or "<= 100MiB"`},
		"zero":      {match: `size: ">= 0B"`, want: `12:19: size: a comparison is expected here`},
		"month":     {match: `age: "> 2m"`, want: `12:18: age: a comparison is expected here, for example "> 2y" or "<= 2y"`},
		"endless":   {match: `age: "> 1e300y"`, want: `12:18: age: a comparison is expected here`},
		"no list":   {match: `properties: {deprecated: []}`, want: `12:38: properties: an empty list matches nothing`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file, err := Read("f.yaml", []byte(head+"routes:\n  - match: {"+c.match+"}\n    project: p\n"), testOptions())
			if c.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:"+c.want) {
					t.Fatalf("got %v, want f.yaml:%s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !c.check(file.Routes[0].Match) {
				t.Errorf("%+v", file.Routes[0].Match)
			}
			shown, err := file.Show(testOptions())
			if err != nil {
				t.Fatal(err)
			}
			again, err := Read("f.yaml", shown, testOptions())
			if err != nil || !c.check(again.Routes[0].Match) {
				t.Errorf("%v: shown as\n%s", err, shown)
			}
		})
	}
}

// head is a file up to its routes, in eleven lines with that of their key.
const head = `sources:
  - name: n
    type: nexus
    url: https://nexus.example
    username: u
    password: ${SECRET}
target:
  url: https://gitlab.example
  token: ${SECRET}
  group: acme
`

func TestRenames(t *testing.T) {
	const empty, never = "to: this can make an empty name", "from: no name can match this"
	cases := map[string]struct{ from, to, want string }{
		"rest":           {"^old-(.*)$", "$1", empty},
		"some rest":      {"^old-(.+)$", "$1", ""},
		"text":           {"^old-(.*)$", "new-$1", ""},
		"dollar":         {"^old-(.*)$", "$$$1", ""},
		"either":         {"^(?:a(.+)|b.*)$", "$1", empty},
		"two":            {"^(.*)-(?P<last>x*)y*$", "$1${last}", empty},
		"two, one full":  {"^(.*)-(?P<last>x+)y*$", "$1${last}", ""},
		"repeated":       {"^(?:(a)-){2}", "$1", ""},
		"maybe repeated": {"^(?:(a)-){0,2}", "$1", empty},
		"whole":          {"^x+$", "$0", ""},
		"whole, empty":   {"x*", "$0", empty},
		"assertion":      {"(^)x", "$1", empty},
		"end first":      {"a^", "x", never},
		"begin last":     {"$a", "x", never},
		"no character":   {`[^\x00-\x{10FFFF}]`, "x", never},
		"inside a word":  {`a\bb`, "x", never},
		"between words":  {`-\b-`, "x", never},
		"one way":        {`a^|b`, "x", ""},
		"beginning":      {`^`, "x", ""},
		"border":         {`a\b-`, "x", ""},
		"lines":          {`(?m)a$\n^b`, "x", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			text := head + "routes:\n  - match: {}\n    project: p\n    rename:\n      from: '" + c.from + "'\n      to: '" + c.to + "'\n"
			_, err := Read("f.yaml", []byte(text), testOptions())
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "":
				key, text, _ := strings.Cut(c.want, ": ")
				line := map[string]string{"from": "15:13: ", "to": "16:11: "}[key]
				if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:"+line+text) {
					t.Errorf("got %v, want %s%s", err, line, text)
				}
			}
		})
	}
}
