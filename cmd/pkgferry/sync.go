package main

import (
	"context"

	"github.com/spf13/cobra"

	"pkgferry/internal/engine"
)

// syncFlags are what a sync may be told.
type syncFlags struct {
	runFlags
	full bool
}

const longSync = `List what changed since the last listing, then copy it, as run does.

What a source can not tell to have changed shows with --full, which lists everything again: it also finds what was moved,
and what was deleted at the source. Nothing is deleted on GitLab; the report names what is not at the source any more.`

func (a *app) syncCommand() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "sync", Short: "List what changed since the last listing, and copy it", Long: longSync, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.sync(f) },
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.full, "full", false, "list everything again: this also finds replacements, moves and deletions")
	return cmd
}

func (a *app) sync(f syncFlags) error {
	return a.move(f.runFlags, func(ctx context.Context, m *migration) error {
		stopped, err := a.once(ctx, m, f.run)
		if err != nil {
			return err
		}
		return a.conclude(ctx, m.options.Store, stopped, false)
	})
}

// run lists and copies.
func (f syncFlags) run(ctx context.Context, o engine.Options) (engine.Stopped, error) {
	if f.full {
		return engine.Sync(ctx, o, engine.Whole)
	}
	return engine.Sync(ctx, o, engine.Changes)
}
