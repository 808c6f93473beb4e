// Package metrics shows a run to Prometheus: the text exposition format and OpenMetrics, over HTTP, with the names and base
// units of prometheus.io/docs/practices/naming.
//
// No label holds the name of a package, or anything else that foreign servers may invent: formats, outcomes and reasons are
// fixed lists, sources are the configuration's, and hosts are those that the configuration leads to; all others are counted
// together as "other". So the number of series does not grow with a migration.
package metrics

import (
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// Run is the run that is shown.
type Run struct {
	Version    string
	Store      *checkpoint.Store
	Checkpoint string // its file; "" when it vanishes with the run
	Crew       *engine.Crew
	Hosts      *httpx.Hosts
	Sources    []string                // by their configured names
	Budgets    map[string]*httpx.Daily // by source, where it has one
	// Servers are the names (httpx.Options.Name) of the clients of each server, by what people call it.
	Servers map[string]string
}

// Metrics counts what happens in a run, by its events, and reads the rest when it is asked. It is safe for concurrent use.
type Metrics struct {
	registry  *prometheus.Registry
	settled   *prometheus.CounterVec
	taken     prometheus.Counter
	postponed *prometheus.CounterVec
	listed    *prometheus.CounterVec
	problems  *prometheus.CounterVec
	copied    *prometheus.CounterVec
	quotaEnds *prometheus.GaugeVec
}

// Values of labels that stand for what has no value of its own.
const (
	other      = "other"
	processing = "processing" // the target is at work on a package
)

var outcomes = []artifact.Outcome{artifact.Published, artifact.Present, artifact.Skipped, artifact.Failed, artifact.Conflict}

// New begins to count.
func New(run Run) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		settled: counters("pkgferry_packages_settled_total",
			"Packages that got their outcome in this process.", "format", "outcome"),
		taken: prometheus.NewCounter(prometheus.CounterOpts{Name: "pkgferry_attempts_total",
			Help: "Times that a worker took a package up, in this process."}),
		postponed: counters("pkgferry_packages_postponed_total",
			"Times that a package was put off, by reason code; processing is the target's own work in the background.", "reason"),
		listed: counters("pkgferry_packages_listed_total",
			"Packages, or parts of packages, that were listed by this process.", "source"),
		problems: counters("pkgferry_listing_problems_total",
			"Things that could not be listed by this process.", "source"),
		copied: counters("pkgferry_copied_bytes_total",
			"Bytes read from sources to be published, in this process.", "source"),
		quotaEnds: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "pkgferry_source_quota_reset_timestamp_seconds",
			Help: "Until when a source is left alone because its quota is used up; 0 when it never was."}, []string{"source"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "pkgferry_build_info", Help: "What is running; always 1.",
		ConstLabels: prometheus.Labels{"version": run.Version, "goversion": runtime.Version()}})
	info.Set(1)
	for _, format := range append(artifact.Formats(), other) {
		for _, outcome := range outcomes {
			m.settled.WithLabelValues(string(format), string(outcome))
		}
	}
	for _, source := range run.Sources {
		m.listed.WithLabelValues(source)
		m.problems.WithLabelValues(source)
		m.copied.WithLabelValues(source)
		m.quotaEnds.WithLabelValues(source)
	}
	m.registry.MustRegister(info, m.settled, m.taken, m.postponed, m.listed, m.problems, m.copied, m.quotaEnds, newLook(run),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Event is told what happens.
func (m *Metrics) Event(e engine.Event) {
	switch e.Kind {
	case engine.Listed:
		m.listed.WithLabelValues(e.Source).Add(float64(e.Count))
	case engine.Problem:
		m.problems.WithLabelValues(e.Source).Inc()
	case engine.Started:
		m.taken.Inc()
	case engine.Copied:
		m.copied.WithLabelValues(e.Record.Package.Source).Add(float64(e.Count))
	case engine.Postponed:
		m.postponed.WithLabelValues(reason(e.Err)).Inc()
	case engine.Settled:
		m.settled.WithLabelValues(format(e.Record.Package.Format), string(e.Outcome)).Inc()
	case engine.Paused:
		m.quotaEnds.WithLabelValues(e.Source).Set(float64(e.Until.Unix()))
	case engine.ListingDone, engine.PutDown:
	}
}

// format is a label's value: formats that GitLab has no type for are named by their sources, so they are one.
func format(f artifact.Format) string {
	if slices.Contains(artifact.Formats(), f) {
		return string(f)
	}
	return other
}

func reason(err error) string {
	if err == nil {
		return processing
	}
	if code := artifact.Reason(fault.CodeOf(err)); slices.Contains(artifact.Reasons(), code) {
		return string(code)
	}
	switch fault.SideOf(err) {
	case fault.Source:
		return string(artifact.SourceFailed)
	case fault.Sink:
		return string(artifact.TargetFailed)
	}
	return other
}
