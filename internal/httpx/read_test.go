package httpx

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pkgferry/internal/fault"
)

func TestReadsAreRepeatedWhereThatMakesSense(t *testing.T) {
	for status, want := range map[int]int{
		400: 1, 401: 1, 403: 1, 404: 1, 410: 1, 501: 1, 505: 1, 408: 5, 425: 5, 500: 5, 502: 5, 503: 5, 504: 5, 429: 20, 304: 1,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				arrivals := newClock()
				c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
					arrivals.tick()
					w.WriteHeader(status)
				})
				resp, err := c.Get(t.Context(), c.URL("x", nil), nil)
				if got := len(arrivals.times()); got != want {
					t.Errorf("%d requests, want %d", got, want)
				}
				if fault.IsStop(err) != (status == 401) || (err == nil) != (status == 304) || err != nil && statusOf(err) != status {
					t.Error(err)
				}
				if _, temporary := fault.IsTemporary(err); temporary {
					t.Error("the attempts of a read are over when it returns")
				}
				if resp != nil {
					resp.Body.Close()
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestAReadSucceedsAfterFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			switch arrivals.tick() {
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				w.WriteHeader(http.StatusBadGateway)
			default:
				fmt.Fprint(w, "there")
			}
		})
		resp, err := c.Get(t.Context(), c.URL("x", nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, resp); got != "there" {
			t.Error(got)
		}
		for i, at := range arrivals.times()[1:] {
			if gap := at - arrivals.times()[i]; gap < shortestBackoff/2 || gap > longestBackoff {
				t.Errorf("attempt %d came %s after the one before", i+2, gap)
			}
		}
	})
}

func TestOnceIsOneAttempt(t *testing.T) {
	for _, status := range []int{429, 500} {
		arrivals := newClock()
		c := client(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			arrivals.tick()
			w.WriteHeader(status)
		}))
		if _, err := c.Get(Once(t.Context()), c.URL("x", nil), nil); statusOf(err) != status || len(arrivals.times()) != 1 {
			t.Errorf("%v, %d requests", err, len(arrivals.times()))
		}
	}
}

func TestABackOffEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := c.Get(ctx, c.URL("x", nil), nil); err == nil || time.Since(start) != time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestAnUnreachableServerStopsTheRun(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := client(t, address(t, "http://"+listener.Addr().String()), func(o *Options) { o.Attempts = 2 })
	_, err = c.Get(t.Context(), c.URL("x", nil), nil)
	if !fault.IsStop(err) || !strings.Contains(err.Error(), "connection refused") || !strings.HasPrefix(err.Error(), "source lab: GET http://") {
		t.Error(err)
	}
	c = client(t, address(t, "http://no-such-host.invalid"), func(o *Options) { o.Attempts = 1 })
	if _, err = c.Get(t.Context(), c.URL("x", nil), nil); !fault.IsStop(err) {
		t.Error(err)
	}
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "safe") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	base := address(t, server.URL)

	c := client(t, base)
	_, err := c.Get(t.Context(), c.URL("x", nil), nil)
	var authority x509.UnknownAuthorityError
	if !errors.As(err, &authority) || !fault.IsStop(err) || !strings.Contains(err.Error(), "CA certificate") {
		t.Error(err)
	}
	if got := c.o.Hosts.States()[0].Requests; got != 1 {
		t.Errorf("%d attempts at a server that is not the right one", got)
	}
	if _, err = c.Send(t.Context(), put(c, []byte("x"))); !fault.IsStop(err) {
		t.Error(err)
	}

	file := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c = client(t, base, func(o *Options) { o.CAFile = file })
	resp, err := c.Get(t.Context(), c.URL("x", nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != "safe" {
		t.Error(got)
	}
}

func TestGetJSON(t *testing.T) {
	type answer struct{ Name string }
	long := `{"name":"` + strings.Repeat("x", 2000) + `"}`
	for name, tc := range map[string]struct {
		write    func(w http.ResponseWriter, attempt int)
		want     string
		requests int
		in       string // the error says so
	}{
		"plain":  {func(w http.ResponseWriter, _ int) { fmt.Fprint(w, `{"name":"ui"}`) }, "ui", 1, ""},
		"broken": {func(w http.ResponseWriter, _ int) { fmt.Fprint(w, `{"name":`) }, "", 5, "breaks off"},
		"empty":  {func(http.ResponseWriter, int) {}, "", 5, "breaks off"},
		"broken once": {func(w http.ResponseWriter, attempt int) {
			fmt.Fprint(w, `{"name":"ui"}`[:min(3+attempt*6, 13)])
		}, "ui", 2, ""},
		"gzip cut once": {func(w http.ResponseWriter, attempt int) {
			w.Header().Set("Content-Encoding", "gzip")
			var packed strings.Builder
			z := gzip.NewWriter(&packed)
			fmt.Fprint(z, `{"name":"ui"}`)
			z.Close()
			fmt.Fprint(w, packed.String()[:packed.Len()-12*(2-min(attempt, 2))])
		}, "ui", 2, ""},
		"length cut once": {func(w http.ResponseWriter, attempt int) {
			if attempt == 1 {
				w.Header().Set("Content-Length", "500")
			}
			fmt.Fprint(w, `{"name":"ui"}`)
		}, "ui", 2, ""},
		"html":       {func(w http.ResponseWriter, _ int) { fmt.Fprint(w, "<html><title>Sign in</title>") }, "", 1, "is no JSON"},
		"type":       {func(w http.ResponseWriter, _ int) { fmt.Fprint(w, `{"name":[]}`) }, "", 1, "not what was expected"},
		"long":       {func(w http.ResponseWriter, _ int) { fmt.Fprint(w, long) }, "", 1, "longer than 1000 bytes"},
		"not found":  {func(w http.ResponseWriter, _ int) { w.WriteHeader(404) }, "", 1, "404 Not Found"},
		"unmodified": {func(w http.ResponseWriter, _ int) { w.WriteHeader(304) }, "", 1, "304 Not Modified"},
		"two values": {func(w http.ResponseWriter, _ int) { fmt.Fprint(w, `{"name":"ui"} {}`) }, "", 1, "is no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				arrivals := newClock()
				c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Accept", r.Header.Get("Accept"))
					tc.write(w, arrivals.tick())
				})
				var got answer
				header, err := c.GetJSON(t.Context(), c.URL("x", nil), nil, 1000, &got)
				if tc.in == "" && err != nil || tc.in != "" && (err == nil || !strings.Contains(err.Error(), tc.in)) {
					t.Error(err)
				}
				if got.Name != tc.want || len(arrivals.times()) != tc.requests {
					t.Errorf("%+v after %d requests", got, len(arrivals.times()))
				}
				if err == nil && header.Get("X-Accept") != "application/json" {
					t.Error(header)
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestLibrariesGetTheirReadsRepeatedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
			arrivals.tick()
			discard(r.Body)
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "bad")
		})
		for method, want := range map[string]int{"GET": 5, "HEAD": 5, "PUT": 1, "POST": 1, "DELETE": 1, "PATCH": 1} {
			before := len(arrivals.times())
			var body io.Reader
			if method[0] == 'P' {
				body = strings.NewReader("content")
			}
			req, err := http.NewRequestWithContext(t.Context(), method, c.URL("x", nil).String(), body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.HTTP().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, resp); resp.StatusCode != 502 || method != "HEAD" && got != "bad" {
				t.Errorf("%d %q", resp.StatusCode, got)
			}
			if got := len(arrivals.times()) - before; got != want {
				t.Errorf("%s: %d requests, want %d", method, got, want)
			}
		}
		assertIdle(t, c)
	})
}
