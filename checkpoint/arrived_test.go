package checkpoint

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
)

// What lies at the sink is told by the format that it has there, in order, whole, and nothing else is.
func TestArrived(t *testing.T) {
	s := opened(t)
	skipped, foreign := entry("left-out", "1.0", file("a", "x")), entry("cargo", "1.0", file("c", "x"))
	skipped.Skip = artifact.Excluded
	foreign.Package.Format, foreign.Destination.Format = "cargo", artifact.Generic
	s.mustList(t, true, entry("b", "1.0", file("b", "x")), skipped, entry("a", "1.0", file("a", "x")), entry("a", "2.0", file("a", "y")), entry("fails", "1.0", file("f", "x")), foreign)
	for _, r := range s.mustTake(t) {
		outcome := artifact.Published
		switch {
		case r.Package.Name == "fails":
			outcome = artifact.Failed
		case r.Package.Version == "2.0":
			outcome = artifact.Present
		}
		s.mustSettle(t, r, outcome)
	}
	got := map[string][]string{}
	tell := func(what string, r Record, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		line := r.Destination.Name + " " + r.Package.Version + " in " + r.Destination.Project
		for _, f := range r.Package.Files {
			line += " " + f.Path
		}
		got[what] = append(got[what], line)
	}
	for r, err := range s.Arrived(t.Context(), artifact.NPM, true) {
		tell("with files", r, err)
	}
	for r, err := range s.Arrived(t.Context(), artifact.Generic, false) {
		tell("without", r, err)
	}
	for r, err := range s.ArrivedNames(t.Context(), artifact.NPM) {
		tell("names", r, err)
	}
	if diff := cmp.Diff(map[string][]string{
		"with files": {"b 1.0 in g/p b", "a 1.0 in g/p a", "a 2.0 in g/p a"},
		"without":    {"cargo 1.0 in g/p"},
		"names":      {"a  in g/p", "b  in g/p"},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// More than one page of rows is read to its end, and a consumer that has enough ends it.
func TestArrivedPages(t *testing.T) {
	s := opened(t)
	const n = 1203
	var entries []Entry
	for i := range n {
		entries = append(entries, entry(string(rune('a'+i%20)), "1.0."+string(rune('0'+i/20)), file("a", "x")))
	}
	s.mustList(t, true, entries...)
	for records := s.mustTake(t); len(records) > 0; records = s.mustTake(t) {
		for _, r := range records {
			s.mustSettle(t, r, artifact.Published)
		}
	}
	count := 0
	for _, err := range s.Arrived(t.Context(), artifact.NPM, false) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	for range s.Arrived(t.Context(), artifact.NPM, false) {
		break
	}
	if count != n {
		t.Errorf("%d of %d packages were read", count, n)
	}
}
