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

// Rival finds a package that was listed before r, is another one at its source, and would become one with r at the
// destination: another name that a route, or GitLab, makes the same, another spelling of the same name or version, or the
// same Terraform module in another project. A rival that is itself left out for one before it, or by a route, is none.
func (s *Store) Rival(ctx context.Context, r Record) (rival artifact.Package, found bool, err error) {
	to := r.Destination
	whole := to.Identity()
	to.Version = ""
	name, origin := to.Identity(), r.Package.Origin()
	err = s.db.QueryRowContext(ctx, `SELECT source, repository, format, name, version FROM (
		SELECT * FROM (SELECT * FROM package WHERE dest_origin = ?1 AND origin < ?2 AND id < ?3 AND outcome IS NOT 'skipped' AND reason <> ?4 LIMIT 1)
		UNION ALL
		SELECT * FROM (SELECT * FROM package WHERE dest_origin = ?1 AND origin > ?2 AND id < ?3 AND outcome IS NOT 'skipped' AND reason <> ?4 LIMIT 1)
		UNION ALL
		SELECT * FROM (SELECT * FROM package WHERE identity = ?5 AND id < ?3 AND (name <> ?6 OR version <> ?7) AND outcome IS NOT 'skipped' AND reason <> ?4 LIMIT 1)
		UNION ALL
		SELECT * FROM (SELECT * FROM package WHERE ?8 AND dest_origin = ?1 AND project <> ?9 AND id < ?3 AND outcome IS NOT 'skipped' AND reason <> ?4 LIMIT 1)
		) LIMIT 1`, name[:], origin[:], r.ID, artifact.NameCollision, whole[:], r.Package.Name, r.Package.Version,
		to.Format == artifact.Terraform, to.Project).
		Scan(&rival.Source, &rival.Repository, &rival.Format, &rival.Name, &rival.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return rival, false, nil
	}
	return rival, err == nil, err
}
