package checkpoint

import (
	"context"
	"database/sql"
	"time"
)

// Pace is how fast packages settled lately.
type Pace struct {
	Packages, Bytes int64
	First           time.Time // when the first of them settled
}

// Pace counts what was published or found present since a moment.
func (s *Store) Pace(ctx context.Context, since time.Time) (Pace, error) {
	var p Pace
	var first sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT count(*), min(settled), coalesce(sum(
		(SELECT coalesce(sum(max(size, 0)), 0) FROM file WHERE file.package = package.id)), 0)
		FROM package WHERE outcome IN ('published', 'present') AND settled >= ?`, millis(since)).Scan(&p.Packages, &first, &p.Bytes)
	p.First = fromMillis(first.Int64)
	return p, err
}

// Stuck returns the unsettled packages that took more than one attempt, those with the most first, without their files.
func (s *Store) Stuck(ctx context.Context, limit int) ([]Record, error) {
	var records []Record
	err := query(ctx, s.db, func(row *sql.Rows) error {
		r, err := scanRecord(row)
		records = append(records, r)
		return err
	}, `SELECT `+recordColumns+` FROM package WHERE outcome IS NULL AND attempts > 0 ORDER BY attempts DESC, id LIMIT ?`, limit)
	return records, err
}
