package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"pkgferry/internal/control"
)

const longSet = `Change a run that is in progress on the checkpoint, from a second shell. What can be set:

  workers=32                settle so many packages at once
  rate=1200/min             requests that the target gets; also 20/s, 5000/h, or off
  bandwidth=50MiB           bytes per second from and to the target, both together; or off
  hub.rate=5/s              the same of the source named hub in the configuration
  hub.bandwidth=off
  target.rate=1200/min      the target's by its name: the same as rate=1200/min

Packages in hand are finished when workers become fewer. A limit holds for each host of a server, as in the configuration. "off"
lifts the operator's limit alone: what a server asks for with 429, Retry-After or RateLimit-* is kept in any case.

Changes hold for the process that is running and end with it. What is to last belongs into the configuration (limits) and
on the command line (--workers).`

// setPatience is how long a run may take to answer.
const setPatience = 10 * time.Second

func (a *app) setCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set SETTING=VALUE…", Short: "Change workers, rate and bandwidth of a run that is in progress", Long: longSet,
		Example: "  pkgferry set workers=32 rate=1200/min bandwidth=off",
		RunE:    func(_ *cobra.Command, args []string) error { return a.set(args) },
	}
}

func (a *app) set(settings []string) error {
	if _, err := control.ParseSettings(settings); err != nil {
		return usage(err)
	}
	ctx, cancel := a.cancellable()
	defer cancel()
	ctx, late := context.WithTimeout(ctx, setPatience)
	defer late()
	done, err := control.Tell(ctx, control.Path(a.checkpoint), settings)
	switch {
	case errors.Is(err, control.ErrNoRun):
		return usage(fmt.Errorf("no run is in progress on the checkpoint %s, and set changes nothing else: "+
			"limits of later runs stand in the configuration", a.checkpoint))
	case errors.As(err, new(*control.Refused)):
		return usage(err)
	case err != nil:
		return withCode(codeStopped, err)
	}
	if a.json {
		return withCode(codeStopped, a.printJSON(done))
	}
	for _, c := range done.Changes {
		what := c.Setting
		if c.Host != "" {
			what += " at " + c.Host
		}
		if _, err := fmt.Fprintf(a.stdout, "%s: %s → %s\n", what, c.Was, c.Is); err != nil {
			return withCode(codeStopped, err)
		}
	}
	_, err = fmt.Fprintf(a.stdout, "this holds until process %d ends\n", done.PID)
	return withCode(codeStopped, err)
}
