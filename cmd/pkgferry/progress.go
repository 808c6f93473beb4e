package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/report"
)

const (
	drawEvery  = 200 * time.Millisecond // on a terminal
	lineEvery  = 10 * time.Second       // elsewhere
	countEvery = time.Second            // asks the checkpoint for the totals, but
	countShare = 20                     // spends no more than this part of the time on it
)

// isTerminal tells whether out is a person's.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// console is stderr. What is written to it goes above the bar.
type console struct {
	mu  sync.Mutex
	out io.Writer
	bar *progressbar.ProgressBar
}

func (c *console) Write(p []byte) (int, error) { return above{c, c.out}.Write(p) }

// say writes one line; when stderr is gone there is nobody to tell.
func (c *console) say(text string) { _, _ = fmt.Fprintln(c, text) }

// above writes to out without breaking the console's bar.
type above struct {
	*console
	out io.Writer
}

func (a above) Write(p []byte) (int, error) {
	c := a.console
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar != nil {
		_ = c.bar.Clear()
	}
	n, err := a.out.Write(p)
	if c.bar != nil {
		_ = c.bar.RenderBlank()
	}
	return n, err
}

// What happens while progress is shown.
const (
	listing   = "listing"
	comparing = "listing and comparing"
	copying   = "copying"
)

// progress tells on stderr how a migration moves: a bar on a terminal, a line every 10 seconds elsewhere, a line of JSON
// per event with --json. It is the only place that draws.
type progress struct {
	app     *app
	verb    string // what happens
	store   *checkpoint.Store
	settled atomic.Int64 // packages, in this process
	failed  atomic.Int64
	copied  atomic.Int64 // bytes, in this process
	totals  atomic.Pointer[checkpoint.Totals]
	started time.Time
	over    chan struct{}
	done    sync.WaitGroup
}

