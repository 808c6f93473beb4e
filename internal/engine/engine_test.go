package engine_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

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
		"pkg:conan/y@1":             "skipped format-unsupported",
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
