package httpx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTwoContentsAreNeverJoined(t *testing.T) {
	old, other := random(10_000), random(10_000)
	other[1] ^= 1
	longer := append(bytes.Clone(old), 'x')
	for name, tc := range map[string]struct {
		file  *file
		later []byte
		head  http.Header
	}{
		"other etag":                   {&file{ranges: true, header: headers("ETag", `"v1"`)}, other, headers("ETag", `"v2"`)},
		"other etag, no ranges":        {&file{header: headers("ETag", `"v1"`)}, other, headers("ETag", `"v2"`)},
		"other date":                   {&file{ranges: true, header: headers("Last-Modified", date)}, other, headers("Last-Modified", "Fri, 31 Dec 1999 00:00:09 GMT")},
		"other etag, If-Range ignored": {&file{ranges: true, naive: true, header: headers("ETag", `"v1"`)}, other, headers("ETag", `"v2"`)},
		"other date, If-Range ignored": {&file{ranges: true, naive: true, header: headers("Last-Modified", date)}, other, headers("Last-Modified", "Fri, 31 Dec 1999 00:00:09 GMT")},
		"other size, If-Range ignored": {&file{ranges: true, naive: true, header: headers("ETag", `"v1"`)}, longer, nil},
		"other size":                   {&file{}, longer, nil},
		"other size, same etag":        {&file{ranges: true, header: headers("ETag", `"v1"`)}, longer, headers("ETag", `"v1"`)},
		"same size, nothing to tell":   {&file{ranges: true}, other, nil},
		"same weak etag, other bytes":  {&file{ranges: true, header: headers("ETag", `W/"v1"`)}, other, headers("ETag", `W/"v1"`)},
		"same etag, other bytes, skip": {&file{header: headers("ETag", `"v1"`)}, other, headers("ETag", `"v1"`)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := tc.file
				f.content, f.cut = old, 4000
				f.after = func() { f.content, f.header, f.cut = tc.later, tc.head, 0 }
				c := pipes(t, f.ServeHTTP)
				resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
				resp.Body.Close()
				if !errors.Is(err, ErrChanged) || !bytes.Equal(got, old[:4000]) {
					t.Errorf("%v after %d bytes", err, len(got))
				}
				if len(f.requests) != 2 {
					t.Errorf("%q", f.requests)
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestARangeThatWasNotAskedForIsRefused(t *testing.T) {
	for name, span := range map[string]string{
		"before": "bytes 10-9999/10000", "after": "bytes 5000-9999/10000", "nonsense": "bytes x", "backwards": "bytes 4000-3000/10000", "beyond": "bytes 4000-10000/10000", "missing": "",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("ETag", `"v1"`)
					if n++; n == 1 {
						w.Header().Set("Content-Length", "10000")
						_, _ = w.Write(make([]byte, 4000))
						return
					}
					w.Header().Set("Content-Range", span)
					w.WriteHeader(http.StatusPartialContent)
					_, _ = w.Write(make([]byte, 6000))
				})
				resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
				resp.Body.Close()
				if err == nil || len(got) != 4000 {
					t.Errorf("%v after %d bytes", err, len(got))
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestATruncatedBodyIsAnErrorInTheEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		ranges bool
		size   int
		want   int // requests
	}{
		"ranges": {true, 10_000, 5}, "no ranges": {false, 10_000, 5},
		"ranges, much progress": {true, 4 << 20, 7}, // each MiB renews the attempts
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &file{content: random(tc.size), ranges: tc.ranges, cut: 1000, header: headers("ETag", `"v1"`)}
				if tc.size > 1<<20 {
					f.cut = 1 << 20
				}
				left := tc.size
				f.after = func() {
					if left -= f.cut; left <= 1<<20 {
						f.cut = 1
					}
				}
				c := pipes(t, f.ServeHTTP)
				resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
				if err != nil {
					t.Fatal(err)
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if !errors.Is(err, io.ErrUnexpectedEOF) || n >= int64(tc.size) || !strings.HasPrefix(err.Error(), "source lab: GET http://lab.example/f: cut off after ") {
					t.Errorf("%v after %d bytes", err, n)
				}
				if again, same := resp.Body.Read(make([]byte, 10)); again != 0 || same != err { //nolint:errorlint // the very same one
					t.Error("a second look tells something else")
				}
				resp.Body.Close()
				if len(f.requests) != tc.want {
					t.Errorf("%d requests", len(f.requests))
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestClosingEndsADownloadThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "five.")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := io.Copy(io.Discard, resp.Body)
			ended <- err
		}()
		synctest.Wait()
		start := time.Now()
		resp.Body.Close()
		if err := <-ended; err == nil || time.Since(start) != 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		synctest.Wait()
		assertIdle(t, c)
	})
}
