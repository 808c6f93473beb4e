package metrics

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	atOnce   = 4                // scrapes that are answered
	patience = 10 * time.Second // of a scrape
	grace    = 2 * time.Second  // for scrapes under way at the end
)

// Listen takes the address for scrapes, HOST:PORT, before anything is shown there. Open tells that others than this machine can
// reach it.
func Listen(ctx context.Context, address string) (l net.Listener, open bool, err error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, false, fmt.Errorf("%q is no address to listen at; one looks like 127.0.0.1:9187", address)
	}
	l, err = new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, false, err
	}
	at, ok := l.Addr().(*net.TCPAddr)
	return l, !ok || !at.IP.IsLoopback(), nil
}

// Server answers scrapes.
type Server struct {
	http *http.Server
	done chan struct{}
}

// Serve answers scrapes of /metrics at l, until Close, which closes l, too.
func (m *Metrics) Serve(l net.Listener) *Server {
	mux := http.NewServeMux()
	quiet := log.New(io.Discard, "", 0)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: atOnce, Timeout: patience, ErrorHandling: promhttp.ContinueOnError, ErrorLog: quiet, EnableOpenMetrics: true,
	}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "pkgferry: see /metrics\n") // who asked may be gone
	})
	s := &Server{done: make(chan struct{}), http: &http.Server{
		Handler: mux, ReadHeaderTimeout: patience, ReadTimeout: patience, WriteTimeout: 2 * patience, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: quiet,
	}}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // it ends with Close
	}()
	return s
}

// Close ends the answering.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	<-s.done
}
