package main

import (
	"context"
	"fmt"
	"net"

	"pkgferry/internal/control"
	"pkgferry/internal/metrics"
)

// scrapes takes the address for Prometheus, before anything else begins; nil when there is none.
func (a *app) scrapes(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, open, err := metrics.Listen(context.Background(), address)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	if open {
		a.log.Warn("everybody who reaches this address can read the metrics: names of servers, sources and projects' numbers, no credentials",
			"metrics-listen", l.Addr().String())
	}
	return l, nil
}

// show answers scrapes with what a run does, until the end is called.
func (a *app) show(m *migration, l net.Listener, scratch bool) (end func()) {
	if l == nil {
		return func() {}
	}
	shown := metrics.Run{
		Version: programVersion(), Store: m.options.Store, Checkpoint: a.checkpoint, Crew: m.options.Crew, Hosts: m.hosts,
		Budgets: m.budgets, Servers: m.servers(),
	}
	if scratch {
		shown.Checkpoint = ""
	}
	for _, s := range m.file.Sources {
		shown.Sources = append(shown.Sources, s.Name)
	}
	all := metrics.New(shown)
	m.options.Events = together(m.options.Events, all.Event)
	m.metrics = "http://" + l.Addr().String() + "/metrics"
	a.log.Info("metrics", "url", m.metrics)
	return all.Serve(l).Close
}

// servers are the names of the clients of each server, by what people call it.
func (m *migration) servers() map[string]string {
	all := map[string]string{control.Target: targetName}
	for _, s := range m.file.Sources {
		if s.Name != control.Target {
			all[s.Name] = sourceName(s)
		}
	}
	return all
}
