package httpx

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pkgferry/internal/fault"
)

// clock notes when requests arrive, as time since the test's start.
type clock struct {
	start time.Time
	mu    sync.Mutex
	at    []time.Duration
}

func newClock() *clock { return &clock{start: time.Now()} }

// tick notes an arrival and returns its number, from 1 on.
func (c *clock) tick() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Since(c.start))
	return len(c.at)
}

func (c *clock) times() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.at)
}

// many makes n reads at once and waits for them.
func many(t *testing.T, n int, c ...*Client) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			one := c[i%len(c)]
			resp, err := one.Get(t.Context(), one.URL("x", nil), nil)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	all.Wait()
}

func TestRequestsPerSecondAreNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			if arrivals.tick() == 5 { // a pause in the middle must not let the waiting ones out together
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}, func(o *Options) { o.Limits.RequestsPerSecond = 4 })
		many(t, 40, c)
		at := arrivals.times()
		if len(at) != 41 {
			t.Fatalf("%d requests", len(at))
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < 250*time.Millisecond {
				t.Fatalf("request %d came %s after the one before", i, gap)
			}
		}
		if at[5]-at[4] != time.Minute {
			t.Errorf("the pause took %s", at[5]-at[4])
		}
	})
}

func TestClientsOfOneHostShareItsLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals, hosts := newClock(), NewHosts()
		handler := func(http.ResponseWriter, *http.Request) { arrivals.tick() }
		a := pipes(t, handler, func(o *Options) { o.Hosts, o.Limits.RequestsPerSecond = hosts, 2 })
		b := pipes(t, handler, func(o *Options) { o.Hosts, o.Limits.RequestsPerSecond = hosts, 50 })
		many(t, 8, a, b)
		for i, at := range arrivals.times() {
			if want := time.Duration(i) * 500 * time.Millisecond; at != want {
				t.Errorf("request %d came at %s, want %s", i, at, want)
			}
		}
		want := HostState{Host: "lab.example:80", Requests: 8, Answers: [6]int64{2: 8}, Rate: 2, Connections: 64, Left: -1}
		if got := hosts.States(); len(got) != 1 || got[0] != want {
			t.Errorf("%+v", got)
		}
	})
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		c := pipes(t, func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
		}, func(o *Options) { o.Limits.Connections = 3 })
		many(t, 20, c)
		if most != 3 {
			t.Errorf("%d at once", most)
		}
	})
}

func TestTheWholeHostPausesWhenTheServerSaysSo(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		header map[string]string
		want   time.Duration
	}{
		"429 seconds":         {429, map[string]string{"Retry-After": "30"}, 30 * time.Second},
		"429 date":            {429, map[string]string{"Retry-After": "Sat, 01 Jan 2000 00:00:45 GMT"}, 45 * time.Second},
		"429 reset":           {429, map[string]string{"RateLimit-Reset": "946684850"}, 50 * time.Second},
		"429 reset in s":      {429, map[string]string{"X-RateLimit-Reset": "20"}, 20 * time.Second},
		"429 zero":            {429, map[string]string{"Retry-After": "0"}, 2 * time.Second},
		"429 nothing":         {429, nil, 2 * time.Second},
		"429 past":            {429, map[string]string{"Retry-After": "Fri, 31 Dec 1999 00:00:00 GMT"}, 2 * time.Second},
		"429 two hours":       {429, map[string]string{"Retry-After": "7200"}, 10 * time.Minute},
		"503 seconds":         {503, map[string]string{"Retry-After": "7"}, 7 * time.Second},
		"200 remaining 0":     {200, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "946684811"}, 11 * time.Second},
		"200 remaining 0 x":   {200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "946684811"}, 11 * time.Second},
		"200 remaining 0 w/o": {200, map[string]string{"RateLimit-Remaining": "0;w=21600"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				arrivals := newClock()
				c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
					if arrivals.tick() == 1 {
						for name, value := range tc.header {
							w.Header().Set(name, value)
						}
						w.WriteHeader(tc.status)
					}
				})
				many(t, 1, c)
				many(t, 1, c) // another one: after a 429 the first has been repeated by now
				if got := arrivals.times()[1]; tc.status != 503 && got != tc.want || got < tc.want {
					t.Errorf("the next request came after %s, want %s", got, tc.want)
				}
			})
		})
	}
}

func TestASendWaitsForThePauseAndIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			arrivals.tick()
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		for range 2 {
			_, err := c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil)})
			if after, ok := fault.IsTemporary(err); !ok || after != 40*time.Second {
				t.Errorf("%v after %s", err, after)
			}
		}
		if at := arrivals.times(); len(at) != 2 || at[1] != 40*time.Second {
			t.Error(at)
		}
	})
}

func TestBandwidthHoldsInBothDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				discard(r.Body)
				return
			}
			w.Write(make([]byte, size))
		}, func(o *Options) { o.Limits.Bandwidth = 64 << 10 })
		start := time.Now()
		resp, err := c.Open(t.Context(), c.URL("x", nil), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(text(t, resp)); n != size {
			t.Errorf("%d bytes", n)
		}
		down := time.Since(start)
		if down < 15*time.Second || down > 17*time.Second { // of the fake clock: 1 MiB at 64 KiB/s
			t.Errorf("reading took %s", down)
		}
		if _, err = c.Send(t.Context(), put(c, make([]byte, size))); err != nil {
			t.Fatal(err)
		}
		if up := time.Since(start) - down; up < 15*time.Second || up > 19*time.Second {
			t.Errorf("sending took %s", up)
		}
	})
}

func TestStricterLimitsWin(t *testing.T) {
	hosts, base := NewHosts(), &url.URL{Scheme: "https", Host: "lab.example"}
	hosts.tighten("source x", base, Limits{RequestsPerSecond: 5, Connections: 100, Bandwidth: 1000})
	hosts.tighten("source x", base, Limits{RequestsPerSecond: 9, Connections: 200, Bandwidth: 5000})
	hosts.tighten("source x", base, Limits{RequestsPerSecond: 3, Connections: 4, Bandwidth: 10})
	hosts.tighten("source x", base, Limits{})
	h := hosts.of(base)
	if h.own.Limit() != 3 || h.connections != 4 || h.bandwidth.bytes() != 10 {
		t.Errorf("%v %v %v", h.own.Limit(), h.connections, h.bandwidth.bytes())
	}
}
