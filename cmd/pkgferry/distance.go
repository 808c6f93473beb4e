package main

// How far both sides are apart, as status tells it: from the checkpoint alone, so as of the last listings.

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"pkgferry/checkpoint"
	"pkgferry/internal/report"
)

// distanceResult is the distance of one source as JSON. What a source got since AsOf is in no number.
type distanceResult struct {
	Source   string     `json:"source"`
	Packages int64      `json:"packages"` // to be settled
	Bytes    int64      `json:"bytes"`    // of them, where sizes are known
	Failed   int64      `json:"failed"`   // or in conflict: they come no closer by themselves
	AsOf     *time.Time `json:"as_of,omitempty"`
	Whole    *time.Time `json:"listed_whole,omitempty"` // when the last listing of everything began that came to its end
	Listing  *time.Time `json:"listing,omitempty"`      // since when it is being listed, or was until it was interrupted
}

func distanceOf(d checkpoint.Distance) distanceResult {
	r := distanceResult{Source: d.Source, Packages: d.Packages, Bytes: d.Bytes, Failed: d.Failed}
	if !d.Listing.Fresh.IsZero() {
		r.AsOf = &d.Listing.Fresh
	}
	if !d.Listing.Whole.IsZero() {
		r.Whole = &d.Listing.Whole
	}
	if !d.Listing.Complete {
		r.Listing = &d.Listing.Began
	}
	return r
}

// apart is the distance of all sources. Minutes is how long it takes at the present rate; absent while that would be a guess.
type apart struct {
	Packages int64            `json:"packages"`
	Bytes    int64            `json:"bytes"`
	Failed   int64            `json:"failed"`
	Minutes  float64          `json:"minutes_to_converge,omitempty"`
	Sources  []distanceResult `json:"sources"`
}

// apartBy adds the distances up. The estimate is that of the run that is at work, in seconds; 0 without one.
func apartBy(distances []checkpoint.Distance, estimate float64) apart {
	all := apart{Sources: []distanceResult{}, Minutes: estimate / 60}
	for _, d := range distances {
		all.Packages += d.Packages
		all.Bytes += d.Bytes
		all.Failed += d.Failed
		all.Sources = append(all.Sources, distanceOf(d))
	}
	return all
}

// print writes it for people.
func (a apart) print(w io.Writer, now time.Time) {
	if len(a.Sources) == 0 {
		return
	}
	total := "nothing to go"
	if a.Packages > 0 {
		total = fmt.Sprintf("%s packages, %s to go", report.Count(a.Packages), report.Bytes(a.Bytes))
	}
	if a.Minutes > 0 {
		total += fmt.Sprintf(", about %.0f minutes at the present rate", math.Ceil(a.Minutes))
	}
	_, _ = fmt.Fprintf(w, "\nApart, as of the last listings: %s\n", total)
	for _, s := range a.Sources {
		_, _ = fmt.Fprintf(w, "  %s: %s\n", oneLine(s.Source), s.text(now))
	}
}

func (s distanceResult) text(now time.Time) string {
	parts := []string{"nothing to go"}
	if s.Packages > 0 {
		parts[0] = fmt.Sprintf("%s packages, %s", report.Count(s.Packages), report.Bytes(s.Bytes))
	}
	if s.Failed > 0 {
		parts = append(parts, report.Count(s.Failed)+" failed or in conflict")
	}
	switch {
	case s.AsOf == nil:
		parts = append(parts, "never listed to its end")
	case s.Whole != nil && s.Whole.Equal(*s.AsOf):
		parts = append(parts, "listed whole "+ago(now, *s.AsOf))
	case s.Whole != nil:
		parts = append(parts, "changes listed "+ago(now, *s.AsOf), "whole "+ago(now, *s.Whole))
	default:
		parts = append(parts, "changes listed "+ago(now, *s.AsOf))
	}
	if s.Listing != nil {
		parts = append(parts, "a listing that began "+ago(now, *s.Listing)+" is not at its end")
	}
	return strings.Join(parts, ", ")
}

// ago is how long before now something was, as people say it.
func ago(now, at time.Time) string {
	switch past := max(now.Sub(at), 0); {
	case past < time.Minute:
		return "just now"
	case past < 2*time.Hour:
		return english.Plural(int(past/time.Minute), "minute", "") + " ago"
	case past < 48*time.Hour:
		return english.Plural(int(past/time.Hour), "hour", "") + " ago"
	default:
		return english.Plural(int(past/(24*time.Hour)), "day", "") + " ago"
	}
}
