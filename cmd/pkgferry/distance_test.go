package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/checkpoint"
)

func TestApart(t *testing.T) {
	now := time.Date(2024, 5, 4, 12, 0, 0, 0, time.UTC)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	all := apartBy([]checkpoint.Distance{
		{Source: "new", Listing: checkpoint.Listing{Began: before(time.Second)}, Packages: 1200, Bytes: 3 << 20},
		{Source: "old", Listing: checkpoint.Listing{Complete: true, Began: before(5 * time.Minute), Fresh: before(5 * time.Minute), Whole: before(50 * time.Hour)}, Failed: 2},
		{Source: "same", Listing: checkpoint.Listing{Began: before(3 * time.Minute), Fresh: before(3 * time.Hour), Whole: before(3 * time.Hour)}, Packages: 34, Bytes: 1 << 20},
	}, 90)
	var b strings.Builder
	all.print(&b, now)
	want := "\nApart, as of the last listings: 1,234 packages, 4.0 MiB to go, about 2 minutes at the present rate\n" +
		"  new: 1,200 packages, 3.0 MiB, never listed to its end, a listing that began just now is not at its end\n" +
		"  old: nothing to go, 2 failed or in conflict, changes listed 5 minutes ago, whole 2 days ago\n" +
		"  same: 34 packages, 1.0 MiB, listed whole 3 hours ago, a listing that began 3 minutes ago is not at its end\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
