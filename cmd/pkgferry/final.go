package main

// sync --final: the gate before the consumers switch.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/report"
	"pkgferry/sinks"
)

// gate decides between GO and NO-GO: everything is listed from the beginning and settled, both ends are compared afresh, and
// in the end the sources are asked once more what changed meanwhile.
type gate struct {
	app *app
	*migration
	sample  func(artifact.Destination, artifact.Package) bool // what is read back; nil: nothing
	out     string                                            // where the report goes
	verdict report.Verdict
	found   *findings // nil until both ends were compared
	stopped engine.Stopped
	err     error // what ended it early
}

func (a *app) final(f syncFlags) error {
	sample, err := verifyFlags{readBack: f.readBack}.sample()
	if err != nil {
		return usage(err)
	}
	return a.move(f.runFlags, func(ctx context.Context, m *migration) error {
		g := &gate{app: a, migration: m, sample: sample, out: f.out}
		return g.pass(ctx)
	})
}

// pass goes through the gate. Whatever happens in it, there is a verdict, and a report that tells it.
func (g *gate) pass(ctx context.Context) error {
	store := g.options.Store
	if err := report.Undecide(ctx, store); err != nil {
		return err
	}
	g.verdict.Began = time.Now().Truncate(time.Millisecond).UTC()
	g.stopped, g.err = g.app.once(ctx, g.migration, func(ctx context.Context, o engine.Options) (engine.Stopped, error) {
		return engine.Sync(ctx, o, engine.Afresh)
	})
	if g.err == nil && g.stopped == engine.NotStopped {
		cancellable, cancel := g.app.cancellable()
		if g.err = g.listed(cancellable); g.err == nil {
			g.err = g.verify(cancellable)
		}
		if g.err == nil {
			g.err = g.look(cancellable)
		}
		cancel()
	}
	summary, err := report.Summarize(ctx, store)
	if err != nil {
		return err
	}
	g.weigh(summary)
	g.verdict.Conclude(time.Now().UTC())
	if err := report.Decide(ctx, store, g.verdict); err != nil {
		return err
	}
	written, err := g.app.writeReport(ctx, store, g.out, nil)
	if err != nil {
		return fmt.Errorf("the report: %w", err)
	}
	return g.tell(summary, written)
}

// listed holds against it each source that was not listed as a whole, and without a problem, since the gate began.
func (g *gate) listed(ctx context.Context) error {
	short := report.Ground{Code: "not-listed-whole", What: "sources were not listed to their end without a problem", Next: "see what could not be listed, then come again"}
	for name := range g.options.Sources {
		at, err := g.options.Store.Listing(ctx, name)
		if err != nil {
			return err
		}
		if at.Whole.Before(g.verdict.Began) {
			short.Add(name)
		}
	}
	g.verdict.Oppose(short)
	return nil
}

// verify compares both ends afresh, with a sink that knows nothing yet. What it does not find as the checkpoint has it is unsettled
// again, so that the next run looks at it.
func (g *gate) verify(ctx context.Context) error {
	store := g.options.Store
	scratch, closing, err := g.app.openStore(ctx, g.migration, true)
	if err != nil {
		return err
	}
	defer closing()
	o := g.options
	o.Store = scratch
	if o.Sink, err = g.sink(); err != nil {
		return err
	}
	if g.sample != nil {
		o.Sink = sinks.Verify(o.Sink, g.sample)
	}
	progress := g.app.watch(scratch, comparing)
	defer progress.end()
	o.Events = progress.event
	found := newFindings()
	var broken error
	err = engine.Verify(ctx, o, store.Arrivals, func(line engine.Line) {
		was, err := artifact.Outcome(""), error(nil)
		switch line.Sign {
		case engine.Same:
			err = store.Prove(ctx, line.Package, line.Proofs)
		case engine.OnlySource, engine.Differs:
			was, err = store.Doubt(ctx, line.Package, "the verification found it otherwise: "+lineText(line))
		case engine.OnlySink, engine.Unreadable:
		}
		found.add(line, was)
		broken = errors.Join(broken, err)
	})
	found.report(&g.verdict)
	g.found = found
	return errors.Join(err, broken)
}

// findings are what a verification found, by its signs.
type findings struct {
	counts  map[engine.Sign]int64
	proofs  map[artifact.Proof]int64
	grounds map[engine.Sign]*report.Ground
}

func newFindings() *findings {
	return &findings{counts: map[engine.Sign]int64{}, proofs: map[artifact.Proof]int64{}, grounds: map[engine.Sign]*report.Ground{
		engine.OnlySource: {Code: "missing", What: "missing on GitLab", Next: "run again: they are sent again"},
		engine.Differs:    {Code: "differs", What: "other on GitLab than at the source", Next: "find out who changed them there, and delete them on GitLab by hand; then run again"},
		engine.Unreadable: {Code: "not-verified", What: "could not be compared", Next: "see why, then come again"},
		engine.OnlySink:   {Code: "only-gitlab", What: "only on GitLab, of what is in the projects of the migration"},
	}}
}

