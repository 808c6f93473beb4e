package httpx

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// file is a server's file that can be told to misbehave.
type file struct {
	mu       sync.Mutex
	content  []byte
	header   http.Header // of every answer
	ranges   bool
	cut      int    // each body breaks after so many bytes; 0: never
	after    func() // called after each answer
	unsized  bool   // no Content-Length
	naive    bool   // If-Range is ignored
	requests []string
}

func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, strings.TrimSpace(r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
	for name, values := range f.header {
		w.Header()[name] = values
	}
	from, status := f.from(w, r)
	body := f.content[min(from, len(f.content)):]
	if status != http.StatusRequestedRangeNotSatisfiable && !f.unsized {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if status == http.StatusRequestedRangeNotSatisfiable {
		return
	}
	broken := f.cut > 0 && f.cut < len(body)
	if broken {
		body = body[:f.cut]
	}
	_, _ = w.Write(body)
	if f.after != nil {
		f.after()
	}
	if broken {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func (f *file) from(w http.ResponseWriter, r *http.Request) (from, status int) {
	asked, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !ok || !f.ranges {
		return 0, http.StatusOK
	}
	if tag := r.Header.Get("If-Range"); tag != "" && !f.naive && tag != f.header.Get("ETag") && tag != f.header.Get("Last-Modified") {
		return 0, http.StatusOK
	}
	from, _ = strconv.Atoi(strings.TrimSuffix(asked, "-"))
	if from >= len(f.content) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(f.content)))
		return from, http.StatusRequestedRangeNotSatisfiable
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(f.content)-1, len(f.content)))
	return from, http.StatusPartialContent
}

func random(n int) []byte {
	content := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(content)
	return content
}

func headers(pairs ...string) http.Header {
	header := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return header
}

const date = "Fri, 31 Dec 1999 00:00:00 GMT"

func TestADroppedDownloadGoesOn(t *testing.T) {
	content := random(10_000)
	for name, tc := range map[string]struct {
		file   *file
		offset int64
		second string // what the second request asks for
	}{
		"etag":                    {&file{ranges: true, cut: 4000, header: headers("ETag", `"v1"`)}, 0, `bytes=4000- "v1"`},
		"date":                    {&file{ranges: true, cut: 4000, header: headers("Last-Modified", date)}, 0, "bytes=4000- " + date},
		"weak etag":               {&file{cut: 4000, header: headers("ETag", `W/"v1"`)}, 0, ""},
		"no ranges":               {&file{cut: 4000, header: headers("ETag", `"v1"`)}, 0, `bytes=4000- "v1"`},
		"nothing to recognise":    {&file{ranges: true, cut: 4000}, 0, ""},
		"offset":                  {&file{ranges: true, cut: 4000, header: headers("ETag", `"v1"`)}, 1000, `bytes=5000- "v1"`},
		"offset, no ranges":       {&file{cut: 4000, header: headers("ETag", `"v1"`)}, 1000, `bytes=4000- "v1"`},
		"offset, nothing":         {&file{ranges: true, cut: 4000}, 1000, ""},
		"unsized":                 {&file{ranges: true, cut: 4000, unsized: true, header: headers("ETag", `"v1"`)}, 0, `bytes=4000- "v1"`},
		"compressed in spite":     {&file{ranges: true, cut: 4000, header: headers("ETag", `"v1"`, "Content-Encoding", "gzip")}, 0, `bytes=4000- "v1"`},
		"no drop":                 {&file{}, 0, "none"},
		"no drop, offset":         {&file{ranges: true}, 9999, "none"},
		"no drop, offset, unlike": {&file{}, 9999, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := tc.file
				f.content = content
				if !f.ranges || identityOf(f.header).strong == "" {
					f.after = func() { f.cut += 4000 } // the re-read part is longer each time
				}
				c := pipes(t, f.ServeHTTP)
				resp, err := c.Open(t.Context(), c.URL("f", nil), tc.offset, http.Header{"X-More": {"1"}})
				if err != nil {
					t.Fatal(err)
				}
				if want := int64(len(content)); Whole(resp) != want && !f.unsized {
					t.Errorf("whole %d", Whole(resp))
				}
				got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
				if err != nil || !bytes.Equal(got, content[tc.offset:]) {
					t.Errorf("%v, %d bytes", err, len(got))
				}
				resp.Body.Close()
				switch {
				case tc.second == "none" && len(f.requests) != 1, tc.second != "none" && len(f.requests) < 2:
					t.Errorf("%q", f.requests)
				case tc.second != "none" && f.requests[1] != tc.second && name != "offset, no ranges":
					t.Errorf("%q", f.requests)
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestAnOffsetAtOrBeyondTheEnd(t *testing.T) {
	for _, ranges := range []bool{true, false} {
		f := &file{content: random(1000), ranges: ranges, header: headers("ETag", `"v1"`)}
		c := client(t, serve(t, f.ServeHTTP))
		resp, err := c.Open(t.Context(), c.URL("f", nil), 1000, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, resp); got != "" || Whole(resp) != 1000 {
			t.Errorf("%d bytes of %d", len(got), Whole(resp))
		}
		if _, err = c.Open(t.Context(), c.URL("f", nil), 1001, nil); err == nil {
			t.Error("an offset beyond the end is no error")
		}
		assertIdle(t, c)
	}
}

func TestAnEmptyFileIsAskedForWithoutARange(t *testing.T) {
	f := &file{ranges: true}
	c := client(t, serve(t, f.ServeHTTP))
	resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != "" || Whole(resp) != 0 || f.requests[0] != "" {
		t.Errorf("%q, whole %d, %q", got, Whole(resp), f.requests)
	}
}

func TestADownloadIsNotCompressedOnItsWay(t *testing.T) {
	c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Accept-Encoding")) }))
	resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != "identity" {
		t.Error(got)
	}
}

func TestWhatHappensToAFileInTheMiddle(t *testing.T) {
	for status, want := range map[int]int{404: 2, 403: 2, 401: 2, 500: 5} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
				if n++; n > 1 {
					w.WriteHeader(status)
					return
				}
				w.Header().Set("Content-Length", "10")
				fmt.Fprint(w, "five.")
			})
			resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if statusOf(err) != status || n != want {
				t.Errorf("%v after %d requests", err, n)
			}
		})
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"", "bytes 0-9/10", "bytes 5-9/*", "bytes */10", "bytes 9-0/10", "bytes 0-10/10", "bytes 0-9", "x", "bytes 00-9/10;a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, span string) {
		from, whole, err := contentRange(http.Header{"Content-Range": {span}})
		if err == nil && (from < 0 || whole >= 0 && from >= whole) {
			t.Errorf("%q: from %d of %d", span, from, whole)
		}
	})
}
