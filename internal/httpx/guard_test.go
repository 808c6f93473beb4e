package httpx

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAStalledTransferFails(t *testing.T) {
	forever := func(r *http.Request) { <-r.Context().Done() }
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		send    bool
		after   time.Duration
	}{
		"no answer": {func(_ http.ResponseWriter, r *http.Request) { forever(r) }, false, 10 * time.Second},
		"body stands still": {func(w http.ResponseWriter, r *http.Request) {
			for range 5 {
				fmt.Fprint(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(9 * time.Second)
			}
			forever(r)
		}, false, 46 * time.Second},
		"content is not taken": {func(_ http.ResponseWriter, r *http.Request) {
			buffer := make([]byte, 1000)
			for range 5 {
				time.Sleep(9 * time.Second)
				_, _ = io.ReadFull(r.Body, buffer)
			}
			time.Sleep(time.Hour)
		}, true, 10 * time.Second},
		"no answer to all of it": {func(_ http.ResponseWriter, r *http.Request) {
			discard(r.Body)
			forever(r)
		}, true, 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := pipes(t, tc.handler, func(o *Options) { o.Stall, o.Attempts = 10*time.Second, 1 })
				start := time.Now()
				var err error
				if tc.send {
					body := int64(100)
					if name == "content is not taken" {
						body = 1 << 30
					}
					_, err = c.Send(t.Context(), Request{Method: "PUT", URL: c.URL("x", nil), Size: body, Body: (&watched{Reader: io.LimitReader(zeros{}, body)}).open})
				} else if resp, failed := c.Get(t.Context(), c.URL("x", nil), nil); failed != nil {
					err = failed
				} else {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if err == nil || !strings.Contains(err.Error(), "lab.example moved no byte for 10s") || !strings.HasPrefix(err.Error(), "source lab: ") {
					t.Error(err)
				}
				if took := time.Since(start); took < tc.after || took > tc.after+20*time.Second {
					t.Errorf("after %s", took)
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestSlowIsNotStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
			discard(r.Body)
			for range 10 {
				time.Sleep(9 * time.Second)
				fmt.Fprint(w, "x")
				w.(http.Flusher).Flush()
			}
		}, func(o *Options) { o.Stall = 10 * time.Second })
		slow := slowly{each: time.Minute, left: new(int)}
		*slow.left = 5
		resp, err := c.Send(t.Context(), Request{Method: "PUT", URL: c.URL("x", nil), Size: 5, Body: (&watched{Reader: slow}).open})
		if err != nil {
			t.Fatal(err)
		}
		one := make([]byte, 1)
		got := 0
		for {
			n, err := resp.Body.Read(one)
			got += n
			if err != nil {
				break
			}
			time.Sleep(time.Minute) // the reader's own slowness is not the server's
		}
		resp.Body.Close()
		if got != 10 {
			t.Errorf("%d bytes", got)
		}
	})
}

// slowly gives a byte each time.
type slowly struct {
	each time.Duration
	left *int
}

func (s slowly) Read(p []byte) (int, error) {
	if *s.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.each)
	*s.left--
	p[0] = 'x'
	return 1, nil
}
