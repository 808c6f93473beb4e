package artifact

import (
	"cmp"
	"regexp"
	"strings"
)

// NuGet's names and versions (https://learn.microsoft.com/nuget/concepts/package-versioning): neither knows upper from lower
// case, and versions that differ only in zeros or in build metadata are one. GitLab tells them apart in the same way
// (app/models/concerns/packages/nuget/version_normalizable.rb in gitlabhq/gitlabhq), but takes 1.0-rc and 1.0.0-rc for two.

// nugetVersion has one to four numbers, a pre-release and build metadata.
var nugetVersion = regexp.MustCompile(`^([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9a-z-]+(?:\.[0-9a-z-]+)*))?(?:\+[0-9a-z-]+(?:\.[0-9a-z-]+)*)?$`)

// NuGetID is the form under which two spellings of a package's name are one: lower case.
func NuGetID(id string) string { return strings.ToLower(id) }

// NuGetVersion is NuGet's normalised form in lower case, the same for all spellings of a version: at least three numbers
// without leading zeros, a fourth only when it is not 0, and no build metadata. False when NuGet has no such version; GitLab
// refuses some that NuGet has, such as "1" and "1.01".
func NuGetVersion(version string) (normal string, ok bool) {
	parts, ok := parseNuGet(version)
	if !ok {
		return "", false
	}
	normal = number(parts[0]) + "." + number(parts[1]) + "." + number(parts[2])
	if fourth := number(parts[3]); fourth != "0" {
		normal += "." + fourth
	}
	if parts[4] != "" {
		normal += "-" + numbers(parts[4])
	}
	return normal, true
}

// compareNuGet orders by four numbers and then as SemVer does, without regard to case and build metadata
// (https://learn.microsoft.com/nuget/concepts/package-versioning, "Version ordering").
func compareNuGet(a, b string) int {
	return compareParsed(a, b, parseNuGet, func(v, w []string) int {
		for i := range 4 {
			if order := compareNumbers(v[i], w[i]); order != 0 {
				return order
			}
		}
		return comparePre(v[4], w[4])
	})
}

// parseNuGet is the four numbers of a version and its pre-release in lower case.
func parseNuGet(version string) ([]string, bool) {
	parts := nugetVersion.FindStringSubmatch(asciiLower(strings.TrimSpace(version)))
	if parts == nil {
		return nil, false
	}
	return parts[1:], true
}

// numbers drops the leading zeros of the segments between dots that are numbers.
func numbers(dotted string) string {
	segments := strings.Split(dotted, ".")
	for i, segment := range segments {
		if strings.Trim(segment, "0123456789") == "" {
			segments[i] = number(segment)
		}
	}
	return strings.Join(segments, ".")
}

// number is a decimal number without leading zeros, of any length; 0 when digits is empty.
func number(digits string) string { return cmp.Or(strings.TrimLeft(digits, "0"), "0") }

// NuGetSymbols tells a symbol package (https://learn.microsoft.com/nuget/create-packages/symbol-packages-snupkg) from a package.
func NuGetSymbols(file string) bool { return strings.HasSuffix(strings.ToLower(file), ".snupkg") }

var nugetLosses = []Loss{
	{"Symbols in the old form (.symbols.nupkg)", "GitLab takes .snupkg alone: make one of them.", false, ends(".symbols.nupkg")},
}
