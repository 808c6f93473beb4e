package artifact

import (
	"cmp"
	"regexp"
	"strings"
)

// NuGet's names and versions (https://learn.microsoft.com/nuget/concepts/package-versioning): neither knows upper from lower
// case, and versions that differ only in zeros or in build metadata are one. GitLab compares them so
// (app/models/packages/nuget/package.rb in gitlabhq/gitlabhq).

// nugetVersion has one to four numbers, a pre-release and build metadata.
var nugetVersion = regexp.MustCompile(`^([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(-[0-9a-z-]+(?:\.[0-9a-z-]+)*)?(?:\+[0-9a-z-]+(?:\.[0-9a-z-]+)*)?$`)

// NuGetID is the form under which two spellings of a package's name are one: lower case.
func NuGetID(id string) string { return strings.ToLower(id) }

// NuGetVersion is NuGet's normalised form in lower case, the same for all spellings of a version: at least three numbers
// without leading zeros, a fourth only when it is not 0, and no build metadata. False when NuGet has no such version; GitLab
// refuses some that NuGet has, such as "1" and "1.01".
func NuGetVersion(version string) (normal string, ok bool) {
	parts := nugetVersion.FindStringSubmatch(strings.ToLower(strings.TrimSpace(version)))
	if parts == nil {
		return "", false
	}
	for i, part := range parts[1:5] {
		parts[1+i] = number(part)
	}
	normal = strings.Join(parts[1:4], ".")
	if parts[4] != "0" {
		normal += "." + parts[4]
	}
	return normal + parts[5], true
}

// number is a decimal number without leading zeros, of any length; 0 when digits is empty.
func number(digits string) string { return cmp.Or(strings.TrimLeft(digits, "0"), "0") }

// NuGetSymbols tells a symbol package (https://learn.microsoft.com/nuget/create-packages/symbol-packages-snupkg) from a package.
func NuGetSymbols(file string) bool { return strings.HasSuffix(strings.ToLower(file), ".snupkg") }
