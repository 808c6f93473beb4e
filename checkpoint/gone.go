package checkpoint

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pkgferry/internal/artifact"
)

// bury marks what a listing of everything, which has come to its end, did not have: it is gone from the source. Where
// something could not be listed, or only changes were asked for, absence proves nothing. What had arrived stays as it is;
// what had not is left out with the reason source-removed; and a file that is gone is not asked for any more.
func bury(ctx context.Context, tx *sql.Tx, source string) error {
	var number int64
	err := tx.QueryRowContext(ctx, `SELECT number FROM listing l WHERE source = ? AND NOT changes
		AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.source = l.source)`, source).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) || err != nil || number == 1 {
		return ignore(err, sql.ErrNoRows)
	}
	now := millis(time.Now())
	for _, one := range []struct {
		statement string
		args      []any
	}{
		{`UPDATE package SET gone = ? WHERE source = ? AND seen < ? AND gone = 0`, []any{now, source, number}},
		{`UPDATE package SET revision = revision + 1, outcome = 'skipped', reason = ?, settled = ?,
			error = 'it was listed before and is not at the source any more'
			WHERE source = ? AND gone > 0 AND (outcome IS NULL OR outcome IN ('failed', 'conflict'))`, []any{artifact.SourceRemoved, now, source}},
		{`DELETE FROM file WHERE seen < ? AND package IN (SELECT id FROM package WHERE source = ? AND gone = 0
			AND (outcome IS NULL OR outcome IN ('failed', 'conflict')))`, []any{number, source}},
		{`UPDATE file SET gone = ? WHERE seen < ? AND gone = 0 AND package IN (SELECT id FROM package WHERE source = ?)`,
			[]any{now, number, source}},
	} {
		if _, err := tx.ExecContext(ctx, one.statement, one.args...); err != nil {
			return err
		}
	}
	return nil
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
