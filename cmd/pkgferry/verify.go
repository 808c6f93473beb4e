package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/report"
	"pkgferry/sinks"
)

// verifyFlags are what a verification may be told.
type verifyFlags struct{ readBack, combined string }

const longVerify = `Compare source and GitLab again, without trusting the checkpoint.

One line per package: = same, - only at the source, + only on GitLab, * differs, ! error. The exit code is 0 when nothing
but = and + was found. What --read-back downloads raises the proof that the report tells.`

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use: "verify", Short: "Compare source and GitLab again, without trusting the checkpoint", Long: longVerify, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.verify(f) },
	}
	cmd.Flags().StringVar(&f.readBack, "read-back", "", "download this `SHARE` of what GitLab can not prove by itself: 5%, 1/7 or all")
	cmd.Flags().StringVar(&f.combined, "combined", "", "write the lines to this `FILE`, and only the differences to stdout")
	return cmd
}

func (a *app) verify(f verifyFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	sample, err := f.sample()
	if err != nil {
		return usage(err)
	}
	m, err := a.connect(ctx)
	if err != nil {
		return err
	}
	if sample != nil {
		m.options.Sink = sinks.Verify(m.options.Sink, sample)
	}
	if err := a.check(ctx, m); err != nil {
		return err
	}
	past, done, err := a.past(ctx, m, sample != nil)
	if err != nil {
		return withCode(codeStopped, err)
	}
	defer done()
	scratch, closing, err := a.openStore(ctx, m, true)
	if err != nil {
		return err
	}
	defer closing()
	if err := a.carryAges(ctx, scratch); err != nil {
		return withCode(codeStopped, err)
	}
	m.options.Store = scratch
	progress := a.watch(scratch, comparing)
	defer progress.end()
	m.options.Events = progress.event
	if f.combined == "" {
		return a.compare(ctx, m, past, io.Discard, true)
	}
	failed := error(nil)
	err = report.ToFile(f.combined, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		if failed = a.compare(ctx, m, past, out, false); failed != nil && !errors.As(failed, new(*told)) {
			return failed
		}
		return out.Flush()
	})
	if failed != nil {
		return failed
	}
	return withCode(codeStopped, err)
}

// compare prints the lines and the totals. With all, every line goes to stdout, else only the differences.
func (a *app) compare(ctx context.Context, m *migration, past past, combined io.Writer, all bool) error {
	signs := map[engine.Sign]int64{}
	proofs := map[artifact.Proof]int64{}
	var broken error
	err := engine.Verify(ctx, m.options, past.recorded, func(line engine.Line) {
		signs[line.Sign]++
		err := error(nil)
		if line.Sign == engine.Same {
			proofs[line.Proof]++
			err = past.prove(ctx, line.Package, line.Proofs)
		}
		if err == nil {
			_, err = fmt.Fprintln(combined, lineText(line))
		}
		if (all || line.Sign != engine.Same) && err == nil {
			err = a.printLine(line)
		}
		broken = errors.Join(broken, err)
	})
	if err = errors.Join(err, broken); err != nil {
		return unfinished(err)
	}
	code := codeComplete
	if signs[engine.OnlySource]+signs[engine.Differs]+signs[engine.Unreadable] > 0 {
		code = codeIncomplete
	}
	if err := a.printTotals(signs, proofs, code); err != nil {
		return err
	}
	return ended(code)
}

func lineText(line engine.Line) string {
	text := string(line.Sign) + " " + line.PURL
	if line.Project != "" {
		text += " " + line.Project
	}
	if line.Sign == engine.Same {
		return text + " (" + report.ProofName(line.Proof) + ")"
	}
	if line.Detail != "" {
		text += ": " + message(errors.New(line.Detail))
	}
	return text
}

func (a *app) printLine(line engine.Line) error {
	if !a.json {
		_, err := fmt.Fprintln(a.stdout, lineText(line))
		return err
	}
	return a.printJSON(struct {
		Sign    engine.Sign `json:"sign"`
		PURL    string      `json:"purl"`
		Project string      `json:"project,omitempty"`
		Detail  string      `json:"detail,omitempty"`
		Proof   string      `json:"proof,omitempty"`
	}{line.Sign, line.PURL, line.Project, line.Detail, line.Proof.String()})
}

