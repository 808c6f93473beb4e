package gitlab_test

import (
	"strings"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
	"pkgferry/sinks/sinktest"
)

// at is where one looks at a sample.
type at struct {
	t    *testing.T
	sink *gitlab.Sink
	dst  artifact.Destination
	one  sinktest.Sample
}

func (f *rows) at(sink *gitlab.Sink, one sinktest.Sample) at {
	return at{f.t, sink, destinationOf(one.Package), one}
}

func (a at) publish() error {
	return a.sink.Publish(a.t.Context(), a.dst, a.one.Package, a.one.Files, a.one.Opener())
}

func (a at) is(want sinks.State, reason string) sinks.Holding {
	a.t.Helper()
	holding, err := a.sink.Stat(a.t.Context(), a.dst, a.one.Package)
	if err != nil || holding.State != want || holding.Reason != reason {
		a.t.Fatalf("%s is %v (%q), %v; want %v (%q)", a.one.PURL(), holding.State, holding.Reason, err, want, reason)
	}
	return holding
}

// send publishes and returns the placeholder that GitLab made.
func (f *rows) send(a at) *fakeRow {
	f.t.Helper()
	if err := a.publish(); err != nil {
		f.t.Fatal(err)
	}
	return f.last()
}

func chart(t *testing.T, name string) sinktest.Sample {
	return helmSample(t, name, "1.0.0", "same size")
}

// An error row is told to be ours by its size, and several of one size are not confused.
func TestRefusedUploadsAreToldBySize(t *testing.T) {
	f := startRows(t)
	sink := f.sink(time.Nanosecond)
	one, two, long := f.at(sink, chart(t, "one")), f.at(sink, chart(t, "two")), f.at(sink, helmSample(t, "long", "1.0.0", strings.Repeat("long", 200)))
	first, second, third := f.send(one), f.send(two), f.send(long)
	if first.Files[0].Size != second.Files[0].Size || first.Files[0].Size == third.Files[0].Size {
		t.Fatalf("sizes %d %d %d", first.Files[0].Size, second.Files[0].Size, third.Files[0].Size)
	}
	for _, a := range []at{one, two, long} {
		a.is(sinks.Pending, "")
	}
	f.fail(second, "two is protected")
	for _, a := range []at{one, two, long} { // it could be one just as well
		a.is(sinks.Pending, "")
	}
	f.become(first, "one", "1.0.0", "one-1.0.0.tgz", nil)
	one.is(sinks.Ready, "")
	for range 2 {
		two.is(sinks.Broken, "two is protected")
	}
	long.is(sinks.Pending, "")
	f.fail(third, "long is invalid")
	long.is(sinks.Broken, "long is invalid")
}

// As many errors as uploads of one size: all of these failed, whatever else is processing.
func TestAllUploadsOfOneSizeRefused(t *testing.T) {
	f := startRows(t)
	sink := f.sink(time.Nanosecond)
	one, two := f.at(sink, chart(t, "one")), f.at(sink, chart(t, "two"))
	first, second := f.send(one), f.send(two)
	f.placeholder(helmPlaceholder, 1, time.Now())
	f.fail(first, "no")
	f.fail(second, "neither")
	one.is(sinks.Broken, "no; or neither")
	two.is(sinks.Broken, "no; or neither")
}

// What GitLab took and shows nowhere is absent in the end, and an error of another size, kind or time is not its own.
func TestVanishedUploads(t *testing.T) {
	f := startRows(t)
	before := chart(t, "one")
	f.fail(f.placeholder(helmPlaceholder, before.Files[0].Size, time.Now()), "old")
	a := f.at(f.sink(time.Nanosecond), before)
	a.is(sinks.Absent, "")
	row := f.send(a)
	f.fail(row, "of another size")
	row.Files[0].Size++
	for range 2 {
		a.is(sinks.Pending, "")
	}
	a.is(sinks.Absent, "")
	f.become(f.send(a), "one", "1.0.0", "one-1.0.0.tgz", nil)
	a.is(sinks.Ready, "")
}

