package report

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// The charts are inline SVG (W3C SVG 2). Colours come from classes of the page's style, so that they follow light, dark and paper;
// every mark has a title that says its numbers. "" is a chart without anything to show.
type charts struct {
	Outcomes, Proofs, Bytes, Pace, Traffic template.HTML
	Width                                  string // of a span, in words
}

// The measures of all charts, in units of the viewBox.
const (
	chartWidth = 960
	plotLeft   = 112
	plotRight  = chartWidth - 8
	plotWidth  = plotRight - plotLeft
	plotHeight = 132
)

func chartsOf(formats []Row, width time.Duration, spans []checkpoint.Span, traffic []checkpoint.Traffic) charts {
	c := charts{Outcomes: outcomeBars(formats), Proofs: proofBars(formats)}
	if len(spans) == 0 {
		return c
	}
	c.Width = spanWords(width)
	at := axis{from: spans[0].At, to: spans[len(spans)-1].At.Add(width), width: width}
	c.Bytes = at.columns("Bytes that arrived", spans, "bytes", func(s checkpoint.Span) int64 { return s.Bytes }, Bytes)
	c.Pace = at.columns("Packages that arrived", spans, "pace", func(s checkpoint.Span) int64 { return s.Published + s.Present }, Count)
	c.Traffic = at.traffic(traffic)
	return c
}

// segment is a part of a bar.
type segment struct {
	class, name string
	n           int64
}

func outcomeBars(formats []Row) template.HTML {
	return bars("How each format ended", formats, func(row Row) (parts []segment) {
		for _, o := range append(artifact.Outcomes(), "") {
			parts = append(parts, segment{"o-" + OutcomeName(o), OutcomeName(o), row.ByOutcome[o]})
		}
		return parts
	})
}

func proofBars(formats []Row) template.HTML {
	arrivedRows := slices.DeleteFunc(slices.Clone(formats), func(row Row) bool {
		return row.ByOutcome[artifact.Published]+row.ByOutcome[artifact.Present] == 0
	})
	return bars("How well each format is proven", arrivedRows, func(row Row) (parts []segment) {
		for proof := artifact.Server; proof >= artifact.NoProof; proof-- {
			parts = append(parts, segment{"p-" + ProofName(proof), ProofName(proof), row.ByProof[proof]})
		}
		return parts
	})
}

// bars draws a bar for each row, as long as any other, whose segments are shares. A segment is never too thin to be seen, since
// one failure among thousands is what people look for.
func bars(title string, rows []Row, of func(Row) []segment) template.HTML {
	if len(rows) == 0 {
		return ""
	}
	const step, thick, least, gap = 30, 16, 4, 2
	s := newDrawing(title, len(rows)*step)
	for i, row := range rows {
		y := i * step
		parts := slices.DeleteFunc(of(row), func(p segment) bool { return p.n == 0 })
		var all int64
		for _, p := range parts {
			all += p.n
		}
		if all == 0 {
			continue
		}
		s.text(plotLeft-12, y+thick-1, "label end", row.Name)
		s.text(plotRight, y+thick-1, "value end", Count(all))
		room := float64(plotWidth-88) - float64((len(parts)-1)*gap) - float64(len(parts)*least)
		x := float64(plotLeft)
		for _, p := range parts {
			w := least + room*float64(p.n)/float64(all)
			s.add(`<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d" rx="3"><title>%s</title></rect>`,
				p.class, x, y+2, w, thick, html.EscapeString(fmt.Sprintf("%s: %s %s (%s)", row.Name, Count(p.n), p.name, share(p.n, all))))
			x += w + gap
		}
	}
	return s.end()
}

// wholeBar is the invariant as one bar across the page.
func wholeBar(parts []outcomeOf) template.HTML {
	const high, least, gap = 14, 6, 2
	var all int64
	shown := slices.DeleteFunc(slices.Clone(parts), func(p outcomeOf) bool { return p.N == 0 })
	for _, p := range shown {
		all += p.N
	}
	if all == 0 {
		return ""
	}
	s := &drawing{}
	s.add(`<svg viewBox="0 0 %d %d" preserveAspectRatio="none">`, chartWidth, high)
	x, room := 0.0, float64(chartWidth-(len(shown)-1)*gap-len(shown)*least)
	for _, p := range shown {
		w := least + room*float64(p.N)/float64(all)
		s.add(`<rect class="o-%s" x="%.1f" y="0" width="%.1f" height="%d"><title>%s %s</title></rect>`, p.Name, x, w, high, Count(p.N), p.Name)
		x += w + gap
	}
	return s.end()
}

// axis is the time from left to right.
type axis struct {
	from, to time.Time
	width    time.Duration // of a span
}

func (a axis) x(t time.Time) float64 {
	return plotLeft + plotWidth*min(max(float64(t.Sub(a.from))/float64(a.to.Sub(a.from)), 0), 1)
}

// columns draws a column for each span.
func (a axis) columns(title string, spans []checkpoint.Span, class string, of func(checkpoint.Span) int64, words func(int64) string) template.HTML {
	var most int64
	for _, span := range spans {
		most = max(most, of(span))
	}
	if most == 0 {
		return ""
	}
	top := roundUp(most, class == "bytes")
	s := newDrawing(title+", by "+spanWords(a.width), plotHeight+32)
	for i := range 3 {
		y := 8 + float64(plotHeight-8)*float64(i)/2
		s.add(`<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, plotLeft, plotRight, y, y)
		s.text(plotLeft-12, int(y)+4, "label end", words(top*int64(2-i)/2))
	}
	for _, span := range spans {
		n := of(span)
		if n == 0 {
			continue
		}
		x := a.x(span.At)
		h := max(float64(plotHeight-8)*float64(n)/float64(top), 1.5)
		s.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="1.5"><title>%s</title></rect>`,
			class, x, plotHeight-h, max(a.x(span.At.Add(a.width))-x-1, 1.5), h, html.EscapeString(when(span.At)+": "+words(n)))
	}
	a.ticks(s, plotHeight)
	return s.end()
}

