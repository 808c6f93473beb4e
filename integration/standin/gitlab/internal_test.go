package gitlab

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
)

func TestReceiveKeepsNothingOfAFailure(t *testing.T) {
	s := &Server{dir: t.TempDir()}
	for _, size := range []int64{3, 5} {
		if _, err := s.receive(strings.NewReader("four"), size, 0); err == nil {
			t.Errorf("4 bytes are taken for %d", size)
		}
	}
	if _, err := s.receive(strings.NewReader("four"), -1, 3); err == nil {
		t.Error("the limit is passed")
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Words that are not quoted, as Ruby's YAML takes them.
func TestPsychScalars(t *testing.T) {
	for word, want := range map[string]any{
		"1.2.3": "1.2.3", "v1": "v1", "1.10": psychNumber("1.10"), "1": psychNumber("1"), "1_000": psychNumber("1_000"), "0x1F": psychNumber("0x1F"),
		"12:30": psychNumber("12:30"), ".inf": psychNumber(".inf"), "1e5": "1e5", "1.5e+3": psychNumber("1.5e+3"), "Yes": true, "off": false,
		"y": "y", "~": nil, "Null": nil, "2020-01-02": refused(chartUnparsed + "Tried to load unspecified class: Date"),
		"2020-01-02 03:04:05": refused(chartUnparsed + "Tried to load unspecified class: Time"),
		":a":                  refused(chartUnparsed + "Tried to load unspecified class: Symbol"), "2020-13-02": "2020-13-02", "-": "-", "+.": "+.",
	} {
		got, err := psychScalar(word)
		if err != nil {
			got = err
		}
		if got != want {
			t.Errorf("%s: %v (%T), want %v", word, got, got, want)
		}
	}
}

// The stored normal form of NuGet's versions, with the oddities of how it is made.
func TestNuGetNormal(t *testing.T) {
	for version, want := range map[string]string{
		"1.0": "1.0.0", "1.0.0": "1.0.0", "1.0.0.0": "1.0.0", "1.0.0.1": "1.0.0.1", "1.2.3-BETA+Build.01": "1.2.3-beta",
		"1.0.01": "1.0.1", "1.00": "1.0.0", "1.0-rc": "1.0-rc.0", "1.0.0-rc.0": "1.0.0-rc.0", "1.0.0.": "1.0.0",
	} {
		if got := nugetNormal(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// A look-up finds the newest packages, and no more than so many.
func TestNuGetFind(t *testing.T) {
	s := &state{}
	p := s.addProject("acme/p", "private", epoch)
	for i := range maxNuGet + 1 {
		s.add(&pkg{project: p, format: artifact.NuGet, name: "Acme", version: fmt.Sprintf("1.0.%d", i), status: statusDefault})
	}
	found := nugetFind(p, "ACME", "", true)
	if len(found) != maxNuGet || found[0].version != "1.0.300" || found[maxNuGet-1].version != "1.0.1" {
		t.Errorf("%d found, from %s", len(found), found[0].version)
	}
}

// Each version is lower than the next.
func TestCompareNuGet(t *testing.T) {
	ascending := []string{
		"1.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0", "1.0.0+a", "1.0.0+b",
		"1.0.1", "1.2", "1.10", "1.10.0.1", "99999999999999999999.0",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := compareNuGet(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

// Each version is lower than the next.
func TestCompareVersions(t *testing.T) {
	ascending := []string{
		"0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "1.10.0", "2.0.0-beta", "2.0.0", "2.0.0.1",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
	if !slices.IsSortedFunc(ascending, compareVersions) {
		t.Error("not sorted")
	}
}
