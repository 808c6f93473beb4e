package standin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/standintest"
)

// echo is a stand-in that stores one body and gives it back.
type echo struct {
	faults *standin.Faults
	stats  standin.Stats

	mu     sync.Mutex
	stored []byte
	err    error
}

func (e *echo) holds() ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stored, e.err
}

func (e *echo) Ready(url string) standin.Ready { return standin.Ready{Kind: "echo", URL: url} }
func (e *echo) Close() error                   { return nil }

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	get := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stored, _ := e.holds()
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(stored))
	})
	put := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		e.mu.Lock()
		e.stored, e.err = body, err
		e.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
	})
	stage, next := standin.Read, http.Handler(get)
	if r.Method == http.MethodPut {
		stage, next = standin.Write, e.faults.Wrap(standin.Stored, put)
	}
	e.stats.Request(r.Method, "echo")
	e.stats.Measure(e.faults.Wrap(stage, next)).ServeHTTP(w, r)
}

func start(t *testing.T, faults ...string) (*echo, string) {
	t.Helper()
	var list []standin.Fault
	for _, s := range faults {
		one, err := standin.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	e := &echo{faults: standin.NewFaults(list, 1)}
	return e, standintest.Start(t, e)
}

func put(t *testing.T, url, body string) (int, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

const text = "0123456789"

func TestFaultsOnUploads(t *testing.T) {
	for _, c := range []struct {
		fault, stored string
		status        int
		reset         bool
	}{
		{"flip@write=1", "01234\x1567" + "89", 201, false},
		{"cut@write=1", "01234", 201, false},
		{"500@write=1", "", 500, false},
		{"500@stored=1", text, 500, false},
		{"reset@stored=1", text, 0, true},
		{"reset@write=1", "", 0, true},
		{"flip@read=1", text, 201, false},
	} {
		t.Run(c.fault, func(t *testing.T) {
			e, url := start(t, c.fault)
			status, err := put(t, url, text)
			stored, storing := e.holds()
			if status != c.status || string(stored) != c.stored {
				t.Errorf("status %d, stored %q, want %d, %q", status, stored, c.status, c.stored)
			}
			if reset := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF); reset != c.reset {
				t.Errorf("error %v, want a reset: %v", err, c.reset)
			}
			if c.fault == "cut@write=1" && !errors.Is(storing, io.ErrUnexpectedEOF) {
				t.Errorf("the handler's read ended with %v", storing)
			}
			status, err = put(t, url, text)
			if stored, _ := e.holds(); status != 201 || err != nil || string(stored) != text {
				t.Errorf("second time: status %d, error %v, stored %q", status, err, stored)
			}
		})
	}
}

func TestFaultsOnDownloads(t *testing.T) {
	for _, c := range []struct {
		fault, body string
		status      int
		length      int64
		err         error
	}{
		{"flip@read=1", "01234\x156789", 200, 10, nil},
		{"cut@read=1", "01234", 200, 10, io.ErrUnexpectedEOF},
		{"short@read=1", "01234", 200, 5, nil},
		{"reset@read=1", "01234", 200, 10, syscall.ECONNRESET},
		{"503@read=1", `{"message":"503 Service Unavailable"}`, 503, 37, nil},
	} {
		t.Run(c.fault, func(t *testing.T) {
			e, url := start(t, c.fault)
			e.stored = []byte(text)
			resp, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, err := io.ReadAll(resp.Body)
			// A reset may overtake the bytes before it.
			if !errors.Is(err, c.err) || !errors.Is(c.err, syscall.ECONNRESET) && string(body) != c.body {
				t.Errorf("body %q, error %v, want %q, %v", body, err, c.body, c.err)
			}
			if resp.StatusCode != c.status || resp.ContentLength != c.length {
				t.Errorf("status %d, length %d, want %d, %d", resp.StatusCode, resp.ContentLength, c.status, c.length)
			}
		})
	}
}

// A listing has no Content-Length: it ends in the middle of what is known of it, with a proper end or without one.
func TestFaultsOnBodiesOfUnknownLength(t *testing.T) {
	for _, c := range []struct {
		kind  string
		piece string
		want  int // of two pieces
		err   error
	}{
		{standin.Cut, "01234", 5, io.ErrUnexpectedEOF},
		{standin.Short, "01234", 5, nil},
		{standin.Cut, strings.Repeat("x", 3000), 3000, io.ErrUnexpectedEOF},
		{standin.Short, strings.Repeat("x", 3000), 3000, nil},
		{standin.Flip, "01234", 10, nil},
	} {
		faults := standin.NewFaults([]standin.Fault{{Kind: c.kind, Stage: standin.List, Rate: 1}}, 1)
		server := httptest.NewServer(faults.Wrap(standin.List, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 2 {
				_, _ = io.WriteString(w, c.piece)
			}
		})))
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		server.Close()
		if len(body) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s of 2 x %d: %d bytes and %v, want %d and %v", c.kind, len(c.piece), len(body), err, c.want, c.err)
		}
		if whole := strings.Repeat(c.piece, 2); c.kind == standin.Flip && (string(body) == whole || string(body[2:]) != whole[2:]) {
			t.Errorf("flipped to %q", body)
		}
	}
}

