package httpx

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatesTellAboutAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := NewHosts()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
		}, func(o *Options) { o.Hosts = hosts })
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var reads sync.WaitGroup
		for range 3 {
			reads.Go(func() {
				if _, err := c.Get(ctx, c.URL("", nil), nil); !errors.Is(err, context.Canceled) && statusOf(err) != 429 {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second) // of the fake clock
		got := hosts.States()[0]
		until := start.Add(90 * time.Second)
		want := HostState{
			Host: "lab.example:80", Requests: got.Requests, Answers: [6]int64{4: got.Requests}, Waiting: 3, Connections: 64, Left: -1,
			Until: until, Why: "429, Retry-After 90", Last: Pause{Since: start, Until: until, Cause: Refused, Why: "429, Retry-After 90"},
			Pauses: 1, Paused: time.Second,
		}
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		cancel()
		reads.Wait()
		time.Sleep(10 * time.Minute)
		got = hosts.States()[0]
		want.Requests, want.Answers = got.Requests, [6]int64{4: got.Requests}
		want.Waiting, want.Until, want.Why, want.Paused = 0, time.Time{}, "", 90*time.Second
		if got != want {
			t.Errorf("when it is over: got  %+v\nwant %+v", got, want)
		}
	})
}

func TestPausesAreToldWhenTheyBeginAndWhenTheyBecomeLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, start, arrivals := NewHosts(), time.Now(), newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			switch arrivals.tick() {
			case 1:
				w.Header().Set("Retry-After", "10")
				w.WriteHeader(http.StatusTooManyRequests)
			case 2: // under way already
				time.Sleep(time.Second)
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(http.StatusServiceUnavailable)
			case 3:
				w.Header().Set("RateLimit-Remaining", "0")
				w.Header().Set("RateLimit-Reset", "5")
			}
		}, func(o *Options) { o.Hosts = hosts })
		var mu sync.Mutex
		var told []Pause
		hosts.OnPause(func(p Pause) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, p)
		})
		many(t, 2, c)
		many(t, 1, c)
		const host = "lab.example:80"
		at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
		want := []Pause{
			{host, at(0), at(10), Refused, "429, Retry-After 10"},
			{host, at(0), at(31), Unavailable, "503, Retry-After 30"},
			{host, at(31), at(36), UsedUp, "RateLimit-Remaining 0, RateLimit-Reset 5"},
		}
		if !slices.Equal(told, want) {
			t.Errorf("got  %v\nwant %v", told, want)
		}
		if s := hosts.States()[0]; s.Pauses != 2 || s.Paused != 36*time.Second || s.Left != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestBytesAndAnswersAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := NewHosts()
		c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				discard(r.Body)
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.Header().Set("RateLimit-Remaining", "41")
			w.Write(make([]byte, 700))
		}, func(o *Options) { o.Hosts = hosts })
		resp, err := c.Get(t.Context(), c.URL("x", nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		text(t, resp)
		if _, err := c.Send(t.Context(), put(c, make([]byte, 300))); err == nil {
			t.Fatal("no error")
		}
		s := hosts.States()[0]
		if s.Received != 700 || s.Sent != 300 || s.Left != 41 || s.Answers != [6]int64{2: 1, 4: 1} {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhatAServerSaysOfAPauseIsShortAndPlain(t *testing.T) {
	p := newPace()
	p.observe(429, http.Header{"Ratelimit-Reset": {"30;\x1b[2J" + string(make([]byte, 4000))}}, time.Now(), 0, 0)
	if len(p.last.Why) > maxReason+len("…") || p.last.Why == "" || p.last.Why != plain([]byte(p.last.Why)) {
		t.Errorf("%q", p.last.Why)
	}
}
