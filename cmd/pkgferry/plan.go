package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/internal/report"
)

// planFlags are what a plan may be told.
type planFlags struct{ explain, out string }

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use: "plan", Short: "Check both ends, list the sources and show what would happen; writes nothing to GitLab", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if f.explain != "" {
				return a.explain(f.explain)
			}
			return a.plan(f)
		},
	}
	cmd.Flags().StringVar(&f.explain, "explain", "", "only say what select and the routes make of the package `PURL`, and why")
	cmd.Flags().StringVar(&f.out, "out", "", "write a row per package to this CSV `FILE`")
	return cmd
}

func (a *app) plan(f planFlags) error {
	a.notices = slog.LevelWarn // it is the plan's to say what is left out; other commands say it with --log-level info
	a.facts = &facts{}
	defer func() { a.facts = nil }()
	ctx, cancel := a.cancellable()
	defer cancel()
	m, err := a.connect(ctx)
	if err != nil {
		return err
	}
	if err := a.check(ctx, m); err != nil {
		return err
	}
	told := a.facts
	store, closing, err := a.openStore(ctx, m, false)
	if err != nil {
		return err
	}
	defer closing()
	m.options.Store = store
	progress := a.watch(store, listing)
	m.options.Events = progress.event
	err = engine.Plan(ctx, m.options)
	progress.end()
	if err != nil {
		return unfinished(err)
	}
	ages, err := engine.Ages(ctx, store)
	if err != nil {
		return withCode(codeStopped, err)
	}
	routes := m.options.Router.At(ages)
	var inventory inventory
	counted := func(yield func(checkpoint.Record, error) bool) { // so that the file and the text are of one reading
		for record, err := range planned(ctx, m, store) {
			if err == nil {
				inventory.add(record)
				if d := routes.Route(record.Package); d.Skip != "" || record.Reason != artifact.Excluded { // else select left it out
					inventory.took(d)
				}
			}
			if !yield(record, err) {
				return
			}
		}
	}
	if f.out != "" {
		err = report.ToFile(f.out, func(w io.Writer) error { return report.CSV(w, counted) })
	} else {
		for _, failed := range counted {
			err = failed
		}
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	return a.showPlan(ctx, m, told, store, &inventory)
}

// planned yields every record as a run would begin with it: what is foreseen to fail carries its reason already.
func planned(ctx context.Context, m *migration, store *checkpoint.Store) iter.Seq2[checkpoint.Record, error] {
	return func(yield func(checkpoint.Record, error) bool) {
		for record, err := range store.Records(ctx, checkpoint.Filter{}) {
			if err == nil && record.Outcome == "" {
				record, err = foreseen(ctx, m, store, record)
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// foreseen is the record with what the target will refuse, or hold already from another repository.
func foreseen(ctx context.Context, m *migration, store *checkpoint.Store, r checkpoint.Record) (checkpoint.Record, error) {
	if refused := m.options.Sink.Allows(r.Destination, r.Package); refused != nil {
		r.Outcome, r.Reason, r.Error = artifact.Failed, artifact.Reason(fault.CodeOf(refused)), refused.Error()
		return r, nil
	}
	rival, found, err := store.Rival(ctx, r)
	if err != nil || found {
		r.Outcome, r.Reason = artifact.Conflict, artifact.NameCollision
		r.Error = fmt.Sprintf("as %s it would become one with %s", r.Destination.PURL(), rival.PURL())
		return r, err
	}
	collides, err := store.Collides(ctx, r)
	if collides {
		r.Outcome, r.Reason = artifact.Conflict, artifact.NameCollision
		r.Error = fmt.Sprintf("another repository's goes to %s, too, with other bytes", r.Destination.Project)
	}
	return r, err
}

func (a *app) showPlan(ctx context.Context, m *migration, told *facts, store *checkpoint.Store, inventory *inventory) error {
	inventory.sort()
	summary, err := report.Summarize(ctx, store)
	if err == nil {
		err = summary.Check()
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	code := codeComplete
	if summary.Totals.Problems > 0 || len(inventory.refused) > 0 {
		code = codeIncomplete
	}
	if a.json {
		err = a.printJSON(inventory.result(m, told, summary, code))
	} else {
		err = inventory.text(a.stdout, m, told, summary)
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	return ended(code)
}

// sourceOf finds a configured source by its name.
func sourceOf(file *config.File, name string) (config.Source, error) {
	for _, s := range file.Sources {
		if s.Name == name {
			return s, nil
		}
	}
	return config.Source{}, errors.New("source " + name + " is not in the configuration any more")
}
