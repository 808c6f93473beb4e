package gitlab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// work lets the stand-in do so many stages of its background work.
func (s server) work(t *testing.T, stages string) {
	t.Helper()
	resp, err := http.Post(s.url+"/_standin/clock", "application/json", strings.NewReader(`{"stages":`+stages+`}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

func manual(t *testing.T) server {
	return start(t, "node-packages", standin.Options{Modes: map[string]string{"settle": "manual"}})
}

// A process that was killed after an upload: the next one finds GitLab at work on something of that name, and waits for
// it instead of publishing again.
func TestNPMIsNotPublishedTwiceAfterACrash(t *testing.T) {
	s, one := manual(t), makeNPM(t, 1, "a")
	other := npmSample(t, "@acme/other", "1.0.0", "a", `{"name":"@acme/other","version":"1.0.0"}`)
	if err := s.publish(t, s.sink(t), one); err != nil {
		t.Fatal(err)
	}
	next := s.sink(t)
	for range 2 {
		holding, err := next.Stat(t.Context(), s.destination(one.Package), one.Package)
		if err != nil || holding.State != sinks.Pending {
			t.Errorf("state %v, %v; want Pending", holding.State, err)
		}
		if holding, err = next.Stat(t.Context(), s.destination(other.Package), other.Package); err != nil || holding.State != sinks.Absent {
			t.Errorf("another name: state %v, %v; want Absent", holding.State, err)
		}
		s.work(t, "1")
	}
	if holding := look(t, next, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
		t.Errorf("state %v", holding.State)
	}
}

// GitLab answers 200 to a duplicate and refuses it later; the version is there all the same.
func TestNPMDuplicateRefusedLater(t *testing.T) {
	for _, salt := range []string{"a", "b"} {
		s, one := manual(t), makeNPM(t, 1, salt)
		if err := s.publish(t, s.sink(t), makeNPM(t, 1, "a")); err != nil {
			t.Fatal(err)
		}
		s.work(t, "2")
		late := s.sink(t)
		if err := s.publish(t, late, one); err != nil {
			t.Fatal(err)
		}
		s.work(t, "2")
		holding := look(t, late, s.destination(one.Package), one.Package)
		held := holding.Files[one.Files[0].Path]
		want := artifact.Same
		if salt != "a" {
			want = artifact.Different
		}
		if holding.State != sinks.Ready || held.Digests.Compare(one.Files[0].Digests) != want {
			t.Errorf("state %v (%s), %+v", holding.State, holding.Reason, held)
		}
	}
}

// A row with the real version in error blocks the version for every process.
func TestNPMErrorWithItsRealVersion(t *testing.T) {
	s, one := manual(t), makeNPM(t, 1, "a")
	if err := s.publish(t, s.sink(t), one); err != nil {
		t.Fatal(err)
	}
	s.work(t, "1")
	s.mutate(t, `{"fault":"500@settle=1"}`)
	s.work(t, "1")
	holding := look(t, s.sink(t), s.destination(one.Package), one.Package)
	if holding.State != sinks.Broken || !strings.Contains(holding.Reason, "Unexpected error") {
		t.Errorf("state %v, reason %q", holding.State, holding.Reason)
	}
}

// What is at work is not asked after again before its time.
func TestWaitingIsPatient(t *testing.T) {
	const packages = 10
	s := manual(t)
	sink := s.configured(t, token, time.Hour)
	for n := range packages {
		if err := s.publish(t, sink, makeNPM(t, n, "a")); err != nil {
			t.Fatal(err)
		}
	}
	before := s.requests(t)["GET packages"]
	for n := range 3 * packages {
		one := makeNPM(t, n%packages, "a")
		holding, err := sink.Stat(t.Context(), s.destination(one.Package), one.Package)
		if err != nil || holding.State != sinks.Pending {
			t.Errorf("state %v, %v", holding.State, err)
		}
	}
	if cost := s.requests(t)["GET packages"] - before; cost > 2 {
		t.Errorf("%d listings, want the two of the beginning", cost)
	}
}

// Waiting costs nothing per package: all that is awaited is asked for together.
func TestWaitingIsShared(t *testing.T) {
	const packages = 30
	s := manual(t)
	sink := s.sink(t)
	for n := range packages {
		if err := s.publish(t, sink, makeNPM(t, n, "a")); err != nil {
			t.Fatal(err)
		}
	}
	s.work(t, "2")
	before := s.requests(t)["GET packages"]
	for n := range packages {
		one := makeNPM(t, n, "a")
		if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
			t.Errorf("%d is %v (%s)", n, holding.State, holding.Reason)
		}
	}
	if cost := s.requests(t)["GET packages"] - before; cost > 4 {
		t.Errorf("%d listings for %d packages that were done", cost, packages)
	}
}
