package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
)

func opened(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func entry(name, version string, files ...artifact.File) Entry {
	p := artifact.Package{Source: "src", Repository: "r", Format: artifact.NPM, Name: name, Version: version, Files: files}
	return Entry{Package: p, Destination: artifact.Destination{Project: "g/p", Format: p.Format, Name: name, Version: version}}
}

func file(path, text string) artifact.File {
	return artifact.File{Path: path, Size: int64(len(text)), Digests: artifact.DigestsOf(text), Locator: "at " + path}
}

func (s *Store) mustList(t *testing.T, complete bool, entries ...Entry) {
	t.Helper()
	if err := s.List(t.Context(), "src", Batch{Entries: entries, To: Listing{Cursor: "c", Complete: complete}}); err != nil {
		t.Fatal(err)
	}
}

func (s *Store) mustTake(t *testing.T) []Record {
	t.Helper()
	records, err := s.Take(t.Context(), time.Now(), 100, nil, func(Record) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func (s *Store) mustSettle(t *testing.T, r Record, outcome artifact.Outcome) {
	t.Helper()
	if err := s.Settle(t.Context(), r, Settlement{Outcome: outcome, Proof: artifact.Server}); err != nil {
		t.Fatal(err)
	}
}

func names(records []Record) (found []string) {
	for _, r := range records {
		found = append(found, r.Package.Name+"@"+r.Package.Version)
	}
	return found
}

func want(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestListTakeSettle(t *testing.T) {
	s := opened(t)
	listed := entry("a", "1.0.0", file("f", "text"))
	listed.Package.Metadata = map[string]string{"deprecated": "old"}
	listed.OnConflict = "fail"
	s.mustList(t, true, listed)
	r := s.mustTake(t)[0]
	want(t, []any{r.Package, r.Destination, r.OnConflict, r.Outcome}, []any{listed.Package, listed.Destination, "fail", artifact.Outcome("")})
	arrival := Arrival{Ours: artifact.DigestsOf("text"), HeldSize: 4, Held: "sha1:x", Proof: artifact.Server}
	err := s.Settle(t.Context(), r, Settlement{
		Outcome: artifact.Published, Proof: artifact.Server, Arrivals: map[string]Arrival{"f": arrival},
	})
	want(t, err, nil)
	want(t, len(s.mustTake(t)), 0)
	for r, err := range s.Records(t.Context(), Filter{}) {
		want(t, []any{r.Outcome, r.Proof, r.Arrivals["f"], err}, []any{artifact.Published, artifact.Server, arrival, nil})
	}
}

func TestTheNewestBatchWaitsForTheNext(t *testing.T) {
	s := opened(t)
	s.mustList(t, false, entry("a", "1"))
	want(t, len(s.mustTake(t)), 0)
	s.mustList(t, false, entry("b", "1"))
	want(t, names(s.mustTake(t)), []string{"a@1"})
	s.mustList(t, true)
	want(t, names(s.mustTake(t)), []string{"a@1", "b@1"})
}

func TestIndexWaitsForListingAndVersions(t *testing.T) {
	s := opened(t)
	s.mustList(t, false, entry("a", ""), entry("a", "1"))
	s.mustList(t, false)
	want(t, names(s.mustTake(t)), []string{"a@1"})
	s.mustSettle(t, s.mustTake(t)[0], artifact.Published)
	want(t, len(s.mustTake(t)), 0)
	s.mustList(t, true, entry("a", "2"))
	want(t, names(s.mustTake(t)), []string{"a@2"})
	s.mustSettle(t, s.mustTake(t)[0], artifact.Failed)
	want(t, names(s.mustTake(t)), []string{"a@"})
}

func TestCalled(t *testing.T) {
	s := opened(t)
	python := entry("Acme.Tool", "1", file("f", "text"))
	python.Package.Format = artifact.PyPI
	elsewhere := entry("a", "1", file("g", "text"))
	elsewhere.Package.Repository = "other"
	s.mustList(t, true, entry("a", "1", file("f", "text")), entry("a", "2", file("f", "text")), elsewhere, python)
	for purl, paths := range map[string][]string{
		"pkg:npm/a@1": {"r f", "other g"}, "pkg:npm/a@3": nil, "pkg:maven/a@1": nil, "pkg:pypi/acme-tool@1": {"r f"},
	} {
		p, err := artifact.ParsePURL(purl)
		if err != nil {
			t.Fatal(err)
		}
		records, err := s.Called(t.Context(), p)
		var found []string
		for _, r := range records {
			found = append(found, r.Package.Repository+" "+r.Package.Files[0].Path)
		}
		if diff := cmp.Diff(paths, found); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", purl, err, diff)
		}
	}
}

// A file has the properties that it was last listed with, and of them alone nothing is settled anew.
func TestProperties(t *testing.T) {
	s := opened(t)
	with := func(properties map[string][]string) Entry {
		f := file("f", "text")
		f.Properties = properties
		return entry("a", "1", f)
	}
	for i, properties := range []map[string][]string{{"stage": {"a", "b"}}, {"stage": {"b"}, "team": {"x"}}, nil} {
		s.mustList(t, true, with(properties))
		if taken := s.mustTake(t); len(taken) == 1 && i == 0 {
			s.mustSettle(t, taken[0], artifact.Published)
		} else if len(taken) > 0 {
			t.Error("it is to be settled again")
		}
		r, found, err := s.Find(t.Context(), with(nil).Package)
		if err != nil || !found {
			t.Fatal(err)
		}
		want(t, r.Package.Files[0].Properties, properties)
	}
}

func TestListedAgain(t *testing.T) {
	moved := entry("a", "1", file("f", "text"))
	moved.Destination.Project = "g/elsewhere"
	excluded := entry("a", "1", file("f", "text"))
	excluded.Skip = artifact.Excluded
	cases := map[string]struct {
		again Entry
		open  bool
	}{
		"as it was":           {entry("a", "1", file("f", "text")), false},
		"without digests":     {entry("a", "1", artifact.File{Path: "f", Size: -1}), true},
		"with another file":   {entry("a", "1", file("g", "text")), true},
		"with other bytes":    {entry("a", "1", file("f", "TEXT")), true},
		"to another project":  {moved, true},
		"excluded afterwards": {excluded, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := opened(t)
			s.mustList(t, true, entry("a", "1", file("f", "text")))
			s.mustSettle(t, s.mustTake(t)[0], artifact.Published)
			s.mustList(t, true, c.again)
			want(t, len(s.mustTake(t)) == 1, c.open)
		})
	}
}

func TestSettleLosesToANewerListing(t *testing.T) {
	s := opened(t)
	s.mustList(t, true, entry("a", "1", file("f", "text")))
	r := s.mustTake(t)[0]
	s.mustList(t, true, entry("a", "1", file("g", "more")))
	s.mustSettle(t, r, artifact.Published)
	again := s.mustTake(t)
	want(t, len(again), 1)
	want(t, len(again[0].Package.Files), 2)
}

func TestSkipIsSettledAtOnceAndUndone(t *testing.T) {
	s := opened(t)
	skipped := entry("a", "1")
	skipped.Skip, skipped.Detail = artifact.Excluded, "superseded"
	s.mustList(t, true, skipped)
	want(t, len(s.mustTake(t)), 0)
	for r := range s.Records(t.Context(), Filter{}) {
		want(t, []any{r.Outcome, r.Reason, r.Error}, []any{artifact.Skipped, artifact.Excluded, "superseded"})
	}
	s.mustList(t, true, entry("a", "1"))
	want(t, len(s.mustTake(t)), 1)
}

func TestPostponeAndReopen(t *testing.T) {
	s := opened(t)
	s.mustList(t, true, entry("a", "1"), entry("b", "1"))
	r := s.mustTake(t)
	due := time.Now().Add(time.Hour)
	want(t, s.Postpone(t.Context(), r[0], due, 3, "later", nil), nil)
	s.mustSettle(t, r[1], artifact.Failed)
	want(t, len(s.mustTake(t)), 0)
	next, err := s.NextDue(t.Context(), time.Now())
	want(t, []any{next.UnixMilli(), err}, []any{due.UnixMilli(), nil})
	n, err := s.Reopen(t.Context())
	want(t, []any{n, err}, []any{int64(1), nil})
	want(t, names(s.mustTake(t)), []string{"a@1", "b@1"})
}

func TestCollides(t *testing.T) {
	s := opened(t)
	elsewhere := func(repository, path, text string) Entry {
		e := entry("a", "1", file(path, text))
		e.Package.Repository = repository
		return e
	}
	s.mustList(t, true, elsewhere("first", "f", "text"), elsewhere("same", "f", "text"), elsewhere("beside", "g", "more"), elsewhere("other", "f", "TEXT"))
	for _, r := range s.mustTake(t) {
		collides, err := s.Collides(t.Context(), r)
		want(t, []any{collides, err}, []any{r.Package.Repository == "other", nil})
	}
}

// TestRivalOfWhatWasLeftOut is about a package that a listing leaves out between its being taken and its being judged.
func TestRivalOfWhatWasLeftOut(t *testing.T) {
	s := opened(t)
	s.mustList(t, false, entry("a", "1"), entry("a", "2"))
	s.mustList(t, true)
	for i, record := range s.mustTake(t) {
		out := entry("a", record.Package.Version)
		out.Destination, out.Skip = artifact.Destination{}, artifact.Excluded
		s.mustList(t, true, out)
		_, found, err := s.Rival(t.Context(), record)
		want(t, []any{i, found, err}, []any{i, false, nil})
	}
}

func TestTaken(t *testing.T) {
	s := opened(t)
	elsewhere := func(repository string) Entry {
		e := entry("a", "1", file("f", repository))
		e.Package.Repository = repository
		return e
	}
	s.mustList(t, true, elsewhere("first"), elsewhere("second"), entry("b", "1"))
	r := s.mustTake(t)
	for _, step := range []struct {
		do   func() error
		want bool // whether the second finds its place taken
	}{
		{func() error { return nil }, false},
		{func() error { return s.Sending(t.Context(), r[2]) }, false},
		{func() error { return s.Sending(t.Context(), r[0]) }, true},
		{func() error { return s.Settle(t.Context(), r[0], Settlement{Outcome: artifact.Published}) }, true},
		{func() error {
			_, err := s.write.Exec("UPDATE package SET outcome = 'failed' WHERE id = ?", r[0].ID)
			return err
		}, false},
	} {
		want(t, step.do(), nil)
		taken, err := s.Taken(t.Context(), r[1])
		want(t, []any{taken, err}, []any{step.want, nil})
	}
}

func TestSurvivesReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	s, err := Open(path)
	want(t, err, nil)
	s.mustList(t, false, entry("a", "1", file("f", "text")))
	want(t, s.Sending(t.Context(), Record{ID: 1}), nil)
	want(t, s.Close(), nil)
	s, err = Open(path)
	want(t, err, nil)
	defer func() { _ = s.Close() }()
	l, err := s.Listing(t.Context(), "src")
	want(t, []any{l, err}, []any{Listing{Cursor: "c", Began: l.Began}, nil})
	s.mustList(t, true)
	want(t, s.mustTake(t)[0].Sent, true)
}

func TestOneRunAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	s, err := Open(path)
	want(t, err, nil)
	var locked *Locked
	_, err = Open(path)
	if !errors.As(err, &locked) || locked.Holder != os.Getpid() {
		t.Fatalf("a second run was let in: %v", err)
	}
	s.mustList(t, true, entry("a", "1"))
	view, err := View(path)
	want(t, err, nil)
	totals, err := view.Totals(t.Context())
	want(t, []any{totals.Listed, totals.Unsettled, totals.ListingComplete, err}, []any{int64(1), int64(1), true, nil})
	want(t, view.Close(), nil)
	want(t, s.Close(), nil)
	s, err = Open(path)
	want(t, err, nil)
	want(t, s.Close(), nil)
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	_, err := View(path("none.db"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing checkpoint: %v", err)
	}
	want(t, os.WriteFile(path("text.db"), []byte(strings.Repeat("not a database\n", 100)), 0o600), nil)
	want(t, os.WriteFile(path("readonly.db"), nil, 0o400), nil)
	for _, name := range []string{"text.db", "readonly.db", "no/such/dir.db", "."} {
		if s, err := Open(path(name)); err == nil {
			t.Errorf("%s was opened", name)
			_ = s.Close()
		}
	}
}

func TestFacts(t *testing.T) {
	s := opened(t)
	for _, value := range []string{"", "first", "second"} {
		if value != "" {
			want(t, s.Remember(t.Context(), "target", value), nil)
		}
		fact, err := s.Fact(t.Context(), "target")
		want(t, []any{fact, err}, []any{value, nil})
	}
}

// Many workers settle while a listing goes on and a second process reads.
func TestSideBySide(t *testing.T) {
	s := opened(t)
	var group sync.WaitGroup
	group.Go(func() {
		for i := range 40 {
			s.mustList(t, i == 39, entry(fmt.Sprint("p", i), "1", file("f", "x")))
		}
	})
	var settled sync.Map
	for range 4 {
		group.Go(func() {
			for range 200 {
				for _, r := range s.mustTake(t) {
					if _, other := settled.LoadOrStore(r.ID, true); !other {
						s.mustSettle(t, r, artifact.Published)
					}
				}
			}
		})
	}
	group.Wait()
	for _, r := range s.mustTake(t) {
		s.mustSettle(t, r, artifact.Published)
	}
	totals, err := s.Totals(t.Context())
	want(t, []any{totals.ByOutcome[artifact.Published], err}, []any{int64(40), nil})
}

func BenchmarkSettle(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "c.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var entries []Entry
	for i := range b.N {
		entries = append(entries, entry(fmt.Sprint("p", i), "1", file("f", "x")))
	}
	if err := s.List(b.Context(), "src", Batch{Entries: entries, To: Listing{Complete: true}}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := range b.N {
		err := s.Settle(b.Context(), Record{ID: int64(i + 1), revision: 1}, Settlement{
			Outcome: artifact.Published, Proof: artifact.Server,
			Arrivals: map[string]Arrival{"f": {Ours: artifact.DigestsOf("x"), Held: "sha256:x", Proof: artifact.Server}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// TestGoneIsJudgedByWholeListings: what a listing of everything lacks is gone, and what one of changes lacks is not.
func TestGoneIsJudgedByWholeListings(t *testing.T) {
	list := func(s *Store, changes bool, entries ...Entry) {
		t.Helper()
		if err := s.Relist(t.Context(), "src", changes); err != nil {
			t.Fatal(err)
		}
		batch := Batch{Entries: entries, To: Listing{Cursor: "c", Complete: true}}
		if err := s.List(t.Context(), "src", batch); err != nil {
			t.Fatal(err)
		}
	}
	gone := func(s *Store) int64 {
		t.Helper()
		totals, err := s.Totals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return totals.Gone
	}
	s := opened(t)
	a, b := entry("a", "1", file("f", "x")), entry("b", "1", file("f", "x"))
	s.mustList(t, true, a, b)
	list(s, true, a)
	want(t, gone(s), int64(0))
	if err := s.Redecide(t.Context(), []Entry{b}); err != nil { // another route is no sign of life
		t.Fatal(err)
	}
	list(s, false, a)
	want(t, gone(s), int64(1))
	list(s, true, b)
	want(t, gone(s), int64(0))
}

func TestNotes(t *testing.T) {
	s := opened(t)
	for _, value := range []string{"one", "two"} {
		batch := Batch{Notes: map[string]string{"etag/a": value}, To: Listing{Cursor: "c"}}
		if err := s.List(t.Context(), "src", batch); err != nil {
			t.Fatal(err)
		}
		got, err := s.Noted(t.Context(), "src", "etag/a")
		want(t, []any{got, err}, []any{value, nil})
	}
	got, err := s.Noted(t.Context(), "other", "etag/a")
	want(t, []any{got, err}, []any{"", nil})
}

func TestTakeWithoutSources(t *testing.T) {
	s := opened(t)
	s.mustList(t, true, entry("a", "1", file("f", "x")))
	records, err := s.Take(t.Context(), time.Now(), 10, []string{"src"}, func(Record) bool { return false })
	want(t, []any{len(records), err}, []any{0, nil})
	want(t, len(s.mustTake(t)), 1)
}

// BenchmarkList is the listing of packages with two files each, in batches of 200; list-again is of what is there already.
func BenchmarkList(b *testing.B) {
	batches := func(b *testing.B, s *Store) {
		for from := 0; from < b.N; from += 200 {
			var entries []Entry
			for i := from; i < min(from+200, b.N); i++ {
				entries = append(entries, entry(fmt.Sprint("p", i), "1", file("f", "x"), file("g", "y")))
			}
			if err := s.List(b.Context(), "src", Batch{Entries: entries, To: Listing{Cursor: "c"}}); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, again := range []bool{false, true} {
		b.Run(map[bool]string{false: "list", true: "list-again"}[again], func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "c.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if again {
				batches(b, s)
				b.ResetTimer()
			}
			batches(b, s)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packages/s")
		})
	}
}

// A tag that moved is settled anew, by the manifest that it is now and nothing else.
func TestATagMoves(t *testing.T) {
	s := opened(t)
	tag := func(digit string) Entry {
		e := entry("acme/app", "latest", artifact.ImageManifest("sha256:"+strings.Repeat(digit, 64), -1, "acme/app"))
		e.Package.Format, e.Destination.Format = artifact.Container, artifact.Container
		return e
	}
	s.mustList(t, true, tag("1"))
	s.mustSettle(t, s.mustTake(t)[0], artifact.Published)
	s.mustList(t, true, tag("1"))
	if again := s.mustTake(t); len(again) != 0 {
		t.Errorf("a tag that did not move is taken again: %v", names(again))
	}
	s.mustList(t, true, tag("2"))
	moved := s.mustTake(t)
	if len(moved) != 1 || len(moved[0].Package.Files) != 1 || moved[0].Package.Files[0].Path != "manifests/sha256:"+strings.Repeat("2", 64) {
		t.Errorf("taken: %+v", moved)
	}
}

// What is doubted is unsettled again when it had arrived; what had not keeps its reason.
func TestDoubt(t *testing.T) {
	s := opened(t)
	s.mustList(t, true, entry("a", "1", file("f", "x")), entry("b", "1", file("f", "x")), entry("c", "1", file("f", "x")))
	r := s.mustTake(t)
	want(t, s.Settle(t.Context(), r[0], Settlement{Outcome: artifact.Published, Proof: artifact.Server}), nil)
	want(t, s.Settle(t.Context(), r[1], Settlement{Outcome: artifact.Failed, Reason: artifact.SourceMissing, Error: "gone"}), nil)
	unknown := entry("d", "1").Package
	for p, was := range map[*artifact.Package]artifact.Outcome{
		&r[0].Package: artifact.Published, &r[1].Package: artifact.Failed, &r[2].Package: "", &unknown: "",
	} {
		got, err := s.Doubt(t.Context(), *p, "it is not there")
		want(t, []any{got, err}, []any{was, nil})
	}
	var told []string
	for r, err := range s.Records(t.Context(), Filter{}) {
		want(t, err, nil)
		told = append(told, string(r.Outcome)+"|"+r.Error+"|"+r.Proof.String())
	}
	want(t, told, []string{"|it is not there|", "failed|gone|", "||"})
}
