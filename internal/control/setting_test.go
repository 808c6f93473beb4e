package control

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSettings(t *testing.T) {
	for text, want := range map[string]Setting{
		"workers=32":             {Kind: KindWorkers, Workers: 32},
		"rate=1200/min":          {Server: Target, Kind: KindRate, Value: 20},
		"rate=0.5/s":             {Server: Target, Kind: KindRate, Value: 0.5},
		"rate=7200/h":            {Server: Target, Kind: KindRate, Value: 2},
		"rate=off":               {Server: Target, Kind: KindRate},
		"target.rate=3/second":   {Server: Target, Kind: KindRate, Value: 3},
		"hub.rate=60/minute":     {Server: "hub", Kind: KindRate, Value: 1},
		"a.b-c_d.rate=60/min":    {Server: "a.b-c_d", Kind: KindRate, Value: 1},
		"bandwidth=50MiB":        {Server: Target, Kind: KindBandwidth, Value: 50 << 20},
		"bandwidth=1GB/s":        {Server: Target, Kind: KindBandwidth, Value: 1e9},
		"nexus.bandwidth=off":    {Server: "nexus", Kind: KindBandwidth},
		"nexus.bandwidth=100000": {Server: "nexus", Kind: KindBandwidth, Value: 100000},
	} {
		got, err := ParseSettings([]string{text})
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v %v", text, got, err)
		}
	}
	got, err := ParseSettings([]string{"workers=2", "rate=1/s", "hub.rate=2/s"})
	want := []string{"workers", "target.rate", "hub.rate"}
	var keys []string
	for _, s := range got {
		keys = append(keys, s.Key())
	}
	if diff := cmp.Diff(want, keys); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, texts := range []string{
		"", "workers", "=3", "workers=", "workers=0", "workers=-1", "workers=1001", "workers=1.5", "workers=off", "hub.workers=3", ".rate=1/s",
		"rate=20", "rate=/s", "rate=20/", "rate=20/d", "rate=0/s", "rate=-1/s", "rate=NaN/s", "rate=Inf/s", "rate=1e300/s", "rate=1/day", "rate=0.1/h",
		"bandwidth=0", "bandwidth=-5MB", "bandwidth=fast", "bandwidth=9EB", "connections=3", "Workers=3", "rate=1/s target.rate=2/s", "workers=3 workers=3",
	} {
		if got, err := ParseSettings(strings.Fields(texts)); err == nil {
			t.Errorf("%q was taken as %+v", texts, got)
		}
	}
}

func TestTextsOfLimits(t *testing.T) {
	for _, text := range []string{"off", "1200/min", "0.5/min", "20.5/min"} {
		s, err := ParseSettings([]string{"rate=" + text})
		if err != nil || RateText(s[0].Value) != text {
			t.Errorf("%s: %v %v", text, s, err)
		}
	}
	if got := BandwidthText(50 << 20); got != "50MiB/s" {
		t.Error(got)
	}
	if got := BandwidthText(0); got != "off" {
		t.Error(got)
	}
}

// FuzzParseSettings: whatever is taken is within the bounds, and its key names it again.
func FuzzParseSettings(f *testing.F) {
	for _, text := range []string{"workers=32", "rate=1200/min", "hub.bandwidth=50MiB/s", "a.b.rate=off", "rate=1e-300/s", "=", "...=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseSettings([]string{text})
		if err != nil {
			return
		}
		s := got[0]
		workers := s.Kind == KindWorkers && s.Server == "" && s.Workers >= 1 && s.Workers <= maxWorkers
		limit := s.Kind != KindWorkers && s.Server != "" && s.Workers == 0 && s.Value >= 0 && s.Value <= 1<<50
		if len(got) != 1 || workers == limit {
			t.Errorf("%q: %+v", text, s)
		}
		_, value, _ := strings.Cut(text, "=")
		again, err := ParseSettings([]string{s.Key() + "=" + value})
		if err != nil || again[0] != s {
			t.Errorf("%q and %s=%s differ: %+v %v", text, s.Key(), value, again, err)
		}
	})
}
