package checkpoint

import (
	"context"
	"database/sql"
	"errors"

	"pkgferry/internal/artifact"
)

// Collides tells whether a package that was listed before r is routed to r's destination with other bytes in a file of
// the same path, as far as sizes and digests tell.
func (s *Store) Collides(ctx context.Context, r Record) (bool, error) {
	var collides bool
	identity := r.Destination.Identity()
	err := s.db.QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM package p JOIN file a ON a.package = p.id JOIN file b ON b.package = ? AND b.path = a.path
		WHERE p.identity = ? AND p.id < ? AND p.outcome IS NOT 'skipped'
		AND (a.size >= 0 AND b.size >= 0 AND a.size <> b.size OR a.md5 <> '' AND b.md5 <> '' AND a.md5 <> b.md5
			OR a.sha1 <> '' AND b.sha1 <> '' AND a.sha1 <> b.sha1 OR a.sha256 <> '' AND b.sha256 <> '' AND a.sha256 <> b.sha256
			OR a.sha512 <> '' AND b.sha512 <> '' AND a.sha512 <> b.sha512))`, r.ID, identity[:], r.ID).Scan(&collides)
	return collides, err
}

// Rival finds the package that r would become one with at the destination although it is another one at its source: it
// has another name, which a route or GitLab makes the same, it spells the same name or version otherwise, or it is the
// same Terraform module in another project. The one that was listed first has no rival, whatever became of it.
func (s *Store) Rival(ctx context.Context, r Record) (rival artifact.Package, found bool, err error) {
	to := r.Destination
	whole := to.Identity()
	to.Version = ""
	name := to.Identity()
	first, err := s.first(ctx, firstOfName, name)
	switch {
	case err != nil || first == nil: // nil: r was left out since it was taken
		return rival, false, err
	case first.Package.Origin() != r.Package.Origin() || to.Format == artifact.Terraform && first.Destination.Project != to.Project:
		return first.Package, true, nil
	}
	first, err = s.first(ctx, firstOfIdentity, whole)
	if err != nil || first == nil {
		return rival, false, err
	}
	return first.Package, first.Package.Name != r.Package.Name || first.Package.Version != r.Package.Version, nil
}

const (
	firstOfName = `SELECT source, repository, format, name, version, project FROM package
		WHERE one_name = ? AND outcome IS NOT 'skipped' ORDER BY id LIMIT 1`
	firstOfIdentity = `SELECT source, repository, format, name, version, project FROM package
		WHERE identity = ? AND outcome IS NOT 'skipped' ORDER BY id LIMIT 1`
)

// first is the package that was listed before all others that a statement finds, with its name at the source and the project that
// it goes to; nil when there is none. What a source or a route leaves out goes nowhere.
func (s *Store) first(ctx context.Context, statement string, is artifact.Identity) (*Record, error) {
	var r Record
	p := &r.Package
	err := s.db.QueryRowContext(ctx, statement, is[:]).Scan(&p.Source, &p.Repository, &p.Format, &p.Name, &p.Version, &r.Destination.Project)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &r, err
}
