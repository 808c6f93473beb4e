package artifact

import (
	"regexp"
	"strings"
)

// The grammar of Python's package index: names (https://peps.python.org/pep-0503/#normalized-names), versions
// (https://peps.python.org/pep-0440/) and file names (https://packaging.python.org/en/latest/specifications/, "Binary
// distribution format" and "Source distribution format").

var (
	pypiSeparators = regexp.MustCompile(`[-_.]+`)
	// pypiVersion is PEP 440's appendix B after lower-casing. Its groups are epoch, release, label and number of the
	// pre-release, the number of an implicit post-release, label and number of a spelled one, label and number of the
	// development release, local version.
	pypiVersion = regexp.MustCompile(`^v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
		`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]+)?)?` +
		`(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]+)?)?` +
		`(?:[-_.]?(dev)[-_.]?([0-9]+)?)?` +
		`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)
	pypiPre = map[string]string{"alpha": "a", "a": "a", "beta": "b", "b": "b", "preview": "rc", "pre": "rc", "c": "rc", "rc": "rc"}
)

// PyPIName is the form under which all spellings of a name are one (PEP 503).
func PyPIName(name string) string { return pypiSeparators.ReplaceAllString(strings.ToLower(name), "-") }

// PyPIVersion is the form under which all spellings of a version are one: versions that PEP 440 compares as equal have the
// same form, and others have not. "1.0", "1.0.0" and "v1" are "1". False when PEP 440 has no such version.
func PyPIVersion(version string) (normal string, ok bool) {
	m := pypiVersion.FindStringSubmatch(strings.ToLower(strings.TrimSpace(version)))
	if m == nil {
		return "", false
	}
	epoch, release, pre, post, dev, local := m[1], m[2], m[3], m[6], m[8], m[10]
	if epoch = number(epoch); epoch != "0" {
		normal = epoch + "!"
	}
	normal += pypiRelease(release)
	if pre != "" {
		normal += pypiPre[pre] + number(m[4])
	}
	if post != "" || m[5] != "" {
		normal += ".post" + number(m[5]+m[7])
	}
	if dev != "" {
		normal += ".dev" + number(m[9])
	}
	if local != "" {
		normal += "+" + pypiLocal(local)
	}
	return normal, true
}

// pypiRelease drops the zeros that do not count: 1.01.0 is 1.1.
func pypiRelease(release string) string {
	numbers := strings.Split(release, ".")
	for i, digits := range numbers {
		numbers[i] = number(digits)
	}
	for len(numbers) > 1 && numbers[len(numbers)-1] == "0" {
		numbers = numbers[:len(numbers)-1]
	}
	return strings.Join(numbers, ".")
}

// pypiLocal joins the segments of a local version with dots; those that are numbers compare as numbers.
func pypiLocal(local string) string {
	segments := pypiSeparators.Split(local, -1)
	for i, segment := range segments {
		if strings.Trim(segment, "0123456789") == "" {
			segments[i] = number(segment)
		}
	}
	return strings.Join(segments, ".")
}
