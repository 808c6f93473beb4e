package checkpoint

import (
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/artifact"
)

// leaving leaves out the versions with the given texts, "name@version".
func leaving(versions ...string) Choice {
	return func(_ artifact.Format, _ bool, all iter.Seq[artifact.Release]) iter.Seq2[artifact.Release, string] {
		return func(yield func(artifact.Release, string) bool) {
			for v := range all {
				for _, one := range versions {
					if v.Version == one && !yield(v, "not "+one) {
						return
					}
				}
			}
		}
	}
}

func (s *Store) mustChoose(t *testing.T, complete bool, choice Choice, entries ...Entry) {
	t.Helper()
	if err := s.List(t.Context(), "src", Batch{Entries: entries, To: Listing{Cursor: "c", Complete: complete}, Choice: choice}); err != nil {
		t.Fatal(err)
	}
}

// states are the outcomes and reasons by name and version.
func (s *Store) states(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for r, err := range s.Records(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		found[r.Package.Name+"@"+r.Package.Version] = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Outcome, r.Reason, r.Error))
	}
	return found
}

func TestVersionsWaitForTheirChoice(t *testing.T) {
	s, choice := opened(t), leaving("1.0.0")
	s.mustChoose(t, false, choice, entry("a", "1.0.0", file("f", "x")), entry("a", "2.0.0", file("f", "x")))
	s.mustChoose(t, false, choice, entry("a", "", file("i", "x")), entry("b", "1.0.0", file("f", "x")))
	want(t, names(s.mustTake(t)), []string(nil))
	due, err := s.NextDue(t.Context(), time.Now())
	want(t, []any{due, err}, []any{time.Time{}, nil})
	s.mustChoose(t, true, choice)
	want(t, names(s.mustTake(t)), []string{"a@2.0.0"})
	want(t, s.states(t), map[string]string{
		"a@1.0.0": "skipped excluded not 1.0.0", "a@2.0.0": "", "a@": "", "b@1.0.0": "skipped excluded not 1.0.0",
	})
	s.mustSettle(t, s.mustTake(t)[0], artifact.Published)
	want(t, names(s.mustTake(t)), []string{"a@"})
}

// What waits is given free by the end of the listing, whatever was chosen, and at the start of the next run.
func TestNothingWaitsForEver(t *testing.T) {
	for name, free := range map[string]func(s *Store){
		"listed to the end without a choice": func(s *Store) { s.mustList(t, true) },
		"another run": func(s *Store) {
			_, err := s.Reopen(t.Context())
			want(t, err, nil)
			s.mustList(t, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t)
			s.mustChoose(t, false, leaving(), entry("a", "1.0.0", file("f", "x")))
			s.mustList(t, false, entry("b", "1.0.0", file("f", "x")), entry("b", "", file("i", "x")))
			s.mustList(t, false)
			want(t, names(s.mustTake(t)), []string{"b@1.0.0"})
			want(t, s.Hold(t.Context(), "src"), nil)
			want(t, s.Hold(t.Context(), "another"), nil)
			want(t, names(s.mustTake(t)), []string(nil))
			free(s)
			want(t, names(s.mustTake(t)), []string{"a@1.0.0", "b@1.0.0"})
		})
	}
}

func TestChoicesChange(t *testing.T) {
	s := opened(t)
	all := []Entry{entry("a", "1.0.0", file("f", "x")), entry("a", "2.0.0", file("f", "x")), entry("a", "3.0.0", file("f", "x"))}
	s.mustChoose(t, true, leaving("1.0.0"), all...)
	for _, r := range s.mustTake(t) {
		if r.Package.Version == "2.0.0" {
			s.mustSettle(t, r, artifact.Published)
		} else {
			s.mustSettle(t, r, artifact.Failed)
		}
	}
	choose := func(choice Choice, states ...string) {
		t.Helper()
		want(t, s.Choose(t.Context(), "src", Judge{}, choice), nil)
		got := s.states(t)
		want(t, []string{got["a@1.0.0"], got["a@2.0.0"], got["a@3.0.0"]}, states)
	}
	const left = "skipped excluded not "
	choose(leaving("1.0.0", "2.0.0", "3.0.0"), left+"1.0.0", "published", left+"3.0.0")
	choose(leaving("2.0.0", "3.0.0"), "", "published", left+"3.0.0")
	want(t, names(s.mustTake(t)), []string{"a@1.0.0"})
	want(t, s.Choose(t.Context(), "another", Judge{}, nil), nil)
	choose(leaving("1.0.0", "3.0.0"), left+"1.0.0", "published", left+"3.0.0")
	choose(nil, "", "published", "")
	want(t, s.mustTake(t)[0].Attempts, 0)
}

// What is listed again while it is left out stays so until the choice at the end, but for what is left out otherwise now,
// which leaves its place to others.
func TestListedAgainWhileLeftOut(t *testing.T) {
	s := opened(t)
	old := entry("a", "1.0.0", file("f", "x"))
	skipped := entry("a", "2.0.0", file("f", "x"))
	s.mustChoose(t, true, leaving("1.0.0", "2.0.0"), old, skipped)
	skipped.Skip, skipped.Detail = artifact.SourceUnpublished, "gone"
	want(t, s.Relist(t.Context(), "src", false), nil)
	s.mustChoose(t, false, leaving(), old, skipped)
	want(t, s.states(t), map[string]string{"a@1.0.0": "skipped excluded not 1.0.0", "a@2.0.0": "skipped source-unpublished gone"})
	var asked []string
	s.mustChoose(t, true, func(format artifact.Format, _ bool, all iter.Seq[artifact.Release]) iter.Seq2[artifact.Release, string] {
		for v := range all {
			asked = append(asked, string(format)+" "+v.Version)
		}
		return func(func(artifact.Release, string) bool) {}
	})
	want(t, asked, []string{"npm 1.0.0"})
	want(t, s.states(t), map[string]string{"a@1.0.0": "", "a@2.0.0": "skipped source-unpublished gone"})
}

