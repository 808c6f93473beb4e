package httpx

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"pkgferry/internal/fault"
)

func TestAnEarlyRefusalCostsNoBytes(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message":"403 Forbidden - Package is protected"}`)
	})
	c, body := client(t, base), &watched{Reader: zeros{}}
	_, err := c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: 1 << 30, Body: body.open})
	if statusOf(err) != 403 || !strings.Contains(err.Error(), "Package is protected") {
		t.Error(err)
	}
	if body.bytes.Load() != 0 || body.closed.Load() != 1 {
		t.Errorf("%d bytes were read, closed %d times", body.bytes.Load(), body.closed.Load())
	}
	assertIdle(t, c)
}

// TestAnAnswerIsReadThoughTheServerStoppedReading speaks to a server that does not know Expect, answers in the middle
// of the content and closes the connection, so that the client's next write fails.
func TestAnAnswerIsReadThoughTheServerStoppedReading(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(conn)
			for line, _ := r.ReadString('\n'); strings.TrimSpace(line) != ""; line, _ = r.ReadString('\n') {
			}
			_, _ = io.CopyN(io.Discard, r, 100<<10)
			fmt.Fprint(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large")
			conn.Close()
		}
	}()
	c := client(t, address(t, "http://"+listener.Addr().String()))
	c.noExpect.Store(true)
	for range 20 {
		body := &watched{Reader: zeros{}}
		_, err = c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: 1 << 40, Body: body.open})
		if statusOf(err) != 413 || !strings.Contains(err.Error(), "too large") {
			t.Fatal(err)
		}
		if n := body.bytes.Load(); n > 64<<20 {
			t.Errorf("%d bytes were thrown away", n)
		}
	}
	assertIdle(t, c)
}

func TestAnAnswerBeforeTheWholeContentIsNoSuccess(t *testing.T) {
	c := canned(t, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
	c.noExpect.Store(true)
	_, err := c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: 1 << 40, Body: (&watched{Reader: zeros{}}).open})
	if _, temporary := fault.IsTemporary(err); !temporary {
		t.Error(err)
	}
}

func TestExpectIsGivenUpWhereItIsRefused(t *testing.T) {
	var expects []string
	c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		expects = append(expects, r.Header.Get("Expect"))
		if r.Header.Get("Expect") != "" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		discard(r.Body)
	}))
	large := put(c, make([]byte, expectFrom))
	if _, err := c.Send(t.Context(), put(c, []byte("small"))); err != nil {
		t.Error(err)
	}
	_, err := c.Send(t.Context(), large)
	if _, temporary := fault.IsTemporary(err); !temporary {
		t.Error(err)
	}
	if _, err = c.Send(t.Context(), large); err != nil {
		t.Error(err)
	}
	if _, err = c.Send(t.Context(), put(c, []byte("small"))); err != nil {
		t.Error(err)
	}
	if fmt.Sprint(expects) != "[ 100-continue  ]" {
		t.Errorf("%q", expects)
	}
}
