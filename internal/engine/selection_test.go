package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sources"
)

// tagged adds an npm index of tags and their versions, alternating.
func (s *source) tagged(name string, tags ...string) *source {
	p := artifact.Package{Repository: "r", Format: artifact.NPM, Name: name}
	for i := 0; i < len(tags); i += 2 {
		p.Files = append(p.Files, artifact.NPMTag(tags[i], tags[i+1]))
		s.bytes[tags[i+1]] = tags[i+1]
	}
	s.items = append(s.items, sources.Listed{Package: p})
	return s
}

// versions adds versions of an npm package, each replaced on the day of its number.
func (s *source) versions(name string, minors ...int) *source {
	for _, minor := range minors {
		s.add(artifact.NPM, name, fmt.Sprintf("1.%d.0", minor), "t.tgz", fmt.Sprint(name, minor))
		files := s.items[len(s.items)-1].Package.Files
		files[0].Modified = time.Date(2023, 1, minor, 12, 0, 0, 0, time.UTC)
	}
	return s
}

// excluding leaves out what one match takes.
func excluding(m mapping.Match) mapping.Selection {
	return mapping.Selection{Exclude: []mapping.Condition{{Match: m, Position: "f.yaml:1:1"}}}
}

func explained(t *testing.T, store *checkpoint.Store) map[string]string {
	t.Helper()
	found := map[string]string{}
	for r, err := range store.Records(t.Context(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		found[r.Package.PURL()] = r.Error
	}
	return found
}

func TestSelectedByName(t *testing.T) {
	src := new(source).versions("old", 1).tagged("old", "latest", "1.1.0").versions("ui", 1)
	src.items = append(src.items,
		sources.Listed{Package: artifact.Package{Repository: "r", Format: artifact.NPM, Name: "old", Version: "0.1.0"}, Skip: artifact.SourceMissing},
		sources.Listed{Package: artifact.Package{Repository: "r", Format: artifact.NPM, Name: "old", Version: "0.2.0"}, Skip: artifact.SourceUnpublished, Detail: "gone"},
	)
	o := migration(t, src, newSink())
	o.Selection = excluding(mapping.Match{Name: []string{"old"}})
	want(t, outcomes(t, o), map[string]string{
		"pkg:npm/old": "skipped excluded", "pkg:npm/old@1.1.0": "skipped excluded", "pkg:npm/ui@1.1.0": "published",
		"pkg:npm/old@0.1.0": "skipped excluded", // what is not wanted is not missed
		"pkg:npm/old@0.2.0": "skipped source-unpublished",
	})
	want(t, explained(t, o.Store)["pkg:npm/old@1.1.0"], "select excludes it at f.yaml:1:1")
	want(t, src.opened, map[string]int{"ui@1.1.0/t.tgz": 1})

	o.Selection = mapping.Selection{}
	want(t, outcomes(t, o), map[string]string{
		"pkg:npm/old": "published", "pkg:npm/old@1.1.0": "published", "pkg:npm/ui@1.1.0": "published",
		"pkg:npm/old@0.1.0": "failed source-missing", "pkg:npm/old@0.2.0": "skipped source-unpublished",
	})
	want(t, src.from, []sources.Cursor{""}) // nothing was listed again for it
}

// Where a version's place among the others counts, nothing is taken before all are known.
func TestNewestVersions(t *testing.T) {
	src := new(source)
	for i := range 40 { // several batches, the versions of a name in many of them
		for name := range 20 {
			src.versions(fmt.Sprintf("p%d", name), i*7%40)
		}
	}
	for name := range 20 {
		src.add(artifact.NPM, fmt.Sprintf("p%d", name), "", "dist-tags/latest", "x")
	}
	o := migration(t, src, newSink())
	o.Selection = mapping.Selection{Newest: 2}
	var mu sync.Mutex
	early, done := 0, false
	o.Events = func(e engine.Event) {
		mu.Lock()
		defer mu.Unlock()
		done = done || e.Kind == engine.ListingDone
		if e.Kind == engine.Started && !done {
			early++
		}
	}
	got := outcomes(t, o)
	for name := range 20 {
		for i := range 40 {
			outcome := "skipped excluded"
			if i >= 38 {
				outcome = "published"
			}
			purl := fmt.Sprintf("pkg:npm/p%d@1.%d.0", name, i)
			want(t, purl+" "+got[purl], purl+" "+outcome)
		}
		want(t, got[fmt.Sprintf("pkg:npm/p%d", name)], "published")
	}
	want(t, early, 0)
	want(t, len(src.opened), 20*3)
	want(t, explained(t, o.Store)["pkg:npm/p0@1.37.0"], "select takes the newest 2 of each name (newest_versions)")
}

// A selection that changed between two runs is followed by what has not arrived, and what has arrived stays.
func TestChangedSelection(t *testing.T) {
	src := new(source).versions("ui", 1, 2, 3, 4).tagged("ui", "latest", "1.4.0")
	o := migration(t, src, newSink())
	for _, step := range []struct {
		selection mapping.Selection
		want      [5]string
	}{
		{mapping.Selection{Newest: 2}, [5]string{"skipped excluded", "skipped excluded", "published", "published", "published"}},
		{mapping.Selection{Newest: 1}, [5]string{"skipped excluded", "skipped excluded", "published", "published", "published"}},
		{mapping.Selection{Newest: 3}, [5]string{"skipped excluded", "published", "published", "published", "published"}},
		{excluding(mapping.Match{Version: []string{"1.1.0", "1.4.0"}}), [5]string{"skipped excluded", "published", "published", "published", "published"}},
		{mapping.Selection{ModifiedAfter: time.Date(2023, 1, 5, 0, 0, 0, 0, time.UTC)}, [5]string{"skipped excluded", "published", "published", "published", "published"}},
		{mapping.Selection{}, [5]string{"published", "published", "published", "published", "published"}},
	} {
		o.Selection = step.selection
		got := outcomes(t, o)
		want(t, [5]string{got["pkg:npm/ui@1.1.0"], got["pkg:npm/ui@1.2.0"], got["pkg:npm/ui@1.3.0"], got["pkg:npm/ui@1.4.0"], got["pkg:npm/ui"]}, step.want)
	}
	want(t, src.from, []sources.Cursor{""})
}

// A tag that points to a version that is left out can not be set: the index arrives without it and says so, and is completed
// when the version is wanted after all.
func TestTagOfAVersionThatIsLeftOut(t *testing.T) {
	src := new(source).versions("ui", 1, 2).tagged("ui", "latest", "1.2.0", "old", "1.1.0").
		versions("cli", 1, 2).tagged("cli", "old", "1.1.0")
	src.items[2].Package.Files = append(src.items[2].Package.Files, artifact.NPMDeprecation("1.1.0", "broken"))
	src.bytes["broken"] = "broken"
	dst := newSink()
	o := migration(t, src, dst)
	o.Selection = mapping.Selection{Newest: 1}
	want(t, outcomes(t, o), map[string]string{
		"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "published", "pkg:npm/ui": "published index-partial",
		"pkg:npm/cli@1.1.0": "skipped excluded", "pkg:npm/cli@1.2.0": "published", "pkg:npm/cli": "skipped excluded",
	})
	const without = "without what is about versions that are left out or go elsewhere: "
	want(t, explained(t, o.Store)["pkg:npm/ui"], without+"deprecated/1.1.0, dist-tags/old (1.1.0)")
	want(t, explained(t, o.Store)["pkg:npm/cli"], without+"dist-tags/old (1.1.0)")
	index := artifact.Destination{Project: "g/node-packages", Format: artifact.NPM, Name: "ui"}
	want(t, dst.held[index], map[string]string{"dist-tags/latest": "1.2.0"})

	scratch := o
	scratch.Store = open(t, t.TempDir()+"/scratch.db")
	got := map[string]engine.Sign{}
	want(t, engine.Verify(t.Context(), scratch, o.Store.Arrivals, func(l engine.Line) { got[l.PURL] = l.Sign }), nil)
	want(t, got, map[string]engine.Sign{"pkg:npm/ui@1.2.0": "=", "pkg:npm/ui": "=", "pkg:npm/cli@1.2.0": "="})

	o.Selection = mapping.Selection{Newest: 2}
	for purl, outcome := range outcomes(t, o) {
		want(t, purl+" "+outcome, purl+" published")
	}
	want(t, dst.held[index], map[string]string{"dist-tags/latest": "1.2.0", "dist-tags/old": "1.1.0", "deprecated/1.1.0": "broken"})
}

// A new version takes the place of the oldest that has not arrived, and one that the source withdraws leaves its own.
func TestSelectionFollowsChanges(t *testing.T) {
	src := new(source).versions("ui", 1, 2, 3)
	dst := newSink()
	dst.before = func(to artifact.Destination, _ artifact.File) error {
		if to.Version == "1.2.0" {
			return fault.Errorf(artifact.TargetRejected, "not this one")
		}
		return nil
	}
	o := migration(t, src, dst)
	o.Selection = mapping.Selection{Newest: 2}
	want(t, syncs(t, o, engine.Changes), map[string]string{
		"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "failed target-rejected", "pkg:npm/ui@1.3.0": "published",
	})
	later := new(source).versions("ui", 4)
	src.changed, src.bytes["ui@1.4.0/t.tgz"] = later.items, "ui4"
	want(t, syncs(t, o, engine.Changes), map[string]string{
		"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "skipped excluded", "pkg:npm/ui@1.3.0": "published", "pkg:npm/ui@1.4.0": "published",
	})
	dst.before = nil
	src.changed = []sources.Listed{
		{Package: artifact.Package{Repository: "r", Format: artifact.NPM, Name: "ui", Version: "1.5.0"}, Skip: artifact.SourceUnpublished},
	}
	want(t, syncs(t, o, engine.Changes)["pkg:npm/ui@1.2.0"], "skipped excluded") // what is not there takes no place
	src.items = src.items[:2]                                                    // 1.3.0 and 1.4.0 are gone
	src.changed = nil
	want(t, syncs(t, o, engine.Whole), map[string]string{
		"pkg:npm/ui@1.1.0": "published", "pkg:npm/ui@1.2.0": "published", "pkg:npm/ui@1.3.0": "published", "pkg:npm/ui@1.4.0": "published",
		"pkg:npm/ui@1.5.0": "skipped source-unpublished",
	})
}

// gated lists nothing before it is opened.
type gated struct {
	*source
	open chan struct{}
}

func (g gated) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		select {
		case <-g.open:
		case <-ctx.Done():
			return
		}
		g.source.Packages(ctx, from)(yield)
	}
}

