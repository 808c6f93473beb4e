package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/report"
	"pkgferry/sinks"
)

// runFlags are what a run may be told.
type runFlags struct {
	workers     int
	only        []string
	from        string
	sample      string
	maxDuration time.Duration
	maxTransfer string
	wait        bool
	metrics     string
	dryRun      bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use: "run", Short: "Copy what is planned and not settled; the same command again goes on", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.run(f) },
	}
	f.register(cmd.Flags())
	flags := cmd.Flags()
	flags.StringArrayVar(&f.only, "only", nil, "take only packages whose name or package URL matches the `GLOB`; may be repeated")
	flags.StringVar(&f.from, "from", "", "take only the packages in this `FILE`, the CSV of an earlier report")
	flags.StringVar(&f.sample, "sample", "", "take only this `SHARE` of the packages, always the same ones: 1%")
	flags.BoolVar(&f.dryRun, "dry-run", false, "read and check everything, publish nothing; the checkpoint stays as it is")
	return cmd
}

// register adds the flags that every command has that copies.
func (f *runFlags) register(flags *pflag.FlagSet) {
	flags.IntVar(&f.workers, "workers", 8, "settle `N` packages at once")
	flags.DurationVar(&f.maxDuration, "max-duration", 0, "take nothing new after this `TIME`")
	flags.StringVar(&f.maxTransfer, "max-transfer", "", "take nothing new after this many `BYTES` were read, for example 50GiB")
	flags.BoolVar(&f.wait, "wait", false, "when a source's quota is used up, pause until it refills; without it the run ends with 4")
	flags.StringVar(&f.metrics, "metrics-listen", "", "show metrics to Prometheus at this `ADDRESS`, for example 127.0.0.1:9187")
}

func (a *app) run(f runFlags) error {
	return a.move(f, func(ctx context.Context, m *migration) error {
		stopped, err := a.once(ctx, m, engine.Run)
		if err != nil {
			return err
		}
		if f.dryRun && !a.json {
			_, err := fmt.Fprint(a.stdout, "dry run: everything was read and checked, nothing was published; this is what a run would do\n\n")
			if err != nil {
				return err
			}
		}
		return a.conclude(ctx, m.options.Store, stopped, f.partial())
	})
}

// move does what a command that copies does with both ends and an open checkpoint.
func (a *app) move(f runFlags, do func(context.Context, *migration) error) error {
	apply, err := f.options()
	if err != nil {
		return usage(err)
	}
	scrapes, err := a.scrapes(f.metrics)
	if err != nil {
		return usage(err)
	}
	if scrapes != nil {
		defer func() { _ = scrapes.Close() }() // else whoever serves does it
	}
	m, err := a.prepare()
	if err != nil {
		return err
	}
	apply(&m.options)
	m.options.Drain = a.interrupted
	ctx, cancel := context.WithCancel(context.Background()) // Ctrl-C drains
	defer cancel()
	go a.sayDraining(ctx)
	store, closing, err := a.openStore(ctx, m, f.dryRun)
	if err != nil {
		return err
	}
	defer closing()
	m.options.Store = store
	m.options.Crew = engine.NewCrew(f.workers)
	defer a.show(m, scrapes, f.dryRun)()
	if !f.dryRun { // which works on a checkpoint of its own
		defer a.attend(ctx, m)()
	}
	return withCode(codeStopped, do(ctx, m))
}

// once is one run, however it begins, with its progress.
func (a *app) once(ctx context.Context, m *migration, run func(context.Context, engine.Options) (engine.Stopped, error)) (engine.Stopped, error) {
	progress := a.watch(m.options.Store, copying)
	defer progress.end()
	o := m.options
	o.Events = together(m.options.Events, progress.event)
	stopped, err := run(ctx, o)
	if errors.Is(err, context.Canceled) {
		return stopped, nil
	}
	return stopped, err
}

// prepare connects both ends and checks them. Until a run begins the first Ctrl-C ends it.
func (a *app) prepare() (*migration, error) {
	ctx, cancel := a.cancellable()
	defer cancel()
	m, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	return m, a.check(ctx, m)
}

// sayDraining tells why a run goes on for a while after Ctrl-C.
func (a *app) sayDraining(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-a.interrupted:
		a.log.Warn("interrupted: finishing the packages in hand; once more quits at once")
	}
}

// partial tells that the run was told to leave packages out.
func (f runFlags) partial() bool { return len(f.only) > 0 || f.from != "" || f.sample != "" }

// options checks the flags and returns what they change.
func (f runFlags) options() (func(*engine.Options), error) {
	if f.workers < 1 {
		return nil, errors.New("--workers must be at least 1")
	}
	if f.maxDuration < 0 {
		return nil, errors.New("--max-duration must not be negative")
	}
	var budget uint64
	if f.maxTransfer != "" {
		var err error
		if budget, err = humanize.ParseBytes(f.maxTransfer); err != nil || budget == 0 || budget > 1<<60 {
			return nil, fmt.Errorf("--max-transfer %s is no size; one looks like 50GiB", f.maxTransfer)
		}
	}
	var conditions []func(artifact.Package) bool
	for _, make := range []func() (func(artifact.Package) bool, error){f.named, f.listed, f.sampled} {
		condition, err := make()
		if err != nil {
			return nil, err
		}
		if condition != nil {
			conditions = append(conditions, condition)
		}
	}
	return func(o *engine.Options) {
		o.Workers, o.MaxDuration, o.MaxTransfer = f.workers, f.maxDuration, int64(budget)
		o.Wait = f.wait
		if f.dryRun {
			o.Sink = sinks.DryRun(o.Sink)
		}
		o.Select = func(p artifact.Package) bool {
			for _, holds := range conditions {
				if !holds(p) {
					return false
				}
			}
			return true
		}
	}, nil
}

