// Opening a stored file (Nexus content URL: GET /repository/NAME/PATH, every segment escaped alone). Of a hosted
// repository the ETag is the SHA-1 of the bytes that follow, "<hex>" or "{SHA1{<hex>}}": it tells before the first byte
// whether they are the ones that were listed. Only a maven-metadata.xml, which Nexus may rebuild when it is read, and a
// file that somebody replaced differ.

package nexus

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

// Open streams a listed file from offset on.
func (s *Source) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	l, err := parseLocator(f.Locator)
	if err != nil {
		return artifact.Content{}, fault.At(fault.Source, err)
	}
	if l.Text != nil {
		return text(ctx, *l.Text, offset)
	}
	if i, ok := imageOf(l); ok && l.Digest != "" {
		return s.openImage(ctx, f, l, i, offset)
	}
	resp, err := s.client.Open(ctx, s.client.URL(contentPath(l), nil), offset, nil)
	if err != nil {
		return artifact.Content{}, s.unreadable(ctx, l, err)
	}
	served := describe(resp.Header, httpx.Whole(resp), f)
	if l.Hosted && differs(f, served) {
		_ = resp.Body.Close()
		return artifact.Content{}, s.changed(ctx, f, l, served)
	}
	return artifact.Content{ReadCloser: resp.Body, Size: served.Size}, nil
}

// text is content that its listing brought along.
func text(ctx context.Context, content string, offset int64) (artifact.Content, error) {
	rest := content[min(max(offset, 0), int64(len(content))):]
	return artifact.Content{ReadCloser: io.NopCloser(strings.NewReader(rest)), Size: int64(len(content))}, ctx.Err()
}

// contentPath is the escaped path of a file's content URL.
func contentPath(l locator) string {
	segments := strings.Split(l.Path, "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return "/repository/" + url.PathEscape(l.Repository) + "/" + strings.Join(segments, "/")
}

// unreadable explains why a file could not be opened.
func (s *Source) unreadable(ctx context.Context, l locator, err error) error {
	because := func(reason artifact.Reason, what string) error {
		err := errorf(err, "repository %s: %s %s", l.Repository, l.Path, what)
		return fault.At(fault.Source, fault.Because(reason, err))
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case status(err) == http.StatusNotFound:
		return because(artifact.SourceMissing, "is listed and not there")
	case paymentRequired(err):
		return because(artifact.SourceFailed, "is not cached, and the server fetches nothing while its usage is over the limits of the Community Edition")
	case status(err) == http.StatusInternalServerError:
		return because(artifact.SourceFailed, "can not be read: its blob may be missing, the server's log says more")
	}
	return s.refused(err, l.Repository)
}

// describe is f as the headers of its content describe it; size is -1 when unknown.
func describe(header http.Header, size int64, f artifact.File) artifact.File {
	f.Size = size
	f.Digests = artifact.Digests{SHA1: etagSHA1(header.Get("ETag"))}
	f.Modified = time.Time{}
	if t, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
		f.Modified = t.UTC()
	}
	return f
}

// etagSHA1 is the SHA-1 in an ETag; empty when there is none.
func etagSHA1(etag string) string {
	etag = strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
	if inner, ok := strings.CutPrefix(etag, "{SHA1{"); ok {
		etag = strings.TrimSuffix(inner, "}}")
	}
	return digest(etag, 20)
}

// differs compares by SHA-1, and by size only where no SHA-1 is known: a length that contradicts the SHA-1 is damage on
// the way, which whoever reads will find.
func differs(listed, served artifact.File) bool {
	switch listed.Digests.Compare(served.Digests) {
	case artifact.Same:
		return false
	case artifact.Different:
		return true
	}
	return listed.Size >= 0 && served.Size >= 0 && listed.Size != served.Size
}

// changed is the error for a file that is served with other content than was listed. The asset's record says what it
// is now. An asset that was deleted and stored again has another record, and so has every asset after an upgrade to another
// database: then only the headers of its content are known.
func (s *Source) changed(ctx context.Context, listed artifact.File, l locator, served artifact.File) error {
	if l.ID == "" {
		return &sources.Changed{Now: served}
	}
	a, err := s.asset(ctx, l.ID)
	switch {
	case unknown(err):
		return &sources.Changed{Now: served}
	case err != nil:
		return s.unreadable(ctx, l, err)
	}
	now := a.file(repository{Name: l.Repository, Type: hosted}, listed.Path)
	if differs(now, served) {
		err := fmt.Errorf("source %s: repository %s: %s: the server lists %s and serves %s",
			s.name, l.Repository, l.Path, summary(now), summary(served))
		return fault.At(fault.Source, fault.Temporary(fault.Because(artifact.SourceDigestMismatch, err), 0))
	}
	return &sources.Changed{Now: now}
}

// unknown tells that an answer about an asset says that there is none with this id.
func unknown(err error) bool {
	code := status(err)
	return code == http.StatusNotFound || code == http.StatusUnprocessableEntity
}

// paymentRequired tells the refusal of a Community Edition over its limits, which other answers of the same status are not.
func paymentRequired(err error) bool {
	var answer *httpx.StatusError
	return errors.As(err, &answer) && strings.Contains(answer.Body, "PAYMENT REQUIRED")
}

func summary(f artifact.File) string {
	if f.Digests.SHA1 == "" {
		return fmt.Sprintf("%d bytes", f.Size)
	}
	return fmt.Sprintf("%d bytes with the SHA-1 %s", f.Size, f.Digests.SHA1)
}
