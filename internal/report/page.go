package report

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// The page is one file of HTML that loads nothing: its style and script stand in it, and its Content-Security-Policy (W3C CSP3) lets
// in these two alone, by their hashes. What sources and packages are called is text, escaped by html/template or inside base64.

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

//go:embed page.html
var pageText string

// dataMark is where the table's rows go in the page. A template can not stream.
const dataMark = "@@ROWS@@"

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": Count, "bytes": Bytes, "when": when, "outcome": OutcomeName, "proofName": ProofName,
	"plain": printable, "plural": plural, "len64": func(all []string) int64 { return int64(len(all)) },
}).Parse(pageText))

// pageData is what the page shows beside the rows.
type pageData struct {
	Summary
	Seal    checkpoint.Seal
	Seals   []checkpoint.Seal // earlier ones, the newest first
	Header  Header
	End     End
	Verdict *Verdict
	Verdicts
	Policy  template.HTMLAttr
	Style   template.CSS
	Script  template.JS
	Total   Row
	First   time.Time // when the first package settled, and the last
	Last    time.Time
	Charts  charts
	Lost    []lostOf
	Proven  []provenOf
	Next    map[string]string // what to do, by reason
	Rows    int64
	Missing int64
	Beside  []string
	// Outcomes are the right side of the invariant, and Whole the same as a bar.
	Outcomes []outcomeOf
	Whole    template.HTML
	Compared string // the share of the packages that arrived whose bytes were compared
	ByFormat *cellTable
}

// outcomeOf is how many packages ended so.
type outcomeOf struct {
	Name string
	N    int64
}

// cellTable is a Table whose columns of numbers are told from the others.
type cellTable struct {
	Head []cell
	Rows [][]cell
}

type cell struct {
	Text  string
	Right bool
}

// Verdicts is the sentence at the top.
type Verdicts struct {
	Mark, Word, Sentence string // Mark is a class of the style
}

// lostOf is what one format lost.
type lostOf struct {
	Name   string
	All    int64 // packages that arrived
	Losses []lost
}

// provenOf is how many packages have a proof, and what that means.
type provenOf struct {
	Name, Meaning string
	Packages      int64
}

// page writes the page, if it is wanted.
func (s *session) page(ctx context.Context, seal checkpoint.Seal) error {
	if s.rows == nil {
		return nil
	}
	if err := s.rows.end(); err != nil {
		return err
	}
	data, err := s.pageData(ctx, seal)
	if err != nil {
		return err
	}
	out, err := s.create(pageFile)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := pageTemplate.Execute(&text, data); err != nil {
		return err
	}
	at := strings.LastIndex(text.String(), dataMark) // behind all foreign text
	before, after := text.String()[:at], text.String()[at+len(dataMark):]
	if _, err := io.WriteString(out, before); err != nil {
		return err
	}
	if err := s.rows.copyTo(out); err != nil {
		return err
	}
	_, err = io.WriteString(out, after)
	return err
}

