package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sources"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

func want(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEveryOutcome(t *testing.T) {
	src := new(source).
		add(artifact.Generic, "new", "1.0", "a", "alpha", "b/c", "beta").
		add(artifact.Generic, "same", "1.0", "a", "alpha").
		add(artifact.Generic, "other", "1.0", "a", "alpha").
		add(artifact.Generic, "half", "1.0", "a", "alpha", "b", "beta").
		add(artifact.Generic, "gone", "1.0", "a", "alpha").
		add(artifact.Generic, "forbidden", "1.0", "a", "alpha").
		add(artifact.Generic, "empty", "1.0", "a", "")
	src.items = append(src.items, sources.Listed{
		Package: artifact.Package{Repository: "r", Format: "rpm", Name: "x", Version: "1"}, Skip: artifact.FormatUnsupported,
	}, sources.Listed{Package: artifact.Package{Repository: "r", Format: "conan", Name: "y", Version: "1"}}, sources.Listed{
		Package: artifact.Package{Repository: "r", Format: artifact.Maven, Name: "g:lost", Version: "1"}, Skip: artifact.SourceMissing,
	})
	delete(src.bytes, "gone@1.0/a")
	dst := newSink()
	generic := artifact.Destination{Project: "g/generic-packages", Format: artifact.Generic, Version: "1.0"}
	for name, text := range map[string]string{"same": "alpha", "other": "OTHER", "half": "alpha"} {
		generic.Name = name
		dst.put(generic, "a", text)
	}
	clear(dst.writes)

	want(t, outcomes(t, migration(t, src, dst)), map[string]string{
		"pkg:generic/new@1.0":       "published",
		"pkg:generic/same@1.0":      "present",
		"pkg:generic/other@1.0":     "conflict target-holds-other",
		"pkg:generic/half@1.0":      "published",
		"pkg:generic/gone@1.0":      "failed source-missing",
		"pkg:generic/forbidden@1.0": "failed name-not-allowed",
		"pkg:generic/empty@1.0":     "published",
		"pkg:rpm/x@1":               "skipped format-unsupported",
		"pkg:conan/y@1":             "skipped no-route",
		"pkg:maven/g/lost@1":        "failed source-missing",
	})
	want(t, dst.writes, map[string]int{
		"pkg:generic/new@1.0 a": 1, "pkg:generic/new@1.0 b/c": 1, "pkg:generic/half@1.0 b": 1, "pkg:generic/empty@1.0 a": 1,
	})
	generic.Name = "other"
	want(t, dst.held[generic]["a"], "OTHER")
}

// What the source lists without a file is lost, in every run, until the source has it again.
func TestLostAtTheSource(t *testing.T) {
	src := new(source)
	src.items = []sources.Listed{{
		Package: artifact.Package{Repository: "r", Format: artifact.Maven, Name: "g:lost", Version: "1"}, Skip: artifact.SourceMissing,
	}}
	o := migration(t, src, newSink())
	for range 2 {
		want(t, outcomes(t, o), map[string]string{"pkg:maven/g/lost@1": "failed source-missing"})
	}
}

func TestSecondRunTouchesNothing(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "text").add(artifact.NPM, "b", "1.0.0", "b-1.0.0.tgz", "tar")
	dst := newSink()
	o := migration(t, src, dst)
	first := outcomes(t, o)
	writes, opened := len(dst.order), len(src.opened)
	want(t, outcomes(t, o), first)
	want(t, len(dst.order), writes)
	want(t, len(src.opened), opened)
	want(t, src.from, []sources.Cursor{""})
}

func TestIndexFollowsItsVersions(t *testing.T) {
	src := new(source)
	src.add(artifact.NPM, "ui", "", "dist-tags/latest", "9.0.0")
	for i := range 10 {
		src.add(artifact.NPM, "ui", fmt.Sprintf("%d.0.0", i), "t.tgz", strings.Repeat("x", i+1))
	}
	dst := newSink()
	outcomes(t, migration(t, src, dst))
	want(t, len(dst.order), 11)
	want(t, dst.order[10], "pkg:npm/ui")
}

