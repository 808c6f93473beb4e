// One page of a Nexus listing (REST API: GET /service/rest/v1/assets?repository=NAME&continuationToken=T). The form of
// an asset differs between releases: fields came one by one since 3.8, paths begin with a slash where Nexus stores in
// SQL and without one on OrientDB, and one release writes a key twice. All of that ends in this file.

package nexus

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// maxPage bounds one page: at most a hundred assets of a few kilobytes each.
const maxPage = 16 << 20

// emptySHA1 is the SHA-1 of no bytes: only with it is a size of zero the truth and not a gap in Nexus' knowledge.
const emptySHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"

type page struct {
	// Items is nil in what only another server would send.
	Items []asset `json:"items"`
	// ContinuationToken is empty or null on the last page.
	ContinuationToken string `json:"continuationToken"`
}

// asset is one stored file.
type asset struct {
	ID             string    `json:"id"`
	Path           string    `json:"path"`
	ContentType    string    `json:"contentType"`
	Checksum       checksum  `json:"checksum"`
	FileSize       *int64    `json:"fileSize"`       // since 3.38
	LastModified   string    `json:"lastModified"`   // since 3.29
	LastDownloaded string    `json:"lastDownloaded"` // since 3.39; null: never
	NPM            npmFields `json:"npm"`            // since 3.29
}

type checksum struct {
	MD5    string `json:"md5"`
	SHA1   string `json:"sha1"`
	SHA256 string `json:"sha256"`
	SHA512 string `json:"sha512"`
}

// assets reads one page of a repository. An empty token is left out: Nexus on SQL answers 500 to an empty parameter.
func (s *Source) assets(ctx context.Context, repository, token string) (page, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return page{}, err
	}
	defer leave()
	query := url.Values{"repository": {repository}}
	if token != "" {
		query.Set("continuationToken", token)
	}
	var p page
	if _, err := s.client.GetJSON(ctx, s.client.URL("/service/rest/v1/assets", query), nil, maxPage, &p); err != nil {
		return page{}, err
	}
	return p, p.check(token)
}

// check refuses what only another server than a Nexus would send, and a page that leads to itself.
func (p page) check(token string) error {
	switch {
	case p.Items == nil:
		return errors.New("the answer has no items")
	case p.ContinuationToken == token && token != "":
		return fmt.Errorf("page %s leads to itself", token)
	}
	for _, a := range p.Items {
		if a.path() == "" {
			return fmt.Errorf("asset %q has no path", a.ID)
		}
	}
	return nil
}

// asset reads one asset's present record.
func (s *Source) asset(ctx context.Context, id string) (asset, error) {
	var a asset
	_, err := s.client.GetJSON(ctx, s.client.URL("/service/rest/v1/assets/"+url.PathEscape(id), nil), nil, maxPage, &a)
	return a, err
}

// path is the asset's path without the slash that begins it in SQL releases.
func (a asset) path() string { return strings.TrimPrefix(a.Path, "/") }

// hollow tells that Nexus knows of the asset but holds no content, as it happens in proxies and after damage.
func (a asset) hollow() bool {
	return a.Checksum == (checksum{}) && a.ContentType == "" && a.FileSize != nil && *a.FileSize == 0
}

// file is the asset as a File whose path in its package is name.
func (a asset) file(r repository, name string) artifact.File {
	f := artifact.File{
		Path:       name,
		Size:       -1,
		Digests:    a.Checksum.digests(),
		Locator:    locator{Repository: r.Name, Hosted: r.Type == hosted, ID: a.ID, Path: a.path()}.String(),
		Modified:   date(a.LastModified),
		Downloaded: date(a.LastDownloaded),
	}
	if a.FileSize != nil && (*a.FileSize > 0 || f.Digests.SHA1 == emptySHA1) {
		f.Size = *a.FileSize
	}
	return f
}

func (c checksum) digests() artifact.Digests {
	return artifact.Digests{
		MD5: digest(c.MD5, 16), SHA1: digest(c.SHA1, 20), SHA256: digest(c.SHA256, 32), SHA512: digest(c.SHA512, 64),
	}
}

// digest is text in lower case when it is the hex form of so many bytes, else empty: unknown.
func digest(text string, size int) string {
	text = strings.ToLower(text)
	if b, err := hex.DecodeString(text); err != nil || len(b) != size {
		return ""
	}
	return text
}

// date reads a date; before 3.26 its offset has no colon. It is zero for what is none.
func date(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
