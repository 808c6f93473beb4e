package gitlab

import (
	"cmp"
	"math/big"
	"regexp"
	"strings"
)

// NuGet's versions as GitLab normalises, matches and sorts them: app/models/concerns/packages/nuget/version_normalizable.rb,
// app/finders/packages/nuget/package_finder.rb and app/presenters/packages/nuget/version_helpers.rb.

var (
	nugetName    = regexp.MustCompile(`\A[-+._a-zA-Z0-9]+\z`)
	nugetVersion = regexp.MustCompile(`\A(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?(\.\d*)?` +
		`(?:-((?:\d*[a-zA-Z-][0-9a-zA-Z-]*|[1-9]\d*|0)(?:\.(?:\d*[a-zA-Z-][0-9a-zA-Z-]*|[1-9]\d*|0))*))?` +
		`(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?\z`)
	leadingZeros = regexp.MustCompile(`^0+(\d)`)
)

// nugetNormal is the form that is kept beside a version. It cuts at the dots alone, so that 1.0-rc becomes 1.0-rc.0.
func nugetNormal(version string) string {
	parts := strings.Split(strings.TrimRight(version, "."), ".")
	for i, part := range parts {
		parts[i] = leadingZeros.ReplaceAllString(part, "$1")
	}
	plain, _, _ := strings.Cut(strings.Join(parts, "."), "+")
	parts = strings.Split(strings.ToLower(plain), ".")
	if len(parts) > 3 && parts[3] == "0" && !strings.Contains(parts[2], "-") {
		parts = append(parts[:3], parts[4:]...)
	}
	for len(parts) < 3 {
		parts = append(parts, "0")
	}
	return strings.Join(parts, ".")
}

// compareNuGet orders two versions: by their numbers, then a pre-release before its release, then by the build metadata.
func compareNuGet(a, b string) int {
	a, aBuild, _ := strings.Cut(a, "+")
	b, bBuild, _ := strings.Cut(b, "+")
	a, aPre, aIsPre := strings.Cut(a, "-")
	b, bPre, bIsPre := strings.Cut(b, "-")
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		if order := number(x, i).Cmp(number(y, i)); order != 0 {
			return order
		}
	}
	switch {
	case aIsPre && bIsPre:
		if order := comparePre(strings.Split(strings.ToLower(aPre), "."), strings.Split(strings.ToLower(bPre), ".")); order != 0 {
			return order
		}
	case aIsPre:
		return -1
	case bIsPre:
		return 1
	}
	return strings.Compare(strings.ToLower(aBuild), strings.ToLower(bBuild))
}

// number is the i-th part as Ruby's to_i reads it: its leading digits, 0 without any.
func number(parts []string, i int) *big.Int {
	n := new(big.Int)
	if i < len(parts) {
		text := parts[i]
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		n.SetString(text[:digits], 10)
	}
	return n
}

func comparePre(a, b []string) int {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return -1
		case i >= len(b):
			return 1
		case a[i] == b[i]:
			continue
		}
		m, n := number(a, i), number(b, i)
		switch aDigits, bDigits := digits(a[i]), digits(b[i]); {
		case m.Cmp(n) != 0 && aDigits && !bDigits:
			return -1
		case m.Cmp(n) != 0 && !aDigits && bDigits:
			return 1
		case aDigits && bDigits && m.Cmp(n) != 0:
			return m.Cmp(n)
		}
		return cmp.Compare(a[i], b[i])
	}
	return 0
}

// like is SQL's ILIKE: case does not count, _ is any character and % any text.
func like(pattern, text string) bool {
	var re strings.Builder
	re.WriteString(`(?is)\A`)
	for _, r := range pattern {
		switch r {
		case '_':
			re.WriteString(".")
		case '%':
			re.WriteString(".*")
		default:
			re.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	re.WriteString(`\z`)
	return regexp.MustCompile(re.String()).MatchString(text)
}
