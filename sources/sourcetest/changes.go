// What a listing of changes must hold (sources.Start): everything that came or changed since the listing before, nothing
// that is not there, and all of it again from every cursor.

package sourcetest

import (
	"context"
	"maps"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// remembered lists like list and keeps what is noted in notes, as a checkpoint does.
func (s *suite) remembered(t *testing.T, start sources.Start, notes map[string]string) []sources.Listed {
	t.Helper()
	known := maps.Clone(notes) // a listing is told what earlier ones noted
	start.Recall = func(_ context.Context, key string) (string, error) { return known[key], nil }
	var items []sources.Listed
	for item, err := range s.New(t).Packages(t.Context(), start) {
		if s.saw(err) != nil {
			t.Errorf("listing from %q: %v", start.Cursor, err)
			continue
		}
		maps.Copy(notes, item.Notes)
		items = append(items, item)
	}
	return items
}

func (s *suite) changes(t *testing.T) {
	notes := map[string]string{}
	s.remembered(t, sources.Start{}, notes)
	before := maps.Clone(notes)
	s.remembered(t, sources.Start{Changes: true}, notes)
	want := s.Change(t)
	if len(want) == 0 {
		t.Fatal("nothing was changed")
	}
	for name, from := range map[string]map[string]string{"the first listing": before, "a listing of changes": notes} {
		t.Run("after "+name, func(t *testing.T) { s.changed(t, from, want) })
	}
}

func (s *suite) changed(t *testing.T, notes map[string]string, want []artifact.Package) {
	whole := map[row]artifact.File{}
	for _, item := range s.list(t, s.New(t), "") {
		for i, one := range rowsOf(item.Package) {
			whole[one] = item.Package.Files[i]
		}
	}
	items := s.remembered(t, sources.Start{Changes: true}, maps.Clone(notes))
	found := map[row]artifact.File{}
	for _, item := range items {
		for i, one := range rowsOf(item.Package) {
			found[one] = item.Package.Files[i]
			if _, there := whole[one]; !there && item.Skip == "" {
				t.Errorf("listed as a change, but not there: %+v", one)
			}
		}
	}
	for _, p := range want {
		for _, f := range p.Files {
			one := row{identify(p), f.Path}
			got, ok := found[one]
			if !ok {
				t.Errorf("not listed as a change: %+v", one)
				continue
			}
			sameFile(t, one, f, got)
		}
	}
	for cursor, last := range cursors(items) {
		rest := map[row]bool{}
		for _, one := range rows(s.remembered(t, sources.Start{Changes: true, Cursor: cursor}, maps.Clone(notes))) {
			rest[one] = true
		}
		for _, one := range rows(items[last+1:]) {
			if !rest[one] {
				t.Errorf("resuming the changes at %q loses %+v", cursor, one)
			}
		}
	}
}