// add takes a line, and the outcome that the checkpoint had for its package. What failed, is in conflict or was left out speaks for
// itself.
func (f *findings) add(line engine.Line, was artifact.Outcome) {
	f.counts[line.Sign]++
	switch {
	case line.Sign == engine.Same:
		f.proofs[line.Proof]++
	case was == "" || was == artifact.Published || was == artifact.Present:
		f.grounds[line.Sign].Add(lineText(line))
	}
}

func (f *findings) report(v *report.Verdict) {
	v.Oppose(*f.grounds[engine.OnlySource])
	v.Oppose(*f.grounds[engine.Differs])
	v.Oppose(*f.grounds[engine.Unreadable])
	v.Tell(*f.grounds[engine.OnlySink])
	v.Verified = map[string]int64{
		"same": f.counts[engine.Same], "only_source": f.counts[engine.OnlySource], "only_gitlab": f.counts[engine.OnlySink],
		"differs": f.counts[engine.Differs], "error": f.counts[engine.Unreadable],
	}
	v.Proven = map[string]int64{}
	for proof, n := range f.proofs {
		v.Proven[report.ProofName(proof)] = n
	}
}

// look asks the sources for the last time what changed since they were listed.
func (g *gate) look(ctx context.Context) error {
	store := g.options.Store
	before, err := store.Totals(ctx)
	if err != nil {
		return err
	}
	progress := g.app.watch(store, listing)
	defer progress.end()
	o := g.options
	o.Events = progress.event
	if err := engine.Look(ctx, o); err != nil {
		return err
	}
	after, err := store.Totals(ctx)
	if err != nil {
		return err
	}
	changed := report.Ground{Code: "source-changed", What: "changed at the source while the gate looked", Next: "freeze the source, then come again"}
	if after.Unsettled > before.Unsettled {
		for record, err := range store.Records(ctx, checkpoint.Filter{Unsettled: true}) {
			if err != nil {
				return err
			}
			if record.Error == "" { // the others are doubted
				changed.Add(record.Package.PURL())
			}
		}
	}
	g.verdict.Oppose(changed)
	return nil
}

// weigh adds what the checkpoint says of its packages, and what ended the gate early.
func (g *gate) weigh(s report.Summary) {
	for _, r := range s.Reasons {
		ground := report.Ground{Code: string(r.Code), Next: r.Code.Next(), Count: r.Packages, Names: r.Texts()}
		switch r.Outcome {
		case artifact.Failed, artifact.Conflict:
			ground.What = fmt.Sprintf("%s, %s", report.OutcomeName(r.Outcome), r.Code)
			g.verdict.Oppose(ground)
		case artifact.Skipped:
			ground.What = fmt.Sprintf("left out, %s", r.Code)
			g.verdict.Tell(ground)
		case artifact.Published, artifact.Present:
			ground.What = fmt.Sprintf("%s, %s", report.OutcomeName(r.Outcome), r.Code)
			g.verdict.Tell(ground)
		}
	}
	unlisted := report.Ground{Code: "not-listed", What: "things could not be listed", Count: s.Totals.Problems}
	for _, problem := range s.Unlisted {
		unlisted.Names = append(unlisted.Names, problem.Source+": "+problem.Error)
	}
	g.verdict.Oppose(unlisted)
	g.verdict.Tell(report.Ground{Code: "gone", What: "gone from the source since they were copied; GitLab keeps them", Count: max(s.Totals.Gone, int64(len(s.Gone))), Names: s.Gone})
	switch {
	case g.err != nil:
		g.verdict.Oppose(report.Ground{Code: "stopped", What: "error ended it early", Next: "mend it, then come again", Count: 1, Names: []string{message(g.err)}})
	case g.stopped != engine.NotStopped:
		g.verdict.Oppose(report.Ground{Code: string(g.stopped), What: "end came before everything was settled", Next: "come again", Count: 1, Names: []string{string(g.stopped)}})
	}
	if g.err != nil || g.stopped != engine.NotStopped || len(g.verdict.Against) == 0 {
		g.verdict.Oppose(report.Ground{Code: "unsettled", What: "not settled", Next: "come again", Count: s.Totals.Unsettled})
	}
}

// tell prints the verdict and where the report lies, and returns what it means as an exit code.
func (g *gate) tell(s report.Summary, written report.Written) error {
	code := codeIncomplete
	switch {
	case g.verdict.Go:
		code = codeComplete
	case g.err != nil:
		code = codeOf(unfinished(g.err))
	case g.stopped != engine.NotStopped:
		code = runCode(s, g.stopped, false)
	}
	if g.app.json {
		err := g.app.printJSON(struct {
			Word string `json:"word"`
			report.Verdict
			Report []string `json:"report"`
			Head   string   `json:"head"` // of the sealed file
			Exit   int      `json:"exit"`
		}{g.verdict.Word(), g.verdict, written.Paths, written.Seal.Head, code})
		return errors.Join(err, ended(code))
	}
	out := g.app.stdout
	if _, err := fmt.Fprintln(out, s.Line()); err != nil {
		return err
	}
	if g.found != nil {
		if err := g.app.printTotals(g.found.counts, g.found.proofs, code); err != nil {
			return err
		}
	}
	if err := g.app.tellReport(written); err != nil {
		return err
	}
	if err := g.verdict.Text(out); err != nil {
		return err
	}
	return ended(code)
}
