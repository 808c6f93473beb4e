package gitlab

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"pkgferry/integration/standin"
)

// body is an uploaded file on disk with the digests of the bytes that arrived, as Workhorse computes them
// (GitLab: workhorse/internal/upload/destination/destination.go).
type body struct {
	path              string
	size              int64
	md5, sha1, sha256 string
}

var errTooLarge = errors.New("entity is too large")

// receive stores what r gives. It keeps nothing when r fails, ends before size bytes (-1: unknown), or exceeds limit (0: none).
func (s *Server) receive(r io.Reader, size, limit int64) (b body, err error) {
	out, err := os.CreateTemp(s.dir, "body-")
	if err != nil {
		return body{}, err
	}
	defer func() {
		err = errors.Join(err, out.Close())
		if err != nil {
			_ = os.Remove(out.Name())
		}
	}()
	if limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	sums := [3]io.Writer{md5.New(), sha1.New(), sha256.New()}
	room := int64(64 << 10)
	if size >= 0 {
		room = min(room, size+1)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(out, sums[0], sums[1], sums[2])}, r, make([]byte, room))
	switch {
	case err != nil:
		return body{}, err
	case limit > 0 && n > limit:
		return body{}, errTooLarge
	case size >= 0 && n != size:
		return body{}, fmt.Errorf("expected %d bytes but got only %d", size, n)
	}
	hexOf := func(i int) string { return hex.EncodeToString(sums[i].(interface{ Sum([]byte) []byte }).Sum(nil)) }
	return body{path: out.Name(), size: n, md5: hexOf(0), sha1: hexOf(1), sha256: hexOf(2)}, nil
}

// receiveRequest stores a request's body and answers when it can not; limit is the one that Workhorse enforces.
func (s *Server) receiveRequest(e *exchange, limit int64) (body, bool) {
	if limit > 0 && e.r.ContentLength > limit {
		e.tooLarge(e.r.ContentLength, limit)
		return body{}, false
	}
	b, err := s.receive(e.r.Body, e.r.ContentLength, limit)
	switch {
	case errors.Is(err, errTooLarge):
		e.tooLarge(limit+1, limit)
	case err != nil:
		e.fail(http.StatusInternalServerError, "500 Internal Server Error")
	}
	return b, err == nil
}

// storeFails tells whether the object store refuses what came in, and answers then: GitLab's
// app/uploaders/object_storage.rb. Most formats mask it as a 403 (lib/api/*_packages.rb).
func (s *Server) storeFails(e *exchange, masked bool) bool {
	switch {
	case !s.faults.Hit(standin.ObjectStore, standin.Write):
		return false
	case masked:
		e.fail(http.StatusForbidden, "403 Forbidden")
	default:
		e.fail(http.StatusInternalServerError, "Missing file")
	}
	return true
}

func (b body) open() (*os.File, error) { return os.Open(b.path) }

func (b body) remove() { _ = os.Remove(b.path) }
