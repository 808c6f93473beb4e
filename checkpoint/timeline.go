package checkpoint

import (
	"context"
	"database/sql"
	"time"
)

// Span is what arrived in one part of a timeline.
type Span struct {
	At                 time.Time // when it begins
	Published, Present int64     // packages
	Bytes              int64     // of the published ones
}

// Timeline tells what arrived when: the spans in which something did, in order, each of the given width and beginning at a
// multiple of it since 1970. The width is the narrowest of a few round ones with which the whole takes at most so many spans; 0
// when nothing has arrived.
func (s *Store) Timeline(ctx context.Context, most int) (width time.Duration, spans []Span, err error) {
	var first, last sql.NullInt64
	err = s.db.QueryRowContext(ctx, "SELECT min(settled), max(settled) FROM package WHERE outcome IN ('published', 'present') AND settled > 0").
		Scan(&first, &last)
	if err != nil || !first.Valid {
		return 0, nil, err
	}
	width = roundWidth(time.Duration(last.Int64-first.Int64)*time.Millisecond, most)
	err = query(ctx, s.db, func(row *sql.Rows) error {
		var at int64
		var one Span
		err := row.Scan(&at, &one.Published, &one.Present, &one.Bytes)
		one.At = time.UnixMilli(at).UTC()
		spans = append(spans, one)
		return err
	}, `SELECT settled / ? * ? AS at, sum(outcome = 'published'), sum(outcome = 'present'),
		coalesce(sum(CASE outcome WHEN 'published' THEN (SELECT sum(max(size, 0)) FROM file f WHERE f.package = p.id) END), 0)
		FROM package p WHERE outcome IN ('published', 'present') AND settled > 0 GROUP BY 1 ORDER BY 1`,
		width.Milliseconds(), width.Milliseconds())
	return width, spans, err
}

// widths are the widths of spans that people read easily.
var widths = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
	24 * time.Hour, 7 * 24 * time.Hour,
}

func roundWidth(all time.Duration, most int) time.Duration {
	for _, width := range widths {
		if all/width < time.Duration(most-1) { // one more, since it may begin in the middle of a span
			return width
		}
	}
	return (all/time.Duration(most-1)/widths[len(widths)-1] + 1) * widths[len(widths)-1]
}

// Traffic is how many requests went to one host in one part of a timeline, and how long it asked to be left alone.
type Traffic struct {
	Host     string // and port
	At       time.Time
	Requests int64
	Paused   time.Duration
}

// Sent notes that requests went to hosts at a moment, or shortly before.
func (s *Store) Sent(ctx context.Context, at time.Time, requests map[string]int64) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		for host, n := range requests {
			_, err := tx.ExecContext(ctx, `INSERT INTO traffic (host, minute, requests) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET requests = requests + excluded.requests`, host, at.Unix()/60, n)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Pause notes that a host asks to be left alone from one moment to another: at most a day of it.
func (s *Store) Pause(ctx context.Context, host string, from, to time.Time) error {
	if limit := from.Add(24 * time.Hour); to.After(limit) {
		to = limit
	}
	return s.transact(ctx, func(tx *sql.Tx) error {
		for from.Before(to) {
			next := from.Truncate(time.Minute).Add(time.Minute)
			part := to.Sub(from)
			if next.Before(to) {
				part = next.Sub(from)
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO traffic (host, minute, paused) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET paused = min(60000, paused + excluded.paused)`, host, from.Unix()/60, part.Milliseconds())
			if err != nil {
				return err
			}
			from = next
		}
		return nil
	})
}

// Traffic tells what went to each host, by host and span of the given width, which is taken for a minute when it is less.
func (s *Store) Traffic(ctx context.Context, width time.Duration) ([]Traffic, error) {
	minutes := max(int64(width/time.Minute), 1)
	var all []Traffic
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var minute, paused int64
		var one Traffic
		err := row.Scan(&one.Host, &minute, &one.Requests, &paused)
		one.At, one.Paused = time.Unix(minute*60, 0).UTC(), time.Duration(paused)*time.Millisecond
		all = append(all, one)
		return err
	}, "SELECT host, minute / ? * ? AS at, sum(requests), sum(paused) FROM traffic GROUP BY 1, 2 ORDER BY 1, 2", minutes, minutes)
	return all, err
}

// Tool is a pkgferry that worked on a migration, and the SHA-256 of the configuration that it went by.
type Tool struct {
	Since   time.Time
	Version string
	Config  string
}

// Work notes which pkgferry works on the migration from now on.
func (s *Store) Work(ctx context.Context, t Tool) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO tool (since, version, config) SELECT ?, ?, ?
		WHERE NOT EXISTS (SELECT 1 FROM (SELECT version, config FROM tool ORDER BY since DESC LIMIT 1) WHERE version = ? AND config = ?)
		ON CONFLICT DO UPDATE SET version = excluded.version, config = excluded.config`,
		millis(t.Since), t.Version, t.Config, t.Version, t.Config)
	return err
}

// Tools lists them, the oldest first: one for each change of version or configuration, and at most the newest 1,000.
func (s *Store) Tools(ctx context.Context) ([]Tool, error) {
	var tools []Tool
	err := query(ctx, s.db, func(row *sql.Rows) error {
		var since int64
		var t Tool
		err := row.Scan(&since, &t.Version, &t.Config)
		t.Since = fromMillis(since)
		tools = append(tools, t)
		return err
	}, "SELECT since, version, config FROM (SELECT * FROM tool ORDER BY since DESC LIMIT 1000) ORDER BY since")
	return tools, err
}