// A listing that is not at its end leaves the choice open, also in the next run and when the selection changed meanwhile.
func TestSelectionWaitsForAnInterruptedListing(t *testing.T) {
	for name, before := range map[string]mapping.Selection{"same": {Newest: 1}, "none before": {}} {
		t.Run(name, func(t *testing.T) {
			src := new(source).versions("ui", 2, 1, 3)
			src.errs = map[int]error{2: fault.Spent(errors.New("no requests are left"), time.Now().Add(time.Hour))}
			o := migration(t, src, newSink())
			o.Selection, o.Select = before, func(artifact.Package) bool { return false }
			stopped, err := engine.Run(t.Context(), o)
			want(t, []any{stopped, err}, []any{engine.OutOfQuota, nil})

			src.errs = nil
			gate := gated{src, make(chan struct{})}
			o.Selection, o.Select = mapping.Selection{Newest: 1}, nil
			o.Sources = map[string]sources.Source{"src": gate, "other": new(source).versions("cli", 1)}
			o.Events = func(e engine.Event) {
				if e.Kind == engine.Settled && e.Record.Package.Name == "cli" {
					close(gate.open) // what could be taken has been taken by now
				}
			}
			want(t, outcomes(t, o), map[string]string{
				"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "skipped excluded", "pkg:npm/ui@1.3.0": "published",
				"pkg:npm/cli@1.1.0": "published",
			})
		})
	}
}

