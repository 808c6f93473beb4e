package standin

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
)

// Stats counts what a stand-in was asked. The zero value is ready; it is safe for concurrent use and answers
// GET /_standin/stats.
type Stats struct {
	mu       sync.Mutex
	requests map[string]int
	writes   map[string]int
	foreign  int

	in, out atomic.Int64
}

// Counts is the state of Stats at one moment, and the JSON that it answers with.
type Counts struct {
	// Requests are by method and route: "PUT maven".
	Requests map[string]int `json:"requests"`
	// Writes are per stored file: "project/format/name/version/file".
	Writes map[string]int `json:"writes"`
	// BytesIn and BytesOut are those of bodies.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
	// ForeignCredentials counts credentials that arrived where none belong.
	ForeignCredentials int `json:"foreign_credentials"`
}

// Request counts a request to a route.
func (s *Stats) Request(method, route string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests == nil {
		s.requests = make(map[string]int)
	}
	s.requests[method+" "+route]++
}

// Wrote counts a file that was stored.
func (s *Stats) Wrote(file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes == nil {
		s.writes = make(map[string]int)
	}
	s.writes[file]++
}

// Foreign counts credentials that arrived where none belong.
func (s *Stats) Foreign() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.foreign++
}

// Counts returns a copy of the present state.
func (s *Stats) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Counts{Requests: map[string]int{}, Writes: map[string]int{}, ForeignCredentials: s.foreign}
	maps.Copy(c.Requests, s.requests)
	maps.Copy(c.Writes, s.writes)
	c.BytesIn, c.BytesOut = s.in.Load(), s.out.Load()
	return c
}

func (s *Stats) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.Counts())
}

// Measure counts the bytes of the bodies that pass through next. It leaves r itself alone: net/http looks at its body to
// see whether a client still waits for 100 Continue.
func (s *Stats) Measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := *r
		counted.Body = &countedBody{ReadCloser: r.Body, n: &s.in}
		next.ServeHTTP(&countedAnswer{ResponseWriter: w, n: &s.out}, &counted)
	})
}

type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

type countedAnswer struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *countedAnswer) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countedAnswer) Unwrap() http.ResponseWriter { return c.ResponseWriter }
