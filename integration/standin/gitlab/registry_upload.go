package gitlab

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Uploads of blobs: registry/handlers/{blobupload,hmac,helpers}.go and registry/storage/blobwriter.go in
// gitlab-org/container-registry. An upload is a file that grows; what it is called by the client is only checked at its end.

// blobUpload is one that has begun. Its requests come one at a time.
type blobUpload struct {
	id, repository string
	started        time.Time

	mu   sync.Mutex
	path string
	size int64
	sum  hash.Hash // SHA-256 of what has come
	done bool      // committed or cancelled
}

// uploadState is what an upload's address carries, signed.
type uploadState struct {
	Name      string
	UUID      string
	Offset    int64
	StartedAt time.Time
}

// mac signs what the registry hands out to get it back.
func (r *registry) mac(text []byte) []byte {
	sum := hmac.New(sha256.New, r.secret)
	_, _ = sum.Write(text)
	return sum.Sum(nil)
}

func (r *registry) packState(state uploadState) string {
	text, _ := json.Marshal(state) // cannot fail
	return base64.URLEncoding.EncodeToString(append(r.mac(text), text...))
}

func (r *registry) unpackState(token string) (state uploadState, err error) {
	packed, err := base64.URLEncoding.Strict().DecodeString(token)
	if err != nil || len(packed) < sha256.Size || !hmac.Equal(r.mac(packed[sha256.Size:]), packed[:sha256.Size]) {
		return state, errors.New("invalid secret")
	}
	return state, json.Unmarshal(packed[sha256.Size:], &state)
}

// uploadStart begins an upload, or links a blob that another repository has. It never takes the blob itself.
func (s *Server) uploadStart(c *call) {
	if c.reference != "" {
		c.wrong("BLOB_UPLOAD_INVALID", nil)
		return
	}
	query := c.r.URL.Query()
	if s.mount(c.repository, query.Get("from"), query.Get("mount")) {
		s.blobCreated(c, query.Get("mount"))
		return
	}
	file, err := os.CreateTemp(s.dir, "upload-")
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		c.wrong("UNKNOWN", map[string]any{})
		return
	}
	u := &blobUpload{id: newID(), repository: c.repository, started: s.clock.now().UTC(), path: file.Name(), sum: sha256.New()}
	s.mu.Lock()
	s.images.uploads[u.id] = u
	s.mu.Unlock()
	s.uploadAnswer(c, u, http.StatusAccepted)
}

// mount links a blob of the repository from; false when it has none.
func (s *Server) mount(repository, from, digest string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from == "" || digest == "" || s.images.blob(from, digest) == nil {
		return false
	}
	s.images.ensure(repository, s.clock.now()).blobs[digest] = true
	return true
}

func (s *Server) blobCreated(c *call, digest string) {
	h := c.w.Header()
	h.Set("Location", c.base()+"/v2/"+c.repository+"/blobs/"+digest)
	h.Set("Docker-Content-Digest", digest)
	h.Set("Content-Length", "0")
	c.empty(http.StatusCreated)
}

// uploadAnswer tells where the upload goes on, and how far it is.
func (s *Server) uploadAnswer(c *call, u *blobUpload, status int) {
	base := c.base()
	if host := s.modes.get("registry.upload.host"); host != "" {
		base = c.scheme() + host
	}
	state := s.images.packState(uploadState{Name: u.repository, UUID: u.id, Offset: u.size, StartedAt: u.started})
	h := c.w.Header()
	h.Set("Location", base+"/v2/"+u.repository+"/blobs/uploads/"+u.id+"?_state="+url.QueryEscape(state))
	h.Set("Docker-Upload-Uuid", u.id)
	h.Set("Range", "0-"+strconv.FormatInt(max(u.size-1, 0), 10))
	h.Set("Content-Length", "0")
	c.empty(status)
}

// resume finds the upload of a request and keeps others from it; nil when it has answered. An address that is older than
// the upload's last byte is of no use, except for asking how far it is.
func (s *Server) resume(c *call) *blobUpload {
	state, err := s.images.unpackState(c.r.URL.Query().Get("_state"))
	if err != nil || state.Name != c.repository || state.UUID != c.reference {
		c.wrong("BLOB_UPLOAD_INVALID", nil)
		return nil
	}
	s.mu.RLock()
	u := s.images.uploads[c.reference]
	s.mu.RUnlock()
	if u == nil {
		c.wrong("BLOB_UPLOAD_UNKNOWN", nil)
		return nil
	}
	u.mu.Lock()
	switch {
	case u.done:
		c.wrong("BLOB_UPLOAD_UNKNOWN", nil)
	case c.writes() && state.Offset != u.size:
		c.wrong("RESUMABLE_BLOB_UPLOAD_INVALID", nil)
	default:
		return u
	}
	u.mu.Unlock()
	return nil
}