// A run that was killed behind an upload: the next one waits for what it finds at work, and sends nothing twice; what is
// stuck holds nothing up.
func TestInheritedUploads(t *testing.T) {
	for name, c := range map[string]struct {
		placeholder string
		created     time.Duration
		one         sinktest.Sample
		want        sinks.State
	}{
		"a chart":            {helmPlaceholder, 0, chart(t, "one"), sinks.Pending},
		"ahead of our clock": {helmPlaceholder, time.Hour, chart(t, "one"), sinks.Pending},
		"stuck":              {helmPlaceholder, -time.Hour, chart(t, "one"), sinks.Absent},
		"a package":          {nugetPlaceholder, 0, mainOnly(t, "1.0"), sinks.Pending},
		"symbols":            {symbolsPlaceholder, 0, mainOnly(t, "1.0"), sinks.Absent},
	} {
		t.Run(name, func(t *testing.T) {
			f := startRows(t)
			row := f.placeholder(c.placeholder, 5, time.Now().Add(c.created))
			sink := f.sink(time.Nanosecond)
			a := f.at(sink, c.one)
			a.is(c.want, "")
			a.is(c.want, "")
			if c.want == sinks.Absent {
				return
			}
			f.fail(row, "it was another one")
			a.is(sinks.Absent, "")
		})
	}
}

// What others send later is waited for by nobody.
func TestUploadsOfOthers(t *testing.T) {
	f := startRows(t)
	sink := f.sink(time.Nanosecond)
	one, two := f.at(sink, chart(t, "one")), f.at(sink, chart(t, "two"))
	one.is(sinks.Absent, "")
	f.send(one)
	f.placeholder(helmPlaceholder, 5, time.Now())
	one.is(sinks.Pending, "")
	two.is(sinks.Absent, "")
}

func TestInheritedUploadIsOurs(t *testing.T) {
	f := startRows(t)
	one := chart(t, "one")
	row := f.placeholder(helmPlaceholder, one.Files[0].Size, time.Now())
	row.Files[0].channel = "stable"
	a := f.at(f.sink(time.Nanosecond), one)
	a.is(sinks.Pending, "")
	f.become(row, "one", "1.0.0", "one-1.0.0.tgz", nil)
	if held := a.is(sinks.Ready, "").Files["one-1.0.0.tgz"]; held.Size != one.Files[0].Size || held.Proof != artifact.BySize {
		t.Errorf("%+v", held)
	}
}

// All channels share a package: only the file tells whether the chart is in ours.
func TestChartInAnotherChannel(t *testing.T) {
	f := startRows(t)
	sink := f.sink(time.Nanosecond)
	stable, beta := f.at(sink, chart(t, "one")), f.at(sink, chart(t, "one"))
	beta.dst.Channel = "beta"
	row := f.send(stable)
	f.become(row, "one", "1.0.0", "one-1.0.0.tgz", nil)
	stable.is(sinks.Ready, "")
	beta.is(sinks.Absent, "")
	joining := f.send(beta)
	beta.is(sinks.Pending, "")
	f.fail(joining, "no")
	beta.is(sinks.Broken, "no")
	joining = f.send(beta)
	f.become(joining, "", "", "one-1.0.0.tgz", row)
	beta.is(sinks.Ready, "")
	stable.is(sinks.Ready, "")
}

// GitLab can mark a package that it has shown before as an error.
func TestErrorWithItsRealName(t *testing.T) {
	f := startRows(t)
	row := f.placeholder(helmPlaceholder, 5, time.Now())
	f.become(row, "one", "1.0.0", "one-1.0.0.tgz", nil)
	f.fail(row, "Unexpected error: StandardError")
	f.at(f.sink(time.Nanosecond), chart(t, "one")).is(sinks.Broken, "Unexpected error: StandardError")
}

