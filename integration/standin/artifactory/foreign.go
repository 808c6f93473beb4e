package artifactory

// The store behind the server, at an address of its own: an S3 bucket before which somebody put a network. Addresses are
// signed for a short while. It knows neither checksum headers nor Artifactory's ETag, and refuses credentials as S3 does.

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
)

// atStore marks the context of a request to the store.
type atStore struct{}

// foreignStore is the listener of the store.
type foreignStore struct {
	server  *Server
	http    *http.Server
	base    string
	serving sync.WaitGroup
}

func openStore(s *Server) (*foreignStore, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &foreignStore{server: s, base: "http://" + listener.Addr().String()}
	f.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: s.stats.Measure(http.HandlerFunc(f.serve))}
	f.serving.Go(func() { _ = f.http.Serve(listener) })
	return f, nil
}

func (f *foreignStore) close() error {
	err := f.http.Close()
	f.serving.Wait()
	return err
}

// redirected tells whether a request is sent to the store.
func (s *Server) redirected(r *http.Request, item *storage.Item) bool {
	streamed := s.modes.redirectDisable && r.URL.Query().Get("artifactory.disableRedirect") == "true"
	return s.store != nil && item.Size() >= s.modes.redirect && !streamed && (r.Method == http.MethodGet || s.modes.redirectHead)
}

// sign is the signature of an object until a time, in seconds since 1970.
func (f *foreignStore) sign(repo, at, until string) string {
	mac := hmac.New(sha256.New, []byte("artifactory stand-in store"))
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s", repo, at, until)
	return hex.EncodeToString(mac.Sum(nil))
}

// address is where the store has an item until a time.
func (f *foreignStore) address(item *storage.Item, until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return fmt.Sprintf("%s/filestore/%s/%s?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=%s&X-Amz-Signature=%s",
		f.base, item.Repo, escape(item.At()), end, f.sign(item.Repo, item.At(), end))
}

// refuseStore answers as S3 does.
func refuseStore(w http.ResponseWriter, status int, message string) {
	code := map[int]string{400: "InvalidArgument", 403: "AccessDenied", 404: "NoSuchKey"}[status]
	if code == "" {
		code = strings.ReplaceAll(http.StatusText(status), " ", "")
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

func (f *foreignStore) serve(w http.ResponseWriter, r *http.Request) {
	f.server.stats.Request(r.Method, "store")
	w.Header().Set("Server", "AmazonS3")
	credential := ""
	for _, name := range []string{"Authorization", "X-JFrog-Art-Api", "X-Api-Key", "Cookie", "Private-Token", "Job-Token"} {
		if r.Header.Get(name) != "" {
			credential = name
		}
	}
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/filestore/")
	key, at, readable := storedPath(path)
	query := r.URL.Query()
	until, err := strconv.ParseInt(query.Get("X-Amz-Expires"), 10, 64)
	switch {
	case credential != "":
		f.server.stats.Foreign()
		refuseStore(w, http.StatusBadRequest, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string"+
			" parameter or the Authorization header should be specified")
		return
	case !ok || !readable || err != nil || !hmac.Equal([]byte(query.Get("X-Amz-Signature")), []byte(f.sign(key, at, query.Get("X-Amz-Expires")))):
		refuseStore(w, http.StatusForbidden, "The request signature we calculated does not match the signature you provided.")
		return
	case f.server.clock.now().Unix() >= until:
		refuseStore(w, http.StatusForbidden, "Request has expired")
		return
	}
	f.server.mu.RLock()
	item, _ := f.server.find(key, at)
	f.server.mu.RUnlock()
	if item == nil || item.Folder || item.Lost {
		refuseStore(w, http.StatusNotFound, "The specified key does not exist.")
		return
	}
	struck := f.server.Faults.Wrap(standin.Blob, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		etag := item.Digests().MD5
		w.Header().Set("ETag", `"`+etag+`"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Accept-Ranges", "bytes")
		serveRange(w, r, item, etag)
	}))
	struck.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), atStore{}, true)))
}
