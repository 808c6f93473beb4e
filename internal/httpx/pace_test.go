package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRefusalsWithoutATimeGrowThePauseAndSlowTheHostDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			if arrivals.tick() <= 9 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		many(t, 1, c)
		at := arrivals.times()
		for i, want := range []int{2, 4, 8, 16, 32, 64, 128, 256, 512} {
			if got := at[i+1] - at[i]; got != time.Duration(want)*time.Second {
				t.Errorf("pause %d took %s", i, got)
			}
		}
		many(t, 3, c)
		at = arrivals.times()
		if gap := at[len(at)-1] - at[len(at)-2]; gap < time.Second {
			t.Errorf("after the refusals requests come %s apart", gap)
		}
	})
}

func TestRefusalsOfRequestsUnderWayCountOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			n := arrivals.tick()
			time.Sleep(time.Millisecond) // all ten are under way
			if n <= 10 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		many(t, 10, c)
		if got := arrivals.times()[10]; got < 2*time.Second || got > 3*time.Second {
			t.Errorf("ten refusals of one moment paused the host until %s", got)
		}
	})
}

func TestAHostRecoversItsSpeed(t *testing.T) {
	p, now := newPace(), time.Now()
	p.take(now)
	p.observe(429, nil, now, 0, 0)
	if p.speed.Limit() > 1 {
		t.Fatalf("%v", p.speed.Limit())
	}
	for range 1000 {
		p.observe(200, nil, now, p.epoch, 0)
	}
	now = now.Add(time.Hour)
	for range 1000 {
		if wait := p.delay(now); wait != 0 {
			t.Fatalf("still waits %s", wait)
		}
		p.take(now)
	}
}

// TestARefusalOfTheFirstRequestsIsForgottenSoon: it tells nothing of the speed that the server takes.
func TestARefusalOfTheFirstRequestsIsForgottenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			if arrivals.tick() <= 3 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		for range 100 {
			many(t, 1, c)
		}
		at := arrivals.times()
		if last := at[len(at)-1] - at[3]; last > 30*time.Second {
			t.Errorf("a hundred requests took %s", last)
		}
	})
}

func TestASpeedThatWasRefusedIsApproachedWithCare(t *testing.T) {
	p, now := newPace(), time.Now()
	for range 20 {
		p.take(now)
	}
	p.observe(429, nil, now.Add(time.Second), 0, 0) // at 20 a second
	for range 20 {
		p.observe(200, nil, now.Add(time.Second), p.epoch, 0)
	}
	if got := p.speed.Limit(); got < 12 || got > 20 {
		t.Errorf("20 accepted requests after a refusal at 20 a second: %v a second, want more than 10 and not yet 20", got)
	}
}

func TestWhatIsLeftOfAWindowIsSpreadOverIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = 60 * time.Second
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			left := 30 - arrivals.tick()
			w.Header().Set("RateLimit-Remaining", fmt.Sprint(max(left, 0)))
			w.Header().Set("RateLimit-Reset", fmt.Sprint(arrivals.start.Add(window).Unix()))
			if left < 0 && time.Since(arrivals.start) < window {
				t.Error("a request more than the window holds")
			}
		})
		many(t, 1, c)
		many(t, 29, c)
		at := arrivals.times()
		if at[29] < window/2 || at[29] > window+window/10 {
			t.Errorf("the last of the window came at %s", at[29])
		}
		widest := time.Duration(0)
		for i := 1; i < len(at); i++ {
			widest = max(widest, at[i]-at[i-1])
		}
		if widest > window/4 {
			t.Errorf("a gap of %s", widest)
		}
	})
}

// TestAQuotaHoldsUpNobody: what a quota refuses is refused at once, and whatever needs none goes on.
func TestAQuotaHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
			if n := arrivals.tick(); r.URL.Path == "/pull" || n == 2 {
				if r.URL.Path == "/pull" {
					w.Header().Set("RateLimit-Remaining", "0;w=21600")
					w.Header().Set("Retry-After", "3600")
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		ctx := Quota(t.Context(), func(h http.Header) bool { return h.Get("RateLimit-Remaining") == "0;w=21600" })
		_, err := c.Get(ctx, c.URL("pull", nil), nil)
		var status *StatusError
		if !errors.As(err, &status) || status.Status != http.StatusTooManyRequests || status.RetryAfter != time.Hour {
			t.Fatal(err)
		}
		resp, err := c.Get(ctx, c.URL("free", nil), nil) // whose first answer is no quota's
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if at := arrivals.times(); len(at) != 3 || at[1] != 0 || at[2] != 2*time.Second {
			t.Errorf("requests came at %v", at)
		}
	})
}

func TestAPauseOfOurOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			switch arrivals.tick() {
			case 1, 2:
				w.WriteHeader(http.StatusTooManyRequests)
			case 3:
				w.Header().Set("Retry-After", "5")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}, func(o *Options) { o.Limits.Pause = time.Minute })
		many(t, 1, c)
		if at := arrivals.times(); at[1] != time.Minute || at[2] != 3*time.Minute || at[3] != 3*time.Minute+5*time.Second {
			t.Errorf("requests came at %v", at)
		}
	})
}
