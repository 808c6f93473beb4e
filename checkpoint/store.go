// Package checkpoint is the memory of a migration: every listed package with what became of it, in one SQLite file that
// outlives the process. Its verbs are list, take and settle; the queue lives here and not in memory.
//
// One process at a time opens a checkpoint for a run; any number may view it meanwhile. It holds no credential.
package checkpoint

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/gofrs/flock"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

//go:embed schema.sql
var schema string

// schemaVersion is SQLite's user_version of files that this package writes.
const schemaVersion = 6

// Store is an open checkpoint.
type Store struct {
	path  string
	db    *sql.DB // many readers
	write *sql.DB // one connection; nil in a view
	lock  *flock.Flock
	batch atomic.Int64 // the last listing batch
}

// Open opens the checkpoint for a run, creating it when it is not there. A second Open of the same file fails with
// *Locked until the first is closed or its process has ended, however it ended.
func Open(path string) (*Store, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o222 == 0 {
		return nil, fmt.Errorf("checkpoint %s is read-only: make it writable or name another with --checkpoint", path)
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, lock: lock}
	if err := s.open(path); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// View opens an existing checkpoint for reading, also while a run holds it. A missing file is fs.ErrNotExist.
func View(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no checkpoint at %s yet: plan or run first (%w)", path, fs.ErrNotExist)
		}
		return nil, fmt.Errorf("checkpoint %s: %w", path, err)
	}
	db, err := connect(path, "ro")
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, db: db}
	if version, err := s.version(context.Background()); err != nil || version != schemaVersion {
		return nil, errors.Join(foreign(path, version, err), s.Close())
	}
	return s, nil
}

// Close releases the checkpoint.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.write, s.db} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Unlock())
	}
	return errors.Join(errs...)
}

func (s *Store) open(path string) error {
	var err error
	if s.write, err = connect(path, "rwc"); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	ctx := context.Background()
	s.db = s.write // until the readers are there, for version
	version, err := s.version(ctx)
	if err == nil && version == 0 {
		version, err = schemaVersion, s.create(ctx)
	}
	if err != nil || version != schemaVersion {
		s.db = nil
		return foreign(path, version, err)
	}
	if s.db, err = connect(path, "rw"); err != nil {
		return err
	}
	var newest int64
	if err := s.db.QueryRowContext(ctx, "SELECT coalesce(max(batch), 0) FROM package").Scan(&newest); err != nil {
		return foreign(path, version, err)
	}
	s.batch.Store(newest)
	return nil
}

func (s *Store) create(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; COMMIT;", schema, schemaVersion))
	return err
}

func (s *Store) version(ctx context.Context) (int, error) {
	var version int
	err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

// connect opens a pool. WAL lets readers and the writer work side by side; with synchronous=NORMAL a commit survives the
// death of the process at any moment, and after a power cut at most the newest commits are missing, which costs a
// second look at the sink and nothing else.
func connect(path, mode string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	query := url.Values{
		"mode":             {mode},
		"_busy_timeout":    {"10000"}, // milliseconds
		"_foreign_keys":    {"on"},
		"_stmt_cache_size": {"32"}, // more than the statements of this package
	}
	if mode != "ro" {
		query.Set("_journal_mode", "WAL")
		query.Set("_synchronous", "NORMAL")
		query.Set("_txlock", "immediate")
	}
	if mode == "rwc" { // the one that writes meets pages of indexes in no order
		query.Set("_cache_size", "-32768") // KiB
	}
	return sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: abs, RawQuery: query.Encode()}).String())
}

func foreign(path string, version int, err error) error {
	if err != nil {
		return fmt.Errorf("checkpoint %s can not be used: %w", path, err)
	}
	return fmt.Errorf("checkpoint %s has schema %d and this pkgferry knows %d: use the pkgferry that wrote it, or start a new checkpoint",
		path, version, schemaVersion)
}
