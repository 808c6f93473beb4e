package artifact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ascending are versions of each format, older ones first; what stands in one line is equally new.
var ascending = map[Format][]string{
	// What org.apache.maven.artifact.versioning.ComparableVersion of Maven 3.9.9 says of each two of them.
	Maven: {
		"alpha",
		"0-alpha 0.0.0-alpha",
		"0-SNAPSHOT",
		"0 0.0 0.0.0-ga",
		"0-sp",
		"0-1",
		"0.0-2-1",
		"0.0.1",
		"0.1",
		"1-alpha-SNAPSHOT 1-alpha-SNAPSHOT-0",
		"1-alpha 1.alpha 1.0.0-ALPHA",
		"1-alpha-1-SNAPSHOT",
		"1-alpha-1 1a1 1.0-a1 1alpha1 1-alpha-01",
		"1-alpha-2",
		"1-alpha-10 1a10",
		"1-alpha-12345678901234567890",
		"1-alpha.1",
		"1-beta-1 1b1 1.b1",
		"1-beta-10000000000",
		"1-milestone-1 1m1 1-M1",
		"1-rc 1-cr",
		"1-rc1-SNAPSHOT",
		"1-rc1 1.0.cr1 1-CR-1 1.0.0.RC1",
		"1-rc2",
		"1-SNAPSHOT 1.0.0-snapshot 1.Final-SNAPSHOT 1.0.GA-SNAPSHOT",
		"1-snapshot-1",
		"1 1.0 1.0.0 1-ga 1-final 1.release 1.0.0.Final 1-0 1. 1- 01 1.GA.0",
		"1-sp",
		"1-sp-1",
		"1-a",
		"1-foo",
		"1-foo-1",
		"1-jre",
		"1-ga-1 1-0-1",
		"1-1-SNAPSHOT",
		"1-1 1.0-1",
		"1-1.1",
		"1-2",
		"1-10",
		"1-20240503.101112-1",
		"1.0.0.1",
		"1.0.1-alpha",
		"1.0.1 1.0.01",
		"1.0.1-1",
		"1.1-SNAPSHOT",
		"1.1",
		"1.2",
		"1.10",
		"2-rc-1",
		"2",
		"20030418",
		"2147483648",
		"9223372036854775808",
		"12345678901234567890123456789",
	},
	// https://semver.org/spec/v2.0.0.html, rules 10 and 11, with the examples there.
	NPM: {
		"latest", "v1.0.0 ",
		"0.0.0-0",
		"0.0.0",
		"1.0.0-alpha 1.0.0-alpha+001",
		"1.0.0-alpha.1",
		"1.0.0-alpha.beta",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0 1.0.0+20130313144700 1.0.0+21AF26D3----117B344092BD",
		"2.0.0-1",
		"2.0.0-1.1",
		"2.0.0-2",
		"2.0.0-10",
		"2.0.0-99999999999999999999999999999999",
		"2.0.0---",
		"2.0.0-0a",
		"2.0.0-A",
		"2.0.0-a",
		"2.0.0",
		"2.1.0",
		"2.1.1",
		"2.10.0",
		"9007199254740991.0.0",
		"99999999999999999999999.999999999999999999.99999999999999999",
	},
	// https://packaging.python.org/en/latest/specifications/version-specifiers/: what the library packaging says of each two.
	PyPI: {
		"2004d", "latest",
		"0",
		"1.dev0 1.0.dev 1-dev0",
		"1.0.dev456",
		"1.0a1.dev1",
		"1.0a1 1.0.0-alpha.1 v1a1",
		"1.0a2.dev456",
		"1.0a12.dev456",
		"1.0a12",
		"1.0b1.dev456",
		"1.0b2",
		"1.0b2.post345.dev456",
		"1.0b2.post345",
		"1.0b2-346",
		"1.0rc1.dev456",
		"1.0rc1 1.0c1 1pre1",
		"1.0rc1+local",
		"1.0 1 1.0.0 01",
		"1.0+abc.5",
		"1.0+abc.7 1.0+ABC-07",
		"1.0+abc.7.a",
		"1.0+b",
		"1.0+5",
		"1.0+5.a",
		"1.0+5.0",
		"1.0+10",
		"1.0.post456.dev34",
		"1.0.post456 1.0-456 1.0rev456",
		"1.0.15",
		"1.1.dev1",
		"1.1",
		"1.10",
		"20240503",
		"12345678901234567890123",
		"1!0.1",
		"2!0",
	},
	// https://learn.microsoft.com/nuget/concepts/package-versioning, "Version ordering" and "Normalized version numbers".
	NuGet: {
		"1.0.0.0.0", "one",
		"0.0.0.1",
		"1.0.0-aaa-open",
		"1.0.0-alpha.1 1.0-Alpha.1 1.0.0.0-ALPHA.1+build",
		"1.0.0-alpha.2",
		"1.0.0-alpha.10",
		"1.0.0-beta",
		"1.0.0-rc",
		"1.0.0-rc10",
		"1.0.0-rc2",
		"1.0.0 1 1.0 1.00 1.0.0.0 1.0.0+build.7",
		"1.0.0.1-beta",
		"1.0.0.1 1.0.0.01",
		"1.0.0.2",
		"1.0.0.10",
		"1.0.1",
		"1.10.0",
		"99999999999999999999.0.0",
	},
	// https://helm.sh/docs/topics/charts/#charts-and-versioning
	Helm: {
		"1.2.3.4", "latest",
		"0.1.0",
		"1.0.0-rc.1 v1.0.0-rc.1+b 1.0-rc.1 1-rc.1",
		"1.0.0 v1.0.0 1 1.0 v01.0",
		"1.9.0",
		"1.10.0",
		"99999999999999999999.0.0",
	},
	Generic: {
		"",
		"0.0.0",
		"1.2",
		"1.2.0",
		"1.2.0-rc1",
		"1.2.9",
		"1.02.10",
		"1.2.10",
		"1.10",
		"99999999999999999999",
		"100000000000000000000",
		"latest",
		"v1.2",
		"v1.10",
	},
}

