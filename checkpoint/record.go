package checkpoint

import (
	"database/sql"
	"encoding/json"
	"time"

	"pkgferry/internal/artifact"
)

// Entry is one listed package with the decision of the mapping.
type Entry struct {
	Package     artifact.Package
	Destination artifact.Destination
	// OnConflict is the route's answer to other bytes at the destination: fail, skip or replace.
	OnConflict string
	// Skip settles the package at once as skipped, with Detail as the explanation; as failed when Skip is
	// artifact.SourceMissing, since what the source lost is lost.
	Skip   artifact.Reason
	Detail string
	// Later tells that the decision is one about a part of the package: it holds until a Judge decides at the end of the listing,
	// and changes nothing about a package that is known already.
	Later bool
}

func (e Entry) outcome() artifact.Outcome {
	switch e.Skip {
	case "":
		return ""
	case artifact.SourceMissing:
		return artifact.Failed
	}
	return artifact.Skipped
}

// Record is what the checkpoint knows of one package.
type Record struct {
	ID          int64
	Package     artifact.Package
	Destination artifact.Destination
	OnConflict  string
	// Sent tells that this migration has begun to publish it, so that a package found complete is published, not present.
	Sent     bool
	Attempts int
	// Outcome is empty while the package is unsettled; Reason, Error and Proof say more about it.
	Outcome artifact.Outcome
	Reason  artifact.Reason
	Error   string
	Proof   artifact.Proof
	// Listed is when it was listed first, Started when this migration first began to publish it, Settled when it got its
	// outcome; zero when that did not happen.
	Listed, Started, Settled time.Time
	// Gone is when a whole listing of the source did not have it any more; zero while it is there. GoneFiles are the
	// paths of files that are gone from a package.
	Gone      time.Time
	GoneFiles []string
	// Arrivals tells of each file, by path, what was copied and what the sink shows.
	Arrivals map[string]Arrival

	revision int64
}

// Arrival is one file at its destination. Ours is what we computed while copying; empty when this migration did not have
// to copy it. Held is what the sink shows, as algorithm:hex.
type Arrival struct {
	Ours     artifact.Digests
	Size     int64 // of what we copied; 0 when we did not
	HeldSize int64
	Held     string
	Proof    artifact.Proof
}

// Problem is something that could not be listed.
type Problem struct {
	Source string
	Error  string
	At     time.Time
}

const recordColumns = `id, source, repository, format, name, version, metadata, project, dest_format, dest_name, channel, repack, on_conflict,
	revision, sent, attempts, coalesce(outcome, ''), reason, error, proof, listed, started, settled, gone`

func scanRecord(rows *sql.Rows) (Record, error) {
	var r Record
	var metadata string
	var listed, started, settled, gone int64
	p := &r.Package
	err := rows.Scan(&r.ID, &p.Source, &p.Repository, &p.Format, &p.Name, &p.Version, &metadata,
		&r.Destination.Project, &r.Destination.Format, &r.Destination.Name, &r.Destination.Channel, &r.Destination.Repack, &r.OnConflict,
		&r.revision, &r.Sent, &r.Attempts, &r.Outcome, &r.Reason, &r.Error, &r.Proof, &listed, &started, &settled, &gone)
	if err != nil {
		return r, err
	}
	if metadata != "{}" {
		if err := json.Unmarshal([]byte(metadata), &p.Metadata); err != nil {
			return r, err
		}
	}
	r.Destination.Version = p.Version
	r.Listed, r.Started, r.Settled, r.Gone = fromMillis(listed), fromMillis(started), fromMillis(settled), fromMillis(gone)
	return r, nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
