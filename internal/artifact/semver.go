package artifact

import (
	"cmp"
	"regexp"
	"strings"
)

// Semantic versions (https://semver.org/spec/v2.0.0.html, precedence in rule 11), which npm takes strictly. Helm and Terraform
// also take a "v" before and fewer than three numbers (https://helm.sh/docs/topics/charts/#charts-and-versioning,
// https://developer.hashicorp.com/terraform/internals/module-registry-protocol).

const (
	semverIdentifier = `(?:[0-9]*[a-zA-Z-][0-9a-zA-Z-]*|0|[1-9][0-9]*)`
	semverBehind     = `(?:-(` + semverIdentifier + `(?:\.` + semverIdentifier + `)*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$`
)

var (
	semverStrict = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)` + semverBehind)
	semverLoose  = regexp.MustCompile(`^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?` + semverBehind)
)

// semver has its numbers and its pre-release. Build metadata has no part in precedence.
type semver struct{ major, minor, patch, pre string }

func compareStrictSemver(a, b string) int {
	return compareParsed(a, b, parsing(semverStrict), semver.compare)
}

func compareSemver(a, b string) int { return compareParsed(a, b, parsing(semverLoose), semver.compare) }

func parsing(grammar *regexp.Regexp) func(string) (semver, bool) {
	return func(version string) (semver, bool) {
		m := grammar.FindStringSubmatch(version)
		if m == nil {
			return semver{}, false
		}
		return semver{m[1], m[2], m[3], m[4]}, true
	}
}

func (v semver) compare(w semver) int {
	return cmp.Or(compareNumbers(v.major, w.major), compareNumbers(v.minor, w.minor), compareNumbers(v.patch, w.patch),
		comparePre(v.pre, w.pre))
}

// comparePre compares what follows the hyphen; nothing is newer than anything.
func comparePre(a, b string) int {
	if a == "" || b == "" {
		return strings.Compare(b, a)
	}
	return compareDotted(a, b)
}
