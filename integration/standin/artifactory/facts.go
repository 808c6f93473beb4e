package artifactory

// What AQL's criteria are held against: rows, and folders and repositories as far as their rows are known without a look.

import (
	"time"

	"pkgferry/integration/standin/artifactory/aql"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/internal/artifact"
)

// row is one item as AQL sees it.
type row struct {
	*storage.Item
	server *Server
}

// exactly is the span of one value.
func exactly(v aql.Value) (low, high aql.Value, ok bool) { return v, v, true }

func orNull(text string) aql.Value { return aql.Value{Text: text, Null: text == ""} }

func when(t time.Time) aql.Value {
	if t.IsZero() {
		return aql.Value{Null: true}
	}
	return aql.Number(t.UnixMilli())
}

// Span implements aql.Facts.
func (r row) Span(f aql.Field) (low, high aql.Value, ok bool) {
	switch f {
	case aql.Repo:
		return exactly(aql.Text(r.Repo))
	case aql.Path:
		return exactly(aql.Text(r.Path))
	case aql.Name:
		return exactly(aql.Text(r.Name))
	case aql.Type:
		return exactly(aql.Text(r.kind()))
	case aql.Size:
		return exactly(aql.Number(r.Size()))
	case aql.Depth:
		return exactly(aql.Number(int64(r.Depth())))
	case aql.ID:
		return exactly(aql.Number(r.ID))
	case aql.Created, aql.Modified, aql.Updated, aql.PropsModified:
		return exactly(when(r.dated(f)))
	case aql.CreatedBy:
		return exactly(orNull(r.CreatedBy))
	case aql.ModifiedBy:
		return exactly(orNull(r.ModifiedBy))
	}
	return exactly(r.rare(f))
}

// dated is a field that holds a date.
func (r row) dated(f aql.Field) time.Time {
	switch f {
	case aql.Created:
		return r.Created
	case aql.Modified:
		return r.Modified
	case aql.Updated:
		return r.Updated
	}
	return r.PropsModified
}

// rare is a field that costs something to know.
func (r row) rare(f aql.Field) aql.Value {
	switch f {
	case aql.SHA256:
		return orNull(r.Digests().SHA256)
	case aql.ActualSHA1:
		return orNull(r.Digests().SHA1)
	case aql.ActualMD5:
		return orNull(r.Digests().MD5)
	case aql.OriginalSHA1:
		return orNull(r.original(r.Digests().SHA1))
	case aql.OriginalMD5:
		return orNull(r.original(r.Digests().MD5))
	case aql.RepoPathChecksum:
		return aql.Text(r.pathChecksum())
	}
	count := r.server.counted(r.Item)
	none := count.downloads == 0
	switch f {
	case aql.Downloads:
		return aql.Value{Number: int64(count.downloads), Null: none}
	case aql.Downloaded:
		return when(count.last)
	case aql.DownloadedBy:
		return orNull(count.by)
	}
	return aql.Value{Null: true}
}

func (r row) kind() string {
	if r.Folder {
		return "folder"
	}
	return "file"
}

// original is what the column of an uploader's checksum holds: the actual one where the server was trusted with it.
func (r row) original(actual string) string {
	if r.Untold && actual != "" {
		return "NO_ORIG"
	}
	return actual
}

// pathChecksum is the SHA-1 of the repository and path.
func (r row) pathChecksum() string { return artifact.DigestsOf(r.Repo + ":" + r.At()).SHA1 }

// Properties implements aql.Facts.
func (r row) Properties() ([]aql.Property, bool) {
	list := make([]aql.Property, len(r.Item.Properties))
	for i, one := range r.Item.Properties {
		list[i] = aql.Property{Key: one.Key, Value: one.Value}
	}
	return list, true
}

// place is what is known of all rows in a repository, and when folder is not empty of those whose path lies in a range.
type place struct {
	repo             string
	folder, last     string
	made             bool // the rows are made, and their dates lie between these
	earliest, latest time.Time
}

// Span implements aql.Facts.
func (p place) Span(f aql.Field) (low, high aql.Value, ok bool) {
	switch f {
	case aql.Repo:
		return exactly(aql.Text(p.repo))
	case aql.Path:
		return aql.Text(p.folder), aql.Text(p.last), p.folder != ""
	case aql.Created, aql.Modified, aql.Updated:
		return when(p.earliest), when(p.latest), p.made
	case aql.PropsModified:
		null := aql.Value{Null: true}
		return null, null, p.made
	}
	return low, high, false
}

// Properties implements aql.Facts.
func (p place) Properties() ([]aql.Property, bool) { return nil, p.made }

// below is what is known of the rows in a folder and in all folders below it.
func (p place) below(folder string) place {
	p.folder, p.last = folder, folder+"0" // "0" is the sign after "/"
	return p
}

// in is what is known of the rows in a folder.
func (p place) in(folder string) place {
	p.folder, p.last = folder, folder
	return p
}
