// What a listing must hold (sources.Source.Packages): everything, once, in the same order each time, and again from
// every cursor that was yielded.

package sourcetest

import (
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// identity is what makes two pieces one package.
type identity struct {
	Repository    string
	Format        artifact.Format
	Name, Version string
}

// row is one file of one package, as far as the suite compares it.
type row struct {
	Package identity
	Path    string
}

func identify(p artifact.Package) identity {
	return identity{Repository: p.Repository, Format: p.Format, Name: p.Name, Version: p.Version}
}

// rows are the files of the items that can be copied, in order.
func rows(items []sources.Listed) []row {
	var all []row
	for _, item := range items {
		if item.Skip == "" {
			all = append(all, rowsOf(item.Package)...)
		}
	}
	return all
}

func rowsOf(p artifact.Package) []row {
	all := make([]row, 0, len(p.Files))
	for _, f := range p.Files {
		all = append(all, row{identify(p), f.Path})
	}
	return all
}

func (s *suite) complete(t *testing.T) {
	want := map[row]artifact.File{}
	for _, p := range s.Want {
		for _, f := range p.Files {
			want[row{identify(p), f.Path}] = f
		}
	}
	seen := map[row]bool{}
	for _, item := range s.all {
		p := item.Package
		if item.Skip != "" || p.Name == "" {
			continue
		}
		if len(p.Files) == 0 {
			t.Errorf("%s is listed without files", p.PURL())
		}
		for _, f := range p.Files {
			key := row{identify(p), f.Path}
			expected, ok := want[key]
			switch {
			case !ok:
				t.Errorf("listed, but not there: %+v", key)
			case seen[key]:
				t.Errorf("listed twice: %+v", key)
			default:
				sameFile(t, key, expected, f)
			}
			seen[key] = true
		}
	}
	for key := range want {
		if !seen[key] {
			t.Errorf("not listed: %+v", key)
		}
	}
}

// sameFile compares what is declared of a file with what is expected. A source that knows less than expected fails; one
// that knows more does not.
func sameFile(t *testing.T, key row, want, got artifact.File) {
	t.Helper()
	if want.Size >= 0 && got.Size != want.Size {
		t.Errorf("%+v: size %d, want %d", key, got.Size, want.Size)
	}
	if diff := cmp.Diff(want.Digests.With(got.Digests), got.Digests); diff != "" {
		t.Errorf("%+v: digests (-want +got):\n%s", key, diff)
	}
}

func (s *suite) skipped(t *testing.T) {
	got := map[string]artifact.Reason{}
	for _, item := range s.all {
		if item.Skip == "" {
			continue
		}
		if item.Skip.Next() == "" {
			t.Errorf("%s: %q is not a reason", item.Package.Name, item.Skip)
		}
		got[item.Package.Name] = item.Skip
	}
	if diff := cmp.Diff(s.Skipped, got); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

// repeatable: cursors and notes may hold the server's time and so differ.
func (s *suite) repeatable(t *testing.T) {
	source := s.New(t)
	lasting := cmp.Transformer("lasting", func(item sources.Listed) lasting { return lasting{item.Package, item.Skip, item.Detail} })
	for _, which := range []string{"first", "second"} {
		again := s.list(t, source, "")
		if diff := cmp.Diff(s.all, again, lasting); diff != "" {
			t.Errorf("%s listing of another source (-before +now):\n%s", which, diff)
		}
	}
}

// lasting is what two listings have in common.
type lasting struct {
	Package artifact.Package
	Skip    artifact.Reason
	Detail  string
}

func (s *suite) pages(t *testing.T) {
	if n := len(cursors(s.all)); n < 3 {
		t.Errorf("the listing has %d different cursors: the server of this case must need several pages", n)
	}
}

// cursors are the different cursors of a listing, each with the place of the last item that carries it.
func cursors(items []sources.Listed) map[sources.Cursor]int {
	last := map[sources.Cursor]int{}
	for i, item := range items {
		last[item.Cursor] = i
	}
	return last
}

// maxResumed bounds the cursors that one suite resumes at: a listing from each of them takes the square of their number.
const maxResumed = 24

// resumed chooses the cursors to resume at, the last one always. Which of the others depends on the suite's name, so the modes of a source
// try different ones.
func resumed(suite string, all map[sources.Cursor]int) map[sources.Cursor]int {
	every := (len(all) + maxResumed - 1) / maxResumed
	h := fnv.New32a()
	_, _ = io.WriteString(h, suite)
	ordered := slices.SortedFunc(maps.Keys(all), func(a, b sources.Cursor) int { return all[a] - all[b] })
	chosen := map[sources.Cursor]int{}
	for i, cursor := range ordered {
		if (i+int(h.Sum32()%1000))%every == 0 || i == len(ordered)-1 {
			chosen[cursor] = all[cursor]
		}
	}
	return chosen
}

func (s *suite) resume(t *testing.T) {
	all := cursors(s.all)
	if _, none := all[""]; none {
		t.Error("an item has no cursor")
		delete(all, "")
	}
	for cursor, last := range resumed(t.Name(), all) {
		found := map[row]bool{}
		for _, one := range rows(s.list(t, s.New(t), cursor)) {
			found[one] = true
		}
		// Any of the items that carry the cursor may be the last one that a process saw.
		first := slices.IndexFunc(s.all, func(item sources.Listed) bool { return item.Cursor == cursor })
		for _, one := range rows(s.all[first+1:]) {
			if !found[one] {
				t.Errorf("resuming after items %d to %d, at %q, loses %+v", first, last, cursor, one)
			}
		}
		if last == len(s.all)-1 && len(found) == len(rows(s.all)) {
			t.Errorf("resuming at the last cursor %q repeats the whole listing", cursor)
		}
	}
}

func (s *suite) concurrent(t *testing.T) {
	source := s.New(t)
	var listings [2][]sources.Listed
	var group sync.WaitGroup
	for i := range listings {
		group.Go(func() { listings[i] = s.list(t, source, "") })
	}
	group.Wait()
	for i, items := range listings {
		if diff := cmp.Diff(rows(s.all), rows(items)); diff != "" {
			t.Errorf("listing %d of two at once (-alone +together):\n%s", i+1, diff)
		}
	}
}
