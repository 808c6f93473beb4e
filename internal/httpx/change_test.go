package httpx

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestARateThatChangesHoldsForWhoWaitsAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, arrivals := NewHosts(), newClock()
		c := pipes(t, func(http.ResponseWriter, *http.Request) { arrivals.tick() },
			func(o *Options) { o.Hosts, o.Limits.RequestsPerSecond = hosts, 0.01 })
		var reads sync.WaitGroup
		reads.Go(func() { many(t, 6, c) })
		time.Sleep(time.Second) // of the fake clock
		got := hosts.SetRate(c.o.Name, 4)
		if want := []Changed{{"lab.example:80", 0.01, 4}}; !slices.Equal(got, want) {
			t.Errorf("changed %v, want %v", got, want)
		}
		synctest.Wait()
		time.Sleep(500 * time.Millisecond)
		if got := hosts.SetRate(c.o.Name, 0); len(got) != 1 || got[0].Was != 4 || got[0].Is != 0 {
			t.Errorf("changed %v", got)
		}
		reads.Wait()
		at := arrivals.times()
		if len(at) != 6 || at[0] != 0 || at[1] < time.Second || at[1] > 1250*time.Millisecond || at[5] != 1500*time.Millisecond {
			t.Errorf("requests came at %v", at)
		}
		if hosts.SetRate("target elsewhere", 1) != nil || hosts.States()[0].Rate != 0 {
			t.Error("a name that no client has changed something")
		}
	})
}

func TestABandwidthThatChangesHoldsForBodiesThatWaitAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		hosts := NewHosts()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, size)) },
			func(o *Options) { o.Hosts, o.Limits.Bandwidth = hosts, 1<<10 })
		start := time.Now()
		var bodies sync.WaitGroup
		for range 3 {
			bodies.Go(func() {
				resp, err := c.Open(t.Context(), c.URL("x", nil), 0, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if n := len(text(t, resp)); n != size {
					t.Errorf("%d bytes", n)
				}
			})
		}
		time.Sleep(time.Minute)
		if got := hosts.SetBandwidth(c.o.Name, 0); !slices.Equal(got, []Changed{{"lab.example:80", 1 << 10, 0}}) {
			t.Errorf("changed %v", got)
		}
		bodies.Wait()
		if took := time.Since(start); took != time.Minute {
			t.Errorf("without a limit the rest took %s", took-time.Minute)
		}
		hosts.SetBandwidth(c.o.Name, 64<<10)
		resp, err := c.Open(t.Context(), c.URL("x", nil), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		text(t, resp)
		if took := time.Since(start); took < 15*time.Second || took > 17*time.Second {
			t.Errorf("1 MiB at 64 KiB/s took %s", took)
		}
	})
}

func TestWhatWasSetHoldsForHostsThatJoinLater(t *testing.T) {
	hosts := NewHosts()
	limits := Limits{RequestsPerSecond: 5, Bandwidth: 1000}
	at := func(name string) *url.URL { return &url.URL{Scheme: "https", Host: name} }
	hosts.tighten("target gitlab", at("lab.example"), limits)
	hosts.tighten("source hub", at("hub.example"), limits)
	hosts.SetRate("target gitlab", 0)
	hosts.SetBandwidth("target gitlab", 5000)
	hosts.tighten("target gitlab", at("registry.example"), limits)
	for _, s := range hosts.States() {
		rate, bandwidth := 0.0, int64(5000)
		if s.Host == "hub.example:443" {
			rate, bandwidth = 5, 1000
		}
		if s.Rate != rate || s.Bandwidth != bandwidth {
			t.Errorf("%s: %v requests/s, %d bytes/s", s.Host, s.Rate, s.Bandwidth)
		}
	}
	if got := hosts.SetRate("target gitlab", 9); len(got) != 2 || got[0].Host != "lab.example:443" || got[1].Host != "registry.example:443" {
		t.Errorf("changed %v", got)
	}
}
