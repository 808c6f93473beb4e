package storage

import (
	"path"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// Item is a file or a folder. It is never changed in place: a change stores a changed copy.
type Item struct {
	// ID numbers the rows of the database in the order in which they were made.
	ID int64
	// Repo is the key of the repository that holds it.
	Repo string
	// Path is the folder, "." for the root of the repository; Name is the last element. The root itself is both ".".
	Path, Name string
	Folder     bool

	Created, Modified, Updated time.Time
	CreatedBy, ModifiedBy      string

	// Properties are in the order in which they were set; several may have one key.
	Properties []Property
	// PropsModified is when they were set last; zero when never.
	PropsModified time.Time

	// Blob is the content of a file.
	Blob *Blob
	// NoSHA256: it was stored by a server that did not compute SHA-256, which this item therefore lacks.
	NoSHA256 bool
	// Untold: whoever stored it sent no checksums.
	Untold bool
	// Lost: the content is gone from the disk, which only reading it shows.
	Lost bool
	// Blocked: Xray found something in it, and forbids its download.
	Blocked bool
}

// Property is one property of an item.
type Property struct{ Key, Value string }

// Size is in bytes, 0 for a folder.
func (i *Item) Size() int64 {
	if i.Blob == nil {
		return 0
	}
	return i.Blob.Size()
}

// Digests are those that the server knows.
func (i *Item) Digests() artifact.Digests {
	if i.Blob == nil {
		return artifact.Digests{}
	}
	d := i.Blob.Digests()
	if i.NoSHA256 {
		d.SHA256 = ""
	}
	return d
}

// At is the path of the item in its repository, "" for the root.
func (i *Item) At() string { return Join(i.Path, i.Name) }

// Join is the path of what has a name in a folder; both are "." for the root, whose path is "".
func Join(folder, name string) string {
	switch {
	case name == ".":
		return ""
	case folder == ".":
		return name
	}
	return folder + "/" + name
}

// Split is the reverse of Join.
func Split(at string) (folder, name string) {
	if at == "" {
		return ".", "."
	}
	folder, name = path.Split(at)
	if folder == "" {
		return ".", name
	}
	return strings.TrimSuffix(folder, "/"), name
}

// Depth is how many elements the path has; 0 for the root.
func (i *Item) Depth() int {
	at := i.At()
	if at == "" {
		return 0
	}
	return 1 + strings.Count(at, "/")
}

// dotted is the folder that the path of an item in it names.
func dotted(at string) string {
	if at == "" {
		return "."
	}
	return at
}
