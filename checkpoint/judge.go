package checkpoint

import (
	"context"
	"database/sql"
	"errors"

	"pkgferry/internal/artifact"
)

// Judge decides about what no part of a listing shows: a package whose files come page by page, or an index, which follows its
// versions. It is asked when a source is listed to its end, about what has not arrived. The zero value decides nothing.
type Judge struct {
	// Decide decides about a package that is whole; nil: the decisions of the listing stand.
	Decide func(artifact.Package) Entry
	// Versions tells that versions wait for Decide, too; they are not taken before. Else only indexes do.
	Versions bool
}

// ruled tells the reasons to skip that come from a route or selection, and not from the source.
func ruled(reason artifact.Reason) bool {
	switch reason {
	case artifact.Excluded, artifact.NoRoute, artifact.FormatUnsupported:
		return true
	}
	return false
}

// judged chooses the rows that a judge decides about: those that wait, those that it left out before, and those that failed
// where it had sent them.
const judged = `gone = 0 AND (outcome IS NULL OR outcome = 'skipped' AND reason IN ('excluded', 'no-route', 'format-unsupported')
	OR outcome IN ('failed', 'conflict') AND project <> '')`

// conclude decides about what is listed to its end: first about whole versions, then about the choice among those that are wanted,
// and then about the indexes, which follow what is left.
func conclude(ctx context.Context, tx *sql.Tx, source string, judge Judge, choice Choice, batch int64) error {
	j := judging{upsert: upsert{ctx: ctx, tx: tx, batch: batch}, source: source, decide: judge.Decide}
	if judge.Decide != nil && judge.Versions {
		if choice != nil {
			j.due = held
		}
		if err := j.each("version <> '' AND "+judged, j.version); err != nil {
			return err
		}
	}
	if err := choose(ctx, tx, source, choice); err != nil || judge.Decide == nil {
		return err
	}
	return j.each("version = '' AND NOT left_out AND "+judged, j.index)
}

// judging goes through the rows of a source in one transaction. It holds a page of rows and the files of one.
type judging struct {
	upsert
	source string
	decide func(artifact.Package) Entry
}

func (j judging) each(which string, do func(Record) error) error {
	const page = 500
	for last := int64(0); ; {
		var records []Record
		err := query(j.ctx, j.tx, func(row *sql.Rows) error {
			r, err := scanRecord(row)
			records = append(records, r)
			return err
		}, `SELECT `+recordColumns+` FROM package WHERE source = ? AND id > ? AND `+which+` ORDER BY id LIMIT ?`, j.source, last, page)
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := do(r); err != nil {
				return err
			}
			last = r.ID
		}
		if len(records) < page {
			return nil
		}
	}
}

func (j judging) version(r Record) error {
	if err := readFiles(j.ctx, j.tx, &r); err != nil {
		return err
	}
	r.Package.Files = r.present()
	return j.apply(r, j.decide(r.Package))
}

// present are the files that are at the source still.
func (r Record) present() []artifact.File {
	if len(r.GoneFiles) == 0 {
		return r.Package.Files
	}
	gone := map[string]bool{}
	for _, path := range r.GoneFiles {
		gone[path] = true
	}
	var there []artifact.File
	for _, f := range r.Package.Files {
		if !gone[f.Path] {
			there = append(there, f)
		}
	}
	return there
}

// index sends an index where most of the versions of its name go; of equals, to the first project by name. One whose name has no
// version on its way is decided about by itself.
func (j judging) index(r Record) error {
	e := j.decide(r.Package)
	to, p := artifact.Destination{}, r.Package
	var onConflict string
	err := j.tx.QueryRowContext(j.ctx, `SELECT project, dest_format, dest_name, channel, repack, on_conflict FROM package
		WHERE source = ? AND repository = ? AND format = ? AND name = ? AND version <> '' AND gone = 0 AND outcome IS NOT 'skipped' AND project <> ''
		GROUP BY project, dest_format, dest_name, channel, repack, on_conflict ORDER BY count(*) DESC, project, dest_name, on_conflict LIMIT 1`,
		p.Source, p.Repository, p.Format, p.Name).Scan(&to.Project, &to.Format, &to.Name, &to.Channel, &to.Repack, &onConflict)
	switch {
	case err == nil:
		e = Entry{Package: p, Destination: to, OnConflict: onConflict}
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	return j.apply(r, e)
}

// apply gives a row its decision; a row that has it already is not written.
func (j judging) apply(r Record, e Entry) error {
	e.Package.Files = nil // they are in the checkpoint as they are
	if r.Outcome == e.outcome() && r.Reason == e.Skip && r.Error == e.Detail && r.OnConflict == e.OnConflict &&
		r.Destination == withVersion(e.Destination, r.Package.Version) {
		return nil
	}
	return j.entry(e)
}

func withVersion(to artifact.Destination, version string) artifact.Destination {
	to.Version = version
	return to
}
