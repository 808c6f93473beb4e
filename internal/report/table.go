package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"pkgferry/internal/artifact"
)

// Table is cells under headings. A heading that starts with > is of a column of numbers, which stand to the right.
type Table struct {
	Head []string
	Rows [][]string
}

// Outcomes is the table of rows and their sum: how many of what, how each ended, and how well the arrival is proven.
// Columns that are zero throughout are left out.
func Outcomes(what string, rows []Row) Table {
	table := Table{Head: []string{what, ">packages", ">files", ">bytes"}}
	total := Total(rows)
	outcomes := append(artifact.Outcomes(), "")
	var shown []artifact.Outcome
	for _, outcome := range outcomes {
		if total.ByOutcome[outcome] > 0 {
			shown = append(shown, outcome)
			table.Head = append(table.Head, ">"+OutcomeName(outcome))
		}
	}
	proofs := total.ByOutcome[artifact.Published]+total.ByOutcome[artifact.Present] > 0
	if proofs {
		table.Head = append(table.Head, "proof")
	}
	if len(rows) != 1 {
		rows = append(rows[:len(rows):len(rows)], total)
	}
	for _, row := range rows {
		cells := []string{row.Name, Count(row.Packages), Count(row.Files), Bytes(row.Bytes)}
		for _, outcome := range shown {
			cells = append(cells, Count(row.ByOutcome[outcome]))
		}
		if proofs {
			cells = append(cells, proofText(row.ByProof))
		}
		table.Rows = append(table.Rows, cells)
	}
	return table
}

func proofText(byProof map[artifact.Proof]int64) string {
	var parts []string
	for proof := artifact.Server; proof >= artifact.NoProof; proof-- {
		if n := byProof[proof]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", ProofName(proof), Count(n)))
		}
	}
	return strings.Join(parts, ", ")
}

// OutcomeName is the printed word for an outcome, "unsettled" for none.
func OutcomeName(o artifact.Outcome) string {
	if o == "" {
		return "unsettled"
	}
	return string(o)
}

// ProofName is the printed word for a proof, "none" for none.
func ProofName(p artifact.Proof) string {
	if p == artifact.NoProof {
		return "none"
	}
	return p.String()
}

// Count is a number with separators.
func Count(n int64) string { return humanize.Comma(n) }

// Bytes is a size in the units that people read.
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// Text writes the table for a terminal.
func (t Table) Text(w io.Writer) error {
	head := make([]string, len(t.Head))
	for i := range t.Head {
		head[i] = strings.TrimPrefix(t.Head[i], ">")
	}
	rows := append([][]string{head}, t.Rows...)
	width := make([]int, len(t.Head))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(printable(cell)))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			cell = printable(cell)
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if strings.HasPrefix(t.Head[i], ">") {
				cell = pad + cell
			} else {
				cell += pad
			}
			b.WriteString("  " + cell)
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// Markdown writes the table as Markdown.
func (t Table) Markdown(w io.Writer) error {
	var b strings.Builder
	rule := "|"
	for _, name := range t.Head {
		if right := strings.TrimPrefix(name, ">"); right != name {
			name, rule = right, rule+"---:|"
		} else {
			rule += "---|"
		}
		b.WriteString("| " + escape(name) + " ")
	}
	b.WriteString("|\n" + rule + "\n")
	for _, row := range t.Rows {
		for _, cell := range row {
			b.WriteString("| " + escape(cell) + " ")
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable keeps what a server or a package says from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}

var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "#", `\#`, "~", `\~`, "&", `\&`, "!", `\!`,
)

// escape makes Markdown show s as it is, on one line.
func escape(s string) string { return markdownEscaper.Replace(printable(s)) }

// Printable is foreign text as a terminal may be given it, on one line.
func Printable(s string) string { return printable(s) }
