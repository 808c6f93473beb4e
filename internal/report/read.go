package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// Chosen is a set of packages.
type Chosen map[chosen]bool

type chosen struct{ source, repository, purl string }

// Has tells whether p is in the set.
func (c Chosen) Has(p artifact.Package) bool { return c[chosen{p.Source, p.Repository, p.PURL()}] }

// ReadCSV reads a set of packages from a file that CSV wrote and somebody may have filtered, sorted or cut to the
// columns purl, source and repository.
func ReadCSV(r io.Reader) (Chosen, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; a report's CSV is expected")
	}
	if err != nil {
		return nil, err
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff") // spreadsheets write a byte order mark
	var at [3]int
	for i, name := range []string{"purl", "source", "repository"} {
		if at[i] = slices.Index(head, name); at[i] < 0 {
			return nil, fmt.Errorf("the column %s is missing; a report's CSV is expected", name)
		}
	}
	set := Chosen{}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return set, nil
		}
		if err != nil {
			return nil, err
		}
		one := chosen{purl: Plain(cells[at[0]]), source: Plain(cells[at[1]]), repository: Plain(cells[at[2]])}
		if _, err := artifact.ParsePURL(one.purl); err != nil {
			line, _ := in.FieldPos(at[0])
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		set[one] = true
	}
}
