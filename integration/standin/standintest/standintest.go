// Package standintest serves stand-ins to tests, in their own process.
package standintest

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"pkgferry/integration/standin"
)

// Start serves h on a free port of 127.0.0.1 until the test ends, and returns its base URL.
func Start(tb testing.TB, h standin.Server) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("stand-in: %v", err)
	}
	var serving sync.WaitGroup
	var open sync.RWMutex // held for reading by every request under way
	closed := false
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open.RLock()
		defer open.RUnlock()
		if !closed {
			h.ServeHTTP(w, r)
		}
	})}
	serving.Go(func() { _ = server.Serve(listener) })
	tb.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
		open.Lock()
		defer open.Unlock()
		closed = true
		if err := h.Close(); err != nil {
			tb.Errorf("stand-in: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}