func TestVersionsInOrder(t *testing.T) {
	ascending[Terraform], ascending[Container] = ascending[Helm], ascending[Generic]
	for format, lines := range ascending {
		for i, line := range lines {
			for j, other := range lines {
				for _, a := range equals(line) {
					for _, b := range equals(other) {
						got := CompareVersions(format, a, b)
						if sign(got) != cmp.Compare(i, j) {
							t.Errorf("%s: %q and %q compare as %d, want %d", format, a, b, got, cmp.Compare(i, j))
						}
					}
				}
			}
		}
	}
}

// equals are the versions of a line; what ends in a space is one with it.
func equals(line string) []string {
	if strings.HasSuffix(line, " ") || line == "" {
		return []string{line}
	}
	return strings.Fields(line)
}

func sign(n int) int { return cmp.Compare(n, 0) }

// Where Maven's own comparison has no order, this one has.
func TestMavenWithoutCircles(t *testing.T) {
	chain := []string{"2.0.RC.1", "2.0", "2.0-sp", "2.0-jre", "2.0-1", "2.0.1"}
	circle := []string{"1-alpha", "1-SNAPSHOT", "1--alpha", "1-final-SNAPSHOT", "1", "1.Final.1", "1-sp", "1-foo", "1-ga-1", "1-0.1"}
	for _, versions := range [][]string{chain, circle} {
		for i, a := range versions {
			for j, b := range versions {
				if got := CompareVersions(Maven, a, b); sign(got) != cmp.Compare(i, j) {
					t.Errorf("%s and %s compare as %d", a, b, got)
				}
			}
		}
	}
	if CompareVersions(Maven, "2.0.RC.1", "2.0-RC.1") != 0 {
		t.Error("a qualifier between dots is not what it is behind a hyphen")
	}
}

// parts are what versions are made of, so that random ones are often nearly equal.
var parts = []string{"0", "1", "2", "10", "01", "20000000000000000000", ".", ".", "-", "+", "!", "_", "v", "a", "b", "m", "rc", "cr", "x",
	"alpha", "beta", "sp", "ga", "final", "dev", "post", "SNAPSHOT", "é", "\xff", " "}

func randomVersion(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(t, label), "")
}

func TestVersionOrderIsAnOrder(t *testing.T) {
	for _, format := range Formats() {
		rapid.Check(t, func(t *rapid.T) {
			checkOrder(t, format, randomVersion(t, "a"), randomVersion(t, "b"), randomVersion(t, "c"))
		})
	}
}

// checkOrder fails unless the comparison of three versions is one of a total order, with equals.
func checkOrder(t rapid.TB, format Format, versions ...string) {
	order := func(a, b string) int { return sign(CompareVersions(format, a, b)) }
	for _, a := range versions {
		if order(a, a) != 0 {
			t.Fatalf("%s: %q is not equal to itself", format, a)
		}
		for _, b := range versions {
			if order(a, b) != -order(b, a) {
				t.Fatalf("%s: %q and %q compare as %d, and turned round as %d", format, a, b, order(a, b), order(b, a))
			}
			for _, c := range versions {
				if order(a, b) <= 0 && order(b, c) <= 0 && order(a, c) > 0 {
					t.Fatalf("%s: %q, %q and %q go in circles", format, a, b, c)
				}
			}
		}
	}
}

// Two spellings that are one version to the ecosystem (see PyPIVersion and NuGetVersion) are equally new, and no others.
func TestEquallyNewIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomVersion(t, "a"), randomVersion(t, "b")
		for format, normal := range map[Format]func(string) (string, bool){PyPI: PyPIVersion, NuGet: NuGetVersion} {
			x, okA := normal(a)
			y, okB := normal(b)
			if okA && okB && (x == y) != (CompareVersions(format, a, b) == 0) {
				t.Fatalf("%s: %q is %s, %q is %s, and they compare as %d", format, a, x, b, y, CompareVersions(format, a, b))
			}
		}
	})
}

func FuzzCompareVersions(f *testing.F) {
	for _, lines := range ascending {
		for i := 2; i < len(lines); i += 7 {
			f.Add(lines[i-2], lines[i-1], lines[i])
		}
	}
	f.Add("1--0-a", "1-"+strings.Repeat("0.", 50), fmt.Sprint("1-", strings.Repeat("-", 50), "1"))
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, format := range Formats() {
			checkOrder(t, format, a, b, c)
		}
	})
}

func TestVersionsAreSortedTheSameFromAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom(Formats()).Draw(t, "format")
		versions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return randomVersion(t, "v") }), 0, 12).Draw(t, "versions")
		total := func(a, b string) int { return cmp.Or(CompareVersions(format, a, b), strings.Compare(a, b)) }
		other := rapid.Permutation(versions).Draw(t, "permutation")
		if one, two := slices.SortedFunc(slices.Values(versions), total), slices.SortedFunc(slices.Values(other), total); !slices.Equal(one, two) {
			t.Fatalf("%q and %q", one, two)
		}
	})
}