func TestRates(t *testing.T) {
	hits := func(rate float64) (n int) {
		f := standin.NewFaults([]standin.Fault{{Kind: "500", Stage: standin.Settle, Rate: rate}}, 7)
		for range 1000 {
			if f.Hit("500", standin.Settle) {
				n++
			}
		}
		return n
	}
	for rate, want := range map[float64][2]int{0: {0, 0}, 1: {1, 1}, 3: {3, 3}, 0.5: {400, 600}} {
		if n := hits(rate); n < want[0] || n > want[1] {
			t.Errorf("rate %v: %d of 1000", rate, n)
		}
	}
	if first, second := hits(0.1), hits(0.1); first != second {
		t.Error("the same seed gives other hits")
	}
}

// The faults behind a server's front are its own to meet: they strike nothing on the way.
func TestInnerFaults(t *testing.T) {
	e, url := start(t, "objectstore@write=1", "lock@write=1")
	if status, err := put(t, url, text); status != http.StatusCreated || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	for _, want := range []bool{true, false} {
		if hit := e.faults.Hit(standin.ObjectStore, standin.Write); hit != want {
			t.Errorf("hit %v, want %v", hit, want)
		}
	}
}

func TestParseFault(t *testing.T) {
	for _, s := range []string{"", "flip", "flip@write", "flip@write=", "flip@write=1.5", "flip@write=-1", "flip@write=NaN", "lock@read=1", "objectstore@settle=1", "trim@read=1",
		"flop@write=1", "flip@somewhere=1", "200@write=1", "600@write=1"} {
		if f, err := standin.ParseFault(s); err == nil {
			t.Errorf("%q is taken for %v", s, f)
		}
	}
	got, err := standin.ParseFault("429@list=0.25")
	if want := (standin.Fault{Kind: "429", Stage: "list", Rate: 0.25}); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStats(t *testing.T) {
	e, url := start(t)
	if _, err := put(t, url, text); err != nil {
		t.Fatal(err)
	}
	e.stats.Wrote("p/generic/a/1/f")
	e.stats.Foreign()
	want := standin.Counts{Requests: map[string]int{"PUT echo": 1}, Writes: map[string]int{"p/generic/a/1/f": 1}, BytesIn: 10, ForeignCredentials: 1}
	if diff := cmp.Diff(want, e.stats.Counts()); diff != "" {
		t.Error(diff)
	}
}

func TestReadyLine(t *testing.T) {
	line, err := json.Marshal(standin.Ready{Kind: "gitlab", URL: "http://127.0.0.1:1", Token: "t"})
	if err != nil || string(line) != `{"kind":"gitlab","url":"http://127.0.0.1:1","token":"t"}` {
		t.Errorf("%s, %v", line, err)
	}
}