func (s *Server) uploadStatus(c *call) {
	if u := s.resume(c); u != nil {
		defer u.mu.Unlock()
		s.uploadAnswer(c, u, http.StatusNoContent)
	}
}

func (s *Server) uploadPatch(c *call) {
	u := s.resume(c)
	if u == nil {
		return
	}
	defer u.mu.Unlock()
	if kind := c.r.Header.Get("Content-Type"); kind != "" && kind != "application/octet-stream" {
		c.wrong("UNKNOWN", map[string]any{})
		return
	}
	if text := c.r.Header.Get("Content-Range"); text != "" {
		start, err := rangeStart(text)
		switch {
		case err != nil:
			c.wrong("UNKNOWN", err.Error())
			return
		case start != u.size:
			c.wrong("CONTENT_RANGE_INVALID", nil)
			return
		}
	}
	if u.append(c.r.Body) != nil {
		c.wrong("UNKNOWN", map[string]any{})
		return
	}
	s.uploadAnswer(c, u, http.StatusAccepted)
}

// rangeStart reads the first number of "0-99", the form of the distribution specification.
func rangeStart(text string) (int64, error) {
	first, last, ok := strings.Cut(text, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	if _, bad := strconv.ParseInt(last, 10, 64); !ok || err != nil || bad != nil {
		return 0, fmt.Errorf("invalid content range format, %s", text)
	}
	return start, nil
}

// append adds what r gives. What came before r failed stays, as in the registry's stores.
func (u *blobUpload) append(r io.Reader) error {
	file, err := os.OpenFile(u.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(file, u.sum)}, r, make([]byte, 64<<10))
	u.size += n
	return errors.Join(err, file.Close())
}

func (s *Server) uploadPut(c *call) {
	u := s.resume(c)
	if u == nil {
		return
	}
	defer u.mu.Unlock()
	digest := c.r.URL.Query().Get("digest")
	if digest == "" {
		c.wrong("DIGEST_INVALID", "digest missing")
		return
	}
	algorithm, value, ok := parseDigest(digest)
	if !ok {
		c.wrong("DIGEST_INVALID", "digest parsing failed")
		return
	}
	if u.append(c.r.Body) != nil {
		c.wrong("UNKNOWN", map[string]any{})
		return
	}
	got, err := u.digest(algorithm)
	if err != nil || got != value {
		// The registry means to cancel the upload, but its file is closed already: it stays, with all that came.
		c.wrong("DIGEST_INVALID", map[string]any{"Digest": digest, "Reason": map[string]any{}})
		return
	}
	s.blobCreated(c, s.commit(c, u))
}

// digest is what has come as hashed by algorithm.
func (u *blobUpload) digest(algorithm string) (string, error) {
	if algorithm == "sha256" {
		return hex.EncodeToString(u.sum.Sum(nil)), nil
	}
	file, err := os.Open(u.path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// commit makes an upload a blob that its repository links, and returns its digest, which is always SHA-256.
func (s *Server) commit(c *call, u *blobUpload) string {
	value := hex.EncodeToString(u.sum.Sum(nil))
	digest := "sha256:" + value
	s.mu.Lock()
	defer s.mu.Unlock()
	u.done = true
	delete(s.images.uploads, u.id)
	now := s.clock.now()
	if s.images.blobs[digest] == nil {
		b := body{path: u.path, size: u.size, sha256: value}
		s.images.blobs[digest] = &blob{digest: digest, body: b, review: now.Add(gcDelay)}
	} else {
		_ = os.Remove(u.path)
	}
	s.images.ensure(c.repository, now).blobs[digest] = true
	s.stats.Wrote(s.imageKey(c.repository, digest, "blobs/"+digest))
	return digest
}

func (s *Server) uploadDelete(c *call) {
	u := s.resume(c)
	if u == nil {
		return
	}
	defer u.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	u.done = true
	delete(s.images.uploads, u.id)
	_ = os.Remove(u.path)
	c.w.Header().Set("Docker-Upload-Uuid", u.id)
	c.empty(http.StatusNoContent)
}