// What the source has no more is not wanted back.
func TestGoneWhileLeftOut(t *testing.T) {
	src := new(source).versions("ui", 1, 2).versions("old", 1)
	o := migration(t, src, newSink())
	o.Selection = excluding(mapping.Match{Name: []string{"old"}})
	o.Selection.Newest = 1
	syncs(t, o, engine.Changes)
	src.items = src.items[1:2]
	syncs(t, o, engine.Whole)
	o.Selection = mapping.Selection{}
	want(t, outcomes(t, o), map[string]string{
		"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "published", "pkg:npm/old@1.1.0": "skipped excluded",
	})
}

// An index of which nothing was left comes back with its versions, although its source lists it no more.
func TestIndexComesBackWithItsVersions(t *testing.T) {
	src := new(source).versions("ui", 1, 2).tagged("ui", "old", "1.1.0")
	dst := newSink()
	dst.before = func(artifact.Destination, artifact.File) error {
		return fault.Errorf(artifact.TargetRejected, "not today")
	}
	o := migration(t, src, dst)
	o.Selection = mapping.Selection{Newest: 1}
	want(t, syncs(t, o, engine.Changes), map[string]string{
		"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "failed target-rejected", "pkg:npm/ui": "skipped excluded",
	})
	dst.before = nil
	src.changed = []sources.Listed{
		{Package: artifact.Package{Repository: "r", Format: artifact.NPM, Name: "ui", Version: "1.2.0"}, Skip: artifact.SourceUnpublished},
	}
	want(t, syncs(t, o, engine.Changes), map[string]string{
		"pkg:npm/ui@1.1.0": "published", "pkg:npm/ui@1.2.0": "skipped source-unpublished", "pkg:npm/ui": "published",
	})
}

