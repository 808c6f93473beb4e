package clients

import (
	"encoding/csv"
	"io"
	"strings"
)

// rows writes a table as it comes, after a row of column names.
func rows(w io.Writer, head []string, each func(row func(...string) error) error) error {
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return err
	}
	err := each(func(cells ...string) error {
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		return out.Write(cells)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from taking a name for a formula (OWASP: CSV Injection).
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
