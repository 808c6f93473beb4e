package checkpoint

import (
	"path/filepath"
	"testing"
	"time"

	"pkgferry/internal/artifact"
)

func TestPaceAndStuck(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "m.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	var entries []Entry
	for _, version := range []string{"published", "failed", "stuck", "waiting"} {
		entries = append(entries, Entry{Package: artifact.Package{
			Source: "s", Format: artifact.Generic, Name: "p", Version: version,
			Files: []artifact.File{{Path: "known", Size: 10}, {Path: "unknown", Size: -1}},
		}})
	}
	if err := s.List(ctx, "s", Batch{Entries: entries, To: Listing{Complete: true}}); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	for r, err := range s.Records(ctx, Filter{}) {
		if err == nil {
			switch r.Package.Version {
			case "published":
				err = s.Settle(ctx, r, Settlement{Outcome: artifact.Published})
			case "failed":
				err = s.Settle(ctx, r, Settlement{Outcome: artifact.Failed})
			case "stuck":
				err = s.Postpone(ctx, r, before, 3, "no answer", nil)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	pace, err := s.Pace(ctx, before.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if pace.Packages != 1 || pace.Bytes != 10 || pace.First.IsZero() {
		t.Errorf("got %+v", pace)
	}
	if later, err := s.Pace(ctx, before.Add(time.Hour)); err != nil || later.Packages != 0 || !later.First.IsZero() {
		t.Errorf("got %+v, %v", later, err)
	}
	stuck, err := s.Stuck(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(stuck) != 1 || stuck[0].Package.Version != "stuck" || stuck[0].Attempts != 3 || stuck[0].Error != "no answer" {
		t.Errorf("got %+v", stuck)
	}
}
