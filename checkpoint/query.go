package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"

	"pkgferry/internal/artifact"
)

// Totals are the numbers of the invariant: Listed is the number of packages, and the sum of ByOutcome and Unsettled when
// nothing is lost.
type Totals struct {
	Listed, Unsettled int64
	ByOutcome         map[artifact.Outcome]int64
	// Problems is the number of things that could not be listed.
	Problems int64
	// Gone is the number of packages that had arrived, or were left out, and that are not at the source any more.
	Gone int64
	// Files and Bytes count what was listed; bytes of unknown sizes are missing.
	Files, Bytes int64
	// ListingComplete is true when every source that was begun was listed to its end.
	ListingComplete bool
}

// Totals counts the whole checkpoint. Listed is counted apart from the outcomes, so that their sum proves something.
func (s *Store) Totals(ctx context.Context) (Totals, error) {
	t := Totals{ByOutcome: map[artifact.Outcome]int64{}}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one snapshot for all the numbers
	if err != nil {
		return t, err
	}
	defer func() { _ = tx.Rollback() }()
	err = tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM package), (SELECT count(*) FROM package WHERE outcome IS NULL),
		(SELECT count(*) FROM problem), (SELECT count(*) FROM package WHERE gone > 0), (SELECT count(*) FROM file), (SELECT coalesce(sum(max(size, 0)), 0) FROM file),
		(SELECT count(*) > 0 AND min(complete) FROM listing)`).
		Scan(&t.Listed, &t.Unsettled, &t.Problems, &t.Gone, &t.Files, &t.Bytes, &t.ListingComplete)
	if err != nil {
		return t, err
	}
	err = query(ctx, tx, func(row *sql.Rows) error {
		var outcome artifact.Outcome
		var n int64
		err := row.Scan(&outcome, &n)
		t.ByOutcome[outcome] = n
		return err
	}, "SELECT outcome, count(*) FROM package WHERE outcome IS NOT NULL GROUP BY outcome")
	return t, err
}

// Group is the packages that share a source repository, format, project, outcome, reason and proof.
type Group struct {
	Source, Repository     string
	Format                 artifact.Format
	Project                string
	TargetFormat           artifact.Format  // of the project; another one than Format where that has no place on GitLab
	Outcome                artifact.Outcome // empty: unsettled
	Reason                 artifact.Reason
	Proof                  artifact.Proof
	Packages, Files, Bytes int64
}

// Groups returns the groups in the order of their fields.
func (s *Store) Groups(ctx context.Context) ([]Group, error) {
	var groups []Group
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var g Group
		err := row.Scan(&g.Source, &g.Repository, &g.Format, &g.Project, &g.TargetFormat, &g.Outcome, &g.Reason, &g.Proof, &g.Packages, &g.Files, &g.Bytes)
		groups = append(groups, g)
		return err
	}, `SELECT source, repository, format, project, dest_format, coalesce(outcome, '') o, reason, p.proof,
		count(DISTINCT p.id), count(f.path), coalesce(sum(max(f.size, 0)), 0)
		FROM package p LEFT JOIN file f ON f.package = p.id
		GROUP BY source, repository, format, project, dest_format, o, reason, p.proof
		ORDER BY source, repository, format, project, dest_format, o, reason, p.proof`)
	return groups, err
}

// Filter chooses records; a zero field chooses all.
type Filter struct {
	Outcome artifact.Outcome
	Reason  artifact.Reason
	// Unsettled chooses the packages without an outcome.
	Unsettled bool
	// Gone chooses the packages that are not at the source any more, wholly or in a file.
	Gone bool
	// Limit ends the sequence after so many.
	Limit int
}

// Records yields the records with their files, in the order of listing.
func (s *Store) Records(ctx context.Context, filter Filter) iter.Seq2[Record, error] {
	pages := s.pages(ctx, true, func(after int64, limit int) ([]Record, error) { return s.page(ctx, filter, after, limit) })
	return func(yield func(Record, error) bool) {
		count := 0
		for r, err := range pages {
			count++
			if !yield(r, err) || count == filter.Limit {
				return
			}
		}
	}
}

// pages yields the records that read finds behind an id, at most limit of them, in short pages, so that a slow consumer keeps no old
// snapshot alive beside a run. With files, it holds those of one record at a time.
func (s *Store) pages(ctx context.Context, files bool, read func(after int64, limit int) ([]Record, error)) iter.Seq2[Record, error] {
	const page = 500
	return func(yield func(Record, error) bool) {
		for last, more := int64(0), true; more; {
			records, err := read(last, page)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range records {
				if files {
					err = readFiles(ctx, s.db, &r)
				}
				if !yield(r, err) || err != nil {
					return
				}
				last = r.ID
			}
			more = len(records) == page
		}
	}
}

func (s *Store) page(ctx context.Context, filter Filter, after int64, limit int) ([]Record, error) {
	var records []Record
	err := query(ctx, s.db, func(row *sql.Rows) error {
		r, err := scanRecord(row)
		records = append(records, r)
		return err
	}, `SELECT `+recordColumns+` FROM package
		WHERE id > ? AND (? = '' OR outcome = ?) AND (? = '' OR reason = ?) AND (NOT ? OR outcome IS NULL)
		AND (NOT ? OR gone > 0 OR EXISTS (SELECT 1 FROM file f WHERE f.package = package.id AND f.gone > 0))
		ORDER BY id LIMIT ?`, after, filter.Outcome, filter.Outcome, filter.Reason, filter.Reason, filter.Unsettled, filter.Gone, limit)
	return records, err
}

func (s *Store) withFiles(ctx context.Context, records []Record) error {
	for i := range records {
		if err := readFiles(ctx, s.db, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

// readFiles fills in r's files, in publishing order, and its arrivals.
func readFiles(ctx context.Context, db querier, r *Record) error {
	r.Arrivals = map[string]Arrival{}
	err := query(ctx, db, func(row *sql.Rows) error {
		var f artifact.File
		var a Arrival
		var modified, downloaded, gone int64
		var properties string
		d := &f.Digests
		err := row.Scan(&f.Path, &f.Size, &d.MD5, &d.SHA1, &d.SHA256, &d.SHA512, &f.Locator, &modified, &downloaded, &properties, &gone,
			&a.Ours.SHA1, &a.Ours.SHA256, &a.HeldSize, &a.Held, &a.Proof)
		f.Modified, f.Downloaded = fromMillis(modified), fromMillis(downloaded)
		if gone > 0 {
			r.GoneFiles = append(r.GoneFiles, f.Path)
		}
		if err == nil && properties != "" {
			err = json.Unmarshal([]byte(properties), &f.Properties)
		}
		r.Package.Files = append(r.Package.Files, f)
		if a != (Arrival{HeldSize: -1}) {
			r.Arrivals[f.Path] = a
		}
		return err
	}, `SELECT path, size, md5, sha1, sha256, sha512, locator, modified, downloaded, properties, gone, our_sha1, our_sha256, held_size, held, proof
		FROM file WHERE package = ?`, r.ID)
	artifact.SortFiles(r.Package.Format, r.Package.Files)
	return err
}

// Problems yields what could not be listed, oldest first.
func (s *Store) Problems(ctx context.Context) iter.Seq2[Problem, error] {
	return func(yield func(Problem, error) bool) {
		err := query(ctx, s.db, func(row *sql.Rows) error {
			var p Problem
			var at int64
			if err := row.Scan(&p.Source, &p.Error, &at); err != nil {
				return err
			}
			p.At = fromMillis(at)
			if !yield(p, nil) {
				return errEnough
			}
			return nil
		}, "SELECT source, error, at FROM problem ORDER BY id")
		if err != nil {
			yield(Problem{}, err)
		}
	}
}

// Has tells whether a package that is not skipped is routed to dst.
func (s *Store) Has(ctx context.Context, dst artifact.Destination) (bool, error) {
	var has bool
	identity := dst.Identity()
	err := s.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM package WHERE identity = ? AND outcome IS NOT 'skipped')",
		identity[:]).Scan(&has)
	return has, err
}

// Taken tells whether another package has arrived at r's destination, or is on its way there: the same name from another
// repository or source.
func (s *Store) Taken(ctx context.Context, r Record) (bool, error) {
	var taken bool
	identity := r.Destination.Identity()
	err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM package WHERE identity = ? AND id <> ?
		AND (outcome IN ('published', 'present') OR outcome IS NULL AND sent))`, identity[:], r.ID).Scan(&taken)
	return taken, err
}

// Arrivals returns what is known of the files of the package with p's source, repository, format, name and version; nil
// when it was never listed.
func (s *Store) Arrivals(ctx context.Context, p artifact.Package) (map[string]Arrival, error) {
	r, _, err := s.Find(ctx, p)
	return r.Arrivals, err
}

// Fact returns what Remember last noted under a key; "" when it noted nothing.
func (s *Store) Fact(ctx context.Context, key string) (value string, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// Remember notes a fact of the migration, such as its target.
func (s *Store) Remember(ctx context.Context, key, value string) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value`, key, value)
	return err
}

// errEnough ends a query early without an error.
var errEnough = errors.New("enough rows")

// querier is the database, or a transaction in it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// query calls scan for every row, until it fails.
func query(ctx context.Context, db querier, scan func(*sql.Rows) error, statement string, args ...any) error {
	rows, err := db.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return rows.Err()
}
