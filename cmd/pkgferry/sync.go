package main

import (
	"context"

	"github.com/spf13/cobra"

	"pkgferry/internal/engine"
)

const longSync = `List what changed since the last listing, then copy it, as run does.

What a source can not tell to have changed shows with --full, which lists everything again: it also finds what was moved,
and what was deleted at the source. Nothing is deleted on GitLab; the report names what is not at the source any more.`

func (a *app) syncCommand() *cobra.Command {
	var f runFlags
	var full bool
	cmd := &cobra.Command{
		Use: "sync", Short: "List what changed since the last listing, and copy it", Long: longSync, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.move(f, func(ctx context.Context, o engine.Options) (engine.Stopped, error) { return engine.Sync(ctx, o, full) })
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&full, "full", false, "list everything again: this also finds replacements, moves and deletions")
	return cmd
}
