package artifact

import (
	"strings"
	"testing"
)

func TestNuGetVersion(t *testing.T) {
	for want, spellings := range map[string]string{
		"1.0.0":                 "1 1.0 1.0.0 1.0.0.0 01.00.00.00 1.0.0+build.5 1.0+a",
		"1.0.0.1":               "1.0.0.1 1.0.0.01",
		"1.0.0.10":              "1.0.0.10",
		"1.2.0":                 "1.2 1.2.0.0",
		"1.0.0-beta":            "1.0.0-Beta 1.0-beta 1-BETA 1.0.0.0-beta+x",
		"1.0.0-rc.1":            "1.0.0-rc.1 1.0.0-RC.01",
		"1.0.0-0":               "1.0.0-0 1.0-00",
		"1.0.0-x-y.0a":          "1.0.0-x-y.0a",
		"2.0.0.3-a":             "2.0.0.3-a+b-c.d",
		"20240101.0.0":          "20240101",
		"0.0.0":                 "0 0.0.0.0",
		"12345678901234567.0.0": "12345678901234567.0",
	} {
		for spelling := range strings.SplitSeq(spellings, " ") {
			if got, ok := NuGetVersion(spelling); !ok || got != want {
				t.Errorf("%q is %q %v, want %q", spelling, got, ok, want)
			}
		}
	}
	for _, version := range []string{"", "v1.0", "1.", "1..0", "1.0.0.0.0", "1.0-", "1.0+", "1.0-a..b", "1.0-ü", "a.b", "1.0 0", "[1.0]", "1.0-\u212a"} {
		if got, ok := NuGetVersion(version); ok {
			t.Errorf("%q is taken for %q", version, got)
		}
	}
}

func TestNuGetNames(t *testing.T) {
	if got := NuGetID("Acme.Core"); got != "acme.core" {
		t.Errorf("got %s", got)
	}
	for file, want := range map[string]bool{"a.1.0.0.snupkg": true, "A.1.0.0.SNUPKG": true, "a.1.0.0.nupkg": false, "a.snupkg.nupkg": false} {
		if NuGetSymbols(file) != want {
			t.Errorf("%s: want %v", file, want)
		}
	}
}

func FuzzNuGetVersion(f *testing.F) {
	for _, seed := range []string{"1.0", "01.2.3.4-Rc.01+b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, version string) {
		normal, ok := NuGetVersion(version)
		if again, still := NuGetVersion(normal); ok && (!still || again != normal) {
			t.Errorf("%q is %q, which is %q %v", version, normal, again, still)
		}
	})
}