// maxHosts is how many hosts a chart has room for: those that most went to.
const maxHosts = 8

// traffic draws, for each host, the requests that went to it, and below them when it asked to be left alone: the darker the more of
// the span.
func (a axis) traffic(all []checkpoint.Traffic) template.HTML {
	sums := map[string]checkpoint.Traffic{}
	most := map[string]int64{}
	for _, t := range all {
		sum := sums[t.Host]
		sums[t.Host] = checkpoint.Traffic{Requests: sum.Requests + t.Requests, Paused: sum.Paused + t.Paused}
		most[t.Host] = max(most[t.Host], t.Requests)
	}
	hosts := slices.SortedFunc(maps.Keys(sums), func(x, y string) int {
		return cmp.Or(cmp.Compare(sums[y].Requests, sums[x].Requests), cmp.Compare(sums[y].Paused, sums[x].Paused), strings.Compare(x, y))
	})
	if len(hosts) == 0 {
		return ""
	}
	hosts = hosts[:min(len(hosts), maxHosts)]
	const step, high, thick = 72, 34, 8
	width := max(a.width, time.Minute)
	s := newDrawing("Requests to each server, and when it asked to be left alone, by "+spanWords(width), len(hosts)*step+26)
	for i, host := range hosts {
		y := i*step + 18
		s.text(plotLeft, y-5, "label", printable(host))
		s.text(plotRight, y-5, "value end", trafficWords(sums[host], ""))
		s.text(plotLeft-12, y+11, "label end", Count(most[host]))
		s.add(`<rect class="track" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, plotLeft, y+high+2, plotWidth, thick)
		for _, t := range all {
			if t.Host != host || t.At.Add(width).Before(a.from) || t.At.After(a.to) {
				continue
			}
			x := a.x(t.At)
			wide := a.x(t.At.Add(width)) - x
			title := html.EscapeString(when(t.At) + ": " + trafficWords(t, " of "+spanWords(width)))
			if t.Requests > 0 {
				h := max(high*float64(t.Requests)/float64(most[host]), 1.5)
				s.add(`<rect class="pace" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="1.5"><title>%s</title></rect>`,
					x, float64(y+high)-h, max(wide-1, 1.5), h, title)
			}
			if t.Paused > 0 {
				s.add(`<rect class="rest" x="%.1f" y="%d" width="%.1f" height="%d" fill-opacity="%.2f"><title>%s</title></rect>`, x, y+high+2,
					max(wide, 2), thick, 0.25+0.75*min(float64(t.Paused)/float64(width), 1), title)
			}
		}
	}
	a.ticks(s, len(hosts)*step-4)
	return s.end()
}

func trafficWords(t checkpoint.Traffic, of string) string {
	words := Count(t.Requests) + " requests"
	if t.Paused > 0 {
		words += ", paused for " + t.Paused.Round(time.Millisecond).String() + of
	}
	return words
}

// ticks writes some moments below a plot.
func (a axis) ticks(s *drawing, y int) {
	const most = 6
	all := a.to.Sub(a.from)
	step := roundStep(all, most)
	layout := "15:04"
	switch {
	case step >= 24*time.Hour:
		layout = "Jan 2"
	case all > 24*time.Hour:
		layout = "Jan 2 15:04"
	case step < time.Minute:
		layout = "15:04:05"
	}
	s.add(`<line class="base" x1="%d" x2="%d" y1="%d" y2="%d"/>`, plotLeft, plotRight, y, y)
	for t := a.from.Truncate(step); !t.After(a.to); t = t.Add(step) {
		if t.Before(a.from) {
			continue
		}
		class, x := "label mid", a.x(t)
		if x > plotRight-40 {
			class, x = "label end", plotRight
		}
		s.text(int(x), y+18, class, t.Format(layout))
	}
}

// roundStep is the narrowest round step that a time is divided into at most so often.
func roundStep(all time.Duration, most int) time.Duration {
	for _, step := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour,
	} {
		if all/step < time.Duration(most) {
			return step
		}
	}
	return all
}

// roundUp is the least round number that is even and not less than n: of powers of ten, or of two where bytes are counted.
func roundUp(n int64, binary bool) int64 {
	unit := int64(1)
	for ; binary && unit*1024 <= n; unit *= 1024 {
	}
	for power := unit; ; power *= 10 {
		for _, factor := range []int64{2, 4, 6, 8, 10} {
			if power*factor >= n {
				return power * factor
			}
		}
	}
}

func spanWords(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{7 * 24 * time.Hour, "week"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int64(math.Round(float64(d) / float64(unit.of))); d%unit.of == 0 && n == 1 {
			return unit.name
		} else if d%unit.of == 0 && n > 1 {
			return strconv.FormatInt(n, 10) + " " + unit.name + "s"
		}
	}
	return d.String()
}

func humanPercent(p float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + " %"
}

// drawing is an SVG in the making.
type drawing struct{ b strings.Builder }

func newDrawing(title string, height int) *drawing {
	s := &drawing{}
	s.add(`<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, height, html.EscapeString(title))
	return s
}

// add writes markup. Foreign text in it is escaped by who calls.
func (s *drawing) add(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

func (s *drawing) text(x, y int, class, text string) {
	s.add(`<text class="%s" x="%d" y="%d">%s</text>`, class, x, y, html.EscapeString(text))
}

func (s *drawing) end() template.HTML {
	s.add("</svg>")
	return template.HTML(s.b.String()) //nolint:gosec // made here, foreign text in it is escaped
}
