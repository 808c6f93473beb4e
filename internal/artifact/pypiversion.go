package artifact

import (
	"cmp"
	"strings"
)

// The order of Python's versions (https://packaging.python.org/en/latest/specifications/version-specifiers/, "Summary of
// permitted suffixes and relative ordering", and "Local version identifiers").

// pypiOrdered is a version in the parts that are compared one after the other.
type pypiOrdered struct {
	epoch   string
	release []string
	// phase and its number: of the release itself, or of what comes before it or after it.
	phase int
	pre   string
	// post and dev are empty where the version has none.
	post, dev string
	local     string
}

// The phases of a release. A development release of the release itself comes before its first alpha.
const (
	pypiDev = iota
	pypiAlpha
	pypiBeta
	pypiCandidate
	pypiFinal
)

var pypiPhases = map[string]int{"a": pypiAlpha, "b": pypiBeta, "rc": pypiCandidate}

func comparePyPI(a, b string) int { return compareParsed(a, b, parsePyPIOrdered, pypiOrdered.compare) }

func parsePyPIOrdered(version string) (pypiOrdered, bool) {
	m := pypiVersion.FindStringSubmatch(asciiLower(strings.TrimSpace(version)))
	if m == nil {
		return pypiOrdered{}, false
	}
	v := pypiOrdered{epoch: m[1], release: strings.Split(m[2], "."), phase: pypiFinal, local: pypiSeparators.ReplaceAllString(m[10], ".")}
	for len(v.release) > 1 && number(v.release[len(v.release)-1]) == "0" {
		v.release = v.release[:len(v.release)-1]
	}
	if m[3] != "" {
		v.phase, v.pre = pypiPhases[pypiPre[m[3]]], m[4]
	}
	if m[5] != "" || m[6] != "" {
		v.post = number(m[5] + m[7])
	}
	if m[8] != "" {
		v.dev = number(m[9])
	}
	if v.phase == pypiFinal && v.post == "" && v.dev != "" {
		v.phase = pypiDev
	}
	return v, true
}

func (v pypiOrdered) compare(w pypiOrdered) int {
	return cmp.Or(
		compareNumbers(v.epoch, w.epoch), compareReleases(v.release, w.release),
		cmp.Compare(v.phase, w.phase), compareNumbers(v.pre, w.pre),
		compareOptional(v.post, w.post, -1), compareOptional(v.dev, w.dev, 1), compareLocal(v.local, w.local),
	)
}

func compareReleases(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if order := compareNumbers(a[i], b[i]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareOptional compares numbers of which either may be absent; absent tells where that one stands.
func compareOptional(a, b string, absent int) int {
	switch {
	case a == "" && b == "":
		return 0
	case a == "":
		return absent
	case b == "":
		return -absent
	}
	return compareNumbers(a, b)
}

// compareLocal compares what follows the plus sign: none before any, texts before numbers, fewer parts before more.
func compareLocal(a, b string) int {
	if a == "" || b == "" {
		return strings.Compare(a, b)
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		order := compareIdentifiers(as[i], bs[i])
		if isNumber(as[i]) != isNumber(bs[i]) {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(as), len(bs))
}