// An upload whose answer was lost is looked for at once, and not sent again while GitLab is at work on it.
func TestLostAnswers(t *testing.T) {
	f := startRows(t)
	a := f.at(f.sink(time.Hour), chart(t, "one"))
	f.refuse = 500
	if _, temporary := fault.IsTemporary(a.publish()); !temporary {
		t.Error("no further attempt")
	}
	a.is(sinks.Pending, "")
	gone := f.at(f.sink(time.Nanosecond), chart(t, "two"))
	gone.is(sinks.Pending, "") // it could be what the first sink sent
	f.become(f.last(), "one", "1.0.0", "one-1.0.0.tgz", nil)
	gone.is(sinks.Absent, "")
	f.refuse = 503
	unheard := f.at(f.sink(time.Hour), chart(t, "two"))
	if _, temporary := fault.IsTemporary(unheard.publish()); !temporary {
		t.Error("no further attempt")
	}
	unheard.is(sinks.Absent, "")
	f.refuse = 400
	if err := gone.publish(); fault.CodeOf(err) != string(artifact.TargetRejected) {
		t.Errorf("%v", err)
	}
	gone.is(sinks.Absent, "")
}

// An object store tells no size: it is that of the files of this name, unless they differ.
func TestChartsInAnObjectStore(t *testing.T) {
	for _, moved := range []string{"redirect", "silent"} {
		f := startRows(t)
		row := f.placeholder(helmPlaceholder, 5, time.Now())
		row.Files[0].channel, f.moved = "stable", moved
		f.become(row, "one", "1.0.0", "one-1.0.0.tgz", nil)
		a := f.at(f.sink(time.Nanosecond), chart(t, "one"))
		if held := a.is(sinks.Ready, "").Files["one-1.0.0.tgz"]; held.Size != 5 {
			t.Errorf("%s: %+v", moved, held)
		}
		row.Files = append(row.Files, &fakeFile{ID: 5, Name: "one-1.0.0.tgz", Size: 6, channel: "beta"})
		if held := a.is(sinks.Ready, "").Files["one-1.0.0.tgz"]; held.Size != -1 {
			t.Errorf("%s: %+v", moved, held)
		}
	}
}

// What became of many uploads is asked for together, and what arrived costs no request of its own.
func TestExtractionIsShared(t *testing.T) {
	const packages = 30
	f := startRows(t)
	sink := f.sink(time.Nanosecond)
	var all []at
	for n := range packages {
		a := f.at(sink, helmSample(t, "one", "1."+strings.Repeat("1", n+1)+".0", "x"))
		row := f.send(a)
		f.become(row, a.one.Name, a.one.Version, a.one.Files[0].Path, nil)
		all = append(all, a)
	}
	before := f.count("list ") + f.count("list processing")
	for _, a := range all {
		a.is(sinks.Ready, "")
	}
	if cost := f.count("list ") + f.count("list processing") - before; cost != 2 || f.count("files") > 0 {
		t.Errorf("%d listings and %d requests for files", cost, f.count("files"))
	}
	if cost := f.count("HEAD " + all[0].one.Files[0].Path); cost > 0 {
		t.Errorf("%d requests for a chart that was just sent", cost)
	}
}

// What is at work is not asked after again before its time.
func TestExtractionIsPatient(t *testing.T) {
	f := startRows(t)
	a := f.at(f.sink(time.Hour), chart(t, "one"))
	f.send(a)
	for range 5 {
		a.is(sinks.Pending, "")
	}
	if cost := f.count("list "); cost != 1 {
		t.Errorf("%d listings", cost)
	}
}

// mainOnly is a package without symbols.
func mainOnly(t *testing.T, version string) sinktest.Sample {
	t.Helper()
	return nugetSample(t, "Acme.Tools", version, nuspec("Acme.Tools", version, ""), "", "x")
}
