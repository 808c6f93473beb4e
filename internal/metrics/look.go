package metrics

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"pkgferry/checkpoint"
	"pkgferry/internal/httpx"
)

// Counting the checkpoint takes longer the larger it is, so its numbers are at most so old, or so many times as old as
// counting took.
const (
	countEvery = 5 * time.Second
	countShare = 20
	countLimit = 10 * time.Second // then the numbers are left out
)

// look reads what is known elsewhere, when somebody asks.
type look struct {
	run   Run
	hosts []hostMetric

	workers, busy, packages, files, bytes, unlisted, gone, complete, size, fresh, budget *prometheus.Desc

	mu     sync.Mutex // of the numbers
	totals checkpoint.Totals
	fail   bool
	next   time.Time // to count again
}

// hostMetric is a number of the hosts. A host that has none is left out.
type hostMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(httpx.HostState, time.Time) (float64, bool)
}

func newLook(run Run) *look {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("pkgferry_"+name, help, labels, nil)
	}
	l := &look{
		run:      run,
		workers:  desc("workers", "Packages that may be settled at once."),
		busy:     desc("packages_in_hand", "Packages that workers have in hand."),
		packages: desc("checkpoint_packages", "Packages that the checkpoint knows, by outcome; unsettled have none yet.", "state"),
		files:    desc("checkpoint_files", "Files that the checkpoint knows."),
		bytes:    desc("checkpoint_files_bytes", "Bytes of the files that the checkpoint knows, those of unknown size left out."),
		unlisted: desc("checkpoint_unlisted", "Things that could not be listed."),
		gone:     desc("checkpoint_packages_gone", "Packages that are not at their source any more."),
		complete: desc("listing_complete", "1 when every source is listed to its end."),
		size:     desc("checkpoint_size_bytes", "The size of the checkpoint, with what is not yet written into it."),
		fresh: desc("source_listed_timestamp_seconds",
			"When the last listing of a source began that came to its end and missed nothing.", "source"),
		budget: desc("source_budget_remaining_requests", "Requests that requests_per_day leaves to a source today.", "source"),
	}
	gauge := func(name, help string, value func(httpx.HostState, time.Time) (float64, bool)) {
		l.hosts = append(l.hosts, hostMetric{desc("host_"+name, help, "server", "host"), prometheus.GaugeValue, value})
	}
	counter := func(name, help string, value func(httpx.HostState) float64) {
		l.hosts = append(l.hosts, hostMetric{desc("host_"+name, help, "server", "host"), prometheus.CounterValue,
			func(s httpx.HostState, _ time.Time) (float64, bool) { return value(s), true }})
	}
	counter("sent_bytes_total", "Bytes of bodies sent to a host.", func(s httpx.HostState) float64 { return float64(s.Sent) })
	counter("received_bytes_total", "Bytes of bodies received from a host.", func(s httpx.HostState) float64 { return float64(s.Received) })
	counter("pauses_total", "Times that a host was left alone because it asked for that.", func(s httpx.HostState) float64 { return float64(s.Pauses) })
	counter("paused_seconds_total", "How long a host was left alone because it asked for that.", func(s httpx.HostState) float64 { return s.Paused.Seconds() })
	gauge("paused", "1 while a host is left alone because it asked for that.", func(s httpx.HostState, now time.Time) (float64, bool) {
		if s.Until.After(now) {
			return 1, true
		}
		return 0, true
	})
	gauge("requests_active", "Requests under way, until the end of their bodies.", func(s httpx.HostState, _ time.Time) (float64, bool) { return float64(s.Active), true })
	gauge("requests_waiting", "Requests that wait for their turn.", func(s httpx.HostState, _ time.Time) (float64, bool) { return float64(s.Waiting), true })
	gauge("quota_remaining_requests", "Requests left in a host's window, as it said last.", func(s httpx.HostState, _ time.Time) (float64, bool) { return float64(s.Left), s.Left >= 0 })
	gauge("limit_requests_per_second", "Requests that the operator, or the host itself, allows; missing without a limit.", func(s httpx.HostState, _ time.Time) (float64, bool) {
		switch {
		case s.Rate == 0:
			return s.Speed, s.Speed > 0
		case s.Speed == 0:
			return s.Rate, true
		}
		return min(s.Rate, s.Speed), true
	})
	return l
}

