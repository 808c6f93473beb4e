package engine_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sources"
)

// rules routes by rules; each goes to a project below g.
func rules(t testing.TB, all ...mapping.Rule) *mapping.Router {
	t.Helper()
	r, err := mapping.New("g", all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pieces are packages of which every file is an item of its own, in an order that rapid draws.
func pieces(t *rapid.T) (whole map[string]artifact.Package, items []sources.Listed) {
	whole = map[string]artifact.Package{}
	for i := range rapid.IntRange(1, 3).Draw(t, "packages") {
		version := rapid.SampledFrom([]string{"1.0", "1.0-SNAPSHOT"}).Draw(t, "version")
		p := artifact.Package{Source: "src", Repository: "r", Format: artifact.Maven, Name: fmt.Sprintf("g:a%d", i), Version: version}
		for j := range rapid.IntRange(1, 4).Draw(t, "files") {
			f := artifact.File{
				Path: fmt.Sprintf("f%d.%s", j, rapid.SampledFrom([]string{"jar", "pom"}).Draw(t, "type")), Size: rapid.Int64Range(1, 4).Draw(t, "size"),
				Properties: map[string][]string{"stage": {rapid.SampledFrom([]string{"a", "b"}).Draw(t, "stage")}},
				Modified:   time.Now().Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "days")) * 24 * time.Hour).UTC().Truncate(time.Millisecond),
			}
			piece := p
			piece.Files = []artifact.File{f}
			items = append(items, sources.Listed{Package: piece})
			p.Files = append(p.Files, f)
		}
		whole[p.PURL()] = p
		p.Version, p.Files = "", []artifact.File{{Path: artifact.MavenMetadata, Size: 1}}
		items = append(items, sources.Listed{Package: p})
	}
	return whole, rapid.Permutation(items).Draw(t, "order")
}

// paged ends every page where rapid says, as a quota that is used up does, so that the rest comes in another batch.
type paged struct {
	*source
	ends map[int]bool
}

func (s *paged) interrupt() {
	s.errs = map[int]error{}
	for i := range s.ends {
		s.errs[i] = fault.Spent(fmt.Errorf("later"), time.Now())
	}
}

// Whatever the order and the paging, each package gets the one decision that it gets as a whole, and its index that of its version.
func TestDecisionsDoNotDependOnPages(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		whole, items := pieces(rt)
		day := int64(24 * time.Hour)
		router := rules(t, slices.DeleteFunc([]mapping.Rule{
			{Match: mapping.Match{Path: []string{"*.pom"}, Size: mapping.Range{From: rapid.Int64Range(1, 6).Draw(rt, "from")}}, Project: "poms"},
			{Match: mapping.Match{Age: mapping.Range{From: rapid.Int64Range(1, 3).Draw(rt, "older") * day}}, Skip: "old"},
			{Match: mapping.Match{Properties: map[string][]string{"stage": {"b"}}}, Project: "staged"},
			{Match: mapping.Match{Size: mapping.Range{To: rapid.Int64Range(1, 9).Draw(rt, "to")}}, Project: "small"},
			{Match: mapping.Match{Version: []string{mapping.Snapshot}}, Project: "snapshots"},
		}, func(mapping.Rule) bool { return rapid.Bool().Draw(rt, "without") })...)
		s := &paged{source: &source{items: items}, ends: map[int]bool{}}
		for i := range items {
			s.ends[i] = rapid.Bool().Draw(rt, "page ends")
		}
		n++
		store := open(t, fmt.Sprintf("%s/%d.db", dir, n))
		o := engine.Options{Sources: map[string]sources.Source{"src": s}, Sink: newSink(), Router: router, Store: store}
		for s.interrupt(); len(s.ends) >= 0; {
			err := engine.Plan(t.Context(), o)
			if _, spent := fault.IsSpent(err); !spent {
				if err != nil {
					rt.Fatal(err)
				}
				break
			}
			at, _ := store.Listing(t.Context(), "src")
			reached := 0
			_, _ = fmt.Sscan(at.Cursor, &reached)
			delete(s.errs, reached)
		}
		ages, err := engine.Ages(t.Context(), store)
		if err != nil {
			rt.Fatal(err)
		}
		seen := map[string]bool{}
		for r, err := range store.Records(t.Context(), checkpoint.Filter{}) {
			if err != nil {
				rt.Fatal(err)
			}
			p := r.Package
			seen[p.PURL()] = true
			if p.Index() {
				continue
			}
			d := router.At(ages).Route(whole[p.PURL()])
			if d.Destination.Project != r.Destination.Project || d.Skip != r.Reason || (d.Skip == "") != (r.Outcome == "") {
				rt.Fatalf("%s: %s %s %s, as a whole %s %s", p.PURL(), r.Destination.Project, r.Outcome, r.Reason, d.Destination.Project, d.Skip)
			}
			name := p
			name.Version = ""
			for index, err := range store.Records(t.Context(), checkpoint.Filter{}) {
				if err != nil || index.Package.PURL() == name.PURL() && index.Destination.Project != d.Destination.Project {
					rt.Fatalf("%s goes to %q, its version to %q (%v)", name.PURL(), index.Destination.Project, d.Destination.Project, err)
				}
			}
		}
		if len(seen) != 2*len(whole) {
			rt.Fatalf("%d packages, of %d with an index each", len(seen), len(whole))
		}
	})
}

