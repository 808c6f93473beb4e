package checkpoint

import (
	"testing"

	"pkgferry/internal/artifact"
)

func TestDistances(t *testing.T) {
	s := opened(t)
	s.mustList(t, true, entry("a", "1", file("f", "xy")), entry("b", "1", file("f", "xyz"), file("g", "x")), entry("c", "1", file("f", "x")), entry("d", "1", file("f", "x")))
	other := entry("e", "1", artifact.File{Path: "f", Size: -1})
	other.Package.Source = "other"
	want(t, s.List(t.Context(), "other", Batch{Entries: []Entry{other}, To: Listing{Cursor: "7"}}), nil)
	r := s.mustTake(t)
	for i, outcome := range map[int]artifact.Outcome{0: artifact.Published, 2: artifact.Failed, 3: artifact.Conflict} {
		want(t, s.Settle(t.Context(), r[i], Settlement{Outcome: outcome}), nil)
	}
	got, err := s.Distances(t.Context())
	want(t, err, nil)
	for i := range got {
		l, err := s.Listing(t.Context(), got[i].Source)
		want(t, []any{got[i].Listing, err}, []any{l, nil})
		got[i].Listing = Listing{}
	}
	want(t, got, []Distance{{Source: "other", Packages: 1}, {Source: "src", Packages: 1, Bytes: 4, Failed: 2}})
}