// A version that arrives in a later run moves the sink's tag, as GitLab's npm registry does; the index puts it back.
func TestIndexIsSetAgainAfterALateVersion(t *testing.T) {
	src := new(source).add(artifact.NPM, "ui", "1.0.0", "t.tgz", "old").add(artifact.NPM, "ui", "2.0.0", "t.tgz", "new").
		add(artifact.NPM, "ui", "", "dist-tags/latest", "2.0.0")
	dst := newSink()
	refuse := true
	dst.before = func(to artifact.Destination, _ artifact.File) error {
		if to.Version == "1.0.0" && refuse {
			return fault.Errorf(artifact.TargetRejected, "not today")
		}
		return nil
	}
	index := artifact.Destination{Project: "g/node-packages", Format: artifact.NPM, Name: "ui"}
	dst.after = func(to artifact.Destination, _ artifact.File) error {
		if to.Version != "" {
			dst.put(index, "dist-tags/latest", to.Version)
		}
		return nil
	}
	o := migration(t, src, dst)
	want(t, outcomes(t, o)["pkg:npm/ui@1.0.0"], "failed target-rejected")
	refuse = false
	want(t, outcomes(t, o), map[string]string{
		"pkg:npm/ui@1.0.0": "published", "pkg:npm/ui@2.0.0": "published", "pkg:npm/ui": "published",
	})
	want(t, dst.held[index]["dist-tags/latest"], "2.0.0")
}

func TestIndexIsReplacedAndReleaseIsNot(t *testing.T) {
	src := new(source).add(artifact.NPM, "ui", "", "dist-tags/latest", "2.0.0").
		add(artifact.Maven, "g:a", "1.0-SNAPSHOT", "a-1.0-SNAPSHOT.jar", "new", "maven-metadata.xml", "new")
	dst := newSink()
	dst.put(artifact.Destination{Project: "g/node-packages", Format: artifact.NPM, Name: "ui"}, "dist-tags/latest", "1.0.0")
	snapshot := artifact.Destination{Project: "g/java-packages", Format: artifact.Maven, Name: "g:a", Version: "1.0-SNAPSHOT"}
	dst.put(snapshot, "maven-metadata.xml", "old")
	dst.put(snapshot, "a-1.0-SNAPSHOT.jar", "old")
	want(t, outcomes(t, migration(t, src, dst)), map[string]string{
		"pkg:npm/ui":                 "published",
		"pkg:maven/g/a@1.0-SNAPSHOT": "conflict target-holds-other",
	})
}

// Two repositories that hold the same package are never published at the same time, and the second finds the first's.
func TestOneDestinationAtATime(t *testing.T) {
	src := new(source)
	for i := range 20 {
		src.add(artifact.Generic, "a", "1.0", "f", "text")
		src.items[i].Package.Repository = fmt.Sprint("r", i)
	}
	dst := newSink()
	var busy atomic.Int32
	dst.before = func(artifact.Destination, artifact.File) error {
		if busy.Add(1) != 1 {
			t.Error("two publishes for one destination at once")
		}
		return nil
	}
	dst.after = func(artifact.Destination, artifact.File) error { busy.Add(-1); return nil }
	o := migration(t, src, dst)
	if _, err := engine.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	totals, err := o.Store.Totals(t.Context())
	want(t, err, nil)
	want(t, totals.ByOutcome, map[artifact.Outcome]int64{artifact.Published: 1, artifact.Present: 19})
}

// Files that the sink can not hold do not keep the others of their package from arriving, and are not forgotten.
func TestRefusedFiles(t *testing.T) {
	src := new(source).add(artifact.Generic, "tools", "0.0.0", "a", "alpha", "b?", "beta", "c", "gamma").
		add(artifact.Generic, "odd", "0.0.0", "d?", "delta")
	dst := newSink()
	o := migration(t, src, dst)
	for range 2 {
		want(t, outcomes(t, o), map[string]string{
			"pkg:generic/tools@0.0.0": "failed file-name-not-allowed", "pkg:generic/odd@0.0.0": "failed file-name-not-allowed",
		})
		want(t, dst.writes, map[string]int{"pkg:generic/tools@0.0.0 a": 1, "pkg:generic/tools@0.0.0 c": 1})
	}
	for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{Limit: 1}) {
		want(t, []any{r.Error, len(r.Arrivals), err}, []any{`the file "b?"`, 2, nil})
	}
}

