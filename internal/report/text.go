package report

import (
	"fmt"
	"io"
	"strings"

	"pkgferry/checkpoint"
)

// Text writes the summary for a terminal: the table of formats, the invariant, and what went wrong.
func (s Summary) Text(w io.Writer) error {
	p := page{w: w}
	if len(s.Formats) > 0 {
		p.err = Outcomes("format", s.Formats).Text(w)
		p.line("")
	}
	p.line(s.Line())
	for _, r := range s.Reasons {
		p.text(fmt.Sprintf("\n%s %s, %s: %s\n", Count(r.Packages), OutcomeName(r.Outcome), r.Code, r.Code.Next()))
		p.text(Some(r.Packages, r.Texts()))
	}
	if s.Totals.Problems > 0 {
		var texts []string
		for _, problem := range s.Unlisted[:min(len(s.Unlisted), maxExamples)] {
			texts = append(texts, problem.Source+": "+problem.Error)
		}
		p.text(fmt.Sprintf("\n%s could not be listed:\n", Count(s.Totals.Problems)))
		p.text(Some(s.Totals.Problems, texts))
	}
	if len(s.Gone) > 0 {
		p.text("\n" + goneText + ":\n")
		p.text(Some(max(s.Totals.Gone, int64(len(s.Gone))), s.Gone[:min(len(s.Gone), maxExamples)]))
	}
	return p.err
}

// goneText heads what was deleted at a source.
const goneText = "Not at the source any more (nothing is deleted on GitLab)"

func tail(err string) string {
	if err == "" {
		return ""
	}
	return ": " + err
}

// Markdown writes the summary as a page.
func (s Summary) Markdown(w io.Writer) error {
	p := page{w: w}
	p.line("# Package migration")
	p.line("")
	p.line(s.verdict())
	p.line("")
	p.line("`" + s.Line() + "`")
	p.line("")
	p.line("## What arrived")
	p.line("")
	p.table(Outcomes("format", s.Formats))
	p.line("")
	p.line("Proof: *server* means that the target hashed the bytes it received; *readback* that they were downloaded from it and " +
		"compared; *declared* that it repeats the digest it was told; *size* that only the size was compared.")
	p.line("")
	p.line("## By repository")
	p.line("")
	p.table(Outcomes("source", Rows(s.Groups, Origin)))
	if len(s.Reasons) > 0 {
		p.line("\n## What needs a look\n")
		p.reasons(s.Reasons)
	}
	if s.Totals.Problems > 0 {
		p.line(fmt.Sprintf("\n## What could not be listed\n\n%s in all.\n", Count(s.Totals.Problems)))
		for _, problem := range s.Unlisted {
			p.line("- " + escape(problem.Source) + ": " + escape(problem.Error))
		}
	}
	if len(s.Gone) > 0 {
		p.line("\n## " + goneText + "\n")
		for _, text := range s.Gone {
			p.line("- " + escape(text))
		}
		if more := s.Totals.Gone - int64(len(s.Gone)); more > 0 {
			p.line(fmt.Sprintf("- … and %s more, in packages.csv", Count(more)))
		}
	}
	return p.err
}

// Origin names the source repository and format of a group.
func Origin(g checkpoint.Group) string {
	name := g.Source
	if g.Repository != "" {
		name += "/" + g.Repository
	}
	return name + " (" + string(g.Format) + ")"
}

func (s Summary) verdict() string {
	if s.Complete() {
		return "Complete: everything that was listed is published, present or skipped for a reason."
	}
	return "**Not complete.** What is missing is named below; the same run again goes on from here."
}

// page collects the first error of many writes.
type page struct {
	w   io.Writer
	err error
}

func (p *page) line(text string) { p.text(text + "\n") }

func (p *page) text(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, text)
	}
}

// Some is a line for each of some texts, and one for how many more there are of all.
func Some(all int64, texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString("  " + printable(text) + "\n")
	}
	if more := all - int64(len(texts)); more > 0 {
		fmt.Fprintf(&b, "  … and %s more\n", Count(more))
	}
	return b.String()
}

func (p *page) table(t Table) {
	if p.err == nil {
		p.err = t.Markdown(p.w)
	}
}

func (p *page) reasons(reasons []Reason) {
	table := Table{Head: []string{"outcome", "reason", ">packages", "what to do next", "for example"}}
	for _, r := range reasons {
		table.Rows = append(table.Rows, []string{
			OutcomeName(r.Outcome), string(r.Code), Count(r.Packages), r.Code.Next(), strings.Join(r.Texts(), "; "),
		})
	}
	p.table(table)
}
