package checkpoint

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
)

func TestTimeline(t *testing.T) {
	s := opened(t)
	at := time.Unix(1_700_000_000, 0)
	for i, of := range []struct {
		outcome artifact.Outcome
		size    int64
		after   time.Duration
	}{
		{artifact.Published, 10, 0}, {artifact.Published, -1, time.Second}, {artifact.Present, 7, time.Second},
		{artifact.Failed, 9, time.Minute}, {artifact.Published, 5, time.Hour},
	} {
		name := string(rune('a' + i))
		entry := Entry{Package: artifact.Package{Source: "s", Format: artifact.Generic, Name: name, Version: "1",
			Files: []artifact.File{{Path: "f", Size: of.size}}}}
		if err := s.List(t.Context(), "s", Batch{Entries: []Entry{entry}, To: Listing{Complete: true}}); err != nil {
			t.Fatal(err)
		}
		_, err := s.write.ExecContext(t.Context(), "UPDATE package SET outcome = ?, settled = ? WHERE name = ?", of.outcome, millis(at.Add(of.after)), name)
		if err != nil {
			t.Fatal(err)
		}
	}
	width, spans, err := s.Timeline(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	first := at.Truncate(time.Minute).UTC()
	want := []Span{{At: first, Published: 2, Present: 1, Bytes: 10}, {At: first.Add(time.Hour), Published: 1, Bytes: 5}}
	if diff := cmp.Diff(want, spans); diff != "" || width != time.Minute {
		t.Errorf("width %v, (-want +got)\n%s", width, diff)
	}
}

func TestRoundWidth(t *testing.T) {
	for all, want := range map[time.Duration]time.Duration{
		0: time.Second, 8 * time.Second: time.Second, 9 * time.Second: 5 * time.Second, time.Hour: 15 * time.Minute,
		365 * 24 * time.Hour: 42 * 24 * time.Hour,
	} {
		if got := roundWidth(all, 10); got != want {
			t.Errorf("%v: got %v, want %v", all, got, want)
		}
	}
}

func TestTrafficIsNotedByMinute(t *testing.T) {
	s := opened(t)
	at := time.Unix(1_700_000_040, 0).UTC() // a whole minute
	for _, one := range []struct {
		host     string
		from, to time.Duration
	}{
		{"a", 50 * time.Second, 130 * time.Second}, {"a", 130 * time.Second, 140 * time.Second}, {"b", 0, 48 * time.Hour}, {"c", 5, 5},
	} {
		if err := s.Pause(t.Context(), one.host, at.Add(one.from), at.Add(one.to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, after := range []time.Duration{0, 59 * time.Second, time.Minute} {
		if err := s.Sent(t.Context(), at.Add(after), map[string]int64{"a": 100, "c": 7}); err != nil {
			t.Fatal(err)
		}
	}
	traffic, err := s.Traffic(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	want := []Traffic{{"a", at, 200, 10 * time.Second}, {"a", at.Add(time.Minute), 100, time.Minute}, {"a", at.Add(2 * time.Minute), 0, 20 * time.Second}}
	if diff := cmp.Diff(want, traffic[:3]); diff != "" || len(traffic) != 3+24*60+2 {
		t.Errorf("%d, (-want +got)\n%s", len(traffic), diff)
	}
	wide, err := s.Traffic(t.Context(), time.Hour)
	if err != nil || len(wide) != 1+25+1 || wide[0].Paused != 90*time.Second || wide[0].Requests != 300 || wide[0].At.Minute() != 0 {
		t.Errorf("%d %v %v", len(wide), wide[0], err)
	}
}

func TestToolsAreNotedWhenTheyChange(t *testing.T) {
	s := opened(t)
	at := time.UnixMilli(1_700_000_000_000).UTC()
	work := []Tool{{at, "1", "x"}, {at.Add(1e9), "1", "x"}, {at.Add(2e9), "2", "x"}, {at.Add(3e9), "1", "x"}}
	for _, one := range work {
		if err := s.Work(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	tools, err := s.Tools(t.Context())
	if diff := cmp.Diff([]Tool{work[0], work[2], work[3]}, tools); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestSealsAreKeptBesideARun(t *testing.T) {
	s := opened(t)
	view, err := View(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	one := Seal{At: time.UnixMilli(1_700_000_000_000).UTC(), File: "packages.ndjson", Lines: 3, Head: "aa", Version: "v1"}
	two := one
	two.Head = "bb"
	for _, seal := range []Seal{one, two} {
		if err := view.Keep(t.Context(), seal); err != nil {
			t.Fatal(err)
		}
	}
	seals, err := s.Seals(t.Context(), 5)
	if diff := cmp.Diff([]Seal{two, one}, seals); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if found, err := view.Sealed(t.Context(), "aa"); found != one || err != nil {
		t.Errorf("%v %v", found, err)
	}
	if found, err := view.Sealed(t.Context(), "cc"); found != (Seal{}) || err != nil {
		t.Errorf("%v %v", found, err)
	}
}
