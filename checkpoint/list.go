package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pkgferry/internal/artifact"
)

// Listing is how far the listing of one source has come.
type Listing struct {
	Cursor   string
	Complete bool
}

// Listing returns the saved position of a source; the zero value when it was never listed.
func (s *Store) Listing(ctx context.Context, source string) (Listing, error) {
	var l Listing
	err := s.db.QueryRowContext(ctx, "SELECT cursor, complete FROM listing WHERE source = ?", source).Scan(&l.Cursor, &l.Complete)
	if errors.Is(err, sql.ErrNoRows) {
		return Listing{}, nil
	}
	return l, err
}

// Relist forgets the position of a source and its problems, so that its next listing starts at the beginning. The
// packages stay.
func (s *Store) Relist(ctx context.Context, source string) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{"DELETE FROM listing WHERE source = ?", "DELETE FROM problem WHERE source = ?"} {
			if _, err := tx.ExecContext(ctx, statement, source); err != nil {
				return err
			}
		}
		return nil
	})
}

// List records a batch of listed packages, the problems met among them, and the position after it, all or nothing. A
// listed file joins the row of its package. A settled package that gains or changes a file, or gets another destination,
// is unsettled again; one that is listed as it was stays as it is.
func (s *Store) List(ctx context.Context, source string, entries []Entry, problems []string, to Listing) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		u := upsert{ctx: ctx, tx: tx, batch: s.batch.Load() + 1}
		for _, entry := range entries {
			if err := u.entry(entry); err != nil {
				return fmt.Errorf("%s: %w", entry.Package.PURL(), err)
			}
		}
		for _, problem := range problems {
			_, err := tx.ExecContext(ctx, "INSERT INTO problem (source, error, at) VALUES (?, ?, ?)", source, problem, millis(time.Now()))
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO listing (source, cursor, complete) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET cursor = excluded.cursor, complete = excluded.complete`, source, to.Cursor, to.Complete)
		return err
	})
	if err == nil {
		s.batch.Add(1)
	}
	return err
}

// upsert writes entries inside one transaction.
type upsert struct {
	ctx   context.Context
	tx    *sql.Tx
	batch int64
}

func (u upsert) entry(e Entry) error {
	id, changed, err := u.row(e)
	if err != nil {
		return err
	}
	for _, f := range e.Package.Files {
		other, err := u.file(id, f)
		if err != nil {
			return err
		}
		changed = changed || other
	}
	if !changed {
		return nil
	}
	if e.Skip != "" {
		_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET revision = revision + 1, outcome = ?, reason = ?, error = ?,
			proof = 0, settled = ? WHERE id = ?`, e.outcome(), e.Skip, e.Detail, millis(time.Now()), id)
		return err
	}
	_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET revision = revision + 1, outcome = NULL, reason = '', error = '',
		proof = 0, settled = 0, attempts = 0, due = (version = '') WHERE id = ?`, id)
	return err
}

// row inserts or refreshes the package's row and tells whether it must be settled anew.
func (u upsert) row(e Entry) (id int64, changed bool, err error) {
	p := e.Package
	metadata := []byte("{}")
	if len(p.Metadata) > 0 {
		if metadata, err = json.Marshal(p.Metadata); err != nil {
			return 0, false, err
		}
	}
	var before Entry
	var outcome artifact.Outcome
	var reason artifact.Reason
	to, was := e.Destination, &before.Destination
	err = u.tx.QueryRowContext(u.ctx, `SELECT id, project, dest_name, channel, repack, on_conflict, coalesce(outcome, ''), reason FROM package
		WHERE source = ? AND repository = ? AND format = ? AND name = ? AND version = ?`,
		p.Source, p.Repository, p.Format, p.Name, p.Version).
		Scan(&id, &was.Project, &was.Name, &was.Channel, &was.Repack, &before.OnConflict, &outcome, &reason)
	identity, name := identities(to)
	if errors.Is(err, sql.ErrNoRows) {
		result, err := u.tx.ExecContext(u.ctx, `INSERT INTO package (source, repository, format, name, version, metadata,
			project, dest_name, channel, repack, identity, one_name, on_conflict, batch, due)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`, p.Source, p.Repository, p.Format, p.Name, p.Version, metadata,
			to.Project, to.Name, to.Channel, to.Repack, identity, name, e.OnConflict, u.batch)
		if err != nil {
			return 0, false, err
		}
		id, err = result.LastInsertId()
		return id, true, err
	}
	if err != nil {
		return 0, false, err
	}
	_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET metadata = ?, project = ?, dest_name = ?, channel = ?, repack = ?, identity = ?,
		one_name = ?, on_conflict = ?, batch = ? WHERE id = ?`,
		metadata, to.Project, to.Name, to.Channel, to.Repack, identity, name, e.OnConflict, u.batch, id)
	return id, redecided(e, before, outcome, reason), err
}

// identities are those of a destination, with and without its version.
func identities(to artifact.Destination) (whole, name []byte) {
	one := to.Identity()
	to.Version = ""
	other := to.Identity()
	return one[:], other[:]
}

// redecided tells whether a decision differs from the one a row was last given in a way that matters to its outcome.
func redecided(e, before Entry, outcome artifact.Outcome, reason artifact.Reason) bool {
	if e.Skip != "" {
		arrived := outcome == artifact.Published || outcome == artifact.Present
		return !arrived && (outcome != e.outcome() || reason != e.Skip)
	}
	before.Destination.Format, before.Destination.Version = e.Destination.Format, e.Destination.Version
	return outcome == artifact.Skipped || before.Destination != e.Destination ||
		outcome == artifact.Conflict && before.OnConflict != e.OnConflict
}

// file inserts or refreshes one file and tells whether it is new or has other content.
func (u upsert) file(id int64, f artifact.File) (changed bool, err error) {
	var old artifact.File
	var modified int64
	d := &old.Digests
	err = u.tx.QueryRowContext(u.ctx, `SELECT size, md5, sha1, sha256, sha512, modified FROM file WHERE package = ? AND path = ?`,
		id, f.Path).Scan(&old.Size, &d.MD5, &d.SHA1, &d.SHA256, &d.SHA512, &modified)
	old.Modified = fromMillis(modified)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	known := err == nil
	if known && sameContent(old, f) {
		_, err = u.tx.ExecContext(u.ctx, "UPDATE file SET locator = ?, modified = ? WHERE package = ? AND path = ?",
			f.Locator, millis(f.Modified), id, f.Path)
		return false, err
	}
	_, err = u.tx.ExecContext(u.ctx, `INSERT OR REPLACE INTO file (package, path, size, md5, sha1, sha256, sha512, locator, modified)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, f.Path, f.Size,
		f.Digests.MD5, f.Digests.SHA1, f.Digests.SHA256, f.Digests.SHA512, f.Locator, millis(f.Modified))
	return true, err
}

// sameContent tells whether a source lists the same bytes as before: by size where both are known, then by digest, and
// where there is none in common by size and date.
func sameContent(old, now artifact.File) bool {
	if old.Size >= 0 && now.Size >= 0 && old.Size != now.Size {
		return false
	}
	switch old.Digests.Compare(now.Digests) {
	case artifact.Same:
		return true
	case artifact.Different:
		return false
	}
	return old.Size == now.Size && millis(old.Modified) == millis(now.Modified)
}

func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