func (s *session) pageData(ctx context.Context, seal checkpoint.Seal) (pageData, error) {
	data := pageData{
		Summary: s.summary, Seal: seal, End: s.end, Verdict: s.verdict, Verdicts: judged(s.summary, s.verdict), Total: Total(s.summary.Formats),
		Policy: policy(), Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // our own, embedded
		Rows: s.rows.rows, Missing: s.rows.missing,
	}
	var err error
	if data.Header.Target, err = s.store.Fact(ctx, "target"); err != nil {
		return data, err
	}
	for _, t := range s.tools {
		data.Header.Tools = append(data.Header.Tools, tool(t))
	}
	if data.Seals, err = s.store.Seals(ctx, 10); err != nil {
		return data, err
	}
	width, spans, err := s.store.Timeline(ctx, 120)
	if err != nil {
		return data, err
	}
	traffic, err := s.store.Traffic(ctx, width)
	if err != nil {
		return data, err
	}
	data.Charts = chartsOf(s.summary.Formats, width, spans, traffic)
	if len(spans) > 0 {
		data.First, data.Last = spans[0].At, spans[len(spans)-1].At.Add(width)
	}
	for _, row := range append([]Row{data.Total}, s.summary.Formats...) {
		name, format := row.Name, artifact.Format(row.Name)
		if row.Name == data.Total.Name {
			name, format = "every format", ""
		}
		if all := s.losses.of(format); len(all) > 0 {
			data.Lost = append(data.Lost, lostOf{name, row.ByOutcome[artifact.Published] + row.ByOutcome[artifact.Present], all})
		}
	}
	for proof := artifact.Server; proof >= artifact.NoProof; proof-- {
		if n := data.Total.ByProof[proof]; n > 0 {
			meaning := proofMeaning[proof.String()]
			if meaning == "" {
				meaning = "nothing was compared"
			}
			data.Proven = append(data.Proven, provenOf{ProofName(proof), meaning, n})
		}
	}
	data.count(s.summary)
	data.Next = map[string]string{}
	for _, reason := range artifact.Reasons() {
		data.Next[string(reason)] = reason.Next()
	}
	for _, out := range s.outputs {
		if out.name != pageFile {
			data.Beside = append(data.Beside, out.name)
		}
	}
	return data, nil
}

// count fills in what the summary says in numbers.
func (d *pageData) count(sum Summary) {
	for _, o := range append(artifact.Outcomes(), "") {
		n := sum.Totals.ByOutcome[o]
		if o == "" {
			n = sum.Totals.Unsettled
		}
		d.Outcomes = append(d.Outcomes, outcomeOf{OutcomeName(o), n})
	}
	d.Whole = wholeBar(d.Outcomes)
	reached := d.Total.ByOutcome[artifact.Published] + d.Total.ByOutcome[artifact.Present]
	d.Compared = share(d.Total.ByProof[artifact.Server]+d.Total.ByProof[artifact.ReadBack], reached)
	if len(sum.Formats) == 0 {
		return
	}
	table := Outcomes("format", sum.Formats)
	right := make([]bool, len(table.Head))
	d.ByFormat = &cellTable{}
	for i, name := range table.Head {
		text, isRight := strings.CutPrefix(name, ">")
		right[i] = isRight
		d.ByFormat.Head = append(d.ByFormat.Head, cell{text, isRight})
	}
	for _, texts := range table.Rows {
		var cells []cell
		for i, text := range texts {
			cells = append(cells, cell{text, right[i]})
		}
		d.ByFormat.Rows = append(d.ByFormat.Rows, cells)
	}
}

// judged is the sentence at the top of the page: the gate's verdict where there is one.
func judged(sum Summary, v *Verdict) Verdicts {
	switch {
	case v != nil && v.Go:
		return Verdicts{"go", "GO", "Nothing is missing, and nothing differs: the consumers may switch."}
	case v != nil:
		return Verdicts{"nogo", "NO-GO", "The consumers should not switch yet."}
	case sum.Complete():
		return Verdicts{"go", "Complete", "Everything that was listed is published, present or skipped for a reason."}
	}
	return Verdicts{"nogo", "Not complete", "What is missing is named below; the same run again goes on from here."}
}

// policy lets in the page's own style and script and nothing else.
func policy() template.HTMLAttr {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return template.HTMLAttr(`content="default-src 'none'; style-src ` + hash(pageStyle) + `; script-src ` + hash(pageScript) + //nolint:gosec // hashes
		`; base-uri 'none'; form-action 'none'"`)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}

// share is a part as a percentage: 100 and 0 only when it is all or nothing.
func share(part, all int64) string {
	switch {
	case all == 0:
		return "–"
	case part == all:
		return "100 %"
	case part == 0:
		return "0 %"
	}
	percent := float64(part) * 100 / float64(all)
	return humanPercent(min(max(percent, 0.1), 99.9))
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