// requests stands apart, since it has one label more.
var requests = prometheus.NewDesc("pkgferry_host_requests_total", "Requests that a host answered, by class of status; none are those without an answer.",
	[]string{"server", "host", "code"}, nil)

var classes = [6]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Describe is prometheus.Collector's.
func (l *look) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.workers, l.busy, l.packages, l.files, l.bytes, l.unlisted, l.gone, l.complete, l.size, l.fresh, l.budget, requests} {
		to <- d
	}
	for _, one := range l.hosts {
		to <- one.desc
	}
}

// Collect is prometheus.Collector's.
func (l *look) Collect(to chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	size, busy := l.run.Crew.Size()
	gauge(l.workers, float64(size))
	gauge(l.busy, float64(busy))
	if totals, ok := l.count(); ok {
		gauge(l.packages, float64(totals.Unsettled), "unsettled")
		for _, outcome := range outcomes {
			gauge(l.packages, float64(totals.ByOutcome[outcome]), string(outcome))
		}
		gauge(l.files, float64(totals.Files))
		gauge(l.bytes, float64(totals.Bytes))
		gauge(l.unlisted, float64(totals.Problems))
		gauge(l.gone, float64(totals.Gone))
		complete := 0.0
		if totals.ListingComplete {
			complete = 1
		}
		gauge(l.complete, complete)
	}
	if l.run.Checkpoint != "" {
		gauge(l.size, float64(sizeOf(l.run.Checkpoint)+sizeOf(l.run.Checkpoint+"-wal")))
	}
	for _, source := range l.run.Sources {
		at, err := l.run.Store.Listing(context.Background(), source)
		if err == nil && !at.Fresh.IsZero() {
			gauge(l.fresh, float64(at.Fresh.UnixMilli())/1000, source)
		}
		if daily := l.run.Budgets[source]; daily != nil {
			gauge(l.budget, float64(daily.Left()), source)
		}
	}
	l.collectHosts(to)
}

// count are the checkpoint's numbers; none when they can not be had.
func (l *look) count() (checkpoint.Totals, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	start := time.Now()
	if start.Before(l.next) {
		return l.totals, !l.fail
	}
	ctx, cancel := context.WithTimeout(context.Background(), countLimit)
	defer cancel()
	totals, err := l.run.Store.Totals(ctx)
	l.totals, l.fail = totals, err != nil
	l.next = time.Now().Add(max(countEvery, countShare*time.Since(start)))
	return l.totals, !l.fail
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (l *look) collectHosts(to chan<- prometheus.Metric) {
	servers := map[string][]string{} // by host
	for _, server := range slices.Sorted(maps.Keys(l.run.Servers)) {
		for _, host := range l.run.Hosts.At(l.run.Servers[server]) {
			servers[host] = append(servers[host], server)
		}
	}
	now := time.Now()
	rest := httpx.HostState{Left: -1}
	for _, s := range l.run.Hosts.States() {
		if names := servers[s.Host]; names != nil {
			l.collectHost(to, s, now, strings.Join(names, ","), s.Host)
			continue
		}
		rest.Sent, rest.Received, rest.Active, rest.Waiting = rest.Sent+s.Sent, rest.Received+s.Received, rest.Active+s.Active, rest.Waiting+s.Waiting
		rest.Pauses, rest.Paused = rest.Pauses+s.Pauses, rest.Paused+s.Paused
		for class, n := range s.Answers {
			rest.Answers[class] += n
		}
	}
	l.collectHost(to, rest, now, other, other)
}

func (l *look) collectHost(to chan<- prometheus.Metric, s httpx.HostState, now time.Time, server, host string) {
	for _, one := range l.hosts {
		if value, has := one.value(s, now); has {
			to <- prometheus.MustNewConstMetric(one.desc, one.kind, value, server, host)
		}
	}
	for class, n := range s.Answers {
		to <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, float64(n), server, host, classes[class])
	}
}
