package storage

import (
	"slices"
	"strings"
	"testing"
)

// A made tree is one thing, however one looks at it: every file is found by its path, listed in its folder once, and
// folders come in the order of their paths.
func TestMadeTreesAreConsistent(t *testing.T) {
	for _, n := range []int{0, 1, 2, 9, 10, 97, 98, 3 * 97, 40*97 + 5, 2*40*97 + 50, 7_123} {
		for _, tree := range []*Tree{Maven("m", n, 100), Flat("f", n, 100)} {
			folders := slices.Collect(tree.Folders(func(string) bool { return false }))
			if !slices.IsSorted(folders) {
				t.Fatalf("%d: folders are not ascending", n)
			}
			files, ids := 0, map[int64]bool{}
			for _, folder := range append([]string{""}, folders...) {
				var names []string
				for item := range tree.Children(folder) {
					names = append(names, item.Name)
					if ids[item.ID] || item.ID < 100 || item.ID >= 100+tree.IDs() {
						t.Fatalf("%d: id %d of %s is taken", n, item.ID, item.At())
					}
					ids[item.ID] = true
					again := tree.Get(item.At())
					if again == nil || again.ID != item.ID || again.At() != item.At() || n < 1000 && again.Digests() != item.Digests() {
						t.Fatalf("%d: %s is found as %+v", n, item.At(), again)
					}
					if !item.Folder {
						files++
					}
				}
				if !slices.IsSorted(names) {
					t.Fatalf("%d: %s is not ascending: %v", n, folder, names)
				}
			}
			if count, dirs := tree.Count(); files != n || count != n || dirs != len(folders) || len(ids) != n+dirs {
				t.Errorf("%d files and %d folders are seen, %d and %d counted", files, len(folders), count, dirs)
			}
			for _, at := range []string{"com/example/team999", "com/exampl", "nightly/app/1.99.0", "com/example/x", strings.Repeat("/", 3)} {
				if item := tree.Get(at); item != nil {
					t.Errorf("%q is %+v", at, item)
				}
			}
		}
	}
}
