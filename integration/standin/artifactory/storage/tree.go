package storage

// Trees of files that are made when they are looked at. A folder is a number at its level, a file a number in its tree; names
// are computed from numbers and numbers from names, so that nothing is held but the shape.

import (
	"iter"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Tree is a made tree. Names at one level have one length, so that the order of paths is the order of numbers; those of files
// come after those of the folders beside them.
type Tree struct {
	repo   string
	files  int
	first  int64 // the id of the first file
	levels []level
	name   func(file int) string
	blob   func(file int) *Blob

	// WithoutSHA256 says which files have no SHA-256; nil: all have one.
	WithoutSHA256 func(at string) bool

	weigh sync.Once
	bytes int64
}

// level is one step into the tree: folders that are numbered through, each with up to fan folders of the next level.
type level struct {
	prefix, suffix string
	from, width    int // the number in a name begins at from; width 0: the name has none
	fan            int // of the level above: how many folders of this level one of its folders holds
	count          int // of folders at this level
	// holds returns the first file directly in a folder, and how many there are.
	holds func(folder int) (first, n int)
}

func (l level) nameOf(folder int) string {
	if l.width == 0 {
		return l.prefix
	}
	digits := strconv.Itoa(l.from + folder%l.fan)
	return l.prefix + strings.Repeat("0", l.width-len(digits)) + digits + l.suffix
}

// number is the reverse of nameOf in a folder of the level above.
func (l level) number(above int, name string) (int, bool) {
	if l.width == 0 {
		return above, name == l.prefix
	}
	digits, ok := strings.CutPrefix(name, l.prefix)
	digits, end := strings.CutSuffix(digits, l.suffix)
	n, err := strconv.Atoi(digits)
	if !ok || !end || err != nil || len(digits) != l.width || n < l.from || n-l.from >= l.fan {
		return 0, false
	}
	folder := above*l.fan + n - l.from
	return folder, folder < l.count
}

// Newest is when the newest made file was made.
var Newest = time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)

const between = 2 * time.Second

func (t *Tree) created(file int) time.Time {
	return Newest.Add(-time.Duration(t.files-1-file) * between).Add(time.Duration(file%1000) * time.Millisecond)
}

// Spans are the earliest and latest that any made item was modified or made.
func (t *Tree) Spans() (earliest, latest time.Time) {
	return t.created(0).Add(-offsetModified - time.Second), Newest.Add(time.Minute)
}

// offsetModified is how much older than its upload a made file says it is: its client sent that date.
const offsetModified = 26 * time.Hour

func (t *Tree) file(number int, folder string) *Item {
	created, name := t.created(number), t.name(number)
	return &Item{
		ID: t.first + int64(number), Repo: t.repo, Path: dotted(folder), Name: name,
		NoSHA256: t.WithoutSHA256 != nil && t.WithoutSHA256(Join(dotted(folder), name)),
		Created:  created, Modified: created.Add(-offsetModified).Truncate(time.Second), Updated: created.Add(130 * time.Millisecond),
		CreatedBy: "ci", ModifiedBy: "ci", Blob: t.blob(number),
	}
}

func (t *Tree) folder(depth, number int, above string) *Item {
	id, created := t.first+int64(t.files), t.created(0)
	for _, one := range t.levels[:depth] {
		id += int64(one.count)
	}
	return &Item{
		ID: id + int64(number), Repo: t.repo, Path: dotted(above), Name: t.levels[depth].nameOf(number), Folder: true,
		Created: created, Modified: created, Updated: created, CreatedBy: "ci", ModifiedBy: "ci",
	}
}

// locate finds a folder: its level and number; depth −1 is the root. left is what follows the folder in the path.
func (t *Tree) locate(at string) (depth, number int, left string) {
	depth, left = -1, at
	for left != "" && depth+1 < len(t.levels) {
		name, rest, _ := strings.Cut(left, "/")
		next, ok := t.levels[depth+1].number(number, name)
		if !ok {
			break
		}
		depth, number, left = depth+1, next, rest
	}
	return depth, number, left
}

// Get returns the file or folder at a path; nil when there is none.
func (t *Tree) Get(at string) *Item {
	depth, number, left := t.locate(at)
	if at == "" {
		return nil
	}
	if left == "" {
		return t.folder(depth, number, at[:max(0, strings.LastIndexByte(at, '/'))])
	}
	if strings.Contains(left, "/") {
		return nil
	}
	first, n := t.held(depth, number)
	i := sort.Search(n, func(i int) bool { return t.name(first+i) >= left })
	if i == n || t.name(first+i) != left {
		return nil
	}
	return t.file(first+i, strings.TrimSuffix(strings.TrimSuffix(at, left), "/"))
}

func (t *Tree) held(depth, number int) (first, n int) {
	if depth < 0 || t.levels[depth].holds == nil {
		return 0, 0
	}
	return t.levels[depth].holds(number)
}

// below are the folders directly in a folder: the numbers from first on, at the next level.
func (t *Tree) below(depth, number int) (first, n int) {
	if depth+1 == len(t.levels) {
		return 0, 0
	}
	next := t.levels[depth+1]
	if depth < 0 {
		return 0, next.count
	}
	first = number * next.fan
	return first, max(0, min(next.fan, next.count-first))
}

// Children yields what is directly in a folder, ascending by name.
func (t *Tree) Children(at string) iter.Seq[*Item] {
	depth, number, left := t.locate(at)
	return func(yield func(*Item) bool) {
		if left != "" {
			return
		}
		firstFile, files := t.held(depth, number)
		firstFolder, folders := t.below(depth, number)
		for i := range folders { // their names come before those of files
			if !yield(t.folder(depth+1, firstFolder+i, at)) {
				return
			}
		}
		for i := range files {
			if !yield(t.file(firstFile+i, at)) {
				return
			}
		}
	}
}

// Folders yields the paths of all folders, ascending, without those below a folder that skip names.
func (t *Tree) Folders(skip func(folder string) bool) iter.Seq[string] {
	return func(yield func(string) bool) { t.walk(-1, 0, "", skip, yield) }
}

func (t *Tree) walk(depth, number int, at string, skip func(string) bool, yield func(string) bool) bool {
	first, n := t.below(depth, number)
	for i := range n {
		child := Join(dotted(at), t.levels[depth+1].nameOf(first+i))
		if skip(child) {
			continue
		}
		if !yield(child) || !t.walk(depth+1, first+i, child, skip, yield) {
			return false
		}
	}
	return true
}

// Count is the number of files and folders.
func (t *Tree) Count() (files, folders int) {
	for _, one := range t.levels {
		folders += one.count
	}
	return t.files, folders
}

// Bytes is the size of all files together. It is computed once.
func (t *Tree) Bytes() int64 {
	t.weigh.Do(func() {
		for file := range t.files {
			t.bytes += t.blob(file).Size()
		}
	})
	return t.bytes
}

// IDs is how many ids the tree takes.
func (t *Tree) IDs() int64 {
	files, folders := t.Count()
	return int64(files + folders)
}

func divideUp(a, b int) int { return (a + b - 1) / b }