// Two repositories with an index of the same name: the second does not take the place of the first.
func TestIndexesOfTwoRepositories(t *testing.T) {
	src := new(source).add(artifact.Maven, "g:a", "", "maven-metadata.xml", "releases").
		add(artifact.Maven, "g:a", "", "maven-metadata.xml", "snapshots")
	src.items[1].Package.Repository = "snapshots"
	src.items[1].Package.Files[0].Locator = "snapshots"
	src.items[0].Package.Files[0].Locator = "releases"
	src.items[0].Package.Files[0].Digests, src.items[0].Package.Files[0].Size = artifact.DigestsOf("releases"), int64(len("releases"))
	src.bytes = map[string]string{"releases": "releases", "snapshots": "snapshots"}
	dst := newSink()
	o := migration(t, src, dst)
	for range 2 {
		if _, err := engine.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for r := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
			got[r.Package.Repository] = string(r.Outcome) + " " + string(r.Reason)
		}
		want(t, got, map[string]string{"r": "published ", "snapshots": "conflict name-collision"})
		want(t, dst.writes, map[string]int{"pkg:maven/g/a maven-metadata.xml": 1})
	}
}

// A package whose files come in two pieces, the second after it was published, gets the second piece too.
func TestFilesInPieces(t *testing.T) {
	src := new(source).add(artifact.Maven, "g:a", "1.0", "a-1.0.jar", "jar")
	for i := range 450 { // so that the pieces lie in different batches
		src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
	}
	src.add(artifact.Maven, "g:a", "1.0", "a-1.0.pom", "pom")
	dst := newSink()
	found := outcomes(t, migration(t, src, dst))
	want(t, found["pkg:maven/g/a@1.0"], "published")
	want(t, dst.writes["pkg:maven/g/a@1.0 a-1.0.jar"], 1)
	want(t, dst.writes["pkg:maven/g/a@1.0 a-1.0.pom"], 1)
}

func TestCorruptBytesNeverComplete(t *testing.T) {
	for name, serve := range map[string]func(artifact.File, string) (string, error){
		"flipped":            func(_ artifact.File, s string) (string, error) { return "T" + s[1:], nil },
		"flipped at the end": func(_ artifact.File, s string) (string, error) { return s[:len(s)-1] + "T", nil },
		"cut":                func(_ artifact.File, s string) (string, error) { return s[:len(s)-1], nil },
		"cut at once":        func(artifact.File, string) (string, error) { return "", nil },
		"longer":             func(_ artifact.File, s string) (string, error) { return s + "x", nil },
	} {
		t.Run(name, func(t *testing.T) {
			src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
			src.serve = serve
			dst := newSink()
			want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:generic/a@1.0": "failed source-digest-mismatch"})
			want(t, len(dst.held), 0)
			if got := dst.partial["a@1.0/f"]; got >= len("text") {
				t.Errorf("%d of %d bytes reached the sink: it could have completed the file", got, len("text"))
			}
			if src.opened["a@1.0/f"] < 2 {
				t.Error("damage on the way deserves another attempt")
			}
		})
	}
}

// A sink that only sees its connection break must not hide whose fault that was.
func TestTheSourceIsBlamed(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
	src.serve = func(_ artifact.File, s string) (string, error) { return s[:2], nil }
	o := migration(t, src, newSink())
	o.Sink = mute{o.Sink}
	want(t, outcomes(t, o), map[string]string{"pkg:generic/a@1.0": "failed source-digest-mismatch"})
}

type mute struct{ sinks.Sink }

func (s mute) Publish(ctx context.Context, dst artifact.Destination, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	if err := s.Sink.Publish(ctx, dst, p, missing, open); err != nil {
		return errors.New("broken pipe")
	}
	return nil
}

