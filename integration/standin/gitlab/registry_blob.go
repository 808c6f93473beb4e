package gitlab

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Blobs: registry/handlers/blob.go and registry/storage/blobserver.go in gitlab-org/container-registry. A blob may be
// served by an object store instead, to which the registry redirects with a signed address.

// parseDigest reads a digest whose form the route has checked already; false when its algorithm is none of the registry's.
func parseDigest(text string) (algorithm, value string, ok bool) {
	algorithm, value, _ = strings.Cut(text, ":")
	length := map[string]int{"sha256": 64, "sha512": 128}[algorithm]
	return algorithm, value, length == len(value) && strings.ToLower(value) == value
}

func (s *Server) blobGet(c *call) {
	if _, _, ok := parseDigest(c.reference); !ok {
		c.wrong("DIGEST_INVALID", map[string]any{})
		return
	}
	s.mu.RLock()
	found := s.images.blob(c.repository, c.reference)
	s.mu.RUnlock()
	if found == nil {
		c.wrong("BLOB_UNKNOWN", c.reference)
		return
	}
	if store := s.modes.get("registry.store"); store != "" {
		http.Redirect(c.w, c.r, s.storeAddress(store, found.digest), http.StatusTemporaryRedirect)
		return
	}
	h := c.w.Header()
	h.Set("Etag", `"`+found.digest+`"`)
	h.Set("Cache-Control", "max-age=31536000")
	h.Set("Docker-Content-Digest", found.digest)
	c.serveBlob(found)
}

func (e *exchange) serveBlob(b *blob) {
	content, err := b.body.open()
	if err != nil {
		e.wrong("UNKNOWN", map[string]any{})
		return
	}
	defer func() { _ = content.Close() }()
	e.w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(e.w, e.r, "", time.Time{}, content)
}

// blobDelete only unlinks a blob; the garbage collector deletes it.
func (s *Server) blobDelete(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.images.blob(c.repository, c.reference) == nil {
		c.wrong("BLOB_UNKNOWN", nil)
		return
	}
	delete(s.images.find(c.repository).blobs, c.reference)
	c.empty(http.StatusAccepted)
}

// storePath is where this server plays the object store that mode registry.store names.
const storePath = "/_store/"

func (s *Server) registryStoreRoutes() []route {
	return []route{{"GET", storePath + "*", "registry store", s.storeGet}}
}

// storeAddress is an address signed as Amazon S3's are (Signature Version 4 in the query).
func (s *Server) storeAddress(store, digest string) string {
	query := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Expires": {"1200"}, "X-Amz-SignedHeaders": {"host"},
		"X-Amz-Signature": {hex.EncodeToString(s.images.mac([]byte(digest)))},
	}
	return store + storePath + digest + "?" + query.Encode()
}

// storeGet serves a blob as an object store does: to whoever has a signed address, and to nobody who sends a credential
// beside it.
func (s *Server) storeGet(e *exchange) {
	digest, err := url.PathUnescape(e.rest)
	refuse := func(status int, code string) {
		e.w.Header().Set("Content-Type", "application/xml")
		e.w.WriteHeader(status)
		_, _ = fmt.Fprintf(e.w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code></Error>", code)
	}
	switch {
	case e.r.Header.Get("Authorization") != "" || e.foreignCredential():
		s.stats.Foreign()
		refuse(http.StatusBadRequest, "InvalidArgument")
		return
	case err != nil || e.r.URL.Query().Get("X-Amz-Signature") != hex.EncodeToString(s.images.mac([]byte(digest))):
		refuse(http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	s.mu.RLock()
	found := s.images.blobs[digest]
	s.mu.RUnlock()
	if found == nil {
		refuse(http.StatusNotFound, "NoSuchKey")
		return
	}
	e.serveBlob(found)
}
