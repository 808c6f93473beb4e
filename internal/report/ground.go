package report

import (
	"fmt"
	"io"
	"time"
)

// Ground is one thing that a verdict rests on, and the packages or sources it is about.
type Ground struct {
	Code  string   `json:"code"` // stable
	What  string   `json:"what"`
	Next  string   `json:"next,omitempty"` // what to do about it
	Count int64    `json:"count"`
	Names []string `json:"names"` // the first ones
}

// How many a ground names; Count is all.
const (
	maxNames   = 20
	inSentence = 3
)

// Add counts one more, and names it while there is room.
func (g *Ground) Add(name string) {
	g.Count++
	if len(g.Names) < maxNames {
		g.Names = append(g.Names, printable(name))
	}
}

// Oppose puts a ground that is about anything at all against the verdict.
func (v *Verdict) Oppose(g Ground) {
	if g.Count > 0 {
		v.Against = append(v.Against, g)
	}
}

// Tell puts a ground that is about anything at all beside the verdict.
func (v *Verdict) Tell(g Ground) {
	if g.Count > 0 {
		v.Told = append(v.Told, g)
	}
}

// Conclude decides by the grounds.
func (v *Verdict) Conclude(at time.Time) {
	v.At, v.Go, v.Reasons = at, len(v.Against) == 0, nil
	for _, g := range v.Against {
		v.Reasons = append(v.Reasons, g.sentence())
	}
}

// Word is GO or NO-GO.
func (v *Verdict) Word() string {
	if v.Go {
		return "GO"
	}
	return "NO-GO"
}

// Text writes the grounds for a terminal, and the word as its last line.
func (v *Verdict) Text(w io.Writer) error {
	p := page{w: w}
	for _, part := range []struct {
		heading string
		grounds []Ground
	}{{"To be known, and nothing against it", v.Told}, {"Against it", v.Against}} {
		if len(part.grounds) > 0 {
			p.line("\n" + part.heading + ":")
		}
		for _, g := range part.grounds {
			p.text(g.text())
		}
	}
	if v.Go {
		p.line("\nGO: everything that the sources have is on GitLab, as of " + v.At.UTC().Format(time.RFC3339))
		return p.err
	}
	p.line("\nNO-GO:")
	for _, reason := range v.Reasons {
		p.line("  " + reason)
	}
	return p.err
}

// heading says what, how many, and what to do.
func (g Ground) heading() string {
	text := Count(g.Count) + " " + g.What
	if g.Next != "" {
		text += ": " + g.Next
	}
	return printable(text)
}

func (g Ground) text() string { return "\n" + g.heading() + "\n" + Some(g.Count, g.Names) }

// sentence is the ground in one line.
func (g Ground) sentence() string {
	text := Count(g.Count) + " " + g.What
	for i, name := range g.Names[:min(len(g.Names), inSentence)] {
		text += []string{": ", ", "}[min(i, 1)] + name
	}
	if more := g.Count - int64(min(len(g.Names), inSentence)); more > 0 {
		text += fmt.Sprintf(", and %s more", Count(more))
	}
	return printable(text)
}
