package checkpoint

import (
	"context"
	"database/sql"
)

// Distance is how far a source and the sink are apart, as of the last listing.
type Distance struct {
	Source  string
	Listing Listing
	// Packages are those that have to be settled, and Bytes those of their files whose sizes are known.
	Packages, Bytes int64
	// Failed are those that failed or are in conflict, which come no closer without somebody's help.
	Failed int64
}

// Distances tells how far each source that was ever listed is from the sink, in the order of their names.
func (s *Store) Distances(ctx context.Context) ([]Distance, error) {
	var all []Distance
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var d Distance
		var err error
		d.Listing, err = scanListing(row.Scan, &d.Source, &d.Packages, &d.Bytes, &d.Failed)
		all = append(all, d)
		return err
	}, `WITH open AS (
			SELECT source, id, 0 failed FROM package WHERE outcome IS NULL
			UNION ALL SELECT source, id, 1 FROM package WHERE outcome IN ('failed', 'conflict')),
		sums AS (SELECT source, sum(NOT failed) packages, sum(failed) failed, sum(CASE WHEN failed THEN 0 ELSE
			(SELECT coalesce(sum(max(size, 0)), 0) FROM file WHERE file.package = open.id) END) bytes FROM open GROUP BY source)
		SELECT `+listingColumns+`, l.source, coalesce(packages, 0), coalesce(bytes, 0), coalesce(failed, 0)
		FROM listing l LEFT JOIN sums ON sums.source = l.source ORDER BY l.source`)
	return all, err
}
