package control

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/httpx"
)

// Run is a run at work: what it tells, and what of it can be changed.
type Run struct {
	Command string // as people typed it: run or sync
	Version string
	Metrics string // an address; "" for none
	Store   *checkpoint.Store
	Crew    *engine.Crew
	Hosts   *httpx.Hosts
	Meter   *Meter
	// Servers are the names (httpx.Options.Name) of the clients of each server, by what people call it: Target, or a source's
	// name.
	Servers map[string]string
}

// An estimate means something once the listing has come to its end and there is a past to judge by.
const (
	maxStuck     = 10
	estimatePast = 4 * time.Minute
)

// Status is what the run does now.
func (r *Run) Status(ctx context.Context) (Status, error) {
	now := time.Now()
	s := Status{PID: os.Getpid(), Command: r.Command, Version: r.Version, Metrics: r.Metrics, Stuck: []Stuck{}, Hosts: []Host{}}
	s.Workers.Size, s.Workers.Busy = r.Crew.Size()
	totals, err := r.Store.Totals(ctx)
	if err != nil {
		return s, err
	}
	s.Packages = Packages{
		Listed: totals.Listed, Published: totals.ByOutcome[artifact.Published], Present: totals.ByOutcome[artifact.Present],
		Skipped: totals.ByOutcome[artifact.Skipped], Failed: totals.ByOutcome[artifact.Failed], Conflict: totals.ByOutcome[artifact.Conflict],
		Unsettled: totals.Unsettled, Unlisted: totals.Problems, ListingComplete: totals.ListingComplete,
	}
	r.Meter.fill(&s, now)
	s.ETA = s.estimate()
	stuck, err := r.Store.Stuck(ctx, maxStuck)
	for _, record := range stuck {
		s.Stuck = append(s.Stuck, Stuck{record.Package.PURL(), record.Attempts, r.Meter.trouble(record.ID, now), record.Error})
	}
	names := r.names()
	for _, one := range r.Hosts.States() {
		s.Hosts = append(s.Hosts, hostOf(one, names[one.Host]))
	}
	return s, err
}

func (s *Status) estimate() float64 {
	if len(s.Rates) == 0 || !s.Packages.ListingComplete {
		return 0
	}
	rate := s.Rates[len(s.Rates)-1]
	if rate.Seconds < estimatePast.Seconds() || rate.Packages == 0 {
		return 0
	}
	return float64(s.Packages.Unsettled) / rate.Packages
}

// names are the servers of the configuration by host.
func (r *Run) names() map[string][]string {
	all := map[string][]string{}
	for _, server := range slices.Sorted(maps.Keys(r.Servers)) {
		for _, host := range r.Hosts.At(r.Servers[server]) {
			all[host] = append(all[host], server)
		}
	}
	return all
}

func hostOf(s httpx.HostState, servers []string) Host {
	h := Host{
		Host: s.Host, Servers: append([]string{}, servers...), Rate: s.Rate, Speed: s.Speed, Bandwidth: s.Bandwidth, Requests: s.Requests,
		Refused: s.Answers[4], Broken: s.Answers[5] + s.Answers[0], Sent: s.Sent, Received: s.Received, Active: s.Active, Waiting: s.Waiting,
		Pauses: s.Pauses, Paused: s.Paused.Seconds(),
	}
	if s.Left >= 0 {
		h.Left = &s.Left
	}
	if !s.Until.IsZero() {
		until := s.Until.UTC()
		h.PausedUntil = &until
	}
	if p := s.Last; !p.Since.IsZero() {
		h.LastPause = &Pause{Since: p.Since.UTC(), Seconds: p.Until.Sub(p.Since).Seconds(), Cause: string(p.Cause), Why: p.Why}
	}
	return h
}

// Set changes the run: all settings or, when one names a server that it does not have, none.
func (r *Run) Set(settings []Setting) ([]Change, error) {
	for _, s := range settings {
		if _, known := r.Servers[s.Server]; !known && s.Kind != KindWorkers {
			return nil, fmt.Errorf("%s: this run has no server %q; it has %s", s.Key(), s.Server,
				strings.Join(slices.Sorted(maps.Keys(r.Servers)), ", "))
		}
	}
	changes := []Change{}
	for _, s := range settings {
		name := r.Servers[s.Server]
		switch s.Kind {
		case KindWorkers:
			was := r.Crew.Resize(s.Workers)
			changes = append(changes, Change{Setting: s.Key(), Was: fmt.Sprint(was), Is: fmt.Sprint(s.Workers)})
		case KindRate:
			changes = append(changes, changed(s, r.Hosts.SetRate(name, s.Value), RateText)...)
		case KindBandwidth:
			changes = append(changes, changed(s, r.Hosts.SetBandwidth(name, int64(s.Value)), BandwidthText)...)
		}
	}
	return changes, nil
}

func changed(s Setting, hosts []httpx.Changed, text func(float64) string) []Change {
	var all []Change
	for _, one := range hosts {
		all = append(all, Change{Setting: s.Key(), Host: one.Host, Was: text(one.Was), Is: text(one.Is)})
	}
	return all
}
