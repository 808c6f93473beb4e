package sinktest

// What a sink holds, and at what cost it tells (sinks.Sink.Stat, Packages, Allows).

import (
	"slices"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

func nothingThere(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	if err := target.Sink.Check(t.Context(), map[string][]artifact.Format{target.Project: {s.Format}}); err != nil {
		t.Fatalf("Check: %v", err)
	}
	holding, err := target.Sink.Stat(t.Context(), target.destination(s.Package), s.Package)
	if err != nil || holding.State != sinks.Absent || len(holding.Files) > 0 {
		t.Errorf("Stat of what is not there: %+v, %v; want Absent without files and no error", holding, err)
	}
	for dst, err := range target.Sink.Packages(t.Context(), target.Project, s.Format) {
		t.Errorf("an empty project lists %+v, %v", dst, err)
	}
}

func publishedIsHeld(t *testing.T, c Case) {
	target := c.Open(t)
	for n := range 3 {
		s := c.Make(t, n, "a")
		holding := publish(t, target, s)
		holds(t, holding, s)
		for path, held := range holding.Files {
			if held.Proof < c.Proof {
				t.Errorf("%s is proven by %q, want %q at least", path, held.Proof, c.Proof)
			}
		}
	}
}

func twiceIsOnce(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	holds(t, publish(t, target, s), s)
	rows := target.Rows(t)
	dst := target.destination(s.Package)
	for _, sink := range []sinks.Sink{target.Sink, target.Again(t)} {
		holding := settled(t, sink, dst, s.Package)
		holds(t, holding, s)
		var missing []artifact.File
		for _, f := range s.Files {
			if _, ok := holding.Files[f.Path]; !ok {
				missing = append(missing, f)
			}
		}
		if len(missing) > 0 {
			t.Errorf("the second time, %v is missing", missing)
		}
		if err := sink.Publish(t.Context(), dst, s.Package, missing, s.open(nil)); err != nil {
			t.Errorf("publishing nothing: %v", err)
		}
		holds(t, settled(t, sink, dst, s.Package), s)
	}
	if now := target.Rows(t); now != rows || now != len(s.Files) {
		t.Errorf("%d rows, then %d; the package has %d files", rows, now, len(s.Files))
	}
}

func anotherProcess(t *testing.T, c Case) {
	target := c.Open(t)
	var all []Sample
	for n := range 4 {
		all = append(all, c.Make(t, n, "a"))
		publish(t, target, all[n])
	}
	fresh := target.Again(t)
	for _, s := range all {
		holds(t, settled(t, fresh, target.destination(s.Package), s.Package), s)
	}
	s := c.Make(t, 9, "a")
	if holding := settled(t, fresh, target.destination(s.Package), s.Package); holding.State != sinks.Absent {
		t.Errorf("what was never published is %v", holding.State)
	}
}

// secondLook: what was listed before and can not have changed is not asked again, and what is there costs at most one
// request to look at, however many packages there are beside it.
func secondLook(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	publish(t, target, s)
	fresh := target.Again(t)
	holds(t, settled(t, fresh, target.destination(s.Package), s.Package), s)
	before := target.Requests(t)
	again := settled(t, fresh, target.destination(s.Package), s.Package)
	if cost := target.Requests(t) - before; cost > 1 {
		t.Errorf("a second look at a package that is there cost %d requests, want 1 at most", cost)
	}
	holds(t, again, s)
	before = target.Requests(t)
	for n := range 5 {
		absent := c.Make(t, 10+n, "a")
		if holding := settled(t, fresh, target.destination(absent.Package), absent.Package); holding.State != sinks.Absent {
			t.Errorf("state %v of what is not there", holding.State)
		}
	}
	if cost := target.Requests(t) - before; cost > 0 {
		t.Errorf("five packages that the listing does not show cost %d requests", cost)
	}
}

func otherBytes(t *testing.T, c Case) {
	target, old := c.Open(t), c.Make(t, 1, "a")
	holds(t, publish(t, target, old), old)
	rows := target.Rows(t)
	other := c.Make(t, 1, "b")
	for _, sink := range []sinks.Sink{target.Sink, target.Again(t)} {
		holding := settled(t, sink, target.destination(other.Package), other.Package)
		if holding.State != sinks.Ready {
			t.Errorf("state %v, want Ready: there are files under these names", holding.State)
		}
		for _, f := range other.Files {
			held, ok := holding.Files[f.Path]
			if !ok || shownBy(t, held, f).Compare(other.digests(t, f)) != artifact.Different {
				t.Errorf("%s: held %v with %+v; the difference must show", f.Path, ok, held.Digests)
			}
		}
		holds(t, settled(t, sink, target.destination(old.Package), old.Package), old)
	}
	if now := target.Rows(t); now != rows {
		t.Errorf("looking changed the rows from %d to %d", rows, now)
	}
}

func unknownFormat(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	s.Format = "cobol"
	dst := target.destination(s.Package)
	unsupported := func(what string, err error) {
		if fault.CodeOf(err) != string(artifact.FormatUnsupported) {
			t.Errorf("%s: %v; want the reason %s", what, err, artifact.FormatUnsupported)
		}
	}
	unsupported("Allows", target.Sink.Allows(dst, s.Package))
	_, err := target.Sink.Stat(t.Context(), dst, s.Package)
	unsupported("Stat", err)
	unsupported("Publish", target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(nil)))
	for _, err := range target.Sink.Packages(t.Context(), target.Project, s.Format) {
		unsupported("Packages", err)
	}
	if rows := target.Rows(t); rows != 0 {
		t.Errorf("%d rows were stored", rows)
	}
}

func lists(t *testing.T, c Case) {
	target := c.Open(t)
	var want []artifact.Destination
	for n := range 3 {
		s := c.Make(t, n, "a")
		publish(t, target, s)
		want = append(want, target.destination(s.Package))
	}
	for _, sink := range []sinks.Sink{target.Sink, target.Again(t)} {
		got := map[artifact.Destination]int{}
		for dst, err := range sink.Packages(t.Context(), target.Project, want[0].Format) {
			if err != nil {
				t.Fatal(err)
			}
			got[dst]++
		}
		for _, dst := range want {
			if got[dst] != 1 {
				t.Errorf("%+v is listed %d times", dst, got[dst])
			}
		}
		for dst := range got {
			if dst.Version != "" && !slices.Contains(want, dst) {
				t.Errorf("%+v is listed and was never published", dst)
			}
		}
		sink.Packages(t.Context(), target.Project, want[0].Format)(func(_ artifact.Destination, err error) bool {
			if err != nil {
				t.Error(err)
			}
			return false // a listing may be left early
		})
	}
}
