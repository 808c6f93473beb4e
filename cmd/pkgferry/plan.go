package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/internal/report"
	"pkgferry/mapping"
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
	ctx, cancel := a.cancellable()
	defer cancel()
	m, err := a.connect(ctx)
	if err != nil {
		return err
	}
	if err := a.check(ctx, m); err != nil {
		return err
	}
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
	if f.out != "" {
		err = report.ToFile(f.out, func(w io.Writer) error { return report.CSV(w, planned(ctx, m, store)) })
		if err != nil {
			return withCode(codeStopped, err)
		}
	}
	return a.showPlan(ctx, m, store)
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

func (a *app) showPlan(ctx context.Context, m *migration, store *checkpoint.Store) error {
	var inventory inventory
	for record, err := range planned(ctx, m, store) {
		if err != nil {
			return withCode(codeStopped, err)
		}
		inventory.add(record)
	}
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
		err = a.printJSON(inventory.result(m.file, summary, code))
	} else {
		err = inventory.text(a.stdout, m.file, summary)
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	return ended(code)
}

// explain says what selection and routes make of a package. Of a package that is listed, source and repository are known.
func (a *app) explain(text string) error {
	p, err := artifact.ParsePURL(text)
	if err != nil {
		return usage(fmt.Errorf("--explain %s: %w; one looks like pkg:npm/%%40acme/ui@1.2.0", text, err))
	}
	file, err := a.load()
	if err != nil {
		return err
	}
	routes, err := router(file)
	if err != nil {
		return usage(err)
	}
	taken, err := selection(file)
	if err != nil {
		return usage(err)
	}
	candidates, err := a.listed(p)
	if err != nil {
		return withCode(codeStopped, err)
	}
	if len(candidates) == 0 {
		for _, s := range file.Sources {
			p.Source = s.Name
			candidates = append(candidates, checkpoint.Record{Package: p})
		}
	}
	for _, one := range candidates {
		if err := a.explainOne(taken, routes, one); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explainOne(taken mapping.Selection, routes *mapping.Router, r checkpoint.Record) error {
	p := r.Package
	from := p.Source
	if p.Repository != "" {
		from += "/" + p.Repository
	}
	lines := append(taken.Explain(p), routes.Explain(p)...)
	if r.Reason == artifact.Excluded {
		lines = append(lines, "when it was last listed it was left out: "+r.Error)
	}
	if a.json {
		return a.printJSON(map[string]any{"purl": p.PURL(), "source": p.Source, "repository": p.Repository, "routes": lines})
	}
	_, err := fmt.Fprintf(a.stdout, "%s from %s\n  %s\n", p.PURL(), from, strings.Join(lines, "\n  "))
	return err
}

// listed finds a package in the checkpoint, in every repository that has it.
func (a *app) listed(p artifact.Package) ([]checkpoint.Record, error) {
	store, err := checkpoint.View(a.checkpoint)
	if err != nil {
		return nil, nil // nothing is listed yet
	}
	defer func() { _ = store.Close() }()
	var found []checkpoint.Record
	for record, err := range store.Records(context.Background(), checkpoint.Filter{}) {
		if err != nil {
			return nil, err
		}
		if record.Package.PURL() == p.PURL() {
			found = append(found, record)
		}
	}
	return found, nil
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
