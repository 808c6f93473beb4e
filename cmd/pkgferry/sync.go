package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"pkgferry/internal/engine"
)

// syncFlags are what a sync may be told.
type syncFlags struct {
	runFlags
	full     bool
	watch    time.Duration
	patience time.Duration
	final    bool
	readBack string
	out      string
}

// shortestWatch is the shortest pause between two rounds.
const shortestWatch = 100 * time.Millisecond

const longSync = `List what changed since the last listing, then copy it, as run does.

What a source can not tell to have changed shows with --full, which lists everything again: it also finds what was moved,
and what was deleted at the source. Nothing is deleted on GitLab; the report names what is not at the source any more.

With --watch it begins again after each pause, tries again what failed, and prints a line per round. Ctrl-C ends it, after the
packages in hand; the exit code then says how things stand, and is 0 when nothing differs as of the last round.

--final is the gate before the consumers switch. Freeze the sources first. It lists everything from the beginning, copies what
is left, compares both ends afresh, and asks the sources once more what changed meanwhile. It prints GO and ends with 0 only
when everything was listed and nothing differs; else it prints NO-GO with the reasons and ends with 2, or, when it could not
come to its end, with 3, 4 or 130. Either way the verdict stands in the report that it writes.`

func (a *app) syncCommand() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "sync", Short: "List what changed since the last listing, and copy it", Long: longSync, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.sync(f) },
	}
	f.register(cmd.Flags())
	flags := cmd.Flags()
	flags.BoolVar(&f.full, "full", false, "list everything again: this also finds replacements, moves and deletions")
	flags.DurationVar(&f.watch, "watch", 0, "keep syncing until stopped, with a pause of this `TIME` between two rounds, for example 10m")
	flags.DurationVar(&f.patience, "patience", time.Hour, "with --watch, end with 3 when a side could not be reached for this `TIME`")
	flags.BoolVar(&f.final, "final", false, "decide whether the consumers may switch: GO or NO-GO")
	flags.StringVar(&f.readBack, "read-back", "", "with --final, download this `SHARE` of what GitLab can not prove by itself: 5%, 1/7 or all")
	flags.StringVar(&f.out, "out", "pkgferry-report", "with --final, write the report into this `DIR`")
	return cmd
}

func (a *app) sync(f syncFlags) error {
	if err := f.check(); err != nil {
		return usage(err)
	}
	if f.final {
		return a.final(f)
	}
	return a.move(f.runFlags, func(ctx context.Context, m *migration) error {
		run := func(ctx context.Context) (engine.Stopped, error) { return a.once(ctx, m, f.run) }
		if f.watch > 0 {
			run = (&rounds{app: a, migration: m, flags: f, began: time.Now()}).run
		}
		stopped, err := run(ctx)
		if err != nil {
			return err
		}
		return a.conclude(ctx, m.options.Store, stopped, false)
	})
}

// check refuses what makes no sense.
func (f syncFlags) check() error {
	switch {
	case f.watch != 0 && f.watch < shortestWatch:
		return fmt.Errorf("--watch %s is too short a pause: %s at least", f.watch, shortestWatch)
	case f.watch > 0 && f.wait:
		return errors.New("--wait and --watch exclude each other: a watch asks a source without quota again in every round, and the others go on")
	case f.final && f.watch > 0:
		return errors.New("--final and --watch exclude each other: stop the watch, freeze the sources, then decide")
	case !f.final && f.readBack != "":
		return errors.New("--read-back needs --final; to compare both ends at any time, use pkgferry verify --read-back")
	case f.patience < 0:
		return errors.New("--patience must not be negative")
	}
	return nil
}

// run lists and copies.
func (f syncFlags) run(ctx context.Context, o engine.Options) (engine.Stopped, error) {
	if f.full {
		return engine.Sync(ctx, o, engine.Whole)
	}
	return engine.Sync(ctx, o, engine.Changes)
}