// Where routes ask what is in a package, none is taken before it is known whole, and what has arrived stays where it is.
func TestContentIsJudgedWhole(t *testing.T) {
	src := new(source)
	for i := range 30 { // in more than one batch, the second files last
		src.add(artifact.NPM, fmt.Sprintf("p%d", i), "1.0.0", "a.tgz", "aa")
	}
	for i := range 200 {
		src.add(artifact.NPM, fmt.Sprintf("q%d", i), "1.0.0", "a.tgz", "aa")
	}
	src.add(artifact.NPM, "p0", "1.0.0", "b.tgz", "bbbb")
	o := migration(t, src, newSink())
	o.Router = rules(t, mapping.Rule{Match: mapping.Match{Size: mapping.Range{From: 5}}, Project: "large"}, mapping.Rule{Project: "small"})
	outcomes(t, o)
	place := func() map[string]string {
		at := map[string]string{}
		for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			at[r.Package.Name] = r.Destination.Project + " " + string(r.Outcome)
		}
		return at
	}
	want(t, place()["p0"], "g/large published")
	want(t, place()["p1"], "g/small published")
	want(t, len(o.Sink.(*sink).held), 230) // each in one place

	// Another listing shows the same in pieces again: nothing is so much as looked at again.
	var taken atomic.Int64
	o.Events = func(e engine.Event) {
		if e.Kind == engine.Started {
			taken.Add(1)
		}
	}
	if _, err := engine.Sync(t.Context(), o, engine.Whole); err != nil {
		t.Fatal(err)
	}
	want(t, place()["p0"], "g/large published")
	want(t, taken.Load(), int64(0))
}

// An index goes where most of its versions go, and says what it knows of others.
func TestIndexGoesWithMostVersions(t *testing.T) {
	src := new(source)
	maven := func(name string, versions ...string) {
		for _, v := range versions {
			src.add(artifact.Maven, name, v, "a.pom", name+v)
		}
		src.add(artifact.Maven, name, "", artifact.MavenMetadata, name)
	}
	maven("g:new", "1.0-SNAPSHOT", "2.0-SNAPSHOT")
	maven("g:old", "1.0")
	maven("g:both", "1.0", "2.0", "2.1-SNAPSHOT")
	maven("g:none")
	maven("g:skipped", "0.1")
	src.versions("ui", 1, 2, 3).tagged("ui", "latest", "1.3.0", "first", "1.1.0")
	o := migration(t, src, newSink())
	o.Router = rules(t,
		mapping.Rule{Match: mapping.Match{Version: []string{"0.*"}}, Skip: "old"},
		mapping.Rule{Match: mapping.Match{Format: []string{"maven"}, Version: []string{mapping.Snapshot}}, Project: "java-snapshots"},
		mapping.Rule{Match: mapping.Match{Format: []string{"maven"}, Version: []string{mapping.Release}}, Project: "java-releases"},
		mapping.Rule{Match: mapping.Match{Version: []string{"1.1.0"}}, Project: "first"},
		mapping.Rule{Match: mapping.Match{Format: []string{"npm"}}, Project: "node"},
	)
	got := outcomes(t, o)
	indexes := map[string]string{}
	for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Package.Index() {
			indexes[r.Package.Name] = r.Destination.Project + ": " + got[r.Package.PURL()] + ": " + r.Error
		}
	}
	want(t, indexes, map[string]string{
		"g:new":     "g/java-snapshots: published: ",
		"g:old":     "g/java-releases: published: ",
		"g:both":    "g/java-releases: published index-partial: it also tells of versions that go to g/java-snapshots",
		"g:none":    ": skipped no-route: no route matches",
		"g:skipped": ": skipped excluded: every version of it is left out",
		"ui":        "g/node: published index-partial: without what is about versions that are left out or go elsewhere: dist-tags/first (1.1.0)",
	})
}

// The plan is what a run executes: it lists nothing again, and each package goes where the plan sends it.
func TestRunExecutesThePlan(t *testing.T) {
	src := new(source).versions("ui", 1, 2, 3).tagged("ui", "latest", "1.3.0").add(artifact.NPM, "large", "1.0.0", "t.tgz", "0123456789")
	o := migration(t, src, newSink())
	o.Router = rules(t,
		mapping.Rule{Match: mapping.Match{Name: []string{"ui"}, Version: []string{"1.1.0"}}, Skip: "old"},
		mapping.Rule{Match: mapping.Match{Size: mapping.Range{From: 10}}, Project: "large"}, mapping.Rule{Project: "small"})
	if err := engine.Plan(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	decisions := func() map[string]string {
		all := map[string]string{}
		for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			all[r.Package.PURL()] = r.Destination.Project
			if r.Outcome == artifact.Skipped {
				all[r.Package.PURL()] = r.Error
			}
		}
		return all
	}
	planned := decisions()
	want(t, planned, map[string]string{
		"pkg:npm/ui@1.1.0": "old", "pkg:npm/ui@1.2.0": "g/small", "pkg:npm/ui@1.3.0": "g/small", "pkg:npm/ui": "g/small",
		"pkg:npm/large@1.0.0": "g/large",
	})
	outcomes(t, o)
	want(t, decisions(), planned)
	want(t, len(src.starts), 1)
	held := map[string]bool{}
	for dst := range o.Sink.(*sink).held {
		held[dst.PURL()+" "+dst.Project] = true
	}
	want(t, held, map[string]bool{
		"pkg:npm/ui@1.2.0 g/small": true, "pkg:npm/ui@1.3.0 g/small": true, "pkg:npm/ui g/small": true, "pkg:npm/large@1.0.0 g/large": true,
	})
}
