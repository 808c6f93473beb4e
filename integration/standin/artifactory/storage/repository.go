// Package storage is what an imitated Artifactory stores: repositories of files in folders, most of which may be made when
// they are looked at (Made), so that a million files cost neither memory nor a disk.
package storage

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"
)

// Repository is one repository. What is stored stands beside, and in the place of, what is made.
type Repository struct {
	// Key is its name.
	Key string

	made   *Tree // nil: nothing is made
	stored map[string]*node
	paths  []string        // the folders in stored, as item paths ("." is the root), ascending
	gone   map[string]bool // what is made, and was deleted
}

// node is a stored file or folder.
type node struct {
	item  *Item
	names []string // of a folder: what is stored in it, ascending
}

// NewRepository returns a repository that holds what tree makes, which may be nil, and its root.
func NewRepository(key string, tree *Tree, root *Item) *Repository {
	r := &Repository{Key: key, made: tree, stored: map[string]*node{}, gone: map[string]bool{}}
	root.Repo, root.Path, root.Name, root.Folder = key, ".", ".", true
	r.stored[""] = &node{item: root}
	r.paths = []string{"."}
	return r
}

// Get returns what is at a path, "" for the root; nil when there is nothing.
func (r *Repository) Get(at string) *Item {
	if n := r.stored[at]; n != nil {
		return n.item
	}
	return r.untouched(at)
}

// untouched returns what is made at a path, unless it was deleted.
func (r *Repository) untouched(at string) *Item {
	if r.made == nil || r.gone[at] {
		return nil
	}
	return r.made.Get(at)
}

// Put stores an item in the place of what is at its path. Folders above it that do not exist are made by folder.
func (r *Repository) Put(i *Item, folder func(at string) *Item) {
	at := i.At()
	if n := r.stored[at]; n != nil {
		n.item = i
		return
	}
	_, name := Split(at)
	above := at[:max(0, len(at)-len(name)-1)]
	if r.stored[above] == nil {
		known := r.untouched(above)
		if known == nil {
			known = folder(above)
		}
		r.Put(known, folder)
	}
	insert(&r.stored[above].names, name)
	r.stored[at] = &node{item: i}
	if i.Folder {
		insert(&r.paths, at)
	}
}

func insert(list *[]string, value string) {
	if i, found := slices.BinarySearch(*list, value); !found {
		*list = slices.Insert(*list, i, value)
	}
}

func remove(list *[]string, value string) {
	if i, found := slices.BinarySearch(*list, value); found {
		*list = slices.Delete(*list, i, i+1)
	}
}

// Delete removes what is at a path, and what is below it.
func (r *Repository) Delete(at string) {
	var below []string
	for child := range r.Children(at) {
		below = append(below, child.At())
	}
	for _, one := range below {
		r.Delete(one)
	}
	if n := r.stored[at]; n != nil {
		_, name := Split(at)
		remove(&r.stored[at[:max(0, len(at)-len(name)-1)]].names, name)
		remove(&r.paths, at)
		delete(r.stored, at)
	}
	if r.made != nil && r.made.Get(at) != nil {
		r.gone[at] = true
	}
}

// Children yields what is directly in a folder, ascending by name.
func (r *Repository) Children(at string) iter.Seq[*Item] {
	var stored iter.Seq[*Item] = func(func(*Item) bool) {}
	if n := r.stored[at]; n != nil {
		stored = func(yield func(*Item) bool) {
			for _, name := range n.names {
				if !yield(r.stored[Join(dotted(at), name)].item) {
					return
				}
			}
		}
	}
	if r.made == nil || r.gone[at] {
		return stored
	}
	made := func(yield func(*Item) bool) {
		for i := range r.made.Children(at) {
			if !r.gone[i.At()] && !yield(i) {
				return
			}
		}
	}
	return Merged(stored, made, func(a, b *Item) int { return strings.Compare(a.Name, b.Name) })
}

// Folders yields the paths of all folders as those of the items in them, "." for the root, ascending. What is below a
// folder is left out where skip says so; skip may be asked about the folders of one tree only.
func (r *Repository) Folders(skip func(folder string) bool) iter.Seq[string] {
	if r.made == nil {
		return slices.Values(r.paths)
	}
	made := func(yield func(string) bool) {
		for at := range r.made.Folders(skip) {
			if !r.gone[at] && !yield(dotted(at)) {
				return
			}
		}
	}
	return Merged(slices.Values(r.paths), made, cmp.Compare)
}

// Merged yields two ascending sequences as one. Of equal values it yields the one of a.
func Merged[T any](a, b iter.Seq[T], compare func(x, y T) int) iter.Seq[T] {
	return func(yield func(T) bool) {
		next, stop := iter.Pull(a)
		defer stop()
		first, more := next()
		for second := range b {
			for more && compare(first, second) < 0 {
				if !yield(first) {
					return
				}
				first, more = next()
			}
			if more && compare(first, second) == 0 {
				second = first
				first, more = next()
			}
			if !yield(second) {
				return
			}
		}
		for ; more; first, more = next() {
			if !yield(first) {
				return
			}
		}
	}
}

// Files yields every file, folder by folder.
func (r *Repository) Files() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for folder := range r.Folders(func(string) bool { return false }) {
			at := folder
			if at == "." {
				at = ""
			}
			for i := range r.Children(at) {
				if !i.Folder && !yield(i) {
					return
				}
			}
		}
	}
}

// Stored yields every stored file and folder but the root, in no order. What is made and untouched is not among them.
func (r *Repository) Stored() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for at, n := range r.stored {
			if at != "" && !yield(n.item) {
				return
			}
		}
	}
}

// Untouched counts what is made and neither replaced nor deleted: files, folders, and the bytes of the files.
func (r *Repository) Untouched() (files, folders, bytes int64) {
	if r.made == nil {
		return 0, 0, 0
	}
	n, dirs := r.made.Count()
	files, folders, bytes = int64(n), int64(dirs), r.made.Bytes()
	hidden := func(at string) {
		switch i := r.made.Get(at); {
		case i == nil:
		case i.Folder:
			folders--
		default:
			files, bytes = files-1, bytes-i.Size()
		}
	}
	for at := range r.stored {
		if !r.gone[at] {
			hidden(at)
		}
	}
	for at := range r.gone {
		hidden(at)
	}
	return files, folders, bytes
}

// OnlyStored is r without what is made.
func (r *Repository) OnlyStored() *Repository {
	stored := *r
	stored.made = nil
	return &stored
}

// MadeBetween says between which times everything made has its dates; not ok: nothing is made.
func (r *Repository) MadeBetween() (earliest, latest time.Time, ok bool) {
	if r.made == nil {
		return earliest, latest, false
	}
	earliest, latest = r.made.Spans()
	return earliest, latest, true
}
