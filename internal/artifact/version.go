package artifact

import (
	"cmp"
	"strings"
	"time"
)

// versionOrders are the rules of the formats; what is not here has no rules of its own.
var versionOrders = map[Format]func(a, b string) int{
	Maven:     compareMaven,
	NPM:       compareStrictSemver,
	PyPI:      comparePyPI,
	NuGet:     compareNuGet,
	Terraform: compareSemver,
	Helm:      compareSemver,
}

// CompareVersions orders two versions of one name, the older first, as their ecosystem does: negative, 0 or positive. 0 are
// those that the ecosystem takes for equally new, such as 1.0 and 1.0.0 of PyPI; whoever needs an order of all breaks the tie by
// the text. What is no version to the ecosystem is older than everything that is. There, and where the ecosystem has no
// order (generic files; the tags of images, of which only a date tells the newest), numbers in the text count as numbers.
func CompareVersions(format Format, a, b string) int {
	if order, ok := versionOrders[format]; ok {
		return order(a, b)
	}
	return compareNatural(a, b)
}

// Release is a version among the others of its name. Modified and Downloaded are the newest of its files' (see File); zero
// when no file has one.
type Release struct {
	// ID is what its maker knows it by.
	ID                   int64
	Version              string
	Modified, Downloaded time.Time
}

// CompareReleases orders two versions of one name, the older first, so that only one and the same is equal. Of images the date
// decides first, and one without a date is older; of anything else the version does, and then its text.
func CompareReleases(format Format, a, b Release) int {
	order := 0
	if format == Container {
		order = a.Modified.Compare(b.Modified)
	}
	return cmp.Or(order, CompareVersions(format, a.Version, b.Version), strings.Compare(a.Version, b.Version))
}

// compareParsed orders what can be parsed above what can not, and that naturally.
func compareParsed[T any](a, b string, parse func(string) (T, bool), compare func(a, b T) int) int {
	x, okA := parse(a)
	y, okB := parse(b)
	switch {
	case okA && okB:
		return compare(x, y)
	case okA:
		return 1
	case okB:
		return -1
	}
	return compareNatural(a, b)
}

// compareNatural orders texts by their bytes, but numbers in them by their value, of any length. Only equal texts are equal.
func compareNatural(a, b string) int {
	for x, y := a, b; x != "" && y != ""; {
		runA, runB := digits(x), digits(y)
		var order int
		if runA > 0 && runB > 0 {
			order = compareNumbers(x[:runA], y[:runB])
		} else {
			runA, runB = 1, 1
			order = cmp.Compare(x[0], y[0])
		}
		if order != 0 {
			return order
		}
		if x, y = x[runA:], y[runB:]; x == "" || y == "" {
			return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
		}
	}
	return strings.Compare(a, b)
}

// digits is the number of digits that text begins with.
func digits(text string) int {
	return len(text) - len(strings.TrimLeft(text, "0123456789"))
}

// isNumber tells whether text is made of digits, at least one.
func isNumber(text string) bool { return text != "" && digits(text) == len(text) }

// compareNumbers compares decimal numbers of any length by their value.
func compareNumbers(a, b string) int {
	a, b = number(a), number(b)
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareDotted compares identifiers between dots as SemVer's rule 11 does: numbers by value and below texts, texts by
// ASCII, and fewer before more.
func compareDotted(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if order := compareIdentifiers(as[i], bs[i]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(as), len(bs))
}

func compareIdentifiers(a, b string) int {
	switch numA, numB := isNumber(a), isNumber(b); {
	case numA && numB:
		return compareNumbers(a, b)
	case numA:
		return -1
	case numB:
		return 1
	}
	return strings.Compare(a, b)
}
