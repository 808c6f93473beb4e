package control

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
)

func named(id int64) checkpoint.Record {
	return checkpoint.Record{ID: id, Package: artifact.Package{Source: "s", Format: artifact.Generic, Name: fmt.Sprint("p", id), Version: "1"}}
}

func TestRatesAreOfTheLastMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		second := func(packages, bytes int) {
			for id := range packages {
				m.Event(engine.Event{Kind: engine.Settled, Record: named(int64(id))})
			}
			m.Event(engine.Event{Kind: engine.Copied, Record: named(1), Count: int64(bytes)})
			time.Sleep(time.Second)
		}
		look := func() []Rate {
			var s Status
			m.fill(&s, time.Now())
			return s.Rates
		}
		if got := look(); len(got) != 0 {
			t.Errorf("a rate without a past: %v", got)
		}
		for range 30 {
			second(2, 100)
		}
		if diff := cmp.Diff([]Rate{{30, 2, 100}}, look()); diff != "" {
			t.Error(diff)
		}
		for range 270 {
			second(2, 100)
		}
		if diff := cmp.Diff([]Rate{{60, 2, 100}, {300, 2, 100}}, look()); diff != "" {
			t.Error(diff)
		}
		for range 60 {
			second(12, 0)
		}
		if diff := cmp.Diff([]Rate{{60, 12, 0}, {300, 4, 80}}, look()); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff([]Rate{{60, 0, 0}, {300, 0, 0}}, look()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		m.Event(engine.Event{Kind: engine.Started, Record: named(1)})
		time.Sleep(3 * time.Second)
		m.Event(engine.Event{Kind: engine.Started, Record: named(2)})
		m.Event(engine.Event{Kind: engine.Copied, Record: named(2), Count: 5})
		m.Event(engine.Event{Kind: engine.Copied, Record: named(2), Count: 6})
		time.Sleep(time.Second)
		m.Event(engine.Event{Kind: engine.Started, Record: named(3)})
		m.Event(engine.Event{Kind: engine.PutDown, Record: named(3)})
		var s Status
		m.fill(&s, time.Now())
		want := []Item{{PURL: "pkg:generic/p1@1", Source: "s", Seconds: 4}, {PURL: "pkg:generic/p2@1", Source: "s", Seconds: 1, Copied: 11}}
		if diff := cmp.Diff(want, s.Hand); diff != "" || s.Copied != 11 {
			t.Error(s.Copied, diff)
		}
	})
}

func TestSinceWhenAPackageGivesTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		postponed := func(id int64, err error) { m.Event(engine.Event{Kind: engine.Postponed, Record: named(id), Err: err}) }
		postponed(1, errors.New("502"))
		postponed(2, nil) // the target is at work on it
		time.Sleep(time.Minute)
		postponed(1, errors.New("502"))
		if a, b := m.trouble(1, time.Now()), m.trouble(2, time.Now()); a != 60 || b != 0 {
			t.Errorf("%v %v", a, b)
		}
		m.Event(engine.Event{Kind: engine.Settled, Record: named(1)})
		if m.trouble(1, time.Now()) != 0 {
			t.Error("a settled package gives trouble")
		}
		for id := range int64(10 * maxTroubled) {
			postponed(id, errors.New("502"))
		}
		if len(m.troubled) != maxTroubled {
			t.Errorf("%d are remembered", len(m.troubled))
		}
	})
}

func TestAnEstimateNeedsAPast(t *testing.T) {
	for _, c := range []struct {
		rates    []Rate
		complete bool
		want     float64
	}{
		{nil, true, 0},
		{[]Rate{{60, 10, 0}}, true, 0},
		{[]Rate{{60, 99, 0}, {300, 10, 0}}, true, 7},
		{[]Rate{{60, 99, 0}, {300, 10, 0}}, false, 0},
		{[]Rate{{60, 0, 0}, {300, 0, 0}}, true, 0},
	} {
		s := Status{Rates: c.rates, Packages: Packages{Unsettled: 70, ListingComplete: c.complete}}
		if got := s.estimate(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