// One source need not wait for another.
func TestSelectionWaitsForItsOwnSource(t *testing.T) {
	src := new(source).versions("ui", 1, 2)
	endless := new(source).versions("cli", 1, 2)
	endless.errs = map[int]error{1: fault.Spent(errors.New("no requests are left"), time.Now().Add(time.Hour))}
	o := migration(t, src, newSink())
	o.Sources = map[string]sources.Source{"src": src, "endless": endless}
	o.Selection = mapping.Selection{Newest: 1}
	stopped, err := engine.Run(t.Context(), o)
	want(t, []any{stopped, err}, []any{engine.OutOfQuota, nil})
	want(t, recorded(t, o.Store), map[string]string{
		"pkg:npm/ui@1.1.0": "skipped excluded", "pkg:npm/ui@1.2.0": "published", "pkg:npm/cli@1.1.0": "",
	})
}

// A version is whole or not at all: the newest date of its files counts.
func TestVersionIsSelectedWhole(t *testing.T) {
	src := new(source).add(artifact.PyPI, "a", "1.0", "old.whl", "x", "new.whl", "y").add(artifact.PyPI, "a", "0.9", "old.whl", "x")
	for i, item := range src.items {
		for k := range item.Package.Files {
			src.items[i].Package.Files[k].Modified = time.Date(2022+k, 6, 1, 0, 0, 0, 0, time.UTC)
		}
	}
	o := migration(t, src, newSink())
	o.Selection = mapping.Selection{ModifiedAfter: time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)}
	want(t, engine.Plan(t.Context(), o), nil)
	want(t, recorded(t, o.Store), map[string]string{"pkg:pypi/a@1.0": "", "pkg:pypi/a@0.9": "skipped excluded"})
	want(t, outcomes(t, o), map[string]string{"pkg:pypi/a@1.0": "published", "pkg:pypi/a@0.9": "skipped excluded"})
	want(t, src.opened, map[string]int{"a@1.0/old.whl": 1, "a@1.0/new.whl": 1})
	want(t, engine.Plan(t.Context(), o), nil)
	want(t, recorded(t, o.Store), map[string]string{"pkg:pypi/a@1.0": "published", "pkg:pypi/a@0.9": "skipped excluded"})
}
