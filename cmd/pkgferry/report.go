package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/report"
)

// reportFlags are what a report may be told.
type reportFlags struct {
	out     string
	forms   []string
	sign    string
	check   string
	signers string
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "report", Short: "Write the audit: a page, a summary, and every file with what became of it; or check one",
		Long: reportLong, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case f.check != "" && f.sign != "":
				return usage(errors.New("--check writes nothing: there is nothing to --sign"))
			case f.check == "" && f.signers != "":
				return usage(errors.New("--allowed-signers says who may have signed what --check checks"))
			case f.check != "":
				return a.checkReport(f)
			}
			return a.report(f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "pkgferry-report", "write into this `DIR`")
	flags.StringSliceVar(&f.forms, "format", nil, "write only these `FORMS`: "+strings.Join(report.Forms(), ", ")+"; packages.ndjson is always written")
	flags.StringVar(&f.sign, "sign", "", "sign the report with this SSH `KEYFILE`, by ssh-keygen")
	flags.StringVar(&f.check, "check", "", "check this `FILE`, the packages.ndjson of a report, and write nothing")
	flags.StringVar(&f.signers, "allowed-signers", "", "with --check: who may have signed, as a `FILE` of ssh-keygen's ALLOWED SIGNERS")
	return cmd
}

const reportLong = `Write the audit of the checkpoint: report.html for people, files.csv and packages.csv for spreadsheets, failures.csv for
run --from, summary.md, and packages.ndjson, whose lines are chained by SHA-256.

The head of the chain is printed, kept in the checkpoint and shown in report.html. --check finds a line of packages.ndjson that
was changed, removed, moved, repeated or put in, and says which; and whether the files that were sealed beside it are as they
were. Where the checkpoint is there, the head is compared with those that it remembers.

A line's chain is the SHA-256, in lower-case hex, of the chain of the line before (nothing for the first) and the line's own bytes
before ,"chain":" at its end.`

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
	written, err := a.writeReport(ctx, store, f.out, f.forms)
	if err != nil {
		return err
	}
	if f.sign != "" {
		signatures, err := sign(ctx, f.sign, written.Signable())
		if err != nil {
			return withCode(codeStopped, err)
		}
		written.Paths = append(written.Paths, signatures...)
	}
	return a.printReport(written)
}

// printReport prints where a report lies, and its head.
func (a *app) printReport(written report.Written) error {
	if a.json {
		return a.printJSON(map[string]any{"files": written.Paths, "head": written.Seal.Head, "lines": written.Seal.Lines})
	}
	return a.tellReport(written)
}

func (a *app) tellReport(written report.Written) error {
	for _, path := range written.Paths {
		if _, err := fmt.Fprintln(a.stdout, path); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.stdout, "sealed: %s lines, head %s\n", report.Count(written.Seal.Lines), written.Seal.Head)
	return err
}

// writeReport writes and seals the report of a checkpoint. A report of all forms has beside it what npm attests.
func (a *app) writeReport(ctx context.Context, store *checkpoint.Store, dir string, forms []string) (report.Written, error) {
	homes, err := a.homes(ctx, store)
	if err != nil {
		return report.Written{}, withCode(codeStopped, err)
	}
	written, err := report.Write(ctx, store, report.Options{
		Dir: dir, Forms: forms, Version: programVersion(), Now: time.Now(), Address: addresses(homes),
	})
	if err != nil {
		return written, withCode(codeStopped, err)
	}
	if written.Unkept != nil {
		a.log.Warn("the checkpoint can not remember the seal: keep the head that is printed", "why", written.Unkept)
	}
	if len(forms) > 0 {
		return written, nil
	}
	list, missing, err := report.Attestations(ctx, store, dir, a.attestations())
	if err != nil {
		return written, withCode(codeStopped, err)
	}
	if missing > 0 {
		a.log.Warn("attestations could not be saved beside the report", "documents", missing, "why", list)
	}
	if list != "" {
		written.Paths = append(written.Paths, list)
	}
	return written, nil
}

// addresses tells where files lie at their sources.
func addresses(homes map[string]home) func(artifact.Package, artifact.File) string {
	return func(p artifact.Package, f artifact.File) string {
		at, ok := homes[p.Source]
		if i := slices.Index(sourceTypes(), at.Type); ok && i >= 0 {
			return wired[i].address(at.URL, f)
		}
		return ""
	}
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
