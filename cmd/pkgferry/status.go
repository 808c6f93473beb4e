package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/control"
	"pkgferry/internal/report"
)

// statusFlags are what status may be told.
type statusFlags struct {
	watch bool
	every time.Duration
}

// A rate needs some past to mean anything; an estimate needs more.
const (
	ratePast     = 5 * time.Minute
	estimatePast = 5 * time.Minute
	maxStuck     = 10
)

func (a *app) statusCommand() *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use: "status", Short: "Show from a second shell how far a migration is, and what is stuck", Long: longStatus, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.status(f) },
	}
	cmd.Flags().BoolVar(&f.watch, "watch", false, "show it again and again until stopped")
	cmd.Flags().DurationVar(&f.every, "every", 2*time.Second, "with --watch, so often")
	return cmd
}

func (a *app) status(f statusFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	if f.every < 100*time.Millisecond {
		return usage(fmt.Errorf("--every %s is too often: 100ms at least", f.every))
	}
	store, err := checkpoint.View(a.checkpoint)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = store.Close() }()
	for {
		if err := a.showStatus(ctx, store); err != nil {
			return withCode(codeStopped, err)
		}
		if !f.watch {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(f.every):
		}
		if !a.json {
			if _, err := fmt.Fprintln(a.stdout); err != nil {
				return withCode(codeStopped, err)
			}
		}
	}
}

// statusResult is what --json prints.
type statusResult struct {
	result
	Holder   int             `json:"holder,omitempty"` // process id of the run, 0 when none
	Rate     float64         `json:"packages_per_second,omitempty"`
	ByteRate float64         `json:"bytes_per_second,omitempty"`
	ETA      float64         `json:"eta_seconds,omitempty"` // absent while it would be a guess
	Apart    apart           `json:"apart"`
	Stuck    []stuckResult   `json:"stuck"`
	Live     *control.Status `json:"live,omitempty"` // what the run itself says; absent without one that answers
}

type stuckResult struct {
	PURL     string  `json:"purl"`
	Attempts int     `json:"attempts"`
	Seconds  float64 `json:"seconds,omitempty"` // since the first of them, where the run says it
	Error    string  `json:"error"`
}

func (a *app) showStatus(ctx context.Context, store *checkpoint.Store) error {
	summary, err := report.Summarize(ctx, store)
	if err != nil {
		return err
	}
	pace, err := store.Pace(ctx, time.Now().Add(-ratePast))
	if err != nil {
		return err
	}
	stuck, err := store.Stuck(ctx, maxStuck)
	if err != nil {
		return err
	}
	distances, err := store.Distances(ctx)
	if err != nil {
		return err
	}
	s := statusResult{result: resultOf(summary, codeComplete, ""), Holder: running(a.checkpoint), Stuck: []stuckResult{}}
	s.Meaning = ""
	if past := time.Since(pace.First); pace.Packages > 1 && past > 0 {
		s.Rate, s.ByteRate = float64(pace.Packages)/past.Seconds(), float64(pace.Bytes)/past.Seconds()
		if s.Holder != 0 && past >= estimatePast*9/10 && summary.Totals.ListingComplete {
			s.ETA = float64(summary.Totals.Unsettled) / s.Rate
		}
	}
	for _, record := range stuck {
		s.Stuck = append(s.Stuck, stuckResult{PURL: record.Package.PURL(), Attempts: record.Attempts, Error: record.Error})
	}
	live, unanswered := a.live(ctx)
	if live != nil {
		s.heed(live)
	}
	if unanswered != nil {
		a.log.Warn("the run can not be asked", "error", oneLine(unanswered.Error()))
	}
	s.Apart = apartBy(distances, s.ETA)
	if a.json {
		return a.printJSON(s)
	}
	return a.printStatus(s, summary)
}

func (a *app) printStatus(s statusResult, summary report.Summary) error {
	state := "no run in progress"
	if s.Holder != 0 {
		state = fmt.Sprintf("a run is in progress, process %d", s.Holder)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "checkpoint %s: %s\n\n", a.checkpoint, state)
	if err := summary.Text(&b); err != nil {
		return err
	}
	if s.Holder != 0 && s.Rate > 0 {
		eta := "too early for an estimate"
		if s.ETA > 0 {
			eta = "about " + time.Duration(s.ETA*float64(time.Second)).Round(time.Minute).String() + " to go"
		}
		fmt.Fprintf(&b, "\n%.1f packages/s, %s/s; %s\n", s.Rate, report.Bytes(int64(s.ByteRate)), eta)
	}
	s.Apart.print(&b, time.Now())
	if s.Live != nil {
		printLive(&b, s.Live)
	}
	if len(s.Stuck) > 0 {
		fmt.Fprintln(&b, "\nTried, and not settled:")
		for _, one := range s.Stuck {
			since := ""
			if one.Seconds > 0 {
				since = " in " + seconds(one.Seconds)
			}
			fmt.Fprintf(&b, "  %s, %s%s: %s\n", one.PURL, english.Plural(one.Attempts, "attempt", ""), since, oneLine(one.Error))
		}
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

// running is the process that runs on the checkpoint; 0 when none does.
func running(path string) int {
	pid := checkpoint.Holder(path)
	process, err := os.FindProcess(pid)
	if pid == 0 || err != nil {
		return 0
	}
	err = process.Signal(syscall.Signal(0)) // asks whether it is there
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return 0
	}
	return pid
}