// watch starts to show progress, until end is called.
func (a *app) watch(store *checkpoint.Store, verb string) *progress {
	p := &progress{app: a, verb: verb, store: store, started: time.Now(), over: make(chan struct{})}
	p.count()
	switch {
	case a.noProgress, a.json:
	case a.terminal:
		a.console.mu.Lock()
		a.console.bar = progressbar.NewOptions64(1, progressbar.OptionSetWriter(a.console.out), progressbar.OptionSetWidth(24),
			progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
		a.console.mu.Unlock()
		p.every(drawEvery, p.draw)
	default:
		p.every(lineEvery, p.line)
	}
	return p
}

func (p *progress) every(pause time.Duration, show func()) {
	p.done.Go(func() {
		ticker, counter := time.NewTicker(pause), time.NewTimer(countEvery)
		defer ticker.Stop()
		defer counter.Stop()
		for {
			select {
			case <-p.over:
				return
			case <-counter.C:
				counter.Reset(max(countEvery, countShare*p.count()))
			case <-ticker.C:
				show()
			}
		}
	})
}

// count asks the checkpoint, which knows what earlier runs did. It tells how long that took.
func (p *progress) count() time.Duration {
	start := time.Now()
	if totals, err := p.store.Totals(context.Background()); err == nil {
		p.totals.Store(&totals)
		p.settled.Store(0)
	}
	return time.Since(start)
}

// end takes the bar away.
func (p *progress) end() {
	close(p.over)
	p.done.Wait()
	c := p.app.console
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar != nil {
		_ = c.bar.Clear()
		c.bar = nil
	}
}

// event is told what happens, from many goroutines.
func (p *progress) event(e engine.Event) {
	switch e.Kind {
	case engine.PutDown:
		return
	case engine.Copied:
		p.copied.Add(e.Count)
		return
	case engine.Settled:
		p.settled.Add(1)
		if e.Outcome == artifact.Failed || e.Outcome == artifact.Conflict {
			p.failed.Add(1)
		}
	case engine.Listed, engine.ListingDone, engine.Problem, engine.Started, engine.Postponed, engine.Paused:
	}
	p.record(e)
	if p.app.json && !p.app.noProgress {
		p.emit(e)
	}
}

// record logs an event.
func (p *progress) record(e engine.Event) {
	log := p.app.log
	switch {
	case e.Kind == engine.Problem:
		log.Warn("could not be listed", "source", e.Source, "error", message(e.Err))
	case e.Kind == engine.Postponed:
		log.Info("postponed", "package", e.Record.Package.PURL(), "error", message(e.Err))
	case e.Kind == engine.Paused:
		log.Warn("paused", "source", e.Source, "until", e.Until.UTC().Format(time.RFC3339), "why", message(e.Err))
	case e.Kind == engine.Settled && e.Err != nil:
		log.Warn(string(e.Outcome), "package", e.Record.Package.PURL(), "reason", e.Reason, "error", message(e.Err))
	case e.Kind == engine.Settled:
		log.Debug(string(e.Outcome), "package", e.Record.Package.PURL(), "proof", e.Proof.String())
	case e.Kind == engine.ListingDone:
		log.Info("listed", "source", e.Source)
	}
}

// emitted is one event as a line of JSON.
type emitted struct {
	Time    time.Time        `json:"time"`
	Event   engine.EventKind `json:"event"`
	Source  string           `json:"source,omitempty"`
	Count   int64            `json:"count,omitempty"`
	PURL    string           `json:"purl,omitempty"`
	Project string           `json:"project,omitempty"`
	Outcome artifact.Outcome `json:"outcome,omitempty"`
	Reason  artifact.Reason  `json:"reason,omitempty"`
	Proof   string           `json:"proof,omitempty"`
	Error   string           `json:"error,omitempty"`
	Until   *time.Time       `json:"until,omitempty"`  // of paused
	Copied  int64            `json:"copied,omitempty"` // bytes read so far
}

func (p *progress) emit(e engine.Event) {
	line := emitted{
		Time: time.Now().UTC(), Event: e.Kind, Source: e.Source, Count: e.Count, Outcome: e.Outcome, Reason: e.Reason,
		Proof: e.Proof.String(), Error: message(e.Err), Copied: p.copied.Load(),
	}
	if !e.Until.IsZero() {
		line.Until = &e.Until
	}
	if e.Record.Package.Name != "" {
		line.PURL, line.Source = e.Record.Package.PURL(), e.Record.Package.Source
		line.Project = e.Record.Destination.Project
	}
	if text, err := json.Marshal(line); err == nil {
		p.app.console.say(string(text))
	}
}

// numbers are the packages that are settled and that are listed, and what has been copied.
func (p *progress) numbers() (settled, listed int64, text string) {
	totals := checkpoint.Totals{}
	if known := p.totals.Load(); known != nil {
		totals = *known
	}
	listed = totals.Listed
	settled = min(listed-totals.Unsettled+p.settled.Load(), listed)
	if p.verb != copying {
		return settled, listed, fmt.Sprintf("%s: %s packages so far", p.verb, report.Count(listed))
	}
	copied := p.copied.Load()
	rate := float64(copied) / max(time.Since(p.started).Seconds(), 0.001)
	text = fmt.Sprintf("%s %s of %s packages", p.verb, report.Count(settled), report.Count(listed))
	if copied > 0 {
		text += fmt.Sprintf(", %s copied, %s/s", report.Bytes(copied), report.Bytes(int64(rate)))
	}
	if failed := p.failed.Load(); failed > 0 {
		text += fmt.Sprintf(", %s failed", report.Count(failed))
	}
	return settled, listed, text
}

func (p *progress) line() {
	_, _, text := p.numbers()
	p.app.console.say(text)
}

func (p *progress) draw() {
	settled, listed, text := p.numbers()
	c := p.app.console
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bar.ChangeMax64(max(listed, settled+1)) // a full bar would be a finished one, and listing may go on
	_ = c.bar.Set64(settled)
	c.bar.Describe(text)
}
