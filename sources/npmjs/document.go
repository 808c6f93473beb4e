package npmjs

// How a packument is asked for: GET /{name} (npm/registry docs/REGISTRY-API.md), conditionally where its ETag is known (RFC
// 9110, section 13). The network in front of npm's public registry may give what was there five minutes ago, and each of
// its places something else: the number in _rev tells, and ?write=true, which npm's client asks for before it writes
// (npm/npm-registry-fetch lib/index.js), passes the network by.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources/packument"
)

// read is what became of one name. Neither a document nor an error: it is not modified.
type read struct {
	name     string
	document *packument.Document
	note     string // for the next listing
	err      error
	doubt    error // the document may not be the newest
}

// noted is what a listing notes of a document: its revision and ETag.
type noted struct {
	revision int
	etag     string
}

func (n noted) String() string { return strconv.Itoa(n.revision) + " " + n.etag }

func parseNoted(text string) noted {
	number, etag, _ := strings.Cut(text, " ")
	return noted{packument.Revision(number), etag}
}

// noteKey is the document's address, so that what one registry said is not held against another.
func (s *Source) noteKey(name string) string {
	return s.client.URL(artifact.NPMEscape(name), nil).String()
}

// read reads the document of one name.
func (l *listing) read(ctx context.Context, name string) read {
	r := read{name: name}
	var before noted
	if l.start.Recall != nil {
		text, err := l.start.Recall(ctx, l.noteKey(name))
		if err != nil {
			r.err = err
			return r
		}
		before = parseNoted(text)
	}
	condition := ""
	if l.start.Changes {
		condition = before.etag
	}
	now := before
	if r.document, now.etag, r.err = l.packument(ctx, name, nil, condition); r.err != nil {
		r.err = l.refused(ctx, name, r.err)
		return r
	}
	if r.document != nil {
		now.revision = r.document.Revision
	}
	known := l.revisions[name]
	if now.revision > 0 && now.revision < max(known, before.revision) || r.document == nil && now.revision < known {
		fresh, etag, err := l.packument(ctx, name, url.Values{"write": {"true"}}, "")
		if err == nil {
			r.document, now = fresh, noted{fresh.Revision, etag}
		}
		if now.revision < known {
			r.doubt = errors.Join(fmt.Errorf("source %s: the registry shows revision %d of %s, and its change host knows %d: sync again when it has caught up",
				l.name, now.revision, name, known), err)
		}
	}
	l.seen(name)
	if r.note = now.String(); r.doubt != nil {
		r.note = ""
	}
	return r
}

// packument reads a name's document; nil when condition, an ETag, still holds. The full form is asked for: only it has
// the publishing times and tombstones.
func (s *Source) packument(ctx context.Context, name string, query url.Values, condition string) (p *packument.Document, etag string, err error) {
	header := http.Header{"Accept": {"application/json"}}
	if condition != "" {
		header.Set("If-None-Match", condition)
	}
	err = decode(ctx, s.client, s.client.URL(artifact.NPMEscape(name), query), header, func(resp *http.Response) (err error) {
		if etag = resp.Header.Get("ETag"); resp.StatusCode == http.StatusNotModified {
			p, etag = nil, condition
			return nil
		}
		p, err = packument.Read(resp.Body)
		return err
	})
	switch {
	case statusOf(err) != 0:
		return nil, "", err
	case err != nil:
		return nil, "", fmt.Errorf("source %s: the document of %s: %w", s.name, name, err)
	case p == nil && condition == "":
		return nil, "", fmt.Errorf("source %s: the document of %s is not modified, says the registry, which was not asked whether it is", s.name, name)
	case p != nil && p.Name != "" && p.Name != name:
		return nil, "", fmt.Errorf("source %s: asked for the package %q, the registry answered with %q", s.name, name, p.Name)
	}
	return p, etag, nil
}

// decodings is how often a JSON document is read when it breaks off inside: the edge in front of npm's public registry
// at times sends truncated compressed bodies of the announced length, which shows only to those who unpack them.
const decodings = 3

// decode gives an answer of JSON, or one that says "not modified", to into.
func decode(ctx context.Context, client *httpx.Client, u *url.URL, header http.Header, into func(*http.Response) error) error {
	var err error
	for range decodings {
		var resp *http.Response
		if resp, err = client.Get(ctx, u, header); err != nil {
			return err
		}
		kind := resp.Header.Get("Content-Type")
		if resp.StatusCode != http.StatusNotModified && kind != "" && !strings.Contains(kind, "json") {
			err = notJSON(kind)
		} else {
			err = into(resp)
		}
		_ = resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(ctx.Err(), err)
}

// notJSON is the error of an answer that is a page for people.
type notJSON string

func (n notJSON) Error() string { return "the answer is " + string(n) + ", not JSON" }
