package report

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"pkgferry/checkpoint"
)

// The columns of every CSV file, in and out. The first three are enough to find a package again.
var columns = []string{
	"purl", "source", "repository", "format", "name", "version", "project", "target_name", "files", "bytes",
	"outcome", "reason", "proof", "attempts", "settled", "error", "next", "gone",
}

// CSV writes a row per record, after a row of column names.
func CSV(w io.Writer, records iter.Seq2[checkpoint.Record, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for record, err := range records {
		if err != nil {
			return err
		}
		if err := out.Write(cells(record)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func cells(r checkpoint.Record) []string {
	p := r.Package
	row := []string{
		p.PURL(), p.Source, p.Repository, string(p.Format), p.Name, p.Version, r.Destination.Project, r.Destination.Name,
		strconv.Itoa(len(p.Files)), strconv.FormatInt(p.Bytes(), 10), OutcomeName(r.Outcome), string(r.Reason),
		r.Proof.String(), strconv.Itoa(r.Attempts), stamp(r.Settled), printable(r.Error), r.Reason.Next(), stamp(r.Gone),
	}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return row
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// formulaStart are the characters at which spreadsheets take a cell for a formula (OWASP: CSV Injection).
const formulaStart = "=+-@\t\r\n"

// harmless keeps a spreadsheet from running what a package is called: it puts an apostrophe before what looks like a
// formula, and before what starts with an apostrophe, so that Plain can take it away again.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune(formulaStart+"'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Plain is the inverse of what CSV does to a cell. A spreadsheet may have dropped the apostrophe already.
func Plain(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && harmless(rest) != rest {
		return rest
	}
	return cell
}
