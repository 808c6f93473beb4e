package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/internal/report"
	"pkgferry/mapping"
)

// explaining is what a decision is explained with.
type explaining struct {
	taken  mapping.Selection
	routes *mapping.Router
	m      *migration        // its sink alone
	store  *checkpoint.Store // nil: nothing is listed yet
	asked  error             // why the target could not be asked for its rules
}

// explain says what becomes of a package, and why: selection, routes, the target's rules, and what else goes to the same place. Of
// a package that is listed, source and repository are known.
func (a *app) explain(text string) error {
	p, err := artifact.ParsePURL(text)
	if err != nil {
		return usage(fmt.Errorf("--explain %s: %w; one looks like pkg:npm/%%40acme/ui@1.2.0", text, err))
	}
	ctx, cancel := a.cancellable()
	defer cancel()
	file, err := a.load()
	if err != nil {
		return err
	}
	e := explaining{m: &migration{file: file, hosts: httpx.NewHosts()}}
	if e.routes, err = router(file); err != nil {
		return usage(err)
	}
	if e.taken, err = selection(file); err != nil {
		return usage(err)
	}
	sink, err := a.target(ctx, file, e.m.hosts)
	if err == nil {
		e.m.options.Sink, err = sink()
	}
	if err != nil {
		return usage(err)
	}
	e.asked = e.m.options.Sink.Check(ctx, e.routes.Projects(formats(file)...))
	switch e.store, err = checkpoint.View(a.checkpoint); {
	case err == nil:
		defer func() { _ = e.store.Close() }()
	case !errors.Is(err, fs.ErrNotExist):
		return withCode(codeStopped, err)
	}
	return withCode(codeStopped, a.explainAll(ctx, e, p))
}

func (a *app) explainAll(ctx context.Context, e explaining, p artifact.Package) error {
	ages := time.Now()
	var candidates []checkpoint.Record
	if e.store != nil {
		var err error
		if ages, err = engine.Ages(ctx, e.store); err != nil {
			return err
		}
		if candidates, err = e.store.Called(ctx, p); err != nil {
			return err
		}
	}
	e.routes, e.taken.Now = e.routes.At(ages), ages
	if len(candidates) == 0 {
		for _, s := range e.m.file.Sources {
			p.Source = s.Name
			candidates = append(candidates, checkpoint.Record{Package: p})
		}
	}
	for _, one := range candidates {
		lines, err := e.lines(ctx, one)
		if err == nil {
			err = a.printExplained(one.Package, lines)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printExplained(p artifact.Package, lines []string) error {
	if a.json {
		return a.printJSON(map[string]any{"purl": p.PURL(), "source": p.Source, "repository": p.Repository, "routes": lines})
	}
	from := p.Source
	if p.Repository != "" {
		from += "/" + p.Repository
	}
	_, err := fmt.Fprintf(a.stdout, "%s from %s\n%s", p.PURL(), from, report.Some(int64(len(lines)), lines))
	return err
}

// lines tell of one package, in the order in which it is decided about.
func (e explaining) lines(ctx context.Context, r checkpoint.Record) ([]string, error) {
	p, listed := r.Package, r.ID != 0
	lines := append(e.taken.Explain(p), e.routes.Explain(p)...)
	decision := e.routes.Route(p)
	if !listed {
		lines = append(lines, "it is not listed: what is asked of its files is not known")
	}
	if r.Reason == artifact.Excluded {
		lines = append(lines, "when it was last listed it was left out: "+r.Error)
	}
	to := decision.Destination
	if listed && r.Destination.Project != "" {
		to = r.Destination
		if p.Index() && to.Project != decision.Destination.Project {
			lines = append(lines, "an index follows its versions, most of which go to "+to.Project)
		}
	}
	if to.Project == "" {
		return lines, nil
	}
	r.Destination = to
	if !listed {
		r.OnConflict = string(decision.OnConflict)
	}
	if to.Name != p.Name {
		lines = append(lines, fmt.Sprintf("its name there is %q", to.Name))
	}
	lines = append(lines, onConflict(p, mapping.OnConflict(r.OnConflict)))
	return e.foreseen(ctx, r, lines)
}

// foreseen adds what the target and the other packages have to say.
func (e explaining) foreseen(ctx context.Context, r checkpoint.Record, lines []string) ([]string, error) {
	if refused := e.m.options.Sink.Allows(r.Destination, r.Package); refused != nil {
		lines = append(lines, fmt.Sprintf("the target refuses it, %s: %s", fault.CodeOf(refused), refused))
	} else {
		lines = append(lines, "the target's rules let it through")
	}
	if e.asked != nil {
		lines = append(lines, "the target could not be asked for rules that protect names: "+message(e.asked))
	}
	if r.ID == 0 {
		return lines, nil
	}
	if r.Outcome != "" {
		return append(lines, strings.TrimSpace(fmt.Sprintf("so far it is %s %s", r.Outcome, r.Reason))), nil
	}
	rival, err := foreseen(ctx, e.m, e.store, r)
	if err != nil {
		return nil, err
	}
	if rival.Reason == artifact.NameCollision {
		return append(lines, "it collides: "+rival.Error), nil
	}
	return append(lines, "no other package goes to the same place with other bytes", "it is to be copied"), nil
}

// onConflict says what happens when GitLab holds other bytes.
func onConflict(p artifact.Package, answer mapping.OnConflict) string {
	const when = "when other bytes are there: "
	switch answer {
	case mapping.Skip:
		return when + "it is skipped (on_conflict)"
	case mapping.Replace:
		return when + "what may move is replaced (on_conflict), a release never"
	case mapping.Fail:
		return when + "it is a conflict (on_conflict)"
	}
	if p.Index() {
		return when + "an index is replaced"
	}
	return when + "it is a conflict, and what is there stays"
}
