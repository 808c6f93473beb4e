package report

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// The columns of every CSV file, in and out. The first three are enough to find a package again.
var columns = []string{
	"purl", "source", "repository", "format", "name", "version", "project", "target_name", "files", "bytes",
	"outcome", "reason", "proof", "attempts", "settled", "error", "next", "gone",
}

// tableOf is a CSV file that is filled package by package.
type tableOf struct {
	out  *csv.Writer
	rows func(checkpoint.Record, row) [][]string
}

func (t tableOf) add(r checkpoint.Record, line row) error {
	for _, cells := range t.rows(r, line) {
		if err := t.out.Write(cells); err != nil {
			return err
		}
	}
	return nil
}

// tables begins the CSV files, if any are wanted.
func (s *session) tables() ([]tableOf, error) {
	if !s.wants(asTables) {
		return nil, nil
	}
	var tables []tableOf
	for _, one := range []struct {
		file string
		head []string
		rows func(checkpoint.Record, row) [][]string
	}{
		{packagesFile, columns, func(r checkpoint.Record, _ row) [][]string { return [][]string{cells(r)} }},
		{failuresFile, columns, func(r checkpoint.Record, _ row) [][]string {
			if r.Outcome != artifact.Failed && r.Outcome != artifact.Conflict {
				return nil // failures are what there is to work on
			}
			return [][]string{cells(r)}
		}},
		{filesFile, fileColumns, func(_ checkpoint.Record, line row) [][]string { return fileCells(line) }},
	} {
		out, err := s.create(one.file)
		if err != nil {
			return nil, err
		}
		begun := tableOf{csv.NewWriter(out), one.rows}
		if err := begun.out.Write(one.head); err != nil {
			return nil, err
		}
		tables = append(tables, begun)
	}
	return tables, nil
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

// The columns of files.csv: what the package's row says, and what is known of the file.
var fileColumns = []string{
	"purl", "source", "repository", "format", "name", "version", "project", "target_name", "outcome", "reason", "attempts",
	"file", "url", "size", "source_md5", "source_sha1", "source_sha256", "source_sha512", "our_sha1", "our_sha256", "held", "held_size", "proof",
	"modified", "listed", "started", "settled", "gone", "tool",
}

// fileCells are the rows of a package's files.
func fileCells(line row) (rows [][]string) {
	for _, f := range line.Files {
		heldSize, gone := "", ""
		if f.HeldSize != nil {
			heldSize = strconv.FormatInt(*f.HeldSize, 10)
		}
		if f.Gone || !line.Gone.IsZero() {
			gone = "yes"
		}
		row := []string{
			line.PURL, line.Source, line.Repository, string(line.Format), line.Name, line.Version, line.Project, line.TargetName,
			line.Outcome, string(line.Reason), strconv.Itoa(line.Attempts), f.Path, f.URL, strconv.FormatInt(f.Size, 10),
			f.Declared["md5"], f.Declared["sha1"], f.Declared["sha256"], f.Declared["sha512"], f.Computed["sha1"], f.Computed["sha256"],
			f.Held, heldSize, f.Proof, stamp(f.Modified), stamp(line.Listed), stamp(line.Started), stamp(line.Settled), gone, line.Tool,
		}
		for i := range row {
			row[i] = harmless(row[i])
		}
		rows = append(rows, row)
	}
	return rows
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
