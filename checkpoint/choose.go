package checkpoint

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"
	"time"

	"pkgferry/internal/artifact"
)

// Choice goes through the versions of one name in one repository, in no particular order, and yields those that are left
// out, each with an explanation. Downloads tells that the repository's source knows of downloads.
type Choice func(format artifact.Format, downloads bool, versions iter.Seq[artifact.Release]) iter.Seq2[artifact.Release, string]

// held is the due time of a version that waits for a choice: until its source is listed to its end, nobody takes it.
const held = math.MaxInt64

// Hold keeps the unsettled versions of a source from being taken until its listing comes to its end. Reopen ends it, too.
func (s *Store) Hold(ctx context.Context, source string) error {
	_, err := s.write.ExecContext(ctx, "UPDATE package SET due = ? WHERE source = ? AND version <> '' AND outcome IS NULL", int64(held), source)
	return err
}

// Choose lets a judge and a choice decide anew about a source that is listed to its end; a nil choice leaves out none. What has
// arrived stays as it is.
func (s *Store) Choose(ctx context.Context, source string, judge Judge, choice Choice) error {
	return s.transact(ctx, func(tx *sql.Tx) error { return conclude(ctx, tx, source, judge, choice, s.batch.Load()) })
}

// choose leaves versions out as skipped, takes back those that were left out before, and lets the indexes follow.
func choose(ctx context.Context, tx *sql.Tx, source string, choice Choice) error {
	const begin = "CREATE TEMP TABLE IF NOT EXISTS leaving (id INTEGER PRIMARY KEY, why TEXT NOT NULL); DELETE FROM leaving"
	if _, err := tx.ExecContext(ctx, begin); err != nil {
		return err
	}
	if choice != nil {
		if err := (&choosing{ctx: ctx, tx: tx, source: source, choice: choice}).all(); err != nil {
			return err
		}
	}
	now := millis(time.Now())
	for _, one := range []struct {
		statement string
		args      []any
	}{
		{`UPDATE package SET revision = revision + 1, outcome = 'skipped', reason = ?, error = l.why, proof = 0, settled = ?, left_out = 1
			FROM leaving l WHERE l.id = package.id AND (outcome IS NULL OR outcome IN ('failed', 'conflict') OR left_out AND error <> l.why)`,
			[]any{artifact.Excluded, now}},
		{takeBack + `version <> '' AND NOT EXISTS (SELECT 1 FROM leaving l WHERE l.id = package.id)`, []any{source}},
		{`UPDATE package SET due = 0 WHERE source = ? AND outcome IS NULL AND due = ?`, []any{source, int64(held)}},
		{`UPDATE package SET revision = revision + 1, outcome = 'skipped', reason = ?, proof = 0, settled = ?, left_out = 1,
			error = 'every version of it is left out'
			WHERE source = ? AND version = '' AND (outcome IS NULL OR outcome IN ('failed', 'conflict'))
			AND NOT EXISTS (` + version + `v.outcome IS NOT 'skipped') AND EXISTS (` + version + `v.reason = ?)`,
			[]any{artifact.Excluded, now, source, artifact.Excluded}},
		{takeBack + `version = '' AND EXISTS (` + version + `v.outcome IS NOT 'skipped')`, []any{source}},
		{`DELETE FROM leaving`, nil},
	} {
		if _, err := tx.ExecContext(ctx, one.statement, one.args...); err != nil {
			return err
		}
	}
	return nil
}

const (
	takeBack = `UPDATE package SET revision = revision + 1, outcome = NULL, reason = '', error = '', proof = 0, settled = 0, attempts = 0,
		due = (version = ''), left_out = 0 WHERE source = ? AND left_out AND gone = 0 AND `
	// version is a version of the name that a row of package belongs to.
	version = `SELECT 1 FROM package v WHERE v.source = package.source AND v.repository = package.repository
		AND v.format = package.format AND v.name = package.name AND v.version <> '' AND `
)

// choosing goes through a source name by name. One row is held, and what the choice holds.
type choosing struct {
	ctx       context.Context
	tx        *sql.Tx
	source    string
	choice    Choice
	rows      *sql.Rows
	row       candidate
	more      bool
	err       error
	downloads bool // of the repository of row
}

// candidate is a version that may be left out or taken back.
type candidate struct {
	repository, name string
	format           artifact.Format
	release          artifact.Release
}

