package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"pkgferry/internal/control"
	"pkgferry/internal/report"
)

const longStatus = `Show from a second shell how far a migration is, and what is stuck.

While a run is at work it is asked itself, through the socket beside the checkpoint that its owner alone can open: how fast it
went lately, what its workers have in hand, and for each server how much went there, what limits it, and why it was last left
alone. Without a run the checkpoint tells the rest. "pkgferry set" changes the run.`

// Of what is in hand, status shows the oldest.
const maxInHand = 10

// live asks the run that holds the checkpoint. It is nil when there is none, or when it does not answer; then why says that.
func (a *app) live(ctx context.Context) (s *control.Status, why error) {
	ctx, cancel := context.WithTimeout(ctx, setPatience)
	defer cancel()
	answer, err := control.Ask(ctx, control.Path(a.checkpoint))
	switch {
	case errors.Is(err, control.ErrNoRun):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &answer, nil
}

// heed takes what the run itself says in place of what the checkpoint lets guess.
func (s *statusResult) heed(live *control.Status) {
	s.Live, s.Holder, s.ETA = live, live.PID, live.ETA
	if n := len(live.Rates); n > 0 {
		s.Rate, s.ByteRate = live.Rates[0].Packages, live.Rates[0].Bytes
	}
	s.Stuck = []stuckResult{}
	for _, one := range live.Stuck {
		s.Stuck = append(s.Stuck, stuckResult{PURL: one.PURL, Attempts: one.Attempts, Seconds: one.Seconds, Error: one.Error})
	}
}

// printLive says what only the run knows.
func printLive(b *strings.Builder, s *control.Status) {
	fmt.Fprintf(b, "\n%s since %s: %d workers, %d at work; %s read\n",
		s.Command, s.Started.Local().Format("2006-01-02 15:04"), s.Workers.Size, s.Workers.Busy, report.Bytes(s.Copied))
	for _, r := range s.Rates[min(1, len(s.Rates)):] { // the first one stands above, with the estimate
		fmt.Fprintf(b, "  over %s: %.1f packages/s, %s/s\n", seconds(r.Seconds), r.Packages, report.Bytes(int64(r.Bytes)))
	}
	if len(s.Hosts) > 0 {
		fmt.Fprintln(b, "\nServers:")
	}
	for _, h := range s.Hosts {
		printHost(b, h)
	}
	if len(s.Hand) > 0 {
		fmt.Fprintln(b, "\nIn hand:")
	}
	for i, one := range s.Hand {
		if i == maxInHand {
			fmt.Fprintf(b, "  and %d more\n", len(s.Hand)-i)
			break
		}
		of := ""
		if one.Size > 0 {
			of = " of " + report.Bytes(one.Size)
		}
		fmt.Fprintf(b, "  %s, for %s, %s%s\n", oneLine(one.PURL), seconds(one.Seconds), report.Bytes(one.Copied), of)
	}
}

func printHost(b *strings.Builder, h control.Host) {
	name := h.Host
	if len(h.Servers) > 0 {
		name = strings.Join(h.Servers, ", ") + " at " + name
	}
	fmt.Fprintf(b, "  %s: %s requests, %s in, %s out; %d under way, %d waiting\n", oneLine(name), report.Count(h.Requests),
		report.Bytes(h.Received), report.Bytes(h.Sent), h.Active, h.Waiting)
	fmt.Fprintf(b, "    rate %s, bandwidth %s", control.RateText(h.Rate), control.BandwidthText(float64(h.Bandwidth)))
	if h.Speed > 0 {
		fmt.Fprintf(b, "; the server allows %s now", control.RateText(h.Speed))
	}
	if h.Left != nil {
		fmt.Fprintf(b, "; %s left of its quota", report.Count(*h.Left))
	}
	fmt.Fprintln(b)
	if h.Refused+h.Broken > 0 {
		fmt.Fprintf(b, "    %s answers 4xx, %s failures\n", report.Count(h.Refused), report.Count(h.Broken))
	}
	if p := h.LastPause; p != nil {
		state := "last paused " + p.Since.Local().Format("15:04:05")
		if h.PausedUntil != nil {
			state = "paused until " + h.PausedUntil.Local().Format("15:04:05")
		}
		fmt.Fprintf(b, "    %s (%s); %s pauses, %s in all\n", state, oneLine(p.Why), report.Count(h.Pauses), seconds(h.Paused))
	}
}

// seconds is a time for people.
func seconds(n float64) string {
	d := time.Duration(n * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
