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
	// Changes: it tells only what was added or replaced since the listing before it. Relist decides that, List does not.
	Changes bool
	// Began is when it began. Fresh is when the last listing of the source began that came to its end and missed nothing, and
	// Whole the same of listings of everything; zero while there is none. List and Relist see to all three.
	Began, Fresh, Whole time.Time
}

// Batch is what one step of a listing brings: packages, what could not be listed, notes for later listings, and the
// position after it all.
type Batch struct {
	Entries  []Entry
	Problems []string
	Notes    map[string]string
	To       Listing
	// Choice decides about the versions when the listing comes to its end; until then they are not taken. Nil: every
	// version is wanted, and may be taken at once.
	Choice Choice
	// Judge decides at the end, before the choice, about entries that are decided Later.
	Judge Judge
}

// Listing returns the saved position of a source; the zero value when it was never listed.
func (s *Store) Listing(ctx context.Context, source string) (Listing, error) {
	l, err := scanListing(s.db.QueryRowContext(ctx, "SELECT "+listingColumns+" FROM listing WHERE source = ?", source).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Listing{}, nil
	}
	return l, err
}

const listingColumns = "cursor, complete, changes, began, fresh, whole"

// scanListing reads a row that begins with listingColumns; the others follow.
func scanListing(scan func(...any) error, others ...any) (l Listing, err error) {
	var began, fresh, whole int64
	err = scan(append([]any{&l.Cursor, &l.Complete, &l.Changes, &began, &fresh, &whole}, others...)...)
	l.Began, l.Fresh, l.Whole = fromMillis(began), fromMillis(fresh), fromMillis(whole)
	return l, err
}

// Relist begins a new listing of a source: of everything, or of changes only. The packages, and what was noted, stay;
// the problems go.
func (s *Store) Relist(ctx context.Context, source string, changes bool) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO listing (source, cursor, complete, changes, number, began) VALUES (?, '', 0, ?, 1, ?)
			ON CONFLICT DO UPDATE SET cursor = '', complete = 0, changes = excluded.changes, number = number + 1, began = excluded.began`,
			source, changes, millis(time.Now()))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM problem WHERE source = ?", source)
		return err
	})
}

// Noted returns what a source's listings noted under a key; "" when nothing.
func (s *Store) Noted(ctx context.Context, source, key string) (value string, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT value FROM note WHERE source = ? AND key = ?", source, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// List records a batch of a listing, all or nothing. A listed file joins the row of its package. A settled package that
// gains or changes a file, or gets another destination, is unsettled again; one that is listed as it was stays as it is.
// When a listing of everything has come to its end without a problem, what it did not have is gone from the source.
func (s *Store) List(ctx context.Context, source string, b Batch) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		u := upsert{ctx: ctx, tx: tx, batch: s.batch.Load() + 1}
		if b.Choice != nil || b.Judge.Versions {
			u.due = held
		}
		err := tx.QueryRowContext(ctx, `INSERT INTO listing (source, cursor, complete, changes, number, began) VALUES (?, ?, ?, 0, 1, ?)
			ON CONFLICT DO UPDATE SET cursor = excluded.cursor, complete = excluded.complete RETURNING number`,
			source, b.To.Cursor, b.To.Complete, millis(time.Now())).Scan(&u.listing)
		if err != nil {
			return err
		}
		if err := u.entries(b.Entries); err != nil {
			return err
		}
		for _, problem := range b.Problems {
			_, err := tx.ExecContext(ctx, "INSERT INTO problem (source, error, at) VALUES (?, ?, ?)", source, problem, millis(time.Now()))
			if err != nil {
				return err
			}
		}
		for key, value := range b.Notes {
			_, err := tx.ExecContext(ctx, `INSERT INTO note (source, key, value) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET value = excluded.value`, source, key, value)
			if err != nil {
				return err
			}
		}
		if !b.To.Complete {
			return nil
		}
		if err := date(ctx, tx, source); err != nil {
			return err
		}
		if err := bury(ctx, tx, source); err != nil {
			return err
		}
		return conclude(ctx, tx, source, b.Judge, b.Choice, u.batch)
	})
	if err == nil {
		s.batch.Add(1)
	}
	return err
}

// date notes how old from now on what is known of a source is: as old as the beginning of its listing, if that missed nothing.
func date(ctx context.Context, tx *sql.Tx, source string) error {
	_, err := tx.ExecContext(ctx, `UPDATE listing SET fresh = began, whole = CASE WHEN changes THEN whole ELSE began END
		WHERE source = ? AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.source = listing.source)`, source)
	return err
}

// Redecide gives packages that are listed already the decisions of other routes. It moves no listing.
func (s *Store) Redecide(ctx context.Context, entries []Entry) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		return upsert{ctx: ctx, tx: tx, batch: s.batch.Load() + 1}.entries(entries)
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
	// listing is the number of the listing that has the entries; 0 when none has.
	listing int64
	// due is when what has to be settled may be taken.
	due int64
}

func (u upsert) entries(all []Entry) error {
	for _, one := range all {
		if err := u.entry(one); err != nil {
			return fmt.Errorf("%s: %w", one.Package.PURL(), err)
		}
	}
	return nil
}

func (u upsert) entry(e Entry) error {
	id, changed, err := u.row(e)
	if err != nil {
		return err
	}
	// A tag is one manifest: when it moved, what it was before is no file of it any more.
	if p := e.Package; p.Format == artifact.Container && len(p.Files) == 1 {
		if _, err := u.tx.ExecContext(u.ctx, "DELETE FROM file WHERE package = ? AND path <> ?", id, p.Files[0].Path); err != nil {
			return err
		}
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
	if e.Skip != "" && !e.Later {
		_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET revision = revision + 1, outcome = ?, reason = ?, error = ?,
			proof = 0, settled = ?, left_out = 0 WHERE id = ?`, e.outcome(), e.Skip, e.Detail, millis(time.Now()), id)
		return err
	}
	_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET revision = revision + 1, outcome = NULL, reason = '', error = '',
		proof = 0, settled = 0, attempts = 0, left_out = 0, due = CASE version WHEN '' THEN 1 ELSE ? END WHERE id = ?`, u.due, id)
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
	var leftOut bool
	to, was := e.Destination, &before.Destination
	err = u.tx.QueryRowContext(u.ctx, `SELECT id, project, dest_format, dest_name, channel, repack, on_conflict, coalesce(outcome, ''), reason, left_out
		FROM package WHERE source = ? AND repository = ? AND format = ? AND name = ? AND version = ?`,
		p.Source, p.Repository, p.Format, p.Name, p.Version).
		Scan(&id, &was.Project, &was.Format, &was.Name, &was.Channel, &was.Repack, &before.OnConflict, &outcome, &reason, &leftOut)
	identity, name := identities(to)
	if errors.Is(err, sql.ErrNoRows) {
		result, err := u.tx.ExecContext(u.ctx, `INSERT INTO package (source, repository, format, name, version, metadata,
			project, dest_format, dest_name, channel, repack, identity, one_name, on_conflict, batch, seen, due, listed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`, p.Source, p.Repository, p.Format, p.Name, p.Version, metadata,
			to.Project, to.Format, to.Name, to.Channel, to.Repack, identity, name, e.OnConflict, u.batch, u.listing,
			millis(time.Now()))
		if err != nil {
			return 0, false, err
		}
		id, err = result.LastInsertId()
		return id, true, err
	}
	if err != nil {
		return 0, false, err
	}
	if e.Later {
		_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET metadata = ?, batch = ?, seen = max(seen, ?), gone = CASE WHEN ? > 0 THEN 0 ELSE gone END
			WHERE id = ?`, metadata, u.batch, u.listing, u.listing, id)
		return id, outcome == artifact.Skipped && !leftOut && !ruled(reason), err
	}
	_, err = u.tx.ExecContext(u.ctx, `UPDATE package SET metadata = ?, project = ?, dest_format = ?, dest_name = ?, channel = ?, repack = ?,
		identity = ?, one_name = ?, on_conflict = ?, batch = ?, seen = max(seen, ?), gone = CASE WHEN ? > 0 THEN 0 ELSE gone END WHERE id = ?`,
		metadata, to.Project, to.Format, to.Name, to.Channel, to.Repack, identity, name, e.OnConflict, u.batch, u.listing, u.listing, id)
	if leftOut {
		return id, e.Skip != "", err // the choice decides about the rest at the end of the listing
	}
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
	before.Destination.Version = e.Destination.Version
	return outcome == artifact.Skipped || before.Destination != e.Destination ||
		outcome == artifact.Conflict && before.OnConflict != e.OnConflict
}

