package checkpoint

import (
	"context"
	"database/sql"
	"time"
)

// Seal is a report that was sealed: the name of its file without a directory, how many lines it has, and the head of the
// chain that they make.
type Seal struct {
	At      time.Time
	File    string
	Lines   int64
	Head    string // hex
	Version string // of the pkgferry that sealed it
}

// Keep notes a sealed report. It may be called on a view, and while another process runs the migration: it adds a row of its
// own and changes none.
func (s *Store) Keep(ctx context.Context, one Seal) error {
	db := s.write
	if db == nil {
		var err error
		if db, err = connect(s.path, "rw"); err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
	}
	_, err := db.ExecContext(ctx, "INSERT INTO seal (at, file, lines, head, version) VALUES (?, ?, ?, ?, ?)",
		millis(one.At), one.File, one.Lines, one.Head, one.Version)
	return err
}

// Seals lists the reports that were sealed, the newest first, at most so many.
func (s *Store) Seals(ctx context.Context, most int) ([]Seal, error) {
	var seals []Seal
	err := query(ctx, s.db, func(row *sql.Rows) error {
		one, err := scanSeal(row)
		seals = append(seals, one)
		return err
	}, "SELECT at, file, lines, head, version FROM seal ORDER BY id DESC LIMIT ?", most)
	return seals, err
}

// Sealed finds a sealed report by its head; a zero Seal when there is none.
func (s *Store) Sealed(ctx context.Context, head string) (Seal, error) {
	var one Seal
	err := query(ctx, s.db, func(row *sql.Rows) (err error) {
		one, err = scanSeal(row)
		return err
	}, "SELECT at, file, lines, head, version FROM seal WHERE head = ? ORDER BY id DESC LIMIT 1", head)
	return one, err
}

func scanSeal(row *sql.Rows) (Seal, error) {
	var one Seal
	var at int64
	err := row.Scan(&at, &one.File, &one.Lines, &one.Head, &one.Version)
	one.At = fromMillis(at)
	return one, err
}
