package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"pkgferry/internal/artifact"
)

// Settlement is how a package ended.
type Settlement struct {
	Outcome  artifact.Outcome
	Reason   artifact.Reason
	Error    string
	Proof    artifact.Proof
	Arrivals map[string]Arrival
}

// Take returns unsettled records that are due at now, with their files in publishing order: at most limit, in the order
// of listing, without those of the sources in without and those that skip leaves out. A package of the newest listing
// batch is left until the next one, since more of its files may follow; an index package is left until its source's
// listing is complete and every version of its name has settled.
func (s *Store) Take(ctx context.Context, now time.Time, limit int, without []string, skip func(Record) bool) ([]Record, error) {
	var records []Record
	closed, err := json.Marshal(append([]string{}, without...)) // [] and not null, which nothing is outside of
	if err != nil {
		return nil, err
	}
	err = query(ctx, s.db, func(row *sql.Rows) error {
		if len(records) == limit {
			return errEnough
		}
		r, err := scanRecord(row)
		if err == nil && !skip(r) {
			records = append(records, r)
		}
		return err
	}, `SELECT `+recordColumns+` FROM package p
		WHERE outcome IS NULL AND due <= ? AND source NOT IN (SELECT value FROM json_each(?))
		AND (batch < ? OR EXISTS (SELECT 1 FROM listing l WHERE l.source = p.source AND l.complete))
		AND (version <> '' OR (
			EXISTS (SELECT 1 FROM listing l WHERE l.source = p.source AND l.complete)
			AND NOT EXISTS (SELECT 1 FROM package v WHERE v.source = p.source AND v.repository = p.repository
				AND v.format = p.format AND v.name = p.name AND v.version <> '' AND v.outcome IS NULL)))
		ORDER BY due, id`, millis(now), closed, s.batch.Load())
	if err != nil {
		return nil, err
	}
	return records, s.withFiles(ctx, records)
}

// NextDue returns when the next postponed package is due, later than now; the zero time when none is.
func (s *Store) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	var due sql.NullInt64
	err := s.db.QueryRowContext(ctx, "SELECT min(due) FROM package WHERE outcome IS NULL AND due > ? AND due < ?",
		millis(now), int64(held)).Scan(&due)
	if err != nil || !due.Valid {
		return time.Time{}, err
	}
	return time.UnixMilli(due.Int64), nil
}

// Sending notes that r is about to be published, so that a run that dies now knows afterwards whose work it finds. The
// index of r's name is unsettled by it, since publishing a version can move what the index says: npm's latest, on GitLab.
func (s *Store) Sending(ctx context.Context, r Record) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE package SET sent = 1,
			started = CASE started WHEN 0 THEN ? ELSE started END WHERE id = ?`, millis(time.Now()), r.ID); err != nil || r.Package.Index() {
			return err
		}
		p := r.Package
		_, err := tx.ExecContext(ctx, `UPDATE package SET revision = revision + 1, outcome = NULL, reason = '', error = '', proof = 0,
			settled = 0, attempts = 0, due = 1
			WHERE source = ? AND repository = ? AND format = ? AND name = ? AND version = '' AND outcome IS NOT 'skipped'`,
			p.Source, p.Repository, p.Format, p.Name)
		return err
	})
}

// Postpone leaves r unsettled until due. Attempts replaces its count; arrivals keeps what was copied so far.
func (s *Store) Postpone(ctx context.Context, r Record, due time.Time, attempts int, why string, arrivals map[string]Arrival) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE package SET due = ?, attempts = ?, error = ? WHERE id = ? AND outcome IS NULL",
			millis(due), attempts, why, r.ID)
		return errors.Join(err, arrive(ctx, tx, r.ID, arrivals))
	})
}

// Settle records how r ended. A row that the listing changed since r was taken stays as it is: unsettled.
func (s *Store) Settle(ctx context.Context, r Record, to Settlement) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE package SET outcome = ?, reason = ?, error = ?, proof = ?, settled = ?, left_out = ?
			WHERE id = ? AND revision = ?`, to.Outcome, to.Reason, to.Error, to.Proof, millis(time.Now()),
			to.Outcome == artifact.Skipped && to.Reason == artifact.Excluded, r.ID, r.revision)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return arrive(ctx, tx, r.ID, to.Arrivals)
	})
}

// arrive keeps what is known of files that were copied or found. A size that the source did not tell is learnt.
func arrive(ctx context.Context, tx *sql.Tx, id int64, arrivals map[string]Arrival) error {
	for path, a := range arrivals {
		_, err := tx.ExecContext(ctx, `UPDATE file SET our_sha1 = ?, our_sha256 = ?, held_size = ?, held = ?, proof = ?,
			size = CASE WHEN size < 0 AND ? > 0 THEN ? ELSE size END WHERE package = ? AND path = ?`,
			a.Ours.SHA1, a.Ours.SHA256, a.HeldSize, a.Held, a.Proof, a.Size, a.Size, id, path)
		if err != nil {
			return err
		}
	}
	return nil
}

// Prove notes that a verification found p's files, by path, where they belong, with the given proofs. A proof only ever
// grows, and the package's own is the least of its files'.
func (s *Store) Prove(ctx context.Context, p artifact.Package, files map[string]artifact.Proof) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `SELECT id FROM package WHERE source = ? AND repository = ? AND format = ? AND name = ?
			AND version = ? AND outcome IN ('published', 'present')`, p.Source, p.Repository, p.Format, p.Name, p.Version).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		for path, proof := range files {
			_, failed := tx.ExecContext(ctx, "UPDATE file SET proof = max(proof, ?) WHERE package = ? AND path = ?", proof, id, path)
			err = errors.Join(err, failed)
		}
		_, failed := tx.ExecContext(ctx, "UPDATE package SET proof = (SELECT min(proof) FROM file WHERE package = id) WHERE id = ?", id)
		return errors.Join(err, failed)
	})
}

// Doubt makes p unsettled again when it had arrived, after it was found not to be as it had been settled. It returns the outcome
// that p had; empty when it had none, or was never listed.
func (s *Store) Doubt(ctx context.Context, p artifact.Package, why string) (was artifact.Outcome, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `SELECT id, coalesce(outcome, '') FROM package WHERE source = ? AND repository = ? AND format = ?
			AND name = ? AND version = ?`, p.Source, p.Repository, p.Format, p.Name, p.Version).Scan(&id, &was)
		if err != nil || was != artifact.Published && was != artifact.Present {
			return ignore(err, sql.ErrNoRows)
		}
		_, err = tx.ExecContext(ctx, `UPDATE package SET revision = revision + 1, outcome = NULL, reason = '', error = ?, proof = 0,
			settled = 0, attempts = 0, due = (version = '') WHERE id = ?`, why, id)
		return err
	})
	return was, err
}

// Replace takes over what a file is now, after the source said that it changed since it was listed.
func (s *Store) Replace(ctx context.Context, r Record, f artifact.File) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		_, err := upsert{ctx: ctx, tx: tx}.file(r.ID, f)
		return err
	})
}

// Reopen makes the failed and conflicting packages unsettled again, for another run. It tells how many there were.
func (s *Store) Reopen(ctx context.Context) (int64, error) {
	result, err := s.write.ExecContext(ctx, `UPDATE package SET outcome = NULL, reason = '', error = '', attempts = 0, due = (version = ''), settled = 0
		WHERE outcome IN ('failed', 'conflict')`)
	if err != nil {
		return 0, err
	}
	if _, err := s.write.ExecContext(ctx, "UPDATE package SET due = (version = '') WHERE outcome IS NULL AND due > 1"); err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
