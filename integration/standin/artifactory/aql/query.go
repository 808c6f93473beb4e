// Package aql is Artifactory's query language (JFrog: "Artifactory Query Language"; org.artifactory.storage.db.aql in the
// sources of Artifactory OSS 6.20) for the domain items, as far as listings need it: criteria, include, sort, offset, limit
// and distinct, in this order and no other. It knows no server and no storage: it parses, and it tells whether a row
// meets the criteria.
package aql

import "slices"

// Query is one parsed query.
type Query struct {
	// Where is what a row must meet.
	Where Condition
	// Fields are the item fields of the result, in no order.
	Fields []Field
	// Properties: the result has the property domain. Keys names the only properties that are wanted; empty: all.
	Properties bool
	Keys       []string
	// Stats are the fields of the stat domain in the result; empty: the domain is not in it.
	Stats []Field
	// Sort is empty when the query does not sort.
	Sort       []Field
	Descending bool

	Offset int64
	// Limit is −1 when the query has none.
	Limit int64
	// Typed: the criteria mention type, so that folders may be meant; without it only files are.
	Typed bool
	// Downloaded: the criteria mention the stat domain, which drops what has no statistics: an inner join.
	Downloaded bool
}

// Has tells whether a field is in the result.
func (q *Query) Has(f Field) bool { return slices.Contains(q.Fields, f) }

// Joined tells whether the result has a domain with several rows for one item.
func (q *Query) Joined() bool { return q.Properties || len(q.Stats) > 0 }

// Field is a field by the name that queries use: "path", "property.key", "stat.downloads".
type Field string

// The fields of an item.
const (
	Repo             Field = "repo"
	Path             Field = "path"
	Name             Field = "name"
	Type             Field = "type"
	Size             Field = "size"
	Depth            Field = "depth"
	Created          Field = "created"
	CreatedBy        Field = "created_by"
	Modified         Field = "modified"
	ModifiedBy       Field = "modified_by"
	Updated          Field = "updated"
	ID               Field = "id"
	SHA256           Field = "sha256"
	ActualSHA1       Field = "actual_sha1"
	ActualMD5        Field = "actual_md5"
	OriginalSHA1     Field = "original_sha1"
	OriginalMD5      Field = "original_md5"
	RepoPathChecksum Field = "repo_path_checksum"
	VirtualRepos     Field = "virtual_repos"
	PropsModified    Field = "props_modified"
	PropsModifiedBy  Field = "props_modified_by"
	PropsMD5         Field = "props_md5"
)

// The fields of the other domains.
const (
	PropertyKey        Field = "property.key"
	PropertyValue      Field = "property.value"
	Downloads          Field = "stat.downloads"
	Downloaded         Field = "stat.downloaded"
	DownloadedBy       Field = "stat.downloaded_by"
	RemoteDownloads    Field = "stat.remote_downloads"
	RemoteDownloaded   Field = "stat.remote_downloaded"
	RemoteDownloadedBy Field = "stat.remote_downloaded_by"
	RemoteOrigin       Field = "stat.remote_origin"
	RemotePath         Field = "stat.remote_path"
)

// kind is what a field holds.
type kind int

const (
	text kind = iota
	number
	date
	itemType
	logical // is in results only
)

var kinds = map[Field]kind{
	Repo: text, Path: text, Name: text, Type: itemType, Size: number, Depth: number, ID: number,
	Created: date, CreatedBy: text, Modified: date, ModifiedBy: text, Updated: date,
	SHA256: text, ActualSHA1: text, ActualMD5: text, OriginalSHA1: text, OriginalMD5: text, RepoPathChecksum: text,
	VirtualRepos:  logical,
	PropsModified: date, PropsModifiedBy: text, PropsMD5: text,
	PropertyKey: text, PropertyValue: text,
	Downloads: number, Downloaded: date, DownloadedBy: text,
	RemoteDownloads: number, RemoteDownloaded: date, RemoteDownloadedBy: text, RemoteOrigin: text, RemotePath: text,
}

// defaults are the fields of a result when a query names none of the domain.
var defaults = []Field{Repo, Path, Name, Type, Size, Created, CreatedBy, Modified, ModifiedBy, Updated}

// all are the fields that "*" stands for.
var all = append(slices.Clone(defaults), Depth, SHA256, ActualSHA1, ActualMD5, OriginalSHA1, OriginalMD5, RepoPathChecksum, VirtualRepos)

// info are the fields of the domain item.info, which came with Artifactory 7.
var info = []Field{PropsModified, PropsModifiedBy, PropsMD5}

// stats are the fields of the domain stat.
var stats = []Field{Downloaded, Downloads, DownloadedBy, RemoteDownloaded, RemoteDownloads, RemoteDownloadedBy, RemoteOrigin, RemotePath}
