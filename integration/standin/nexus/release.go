package nexus

// What differs between releases of Nexus in the answers of one and the same API: the fields of an asset
// (org.sonatype.nexus.repository.rest.api.AssetXO), which came one by one since 3.8, the checksums that each format keeps
// (MavenPath.HashType, RawContentFacet), and the form of paths, dates and ETags.

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pkgferry/integration/standin"
)

// era is how a release stores its records, which shows in paths, tokens and absent values.
type era string

const (
	orient era = "orient"
	sqlA   era = "sqlA"
	sqlB   era = "sqlB"
)

// release is one version of Nexus, as far as its answers differ from those of others.
type release struct {
	era     era
	version string
	minor   int // 77 of 3.77.1-01
	edition string
	page    int
}

func newRelease(o standin.Options) (release, error) {
	r := release{era: era(o.Mode("era", string(sqlB)))}
	page, version := "100", ""
	switch r.era {
	case orient:
		page, version = "10", "3.70.1-02"
	case sqlA:
		version = "3.77.1-01"
		if o.Mode("page", page) == "10" {
			version = "3.71.0-06"
		}
	case sqlB:
		version = "3.88.0-08"
	default:
		return r, fmt.Errorf("mode era=%s: it is orient, sqlA or sqlB", r.era)
	}
	page = o.Mode("page", page)
	if page != "10" && page != "100" {
		return r, fmt.Errorf("mode page=%s: it is 10 or 100", page)
	}
	r.page, _ = strconv.Atoi(page)
	r.version = o.Mode("version", version)
	if _, err := fmt.Sscanf(r.version, "3.%d.", &r.minor); err != nil {
		return r, fmt.Errorf("mode version=%s: it looks like %s", r.version, version)
	}
	edition := "CORE"
	if r.minor < 77 {
		edition = "OSS"
	}
	r.edition = cmp.Or(o.Mode("edition", ""), edition)
	return r, nil
}

// server is the Server header.
func (r release) server() string { return fmt.Sprintf("Nexus/%s (%s)", r.version, r.edition) }

// path is an asset's path as the REST API shows it.
func (r release) path(p string) string {
	if r.era == orient {
		return p
	}
	return "/" + p
}

// date is a date in the JSON of this release.
func (r release) date(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case r.minor < 26:
		return t.UTC().Format("2006-01-02T15:04:05.000-0700")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000-07:00")
}

// absent is a coordinate as the JSON of this release shows it.
func (r release) absent(text string) any {
	if text == "" && r.era == orient {
		return nil
	}
	return text
}

// policy is a write policy in the JSON of this release.
func (r release) policy(name string) string {
	if r.era == orient && r.minor < 30 {
		return strings.ToLower(name)
	}
	return name
}

// etag is the ETag of a hosted file.
func (r release) etag(sha1 string, groupMetadata bool) string {
	if r.era == orient || groupMetadata {
		return `"{SHA1{` + sha1 + `}}"`
	}
	return `"` + sha1 + `"`
}

// hashes are the checksums that this release computes when it stores a file.
func (r release) hashes(format string) []string {
	all := []string{"sha1", "md5", "sha256", "sha512"}
	switch {
	case format == "apt", format == pypiFormat && r.era == orient:
		return []string{"md5", "sha1", "sha256"}
	case format == dockerFormat, format == helmFormat && r.era == orient:
		return []string{"sha1", "sha256"}
	case format == npmFormat && r.era == orient, format == "r", format == "go":
		return []string{"sha1"}
	case format == "maven2" && r.minor >= 29, format == "raw" && r.era != orient && r.minor >= 68:
		return all
	}
	return []string{"md5", "sha1"}
}

// has tells whether the JSON of an asset has a field in this release.
func (r release) has(field string) bool {
	since := map[string]int{
		"contentType": 29, "lastModified": 29, "format": 29,
		"uploader": 38, "uploaderIp": 38, "fileSize": 38, "lastDownloaded": 39, "blobCreated": 59, "blobStoreName": 71,
		"blobUpdated": 96, "blobRef": 96, "lastVerified": 96, "registryUrl": 96,
	}[field]
	if r.era == orient && field == "blobCreated" {
		since = 39
	}
	return r.minor >= since
}

// repeats tells that an asset's blobCreated comes twice, first empty: OrientDB from 3.59 on.
func (r release) repeats() bool { return r.era == orient && r.minor >= 59 }

// file is an asset's path without the slash that some eras begin it with.
func file(path string) string { return strings.TrimPrefix(path, "/") }