// named is --only.
func (f runFlags) named() (func(artifact.Package) bool, error) {
	for _, glob := range f.only {
		if !doublestar.ValidatePattern(glob) {
			return nil, fmt.Errorf("--only %s is not a valid glob", glob)
		}
	}
	if len(f.only) == 0 {
		return nil, nil
	}
	return func(p artifact.Package) bool {
		for _, glob := range f.only {
			if doublestar.MatchUnvalidated(glob, p.Name) || doublestar.MatchUnvalidated(glob, p.PURL()) {
				return true
			}
		}
		return false
	}, nil
}

// listed is --from.
func (f runFlags) listed() (func(artifact.Package) bool, error) {
	if f.from == "" {
		return nil, nil
	}
	file, err := os.Open(f.from)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	set, err := report.ReadCSV(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.from, err)
	}
	return set.Has, nil
}

// sampled is --sample. A name is in or out with all its versions, so that its index can follow them.
func (f runFlags) sampled() (func(artifact.Package) bool, error) {
	if f.sample == "" {
		return nil, nil
	}
	share, err := strconv.ParseFloat(strings.TrimSuffix(f.sample, "%"), 64)
	if err != nil || !(share > 0 && share <= 100) || !strings.HasSuffix(f.sample, "%") {
		return nil, fmt.Errorf("--sample %s is no share; one looks like 1%%", f.sample)
	}
	return func(p artifact.Package) bool {
		h := fnv.New32a()
		_, _ = io.WriteString(h, string(p.Format)+"\x00"+p.Name)
		return float64(h.Sum32()%10_000) < share*100
	}, nil
}

// openStore opens the checkpoint for the run, or an empty one that vanishes for a dry run.
func (a *app) openStore(ctx context.Context, m *migration, scratch bool) (*checkpoint.Store, func(), error) {
	path, remove := a.checkpoint, func() {}
	if scratch {
		dir, err := os.MkdirTemp("", "pkgferry-")
		if err != nil {
			return nil, nil, err
		}
		path, remove = dir+"/scratch.db", func() { _ = os.RemoveAll(dir) }
	}
	store, err := checkpoint.Open(path)
	if err != nil {
		remove()
		return nil, nil, withCode(codeStopped, err)
	}
	settle := a.count(m, store, scratch)
	end := func() {}
	closing := func() { end(); settle(); _ = store.Close(); remove() }
	target := m.file.Target.URL.String() + " " + string(m.file.Target.Group)
	bound, err := store.Fact(ctx, "target")
	if err == nil && bound == "" {
		bound, err = target, store.Remember(ctx, "target", target)
	}
	switch {
	case err != nil:
		err = withCode(codeStopped, fmt.Errorf("checkpoint %s can not be written: %w", a.checkpoint, err))
	case bound != target:
		err = usage(fmt.Errorf("checkpoint %s belongs to the target %s: name another one with --checkpoint", a.checkpoint, bound))
	case scratch: // nobody reads a chronicle that vanishes
		m.unnoted = true
	default:
		end, err = a.chronicle(ctx, m, store)
		err = withCode(codeStopped, err)
	}
	if err != nil {
		closing()
		return nil, nil, err
	}
	return store, closing, nil
}

// check asks both ends before anything is touched.
func (a *app) check(ctx context.Context, m *migration) error {
	return withCode(codeStopped, engine.Check(ctx, m.options))
}

// conclude prints the summary of a run and returns what its end means.
func (a *app) conclude(ctx context.Context, store *checkpoint.Store, stopped engine.Stopped, partial bool) error {
	summary, err := report.Summarize(ctx, store)
	if err == nil {
		err = summary.Check()
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	code := runCode(summary, stopped, partial)
	if a.json {
		err = a.printJSON(resultOf(summary, code, stopped))
	} else if err = summary.Text(a.stdout); err == nil {
		meaning := codeMeaning[code]
		if code == codeBudget && stopped == engine.NotStopped {
			meaning = "what was chosen is done and the rest is unsettled; run without the choice to go on"
		}
		_, err = fmt.Fprintf(a.stdout, "\n%s (exit code %d)\n", meaning, code)
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	return ended(code)
}

func runCode(s report.Summary, stopped engine.Stopped, partial bool) int {
	switch {
	case s.Complete():
		return codeComplete
	case stopped == engine.Drained:
		return codeInterrupted
	case stopped != engine.NotStopped:
		return codeBudget
	case s.Totals.Problems > 0 || s.Totals.ByOutcome[artifact.Failed]+s.Totals.ByOutcome[artifact.Conflict] > 0:
		return codeIncomplete
	case partial:
		return codeBudget
	}
	return codeIncomplete
}
