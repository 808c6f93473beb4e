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

	// pypiPostOnly is what reads as a version with an implicit post-release and is more often the end of a name and a version:
	// foo-2-1 is foo-2 at 1, while foo-1.0-1 is foo at 1.0-1.
	pypiPostOnly = regexp.MustCompile(`^[0-9]+-[0-9]+$`)
	// pypiPlatform ends the names of built files that are neither wheel nor egg: "foo-1.0.win-amd64-py2.7.exe".
	pypiPlatform = regexp.MustCompile(`\.(?:win32|win-[a-z0-9]+|linux-[a-z0-9_]+|macosx-[0-9.]+-[a-z0-9_]+)(?:-py[0-9.]+)?$`)
)

// The kinds of file that an index has, by the end of their names.
const (
	pypiWheel = ".whl"
	pypiEgg   = ".egg"
)

var pypiOther = []string{".tar.gz", ".tar.bz2", ".tgz", ".zip", ".exe", ".msi"}

// PyPIName is the form under which all spellings of a name are one (PEP 503).
func PyPIName(name string) string { return pypiSeparators.ReplaceAllString(strings.ToLower(name), "-") }

// PyPIVersion is the form under which all spellings of a version are one: versions that PEP 440 compares as equal have the
// same form, and others have not. "1.0", "1.0.0" and "v1" are "1". False when PEP 440 has no such version.
func PyPIVersion(version string) (normal string, ok bool) {
	m := pypiVersion.FindStringSubmatch(asciiLower(strings.TrimSpace(version)))
	if m == nil {
		return "", false
	}
	epoch, release, pre, post, dev, local := number(m[1]), numbers(m[2]), m[3], m[6], m[8], m[10]
	for strings.HasSuffix(release, ".0") {
		release = strings.TrimSuffix(release, ".0")
	}
	if epoch != "0" {
		normal = epoch + "!"
	}
	normal += release
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
		normal += "+" + numbers(pypiSeparators.ReplaceAllString(local, "."))
	}
	return normal, true
}

// asciiLower leaves what is not ASCII as it is: to the grammars of versions the Kelvin sign is no k.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// ParsePyPIFile takes the name of a wheel, an egg, an sdist (.tar.gz, .tgz, .tar.bz2, .zip) or an installer (.exe, .msi)
// apart. Name and version are as the file name spells them, which in wheels and eggs has "_" for "-". Old sdists may have
// hyphens in both; there the name ends before the first thing that PEP 440 takes for a version to the end, else before the
// first that begins with a digit.
func ParsePyPIFile(file string) (name, version string, ok bool) {
	if stem, is := cutSuffix(file, pypiWheel); is {
		parts := strings.Split(stem, "-")
		switch {
		case len(parts) == 5, len(parts) == 6 && startsWithDigit(parts[2]):
			return named(parts[0], parts[1])
		}
		return "", "", false
	}
	if stem, is := cutSuffix(file, pypiEgg); is {
		name, rest, _ := strings.Cut(stem, "-")
		version, _, _ := strings.Cut(rest, "-")
		return named(name, version)
	}
	for _, suffix := range pypiOther {
		if stem, is := cutSuffix(file, suffix); is {
			return splitSdist(pypiPlatform.ReplaceAllString(stem, ""))
		}
	}
	return "", "", false
}

// splitSdist finds the hyphen between name and version.
func splitSdist(stem string) (name, version string, ok bool) {
	fallback := -1
	for i := range len(stem) {
		rest := stem[i+1:]
		switch {
		case stem[i] != '-' || i == 0 || rest == "":
		case isPyPIVersion(rest) && !pypiPostOnly.MatchString(rest):
			return stem[:i], rest, true
		case fallback < 0 && startsWithDigit(rest):
			fallback = i
		}
	}
	if fallback < 0 {
		return "", "", false
	}
	return stem[:fallback], stem[fallback+1:], true
}

func isPyPIVersion(text string) bool {
	_, ok := PyPIVersion(text)
	return ok
}

func startsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// named is what was found when neither half is empty.
func named(name, version string) (string, string, bool) {
	if name == "" || version == "" {
		return "", "", false
	}
	return name, version, true
}

// cutSuffix is strings.CutSuffix for suffixes in lower case and file names in any.
func cutSuffix(file, suffix string) (stem string, ok bool) {
	at := len(file) - len(suffix)
	if at < 0 || !strings.EqualFold(file[at:], suffix) {
		return file, false
	}
	return file[:at], true
}

var pypiLosses = []Loss{
	{"Yanks and signatures", "GitLab's simple pages have neither: pip may choose a yanked version. Leave it out by a route, or pin.", true, versions},
	{"Descriptions over 4,000 characters", "GitLab keeps the beginning; the whole is inside each file.", true, versions},
	{"requires-python of each file", "Until 18.7 GitLab keeps one for all files of a version: that of the last one sent.", true, func(p Package, _ Destination) bool {
		return len(p.Files) > 1
	}},
}
