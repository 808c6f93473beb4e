// Content by its path (GET /KEY/PATH, docs.jfrog.com, "Retrieve Artifact"). Reading counts as a download, by which clean-up policies go,
// unless skipUpdateStats says otherwise; releases before 7 count all the same. Large files may come by a redirect to a store that
// knows nothing of Artifactory's checksums, and gets no credentials. A folder answers with a page.

package artifactory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// contentURL is the address of a file's content.
func (s *Source) contentURL(repository, at string) *url.URL {
	return s.client.URL("/"+escape(repository, at), url.Values{"skipUpdateStats": {"true"}})
}

// Open streams a listed file from offset on, or gives an index file's text, which its listing brought along.
func (s *Source) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	l, err := parseLocator(f.Locator)
	switch {
	case err != nil:
		return artifact.Content{}, fault.At(fault.Source, err)
	case l.Text != nil && ctx.Err() != nil:
		return artifact.Content{}, ctx.Err()
	case l.Text != nil:
		return artifact.Content{ReadCloser: io.NopCloser(strings.NewReader(from(*l.Text, offset))), Size: int64(len(*l.Text))}, nil
	}
	if l.Image != "" {
		registry, err := s.registry(l.Repository)
		if err != nil {
			return artifact.Content{}, fault.At(fault.Source, err)
		}
		return registry.Open(ctx, l.Image, f, offset)
	}
	resp, err := s.content(ctx, l, offset)
	if err != nil {
		return artifact.Content{}, s.unreadable(ctx, l, err)
	}
	served := s.describe(resp, f)
	content := artifact.Content{ReadCloser: resp.Body, Size: served.Size}
	switch {
	case s.elsewhere(resp) && offset == 0:
		content.ReadCloser = &compared{ReadCloser: resp.Body, hasher: artifact.NewHasher(f.Digests), ended: func(served artifact.Digests) error {
			f, now := f, f
			if now.Digests = served; !differs(f, now) {
				return nil
			}
			return s.changed(ctx, f, l, now)
		}}
	case isPage(resp) && !s.elsewhere(resp):
		_ = resp.Body.Close()
		return artifact.Content{}, fault.At(fault.Source, fault.Errorf(artifact.SourceFailed,
			"source %s: repository %s: %s: the server answers with a page instead of the file", s.name, l.Repository, l.Path))
	}
	if differs(f, served) {
		_ = resp.Body.Close()
		return artifact.Content{}, s.changed(ctx, f, l, served)
	}
	return content, nil
}

func from(text string, offset int64) string { return text[min(max(offset, 0), int64(len(text))):] }

// content asks twice where the first answer may be none about the file: 404 is also what a server says that could not read in
// time, and a store refuses an address that has expired.
func (s *Source) content(ctx context.Context, l locator, offset int64) (*http.Response, error) {
	u := s.contentURL(l.Repository, l.Path)
	resp, err := s.client.Open(ctx, u, offset, nil)
	var answer *httpx.StatusError
	if errors.As(err, &answer) && ctx.Err() == nil {
		home := strings.HasPrefix(answer.URL, s.client.URL("", nil).String())
		if answer.Status == http.StatusNotFound || answer.Status == http.StatusForbidden && !home {
			return s.client.Open(ctx, u, offset, nil)
		}
	}
	return resp, err
}

// unreadable explains why a file could not be opened.
func (s *Source) unreadable(ctx context.Context, l locator, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case says(err, "Timed out"):
		return fault.Temporary(refused(err, l.Repository, l.Path), 0)
	case says(err, "rejected the artifact"), says(err, "is blacked out"): // by the repository's patterns, or by its administrator
		err = errorf(err, "repository %s: %s is stored and not served", l.Repository, l.Path)
		return fault.At(fault.Source, fault.Because(artifact.NotPermitted, err))
	case status(err) == http.StatusNotFound:
		err = errorf(err, "repository %s: %s is listed and not there", l.Repository, l.Path)
		return fault.At(fault.Source, fault.Because(artifact.SourceMissing, err))
	}
	return refused(err, l.Repository, l.Path)
}

// elsewhere tells that a redirect led to another server, whose headers say nothing about what Artifactory knows.
func (s *Source) elsewhere(resp *http.Response) bool {
	home := s.client.URL("", nil)
	return resp.Request != nil && (resp.Request.URL.Host != home.Host || resp.Request.URL.Scheme != home.Scheme)
}

// isPage tells a page for people from a file, which has a checksum.
func isPage(resp *http.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && resp.Header.Get("X-Checksum-Sha1") == "" && resp.Header.Get("ETag") == ""
}

// describe is f as the headers of its content describe it. The ETag is the SHA-1, without quotes.
func (s *Source) describe(resp *http.Response, f artifact.File) artifact.File {
	f.Size, f.Digests, f.Modified = httpx.Whole(resp), artifact.Digests{}, time.Time{}
	if s.elsewhere(resp) {
		return f
	}
	sum := func(name string, size int) string { return digest(strings.Trim(resp.Header.Get(name), `"`), size) }
	f.Digests = artifact.Digests{MD5: sum("X-Checksum-Md5", 16), SHA1: sum("X-Checksum-Sha1", 20), SHA256: sum("X-Checksum-Sha256", 32)}
	f.Digests = f.Digests.With(artifact.Digests{SHA1: sum("ETag", 20)})
	if t, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		f.Modified = t.UTC()
	}
	return f
}

// differs compares by digests, and by size only where none is known: a length that contradicts a digest is damage on the way,
// which whoever reads will find.
func differs(listed, served artifact.File) bool {
	switch listed.Digests.Compare(served.Digests) {
	case artifact.Same:
		return false
	case artifact.Different:
		return true
	}
	return listed.Size >= 0 && served.Size >= 0 && listed.Size != served.Size
}

// changed is the error for a file that is served with other content than was listed. The server says what it is now.
func (s *Source) changed(ctx context.Context, listed artifact.File, l locator, served artifact.File) error {
	now, err := s.fileInfo(ctx, l.Repository, l.Path)
	if err != nil {
		return s.unreadable(ctx, l, err)
	}
	now.Path, now.Locator = listed.Path, listed.Locator
	if differs(now, served) || !differs(listed, now) {
		err := fmt.Errorf("source %s: repository %s: %s: the server lists %s and serves %s",
			s.name, l.Repository, l.Path, summary(now), summary(served))
		return fault.At(fault.Source, fault.Temporary(fault.Because(artifact.SourceDigestMismatch, err), 0))
	}
	return &sources.Changed{Now: now}
}

func summary(f artifact.File) string {
	if algorithm, value := f.Digests.Strongest(); value != "" {
		return fmt.Sprintf("%d bytes with the %s %s", f.Size, algorithm, value)
	}
	return fmt.Sprintf("%d bytes", f.Size)
}

// compared is content that came from elsewhere. At its end it is compared with what was listed: nothing told before whether it was
// replaced since.
type compared struct {
	io.ReadCloser
	hasher *artifact.Hasher
	ended  func(served artifact.Digests) error
	err    error
}

func (c *compared) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.ReadCloser.Read(p)
	_, _ = c.hasher.Write(p[:n])
	if err == io.EOF { // the end is io.EOF itself
		if c.err = c.ended(c.hasher.Digests()); c.err == nil {
			c.err = io.EOF
		}
		if n > 0 {
			return n, nil
		}
		return 0, c.err
	}
	return n, err
}