// An index is left out with the last of its versions, and comes back with the first. One without versions is no follower.
func TestIndexFollowsTheChoice(t *testing.T) {
	s := opened(t)
	lost := entry("lost", "1.0.0")
	lost.Skip = artifact.SourceUnpublished
	routed := entry("routed", "1.0.0", file("f", "x"))
	routed.Skip = artifact.Excluded
	s.mustChoose(t, true, leaving("1.0.0"), entry("a", "", file("i", "x")), entry("a", "1.0.0", file("f", "x")),
		entry("b", "", file("i", "x")), entry("b", "1.0.0", file("f", "x")), entry("b", "2.0.0", file("f", "x")),
		entry("alone", "", file("i", "x")), entry("lost", "", file("i", "x")), lost, entry("routed", "", file("i", "x")), routed)
	const follows = "skipped excluded every version of it is left out"
	indexes := func(states ...string) {
		t.Helper()
		got := s.states(t)
		want(t, []string{got["a@"], got["b@"], got["alone@"], got["lost@"], got["routed@"]}, states)
	}
	indexes(follows, "", "", "", follows)
	want(t, s.Choose(t.Context(), "src", Judge{}, nil), nil)
	indexes("", "", "", "", follows)
	want(t, s.Choose(t.Context(), "src", Judge{}, leaving("1.0.0", "2.0.0")), nil)
	indexes(follows, follows, "", "", follows)
}

func TestWhatAChoiceIsTold(t *testing.T) {
	s := opened(t)
	at := func(path string, modified, downloaded int64) artifact.File {
		f := file(path, "x")
		f.Modified, f.Downloaded = fromMillis(modified), fromMillis(downloaded)
		return f
	}
	other := entry("b", "1.0.0", at("f", 3000, 0))
	other.Package.Repository = "silent"
	snapshots := entry("a", "1.0.0", at("f", 9000, 0))
	snapshots.Package.Format = artifact.Maven
	var told []string
	choice := func(format artifact.Format, downloads bool, all iter.Seq[artifact.Release]) iter.Seq2[artifact.Release, string] {
		return func(func(artifact.Release, string) bool) {
			line := fmt.Sprint(format, " ", downloads)
			for v := range all {
				line += fmt.Sprintf(" %s %d %d", v.Version, millis(v.Modified), millis(v.Downloaded))
			}
			told = append(told, line)
		}
	}
	s.mustChoose(t, true, choice, entry("a", "2.0.0", at("f", 1000, 0), at("g", 2000, 5000), at("h", 0, 4000)),
		entry("a", "1.0.0"), entry("a", "", at("i", 1000, 9000)), snapshots, other)
	want(t, told, []string{"maven true 1.0.0 9000 0", "npm true 1.0.0 0 0 2.0.0 2000 5000", "npm false 1.0.0 3000 0"})

	told = nil
	for _, r := range s.mustTake(t) {
		s.mustSettle(t, r, artifact.Published)
	}
	want(t, s.Relist(t.Context(), "src", false), nil) // files and packages are gone, and stay known since they have arrived
	s.mustChoose(t, true, choice, entry("a", "2.0.0", at("f", 1000, 0)), other)
	want(t, told, []string{"npm true 2.0.0 1000 0", "npm false 1.0.0 3000 0"})
}

// A choice that looks at nothing, or only at the beginning, ends all the same.
func TestChoiceThatStopsEarly(t *testing.T) {
	s, asked := opened(t), 0
	s.mustChoose(t, true, func(_ artifact.Format, _ bool, all iter.Seq[artifact.Release]) iter.Seq2[artifact.Release, string] {
		return func(yield func(artifact.Release, string) bool) {
			asked++
			for v := range all {
				yield(v, "the first")
				return
			}
		}
	}, entry("a", "1", file("f", "x")), entry("a", "2", file("f", "x")), entry("b", "1", file("f", "x")), entry("c", "", file("f", "x")))
	want(t, asked, 2)
	want(t, s.states(t), map[string]string{
		"a@1": "skipped excluded the first", "a@2": "", "b@1": "skipped excluded the first", "c@": "",
	})
}

// The versions of a name come together without being sorted, or a large source would have to be.
func TestChoosingSortsNothing(t *testing.T) {
	s := opened(t)
	var plan strings.Builder
	err := query(t.Context(), s.db, func(row *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := row.Scan(&id, &parent, &unused, &detail)
		plan.WriteString(detail + "\n")
		return err
	}, "EXPLAIN QUERY PLAN "+candidates, "src")
	want(t, err, nil)
	if text := plan.String(); strings.Contains(text, "TEMP B-TREE") || !strings.Contains(text, "sqlite_autoindex_package") {
		t.Errorf("the plan is\n%s", text)
	}
}

func TestLeftOut(t *testing.T) {
	s := opened(t)
	skipped := entry("a", "3.0.0")
	skipped.Skip = artifact.SourceUnpublished
	index := entry("a", "", file("i", "x"))
	s.mustChoose(t, true, leaving("1.0.0"), entry("a", "1.0.0"), entry("a", "2.0.0"), skipped, index)
	left, err := s.LeftOut(t.Context(), Record{Package: index.Package}, []string{"1.0.0", "2.0.0", "3.0.0", "4.0.0"})
	want(t, err, nil)
	want(t, left, map[string]bool{"1.0.0": true})
}