func TestUnknownSizeIsSpooled(t *testing.T) {
	src := new(source).add(artifact.NPM, "a", "1.0.0", "a-1.0.0.tgz", "text")
	src.items[0].Package.Files[0].Size = -1
	dst := newSink()
	o := migration(t, src, dst)
	o.Sources["src"] = sizeless{src}
	want(t, outcomes(t, o), map[string]string{"pkg:npm/a@1.0.0": "published"})
}

type sizeless struct{ *source }

func (s sizeless) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	c, err := s.source.Open(ctx, f, offset)
	c.Size = -1
	return c, err
}

func TestTroubleWithTheSink(t *testing.T) {
	cases := map[string]struct {
		prepare func(dst *sink, failures *atomic.Int32)
		outcome string
		writes  int
	}{
		"a 500 before anything is stored": {func(dst *sink, n *atomic.Int32) {
			dst.before = func(artifact.Destination, artifact.File) error {
				if n.Add(1) == 1 {
					return fault.Temporary(errors.New("500"), 0)
				}
				return nil
			}
		}, "published", 1},
		"a 500 after it was stored": {func(dst *sink, n *atomic.Int32) {
			dst.after = func(artifact.Destination, artifact.File) error {
				if n.Add(1) == 1 {
					return fault.Temporary(errors.New("500"), 0)
				}
				return nil
			}
		}, "published", 1},
		"a refusal": {func(dst *sink, _ *atomic.Int32) {
			dst.before = func(artifact.Destination, artifact.File) error { return fault.Errorf(artifact.Protected, "403") }
		}, "failed protected", 0},
		"trouble without end": {func(dst *sink, _ *atomic.Int32) {
			dst.before = func(artifact.Destination, artifact.File) error { return fault.Temporary(errors.New("500"), 0) }
		}, "failed target-failed", 0},
		"a panic": {func(dst *sink, _ *atomic.Int32) {
			dst.before = func(artifact.Destination, artifact.File) error { panic("bug") }
		}, "failed target-failed", 0},
		"work in the background": {func(dst *sink, n *atomic.Int32) {
			dst.state = func(artifact.Destination) (sinks.State, string) {
				if n.Add(1) < 3 {
					return sinks.Pending, ""
				}
				return sinks.Ready, ""
			}
		}, "published", 1},
		"a refusal in the background": {func(dst *sink, n *atomic.Int32) {
			dst.state = func(artifact.Destination) (sinks.State, string) {
				if n.Add(1) < 3 {
					return sinks.Pending, ""
				}
				return sinks.Broken, "Package manifest is not coherent"
			}
		}, "failed target-processing-failed", 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
			dst := newSink()
			c.prepare(dst, new(atomic.Int32))
			want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:generic/a@1.0": c.outcome})
			want(t, dst.writes["pkg:generic/a@1.0 f"], c.writes)
		})
	}
}

func TestStopEndsTheRunAndLosesNothing(t *testing.T) {
	src := new(source)
	for i := range 20 {
		src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
	}
	dst := newSink()
	var n atomic.Int32
	dst.before = func(artifact.Destination, artifact.File) error {
		if n.Add(1) == 5 {
			return fault.Stop(errors.New("401"))
		}
		return nil
	}
	o := migration(t, src, dst)
	if _, err := engine.Run(t.Context(), o); !fault.IsStop(err) {
		t.Fatalf("the run went on after a stop: %v", err)
	}
	dst.before = nil
	for purl, outcome := range outcomes(t, o) {
		want(t, purl+" "+outcome, purl+" published")
	}
	for file, writes := range dst.writes {
		want(t, fmt.Sprint(file, writes), fmt.Sprint(file, 1))
	}
}

