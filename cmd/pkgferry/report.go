package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/report"
)

// reportFlags are what a report may be told.
type reportFlags struct {
	out   string
	forms []string
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "report", Short: "Write the audit: a summary, and every package with what became of it", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.report(f) },
	}
	cmd.Flags().StringVar(&f.out, "out", "pkgferry-report", "write into this `DIR`")
	cmd.Flags().StringSliceVar(&f.forms, "format", nil, "write only these `FORMS`: markdown, csv, ndjson")
	return cmd
}

func (a *app) report(f reportFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	if err := report.CheckForms(f.forms); err != nil {
		return usage(err)
	}
	store, err := checkpoint.View(a.checkpoint)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = store.Close() }()
	paths, err := report.Write(ctx, store, f.out, f.forms)
	if err != nil {
		return withCode(codeStopped, err)
	}
	if len(f.forms) == 0 {
		list, missing, err := report.Attestations(ctx, store, f.out, a.attestations())
		if err != nil {
			return withCode(codeStopped, err)
		}
		if missing > 0 {
			a.log.Warn("attestations could not be saved beside the report", "documents", missing, "why", list)
		}
		if list != "" {
			paths = append(paths, list)
		}
	}
	if a.json {
		return a.printJSON(map[string]any{"files": paths})
	}
	for _, path := range paths {
		if _, err := fmt.Fprintln(a.stdout, path); err != nil {
			return err
		}
	}
	return nil
}

// attestations reads what is attested of a package at its source. The sources are connected when the first is asked for, since a
// report needs none of them else.
func (a *app) attestations() func(context.Context, artifact.Package) (io.ReadCloser, error) {
	connected := sync.OnceValues(func() (*migration, error) { return a.connectSources(context.Background()) })
	return func(ctx context.Context, p artifact.Package) (io.ReadCloser, error) {
		m, err := connected()
		if err != nil {
			return nil, err
		}
		source, ok := m.options.Sources[p.Source]
		if !ok {
			return nil, fmt.Errorf("source %s is not in the configuration any more", p.Source)
		}
		content, err := source.Open(ctx, artifact.File{Path: artifact.NPMAttestations, Size: -1, Locator: p.Metadata[artifact.NPMAttestations]}, 0)
		return content.ReadCloser, err
	}
}

// proof prints how each format ended, and how well its arrival is proven.
func (a *app) proof() error {
	store, err := checkpoint.View(a.checkpoint)
	if err != nil {
		return withCode(codeStopped, err)
	}
	defer func() { _ = store.Close() }()
	summary, err := report.Summarize(context.Background(), store)
	if err == nil {
		err = report.Outcomes("format", summary.Formats).Text(a.stdout)
	}
	return withCode(codeStopped, err)
}
