package checkpoint

import (
	"context"
	"database/sql"
	"iter"

	"pkgferry/internal/artifact"
)

// Arrived yields the packages that lie at the sink as format, in the order of listing, without what is known of their
// files; files says whether to read those too. Like Records it reads in short pages.
func (s *Store) Arrived(ctx context.Context, format artifact.Format, files bool) iter.Seq2[Record, error] {
	return s.pages(ctx, files, func(after int64, limit int) ([]Record, error) { return s.arrivedAfter(ctx, format, after, limit) })
}

func (s *Store) arrivedAfter(ctx context.Context, format artifact.Format, after int64, limit int) ([]Record, error) {
	var records []Record
	err := query(ctx, s.db, func(row *sql.Rows) error {
		r, err := scanRecord(row)
		records = append(records, r)
		return err
	}, `SELECT `+recordColumns+` FROM package
		WHERE id > ? AND dest_format = ? AND outcome IN ('published', 'present') ORDER BY id LIMIT ?`, after, format, limit)
	return records, err
}

// ArrivedNames yields each name of which a package lies at the sink as format once for each source, repository and
// destination, sorted by them: records without a version.
func (s *Store) ArrivedNames(ctx context.Context, format artifact.Format) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		err := query(ctx, s.db, func(row *sql.Rows) error {
			var r Record
			p, dst := &r.Package, &r.Destination
			if err := row.Scan(&p.Source, &p.Repository, &p.Format, &p.Name, &dst.Project, &dst.Name); err != nil {
				return err
			}
			dst.Format = format
			if !yield(r, nil) {
				return errEnough
			}
			return nil
		}, `SELECT DISTINCT source, repository, format, name, project, dest_name FROM package
			WHERE dest_format = ? AND outcome IN ('published', 'present') ORDER BY source, repository, name, project, dest_name`, format)
		if err != nil {
			yield(Record{}, err)
		}
	}
}