func TestDrainAndBudgets(t *testing.T) {
	for name, limit := range map[string]func(o *engine.Options, drain chan struct{}){
		"drained":      func(o *engine.Options, drain chan struct{}) { o.Drain = drain; close(drain) },
		"max-duration": func(o *engine.Options, _ chan struct{}) { o.MaxDuration = time.Nanosecond },
		"max-transfer": func(o *engine.Options, _ chan struct{}) { o.MaxTransfer, o.Workers = 1, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			src := new(source)
			for i := range 300 {
				src.add(artifact.Generic, fmt.Sprintf("p%d", i), "1.0", "f", "x")
			}
			o := migration(t, src, newSink())
			limited := o
			limit(&limited, make(chan struct{}))
			stopped, err := engine.Run(t.Context(), limited)
			want(t, []any{string(stopped), err}, []any{name, nil})
			totals, err := o.Store.Totals(t.Context())
			if err != nil || totals.Unsettled == 0 && totals.ListingComplete {
				t.Fatalf("nothing was left to do: %v %v", totals, err)
			}
			want(t, len(outcomes(t, o)), 300)
		})
	}
}

func TestListingProblemIsRememberedAndRetried(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "x").add(artifact.Generic, "b", "1.0", "f", "x")
	src.errs = map[int]error{0: errors.New("repository closed")}
	o := migration(t, src, newSink())
	want(t, outcomes(t, o), map[string]string{"pkg:generic/b@1.0": "published"})
	totals, err := o.Store.Totals(t.Context())
	want(t, []any{totals.Problems, err}, []any{int64(1), nil})
	src.errs = nil
	want(t, len(outcomes(t, o)), 2)
	totals, err = o.Store.Totals(t.Context())
	want(t, []any{totals.Problems, err}, []any{int64(0), nil})
}

func TestChangedAtTheSource(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "new text")
	now := src.items[0].Package.Files[0]
	src.items[0].Package.Files[0].Digests, src.items[0].Package.Files[0].Size = artifact.DigestsOf("old"), 3
	src.serve = func(f artifact.File, honest string) (string, error) {
		if f.Digests != now.Digests {
			return "", &sources.Changed{Now: now}
		}
		return honest, nil
	}
	dst := newSink()
	want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:generic/a@1.0": "published"})
}

// The source declares an algorithm that the sink does not show: the bytes decide, not the size.
func TestNoCommonDigest(t *testing.T) {
	src := new(source).add(artifact.Generic, "same", "1.0", "f", "text").add(artifact.Generic, "other", "1.0", "f", "text")
	for i := range src.items {
		src.items[i].Package.Files[0].Digests = artifact.Digests{MD5: "1cb251ec0d568de6a929b520c4aed8d1"}
	}
	dst := newSink()
	at := artifact.Destination{Project: "g/generic-packages", Format: artifact.Generic, Version: "1.0", Name: "same"}
	dst.put(at, "f", "text")
	at.Name = "other"
	dst.put(at, "f", "TEXT")
	want(t, outcomes(t, migration(t, src, dst)), map[string]string{
		"pkg:generic/same@1.0": "present", "pkg:generic/other@1.0": "conflict target-holds-other",
	})
}

func TestVerify(t *testing.T) {
	src := new(source).add(artifact.Generic, "same", "1.0", "f", "text").add(artifact.Generic, "lost", "1.0", "f", "text").
		add(artifact.Generic, "other", "1.0", "f", "text").add(artifact.Generic, "half", "1.0", "f", "text", "g", "text")
	dst := newSink()
	at := artifact.Destination{Project: "g/generic-packages", Format: artifact.Generic, Version: "1.0"}
	for name, text := range map[string]string{"same": "text", "other": "TEXT", "half": "text", "extra": "x"} {
		at.Name = name
		dst.put(at, "f", text)
	}
	o := migration(t, src, dst)
	got := map[string]engine.Sign{}
	err := engine.Verify(t.Context(), o, o.Store.Arrivals, func(l engine.Line) { got[l.PURL] = l.Sign })
	want(t, err, nil)
	want(t, got, map[string]engine.Sign{
		"pkg:generic/same@1.0": "=", "pkg:generic/lost@1.0": "-", "pkg:generic/other@1.0": "*",
		"pkg:generic/half@1.0": "*", "pkg:generic/extra@1.0": "+",
	})
}
