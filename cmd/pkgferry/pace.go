package main

import (
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
)

// pace is the limit that will bind, and the time that it allows at best. Limit is empty when none is known.
type pace struct {
	Limit   string  `json:"limit,omitempty"`
	Seconds float64 `json:"seconds_at_least,omitempty"`
}

// judge takes a limit that takes longer.
func (p *pace) judge(name string, amount int64, perSecond float64) {
	if perSecond > 0 && amount > 0 && float64(amount)/perSecond > p.Seconds {
		*p = pace{name, float64(amount) / perSecond}
	}
}

// wait takes a quota that takes longer: what is over what is left comes by whole windows.
func (p *pace) wait(name string, amount int64, q *artifact.Quota) {
	if q == nil || q.Limit <= 0 || amount <= q.Left {
		return
	}
	if took := math.Ceil(float64(amount-q.Left)/float64(q.Limit)) * q.Window.Seconds(); took > p.Seconds {
		*p = pace{name, took}
	}
}

// work is what one end has to do.
type work struct{ requests, bytes, images int64 }

// pace compares the limits that are configured and that the servers tell: the quotas among the facts, and how many requests in a
// minute the target told; 0 when it told none. Without any, what the servers take decides, and no number would be honest.
func (i *inventory) pace(file *config.File, told *facts, perMinute float64) pace {
	var slowest pace
	var target work
	bySource := map[string]*work{}
	for _, row := range i.rows {
		one := bySource[row.Source]
		if one == nil {
			one = &work{}
			bySource[row.Source] = one
		}
		one.requests += row.Reads
		one.bytes += row.left
		if row.Format == artifact.Container {
			one.images += row.Unsettled
		}
		target.requests += row.Writes
		target.bytes += row.left
	}
	for _, source := range slices.Sorted(maps.Keys(bySource)) {
		s, err := sourceOf(file, source)
		if err != nil {
			continue
		}
		one := bySource[source]
		slowest.judge("the requests of source "+source, one.requests, s.Limits.Rate())
		slowest.judge("the requests per day of source "+source, one.requests, float64(s.Limits.PerDay)/(24*time.Hour).Seconds())
		slowest.judge("the bandwidth of source "+source, one.bytes, float64(s.Limits.Bandwidth))
		slowest.wait("the daily cap of source "+source, one.requests, told.quota("source "+source, "requests"))
		slowest.wait("the pulls of source "+source, one.images, told.quota("source "+source, "pulls"))
	}
	if target.requests > 0 {
		target.requests += beginning(i.targets)
	}
	slowest.judge("the requests of the target", target.requests, file.Target.Limits.Rate())
	slowest.judge("the requests per minute that the target tells", target.requests, perMinute/time.Minute.Seconds())
	slowest.judge("the bandwidth of the target", target.bytes, float64(file.Target.Limits.Bandwidth))
	return slowest
}

// toldRate is how many requests in a minute GitLab's answers allow, as RateLimit-Limit (GitLab:
// doc/administration/settings/user_and_ip_rate_limits.md); 0 when they say nothing.
func (m *migration) toldRate() float64 {
	t := m.file.Target
	port := t.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[t.URL.Scheme]
	}
	for _, host := range m.hosts.States() {
		if host.Host == net.JoinHostPort(t.URL.Hostname(), port) {
			return float64(host.Limit)
		}
	}
	return 0
}

func (p pace) text() string {
	if p.Limit == "" {
		return "No configured limit binds: the servers decide how long it takes, so there is no estimate."
	}
	took := time.Duration(p.Seconds * float64(time.Second))
	least := took.Round(time.Minute).String() + " at least"
	switch {
	case took < time.Second:
		least = "less than a second"
	case took < 10*time.Minute:
		least = took.Round(time.Second).String() + " at least"
	}
	return fmt.Sprintf("The limit that binds is %s: %s.", p.Limit, strings.Replace(least, "m0s", "m", 1))
}