// candidates are the versions that a choice is asked about, name by name.
const candidates = `SELECT id, repository, format, name, version, coalesce(max(f.modified), 0), coalesce(max(f.downloaded), 0)
	FROM package p LEFT JOIN file f ON f.package = p.id AND f.gone = 0
	WHERE source = ? AND version <> '' AND p.gone = 0 AND (outcome IS NOT 'skipped' OR left_out)
	GROUP BY repository, format, name, version ORDER BY repository, format, name, version`

func (c *choosing) all() (err error) {
	c.rows, err = c.tx.QueryContext(c.ctx, candidates, c.source) //nolint:rowserrcheck // next asks where they end
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.rows.Close()) }()
	c.next()
	for repository, begun := "", false; c.more; {
		if !begun || repository != c.row.repository {
			if c.downloads, err = c.tells(); err != nil {
				return err
			}
			repository, begun = c.row.repository, true
		}
		if err := c.name(); err != nil {
			return err
		}
	}
	return c.err
}

// next reads the next row.
func (c *choosing) next() {
	var modified, downloaded int64
	c.more = c.rows.Next()
	if !c.more {
		c.err = errors.Join(c.err, c.rows.Err())
		return
	}
	r := &c.row
	err := c.rows.Scan(&r.release.ID, &r.repository, &r.format, &r.name, &r.release.Version, &modified, &downloaded)
	r.release.Modified, r.release.Downloaded = fromMillis(modified), fromMillis(downloaded)
	if err != nil {
		c.more, c.err = false, errors.Join(c.err, err)
	}
}

// tells tells whether any file of the row's repository has a date of a download.
func (c *choosing) tells() (known bool, err error) {
	err = c.tx.QueryRowContext(c.ctx, `SELECT EXISTS (SELECT 1 FROM package p JOIN file f ON f.package = p.id
		WHERE p.source = ? AND p.repository = ? AND f.downloaded > 0)`, c.source, c.row.repository).Scan(&known)
	return known, err
}

// name asks the choice about the versions of the row's name, and reads on to the next one.
func (c *choosing) name() error {
	at := c.row
	same := func() bool {
		return c.more && c.row.repository == at.repository && c.row.format == at.format && c.row.name == at.name
	}
	versions := func(yield func(artifact.Release) bool) {
		for same() {
			release := c.row.release
			c.next()
			if !yield(release) {
				return
			}
		}
	}
	for release, why := range c.choice(at.format, c.downloads, versions) {
		if _, err := c.tx.ExecContext(c.ctx, "INSERT INTO leaving (id, why) VALUES (?, ?)", release.ID, why); err != nil {
			return err
		}
	}
	for same() {
		c.next()
	}
	return c.err
}

// LeftOut returns which of the versions of r's name are left out on purpose, or go to another place than r.
func (s *Store) LeftOut(ctx context.Context, r Record, versions []string) (map[string]bool, error) {
	left := map[string]bool{}
	p := r.Package
	for _, one := range versions {
		var out bool
		err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM package WHERE source = ? AND repository = ? AND format = ? AND name = ?
			AND version = ? AND (outcome = 'skipped' AND reason = ? OR `+elsewhere+`))`,
			p.Source, p.Repository, p.Format, p.Name, one, artifact.Excluded, r.ID).Scan(&out)
		if err != nil {
			return nil, err
		}
		if out {
			left[one] = true
		}
	}
	return left, nil
}

// elsewhere is a version that goes under another name, or to another project, than the index whose id is asked for.
const elsewhere = `outcome IS NOT 'skipped' AND project <> '' AND one_name <> (SELECT one_name FROM package i WHERE i.id = ?)`

// Elsewhere returns the projects of the versions of r's name that do not go where r, their index, goes.
func (s *Store) Elsewhere(ctx context.Context, r Record) (projects []string, err error) {
	p := r.Package
	err = query(ctx, s.db, func(row *sql.Rows) error {
		var project string
		err := row.Scan(&project)
		projects = append(projects, project)
		return err
	}, `SELECT DISTINCT project FROM package WHERE source = ? AND repository = ? AND format = ? AND name = ? AND version <> '' AND gone = 0
		AND `+elsewhere+` ORDER BY project`, p.Source, p.Repository, p.Format, p.Name, r.ID)
	return projects, err
}
