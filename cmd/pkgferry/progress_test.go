package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
)

// screen is a stderr that many goroutines may write to.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// watched is an app with progress over a checkpoint of four packages, one of which is settled.
func watched(t *testing.T, change func(*app)) (*progress, *screen) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "m.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var entries []checkpoint.Entry
	for i := range 4 {
		entries = append(entries, checkpoint.Entry{Package: artifact.Package{Source: "s", Format: artifact.Generic, Name: "p", Version: fmt.Sprint(i)}})
	}
	entries[0].Skip = artifact.Excluded
	if err := store.List(t.Context(), "s", checkpoint.Batch{Entries: entries, To: checkpoint.Listing{Complete: true}}); err != nil {
		t.Fatal(err)
	}
	out := &screen{}
	a := &app{console: &console{out: out}, log: slog.New(slog.DiscardHandler)}
	change(a)
	return a.watch(store, copying), out
}

func happen(p *progress) {
	p.event(engine.Event{Kind: engine.Copied, Count: 4096})
	p.event(engine.Event{Kind: engine.Settled, Outcome: artifact.Published, Proof: artifact.Server, Record: checkpoint.Record{
		Package: artifact.Package{Source: "s", Format: artifact.NPM, Name: "@acme/ui", Version: "1.0.0"},
	}})
	p.event(engine.Event{Kind: engine.Settled, Outcome: artifact.Failed, Reason: artifact.TargetRejected, Err: errors.New("no\nreally")})
}

func TestProgressLine(t *testing.T) {
	p, out := watched(t, func(*app) {})
	happen(p)
	p.line()
	p.end()
	if got := out.String(); !strings.HasPrefix(got, "copying 3 of 4 packages, 4.0 KiB copied, ") || !strings.HasSuffix(got, ", 1 failed\n") {
		t.Errorf("got %q", got)
	}
}

func TestProgressBarGivesWay(t *testing.T) {
	p, out := watched(t, func(a *app) { a.terminal = true })
	happen(p)
	p.draw()
	fmt.Fprintln(p.app.console, "a line of the log")
	p.end()
	got := out.String()
	if !strings.Contains(got, "copying 3 of 4 packages") {
		t.Errorf("no bar in %q", got)
	}
	if before, _, ok := strings.Cut(got, "a line of the log\n"); !ok || !strings.HasSuffix(before, "\r") && !strings.HasSuffix(before, "\x1b[2K\r") {
		t.Errorf("the line does not begin where a line begins: %q", got)
	}
}

func TestProgressEvents(t *testing.T) {
	p, out := watched(t, func(a *app) { a.json = true })
	happen(p)
	p.end()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("want two events, got %q", lines)
	}
	var first, second emitted
	if err := errors.Join(json.Unmarshal([]byte(lines[0]), &first), json.Unmarshal([]byte(lines[1]), &second)); err != nil {
		t.Fatal(err)
	}
	if first.PURL != "pkg:npm/%40acme/ui@1.0.0" || first.Proof != "server" || first.Copied != 4096 {
		t.Errorf("got %+v", first)
	}
	if second.Error != "no; really" || second.Reason != artifact.TargetRejected {
		t.Errorf("got %+v", second)
	}
}

func TestNoProgress(t *testing.T) {
	p, out := watched(t, func(a *app) { a.json, a.noProgress = true, true })
	happen(p)
	p.end()
	if got := out.String(); got != "" {
		t.Errorf("got %q", got)
	}
}