// file inserts or refreshes one file and tells whether it is new or has other content.
func (u upsert) file(id int64, f artifact.File) (changed bool, err error) {
	var old artifact.File
	var modified, seen int64
	d := &old.Digests
	err = u.tx.QueryRowContext(u.ctx, `SELECT size, md5, sha1, sha256, sha512, modified, seen FROM file WHERE package = ? AND path = ?`,
		id, f.Path).Scan(&old.Size, &d.MD5, &d.SHA1, &d.SHA256, &d.SHA512, &modified, &seen)
	old.Modified = fromMillis(modified)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	known := err == nil
	var properties []byte
	if len(f.Properties) > 0 {
		if properties, err = json.Marshal(f.Properties); err != nil {
			return false, err
		}
	}
	if known && sameContent(old, f) {
		_, err = u.tx.ExecContext(u.ctx, `UPDATE file SET locator = ?, modified = ?, downloaded = ?, properties = ?, seen = max(seen, ?),
			gone = CASE WHEN ? > 0 THEN 0 ELSE gone END WHERE package = ? AND path = ?`,
			f.Locator, millis(f.Modified), millis(f.Downloaded), string(properties), u.listing, u.listing, id, f.Path)
		return false, err
	}
	_, err = u.tx.ExecContext(u.ctx, `INSERT OR REPLACE INTO file (package, path, size, md5, sha1, sha256, sha512, locator, modified, downloaded,
		properties, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, f.Path, f.Size, f.Digests.MD5, f.Digests.SHA1, f.Digests.SHA256, f.Digests.SHA512,
		f.Locator, millis(f.Modified), millis(f.Downloaded), string(properties), max(u.listing, seen))
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
