package registry

// Blobs as they are read: registry/handlers/blob.go and registry/storage/blobserver.go of the distribution project.

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"pkgferry/integration/standin"
)

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func (g Registry) blob(w http.ResponseWriter, r *http.Request, c Call) {
	found, ok := g.Store.Blob(c.Repository, c.Reference)
	switch {
	case !sha256Digest.MatchString(c.Reference):
		Fail(w, http.StatusBadRequest, "DIGEST_INVALID", map[string]any{})
		return
	case !ok:
		Fail(w, http.StatusNotFound, "BLOB_UNKNOWN", c.Reference)
		return
	}
	h := w.Header()
	if r.Method == http.MethodGet && g.Redirect != nil {
		if location := g.Redirect(r, c); location != "" {
			h.Set("Location", location)
			w.WriteHeader(cmp.Or(g.RedirectStatus, http.StatusTemporaryRedirect))
			return
		}
	}
	h.Set("Docker-Content-Digest", c.Reference)
	h.Set("Etag", `"`+c.Reference+`"`)
	h.Set("Cache-Control", "max-age=31536000")
	g.faulty([]string{standin.Blob, standin.Read}, func(w http.ResponseWriter, r *http.Request) { serveBlob(w, r, found) }).ServeHTTP(w, r)
}

// serveBlob answers with a blob, or a range of it.
func serveBlob(w http.ResponseWriter, r *http.Request, b Blob) {
	w.Header().Set("Content-Type", "application/octet-stream")
	content := &rewinding{blob: b}
	defer content.close()
	if r.Method == http.MethodHead {
		w.Header().Set("Accept-Ranges", "bytes")
		w.Header().Set("Content-Length", strconv.FormatInt(b.Size, 10))
		return
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}

// rewinding lets http.ServeContent seek in a blob that can only be read from its beginning.
type rewinding struct {
	blob Blob
	at   int64 // where the next read is
	open io.ReadCloser
	read int64 // where open is
}

func (s *rewinding) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.blob.Size
	}
	if offset < 0 {
		return 0, errors.New("a position before the beginning")
	}
	s.at = offset
	return offset, nil
}

func (s *rewinding) Read(p []byte) (int, error) {
	if s.open == nil || s.read > s.at {
		s.close()
		open, err := s.blob.Open()
		if err != nil {
			return 0, err
		}
		s.open, s.read = open, 0
	}
	if skipped, err := io.CopyN(io.Discard, s.open, s.at-s.read); err != nil {
		s.read += skipped
		return 0, err
	}
	n, err := s.open.Read(p)
	s.at += int64(n)
	s.read = s.at
	return n, err
}

func (s *rewinding) close() {
	if s.open != nil {
		_ = s.open.Close()
		s.open = nil
	}
}
