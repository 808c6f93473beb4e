package artifact

import (
	"cmp"
	"slices"
	"strings"
)

// The order of Maven's versions (https://maven.apache.org/pom.html#version-order-specification, as implemented by
// org.apache.maven.artifact.versioning.ComparableVersion of Maven 3.9). A version is numbers and qualifiers in levels: a
// hyphen, or a place where digits meet letters, opens a level below, which counts less than a number in its place.
//
// Maven's comparison goes in circles at two places, where this one does not follow it. To Maven 2.0.RC.1 is older than 2.0,
// 2.0 than 2.0-sp, and that than 2.0.RC.1; here a qualifier between dots opens a level as one at the end does, so that
// 2.0.RC.1 is 2.0-RC.1. And to Maven 1-sp is older than 1--alpha, which is older than 1.

// mavenItem is a number, or a qualifier as it is ordered.
type mavenItem struct {
	number bool
	text   string
}

// mavenVersion are the levels of a version from the top. No level ends with what is nothing, as 0 and "final" are, but there
// may be levels without items above others.
type mavenVersion [][]mavenItem

// mavenQualifiers are in their order; the empty one is the release. All others are newer, by their text.
var (
	mavenQualifiers = []string{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"}
	mavenAliases    = map[string]string{"ga": "", "final": "", "release": "", "cr": "rc"}
	mavenShort      = map[string]string{"a": "alpha", "b": "beta", "m": "milestone"} // before a digit
)

func compareMaven(a, b string) int { return parseMavenVersion(a).compare(parseMavenVersion(b)) }

func parseMavenVersion(version string) mavenVersion {
	p := mavenParser{levels: mavenVersion{nil}}
	rest := strings.ToLower(version)
	for rest != "" {
		run := digits(rest)
		letters := strings.IndexAny(rest, ".-0123456789")
		if letters < 0 {
			letters = len(rest)
		}
		switch {
		case run > 0:
			p.number(rest[:run])
			rest = rest[run:]
		case letters > 0:
			p.qualifier(rest[:letters], digits(rest[letters:]) > 0)
			rest = rest[letters:]
		default:
			p.separator(rest[0])
			rest = rest[1:]
		}
	}
	return p.levels.trimmed()
}

// mavenParser adds items to the lowest level.
type mavenParser struct {
	levels mavenVersion
	// after is what was added last: a digit, a letter, or a separator with nothing behind it yet.
	after byte
}

func (p *mavenParser) open() { p.levels = append(p.levels, nil) }

func (p *mavenParser) add(item mavenItem) {
	last := len(p.levels) - 1
	p.levels[last] = append(p.levels[last], item)
}

func (p *mavenParser) number(text string) {
	if p.after == 'a' {
		p.open()
	}
	p.add(mavenItem{number: true, text: number(text)})
	p.after = '0'
}

func (p *mavenParser) qualifier(text string, beforeDigit bool) {
	if long, ok := mavenShort[text]; ok && beforeDigit {
		text = long
	}
	if same, ok := mavenAliases[text]; ok {
		text = same
	}
	if inside := len(p.levels[len(p.levels)-1]) > 0; p.after == '0' || inside && (text != "" || beforeDigit) {
		p.open()
	}
	p.add(mavenItem{text: text})
	p.after = 'a'
}

// separator takes an empty place before it for 0.
func (p *mavenParser) separator(c byte) {
	if p.after != '0' && p.after != 'a' {
		p.add(mavenItem{number: true, text: "0"})
	}
	if c == '-' {
		p.open()
	}
	p.after = c
}

// trimmed drops what is nothing at the end of each level, and levels that nothing is left of at the end.
func (v mavenVersion) trimmed() mavenVersion {
	for i := range v {
		for n := len(v[i]); n > 0 && (v[i][n-1].text == "" || v[i][n-1].text == "0"); n = len(v[i]) {
			v[i] = v[i][:n-1]
		}
	}
	for len(v) > 0 && len(v[len(v)-1]) == 0 {
		v = v[:len(v)-1]
	}
	return v
}

// The ranks of what may stand in one place of a level. Before and after the end is what makes a version older and newer than
// the same without it.
const (
	mavenOlder     = iota // a qualifier older than a release
	mavenOlderList        // the level below, when it begins with one
	mavenEnd
	mavenNewer     // another qualifier
	mavenNewerList // the level below
	mavenNumber
)

// compare goes through both versions place by place; the level below is the last place of a level.
func (v mavenVersion) compare(w mavenVersion) int {
	for i := 0; ; i++ {
		rank := v.rank(i)
		order := cmp.Compare(rank, w.rank(i))
		switch {
		case order != 0:
			return order
		case rank == mavenEnd:
			return 0
		case rank == mavenOlderList, rank == mavenNewerList:
			v, w, i = v[1:], w[1:], -1
		case rank == mavenNumber:
			order = compareNumbers(v[0][i].text, w[0][i].text)
		default:
			order = compareQualifiers(v[0][i].text, w[0][i].text)
		}
		if order != 0 {
			return order
		}
	}
}

// rank of the place i of the top level.
func (v mavenVersion) rank(i int) int {
	switch {
	case len(v) == 0 || i >= len(v[0]) && len(v) == 1:
		return mavenEnd
	case i == len(v[0]):
		if v[1:].older() {
			return mavenOlderList
		}
		return mavenNewerList
	case i > len(v[0]):
		return mavenEnd
	case v[0][i].number:
		return mavenNumber
	case compareQualifiers(v[0][i].text, "") < 0:
		return mavenOlder
	}
	return mavenNewer
}

// older tells whether levels begin with a qualifier older than a release.
func (v mavenVersion) older() bool {
	first := slices.IndexFunc(v, func(level []mavenItem) bool { return len(level) > 0 })
	return !v[first][0].number && compareQualifiers(v[first][0].text, "") < 0
}

func compareQualifiers(a, b string) int {
	return cmp.Or(cmp.Compare(qualifierRank(a), qualifierRank(b)), strings.Compare(a, b))
}

func qualifierRank(text string) int {
	if i := slices.Index(mavenQualifiers, text); i >= 0 {
		return i
	}
	return len(mavenQualifiers)
}
