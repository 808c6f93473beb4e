package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
)

func TestSampleTakesWholeNames(t *testing.T) {
	half, err := runFlags{sample: "50%"}.sampled()
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i := range 2000 {
		p := artifact.Package{Format: artifact.NPM, Name: fmt.Sprintf("pkg-%d", i), Version: "1.0.0"}
		index := artifact.Package{Format: artifact.NPM, Name: p.Name}
		if half(p) != half(index) {
			t.Fatalf("%s is torn from its index", p.Name)
		}
		if half(p) {
			taken++
		}
	}
	if taken < 800 || taken > 1200 {
		t.Errorf("%d of 2000 are no half", taken)
	}
}

func TestReadBackShares(t *testing.T) {
	for share, want := range map[string][2]int{"all": {2000, 2000}, "100%": {2000, 2000}, "1/4": {400, 600}, "25%": {400, 600}} {
		sample, err := verifyFlags{readBack: share}.sample()
		if err != nil {
			t.Fatal(err)
		}
		taken := 0
		for i := range 2000 {
			if sample(artifact.Destination{Project: "p", Format: artifact.NPM, Name: "n", Version: fmt.Sprint(i)}, artifact.Package{}) {
				taken++
			}
		}
		if taken < want[0] || taken > want[1] {
			t.Errorf("%s took %d of 2000", share, taken)
		}
	}
	for _, share := range []string{"0%", "101%", "x", "1/0", "2/1", "-1/2", "half", "%", "/"} {
		if _, err := (verifyFlags{readBack: share}).sample(); err == nil {
			t.Errorf("--read-back %s passes", share)
		}
	}
}

func TestOnlyMatchesNameOrPURL(t *testing.T) {
	p := artifact.Package{Format: artifact.NPM, Name: "@acme/ui", Version: "1.0.0"}
	for glob, want := range map[string]bool{
		"@acme/*": true, "pkg:npm/%40acme/*": true, "ui": false, "**": true, "@other/*": false, "pkg:npm/%40acme/ui@2*": false,
	} {
		only, err := runFlags{only: []string{"nothing", glob}}.named()
		if err != nil {
			t.Fatal(err)
		}
		if only(p) != want {
			t.Errorf("--only %s: %v", glob, !want)
		}
	}
	if _, err := (runFlags{only: []string{"a["}}).named(); err == nil {
		t.Error("a broken glob passes")
	}
}

func TestPaceNamesTheLimitThatBinds(t *testing.T) {
	i := &inventory{rows: []*origin{{Source: "a", Reads: 600, Writes: 1200, left: 100 << 20}}}
	file := func(source, target config.Rates) *config.File {
		return &config.File{
			Sources: []config.Source{{Name: "a", Limits: config.SourceLimits{Rates: source}}},
			Target:  config.Target{Limits: config.TargetLimits{Rates: target}},
		}
	}
	for _, c := range []struct {
		source, target config.Rates
		want           string
	}{
		{config.Rates{}, config.Rates{}, "No configured limit binds: the servers decide how long it takes, so there is no estimate."},
		{config.Rates{PerSecond: 100}, config.Rates{PerMinute: 60}, "The limit that binds is the requests of the target: 20m at least."},
		{config.Rates{PerSecond: 0.1}, config.Rates{PerMinute: 60}, "The limit that binds is the requests of source a: 1h40m at least."},
		{config.Rates{Bandwidth: 1 << 20}, config.Rates{PerSecond: 1e6}, "The limit that binds is the bandwidth of source a: 1m40s at least."},
		{config.Rates{}, config.Rates{Bandwidth: 1 << 30}, "The limit that binds is the bandwidth of the target: less than a second."},
	} {
		if got := i.pace(file(c.source, c.target), nil, 0).text(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestRoomAtTheTarget(t *testing.T) {
	i := &inventory{rows: []*origin{{Source: "a", left: 700}, {Source: "b", left: 400}}}
	for left, want := range map[int64]int64{-1: 0, 0: 1100, 1000: 100, 1100: 0, 5000: 0} {
		told := &facts{}
		told.add("source a", artifact.Fact{Quota: &artifact.Quota{What: artifact.StoredBytes}})
		if left >= 0 {
			told.add("target", artifact.Fact{Quota: &artifact.Quota{What: artifact.StoredBytes, Limit: 9000, Left: left}})
		}
		if got := i.short(told); got != want {
			t.Errorf("%d left: short of %d bytes, want %d", left, got, want)
		}
	}
}

func TestPaceKnowsWhatServersTell(t *testing.T) {
	i := &inventory{rows: []*origin{
		{Source: "a", Format: artifact.Container, Unsettled: 450, Reads: 450, Writes: 1200},
		{Source: "a", Format: artifact.NPM, Unsettled: 1000, Reads: 1000},
	}}
	for name, c := range map[string]struct {
		quota     *artifact.Quota
		perMinute float64
		want      string
	}{
		"enough is left":  {quota: &artifact.Quota{What: "pulls", Limit: 200, Left: 450, Window: 6 * time.Hour}, want: "No configured limit binds"},
		"pulls":           {quota: &artifact.Quota{What: "pulls", Limit: 200, Left: 49, Window: 6 * time.Hour}, want: "The limit that binds is the pulls of source a: 18h0m at least."},
		"a daily cap":     {quota: &artifact.Quota{What: "requests", Limit: 1000, Left: 1000, Window: 24 * time.Hour}, want: "The limit that binds is the daily cap of source a: 24h0m at least."},
		"no pull is left": {quota: &artifact.Quota{What: "pulls", Limit: 0, Left: 0, Window: time.Hour}, want: "No configured limit binds"},
		"the target":      {perMinute: 100, want: "The limit that binds is the requests per minute that the target tells: 12m at least."},
	} {
		told := &facts{}
		told.add("source a", artifact.Fact{About: "quota", Quota: c.quota})
		told.add("source b", artifact.Fact{About: "quota", Quota: &artifact.Quota{What: "pulls", Limit: 1, Window: time.Hour}})
		file := &config.File{Sources: []config.Source{{Name: "a"}}}
		if got := i.pace(file, told, c.perMinute).text(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
