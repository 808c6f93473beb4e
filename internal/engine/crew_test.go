package engine_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
)

// TestACrewGrowsAndShrinksAtWork: each publish waits until the test lets it go on, so the test sees who is at work.
func TestACrewGrowsAndShrinksAtWork(t *testing.T) {
	src, dst := new(source), newSink()
	const packages = 40
	for i := range packages {
		src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
	}
	begun, proceed := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	busy, most := 0, 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		busy += n
		most = max(most, busy)
	}
	dst.before = func(artifact.Destination, artifact.File) error {
		count(1)
		begun <- struct{}{}
		<-proceed
		count(-1)
		return nil
	}
	o := migration(t, src, dst)
	o.Crew = engine.NewCrew(1)
	var hand inHand
	o.Events = hand.event
	ended := make(chan error, 1)
	go func() {
		_, err := engine.Run(t.Context(), o)
		ended <- err
	}()
	patience := time.After(time.Minute)
	begin := func(n int) {
		t.Helper()
		for range n {
			select {
			case <-begun:
			case err := <-ended:
				t.Fatalf("the run ended, %v", err)
			case <-patience:
				t.Fatal("nobody takes another package")
			}
		}
	}
	begin(1)
	want(t, o.Crew.Resize(5), 1)
	begin(4)
	want(t, o.Crew.Resize(2), 5)
	if size, busy := o.Crew.Size(); size != 2 || busy != 5 {
		t.Errorf("%d workers, %d busy", size, busy)
	}
	want(t, []int{busy, most}, []int{5, 5})
	for range 3 { // nobody may follow these
		proceed <- struct{}{}
	}
	for range packages - 5 {
		proceed <- struct{}{}
		begin(1)
		mu.Lock()
		if busy > 2 {
			t.Errorf("%d at work of a crew of two", busy)
		}
		mu.Unlock()
	}
	for range 2 {
		proceed <- struct{}{}
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want(t, len(recorded(t, o.Store)), packages)
	for file, writes := range dst.writes {
		want(t, fmt.Sprint(file, writes), fmt.Sprint(file, 1))
	}
	hand.empty(t, packages)
}

// inHand follows events: what is taken up is put down, and bytes are of a package in hand.
type inHand struct {
	mu     sync.Mutex
	now    map[int64]bool
	taken  int
	copied int64
	stray  []engine.Event
}

func (h *inHand) event(e engine.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil {
		h.now = map[int64]bool{}
	}
	switch e.Kind {
	case engine.Started:
		if h.now[e.Record.ID] {
			h.stray = append(h.stray, e)
		}
		h.now[e.Record.ID] = true
		h.taken++
	case engine.Copied:
		h.copied += e.Count
		if !h.now[e.Record.ID] {
			h.stray = append(h.stray, e)
		}
	case engine.Settled, engine.Postponed:
		if !h.now[e.Record.ID] {
			h.stray = append(h.stray, e)
		}
	case engine.PutDown:
		if !h.now[e.Record.ID] {
			h.stray = append(h.stray, e)
		}
		delete(h.now, e.Record.ID)
	case engine.Listed, engine.ListingDone, engine.Problem, engine.Paused:
	}
}

func (h *inHand) empty(t *testing.T, taken int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.now) != 0 || len(h.stray) != 0 || h.taken != taken || h.copied != int64(taken) {
		t.Errorf("%d in hand, %d taken, %d bytes, out of place: %v", len(h.now), h.taken, h.copied, h.stray)
	}
}

func TestADrainThatMeetsABusyCrewTakesNothingMore(t *testing.T) {
	src, dst := new(source), newSink()
	for i := range 20 {
		src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
	}
	o := migration(t, src, dst)
	drain := make(chan struct{})
	o.Drain, o.Workers = drain, 1
	var once sync.Once
	dst.before = func(artifact.Destination, artifact.File) error {
		once.Do(func() { close(drain) })
		return nil
	}
	stopped, err := engine.Run(t.Context(), o)
	want(t, []any{stopped, err}, []any{engine.Drained, nil})
	if len(dst.writes) != 1 {
		t.Errorf("%d packages were sent after the drain", len(dst.writes)-1)
	}
}
