package main

import (
	"context"

	"pkgferry/internal/control"
	"pkgferry/internal/engine"
)

// attend lets a second shell look at a run, and change it, until the end is called. Where no socket can be, the run goes on
// without.
func (a *app) attend(ctx context.Context, m *migration) (end func()) {
	m.options.Crew = engine.NewCrew(m.options.Workers)
	meter := control.NewMeter()
	m.options.Events = together(m.options.Events, meter.Event)
	servers := map[string]string{}
	for _, s := range m.file.Sources {
		servers[s.Name] = sourceName(s)
	}
	servers[control.Target] = targetName
	server, err := control.Serve(ctx, control.Path(a.checkpoint), &control.Run{
		Command: a.command, Version: programVersion(), Store: m.options.Store, Crew: m.options.Crew, Hosts: m.hosts, Meter: meter, Servers: servers,
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
