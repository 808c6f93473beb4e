package checkpoint

import (
	"context"
	"database/sql"

	"pkgferry/internal/artifact"
)

// Moved is where packages of one repository and format go: to one project, and of charts to one channel of it.
type Moved struct {
	Source, Repository string
	Format             artifact.Format
	Project            string
	TargetFormat       artifact.Format
	Channel            string
	// Arrived and Missing count the packages that are at the target, and those that should be and are not.
	Arrived, Missing int64
	// Renamed tells that some have another name at the target.
	Renamed bool
}

// Moved lists where packages go, in the order of its fields. What was left out goes nowhere.
func (s *Store) Moved(ctx context.Context) ([]Moved, error) {
	var all []Moved
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var m Moved
		err := row.Scan(&m.Source, &m.Repository, &m.Format, &m.Project, &m.TargetFormat, &m.Channel, &m.Arrived, &m.Missing, &m.Renamed)
		all = append(all, m)
		return err
	}, `SELECT source, repository, format, project, dest_format, channel, coalesce(sum(outcome IN ('published', 'present')), 0),
		sum(outcome IS NULL OR outcome IN ('failed', 'conflict')), max(dest_name <> name)
		FROM package WHERE project <> '' AND outcome IS NOT 'skipped'
		GROUP BY source, repository, format, project, dest_format, channel
		ORDER BY source, repository, format, project, dest_format, channel`)
	return all, err
}

// Find returns the record, with its files, of the package with p's source, repository, format, name and version; false when
// it was never listed.
func (s *Store) Find(ctx context.Context, p artifact.Package) (Record, bool, error) {
	return s.one(ctx, "source = ? AND repository = ? AND format = ? AND name = ? AND version = ?",
		p.Source, p.Repository, p.Format, p.Name, p.Version)
}

// Called returns the records, with their files, of all packages with p's package URL, whatever their source and repository.
func (s *Store) Called(ctx context.Context, p artifact.Package) ([]Record, error) {
	purl, ids := p.PURL(), []int64{}
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var id int64
		other := artifact.Package{Format: p.Format}
		err := row.Scan(&id, &other.Name, &other.Version)
		if err == nil && other.PURL() == purl {
			ids = append(ids, id)
		}
		return err
	}, "SELECT id, name, version FROM package WHERE format = ? ORDER BY id", p.Format)
	var all []Record
	for _, id := range ids {
		r, found, err := s.one(ctx, "id = ?", id)
		if err != nil {
			return nil, err
		}
		if found {
			all = append(all, r)
		}
	}
	return all, err
}

// Bound returns the record, with its files, of a package of that source and repository which goes to dst, or to what GitLab
// takes for the same; false when there is none.
func (s *Store) Bound(ctx context.Context, source, repository string, dst artifact.Destination) (Record, bool, error) {
	identity := dst.Identity()
	return s.one(ctx, "identity = ? AND source = ? AND repository = ?", identity[:], source, repository)
}

func (s *Store) one(ctx context.Context, condition string, args ...any) (Record, bool, error) {
	var found []Record
	err := query(ctx, s.db, func(row *sql.Rows) error {
		r, err := scanRecord(row)
		found = append(found, r)
		return err
	}, "SELECT "+recordColumns+" FROM package WHERE "+condition+" ORDER BY id LIMIT 1", args...)
	if err != nil || len(found) == 0 {
		return Record{}, false, err
	}
	err = readFiles(ctx, s.db, &found[0])
	return found[0], true, err
}

// Destinations returns where the versions of one name go that have arrived, each project and name once.
func (s *Store) Destinations(ctx context.Context, p artifact.Package) ([]artifact.Destination, error) {
	var all []artifact.Destination
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var d artifact.Destination
		err := row.Scan(&d.Project, &d.Format, &d.Name, &d.Channel)
		all = append(all, d)
		return err
	}, `SELECT DISTINCT project, dest_format, dest_name, channel FROM package
		WHERE source = ? AND repository = ? AND format = ? AND name = ? AND outcome IN ('published', 'present')
		ORDER BY project, dest_name, channel`, p.Source, p.Repository, p.Format, p.Name)
	return all, err
}

// Holds tells whether a version of p's name has arrived whose files have that path, in p's source and repository.
func (s *Store) Holds(ctx context.Context, p artifact.Package, path string) (holds bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM package p JOIN file f ON f.package = p.id AND f.path = ?
		WHERE p.source = ? AND p.repository = ? AND p.format = ? AND p.name = ? AND p.outcome IN ('published', 'present'))`,
		path, p.Source, p.Repository, p.Format, p.Name).Scan(&holds)
	return holds, err
}
