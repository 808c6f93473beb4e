package main

import (
	"context"

	"pkgferry/internal/control"
	"pkgferry/internal/engine"
)

// attend lets a second shell look at a run, and change it, until the end is called. Where no socket can be, the run goes on
// without.
func (a *app) attend(ctx context.Context, m *migration) (end func()) {
	meter := control.NewMeter()
	m.options.Events = together(m.options.Events, meter.Event)
	server, err := control.Serve(ctx, control.Path(a.checkpoint), &control.Run{
		Command: a.command, Version: programVersion(), Metrics: m.metrics,
		Store: m.options.Store, Crew: m.options.Crew, Hosts: m.hosts, Meter: meter, Servers: m.servers(),
	})
	if err != nil {
		a.log.Warn("no second shell can reach this run", "error", oneLine(err.Error()))
		return func() {}
	}
	return func() { _ = server.Close() } // what is left of it goes with the process
}

// together tells all of them what happens; nil is nobody.
func together(all ...func(engine.Event)) func(engine.Event) {
	return func(e engine.Event) {
		for _, tell := range all {
			if tell != nil {
				tell(e)
			}
		}
	}
}