func (a *app) printTotals(signs map[engine.Sign]int64, proofs map[artifact.Proof]int64, code int) error {
	if a.json {
		return a.printJSON(map[string]any{
			"same": signs[engine.Same], "only_source": signs[engine.OnlySource], "only_gitlab": signs[engine.OnlySink],
			"differs": signs[engine.Differs], "error": signs[engine.Unreadable], "exit": code,
		})
	}
	var proven []string
	for proof := artifact.Server; proof >= artifact.NoProof; proof-- {
		if n := proofs[proof]; n > 0 {
			proven = append(proven, fmt.Sprintf("%s %s", report.ProofName(proof), report.Count(n)))
		}
	}
	text := fmt.Sprintf("same %s", report.Count(signs[engine.Same]))
	if len(proven) > 0 {
		text += " (proof: " + strings.Join(proven, ", ") + ")"
	}
	_, err := fmt.Fprintf(a.stdout, "%s, only source %s, only GitLab %s, differs %s, error %s\n", text, report.Count(signs[engine.OnlySource]),
		report.Count(signs[engine.OnlySink]), report.Count(signs[engine.Differs]), report.Count(signs[engine.Unreadable]))
	return err
}

// past is what a verification has to do with the migration's checkpoint: it looks digests up there that the migration
// computed itself, and notes what it has read back, for the report. Its verdicts come from both ends alone.
type past struct {
	recorded engine.Recorded
	prove    func(context.Context, artifact.Package, map[string]artifact.Proof) error
}

func (a *app) past(ctx context.Context, m *migration, notes bool) (past, func(), error) {
	nothing := past{
		recorded: func(context.Context, artifact.Package) (map[string]checkpoint.Arrival, error) { return nil, nil },
		prove:    func(context.Context, artifact.Package, map[string]artifact.Proof) error { return nil },
	}
	view, err := checkpoint.View(a.checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nothing, func() {}, nil
	}
	if err != nil {
		return nothing, nil, err
	}
	if !notes {
		return past{view.Arrivals, nothing.prove}, func() { _ = view.Close() }, nil
	}
	store, closing, err := a.openStore(ctx, m, false)
	var locked *checkpoint.Locked
	if errors.As(err, &locked) {
		a.log.Warn("a run holds the checkpoint: what is read back now will not show in its report")
		return past{view.Arrivals, nothing.prove}, func() { _ = view.Close() }, nil
	}
	if err = errors.Join(err, view.Close()); err != nil {
		return nothing, nil, err
	}
	return past{store.Arrivals, store.Prove}, closing, nil
}

// carryAges makes a scratch checkpoint count the ages that routes ask for as the migration does.
func (a *app) carryAges(ctx context.Context, scratch *checkpoint.Store) error {
	view, err := checkpoint.View(a.checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = view.Close() }()
	from, err := engine.Ages(ctx, view)
	if err != nil {
		return err
	}
	return engine.CountAgesFrom(ctx, scratch, from)
}

// sample is --read-back: which packages are downloaded; nil for none. It picks the same ones every time.
func (f verifyFlags) sample() (func(artifact.Destination, artifact.Package) bool, error) {
	share, err := 0.0, error(nil)
	part, whole, fraction := strings.Cut(f.readBack, "/")
	percent, isPercent := strings.CutSuffix(f.readBack, "%")
	switch {
	case f.readBack == "":
		return nil, nil
	case f.readBack == "all":
		share = 1
	case isPercent:
		share, err = strconv.ParseFloat(percent, 64)
		share /= 100
	case fraction:
		var above, below int
		if above, err = strconv.Atoi(part); err == nil {
			below, err = strconv.Atoi(whole)
		}
		share = float64(above) / float64(below)
	}
	if err != nil || !(share > 0 && share <= 1) {
		return nil, fmt.Errorf("--read-back %s is no share; one looks like 5%%, 1/7 or all", f.readBack)
	}
	return func(dst artifact.Destination, _ artifact.Package) bool {
		h := fnv.New32a()
		_, _ = io.WriteString(h, dst.Project+"\x00"+dst.PURL())
		return float64(h.Sum32()) < share*(1<<32)
	}, nil
}
