package report

import (
	"encoding/json"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// row is one line of NDJSON. The names of its fields are the columns of the CSV files, where both have them.
type row struct {
	PURL       string            `json:"purl"`
	Source     string            `json:"source"`
	Repository string            `json:"repository,omitempty"`
	Format     artifact.Format   `json:"format"`
	Name       string            `json:"name"`
	Version    string            `json:"version,omitempty"`
	Project    string            `json:"project,omitempty"`
	TargetName string            `json:"target_name,omitempty"`
	Bytes      int64             `json:"bytes"`
	Outcome    string            `json:"outcome"`
	Reason     artifact.Reason   `json:"reason,omitempty"`
	Proof      string            `json:"proof,omitempty"`
	Attempts   int               `json:"attempts"`
	Settled    *time.Time        `json:"settled,omitempty"`
	Error      string            `json:"error,omitempty"`
	Next       string            `json:"next,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	// Gone is when the source was found not to have it any more.
	Gone  *time.Time `json:"gone,omitempty"`
	Files []file     `json:"files"`
}

type file struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // -1: the source did not say
	// Declared is what the source said, Computed what was hashed on the way, Held what the target shows.
	Declared map[string]string `json:"declared,omitempty"`
	Computed map[string]string `json:"computed,omitempty"`
	Held     string            `json:"held,omitempty"`
	HeldSize *int64            `json:"held_size,omitempty"`
	Proof    string            `json:"proof,omitempty"`
	Gone     bool              `json:"gone,omitempty"` // the source does not have it any more
}

// NDJSON writes a JSON object per record and line, with the digests of every file.
func NDJSON(w io.Writer, records iter.Seq2[checkpoint.Record, error]) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for record, err := range records {
		if err != nil {
			return err
		}
		if err := out.Encode(rowOf(record)); err != nil {
			return err
		}
	}
	return nil
}

func rowOf(r checkpoint.Record) row {
	p := r.Package
	line := row{
		PURL: p.PURL(), Source: p.Source, Repository: p.Repository, Format: p.Format, Name: p.Name, Version: p.Version,
		Project: r.Destination.Project, TargetName: r.Destination.Name, Bytes: p.Bytes(),
		Outcome: OutcomeName(r.Outcome), Reason: r.Reason, Proof: r.Proof.String(), Attempts: r.Attempts,
		Error: r.Error, Next: r.Reason.Next(), Metadata: p.Metadata, Files: make([]file, 0, len(p.Files)),
	}
	if !r.Settled.IsZero() {
		line.Settled = &r.Settled
	}
	if !r.Gone.IsZero() {
		line.Gone = &r.Gone
	}
	for _, f := range p.Files {
		arrival, arrived := r.Arrivals[f.Path]
		one := file{
			Path: f.Path, Size: f.Size, Declared: digests(f.Digests), Computed: digests(arrival.Ours),
			Held: arrival.Held, Proof: arrival.Proof.String(), Gone: slices.Contains(r.GoneFiles, f.Path),
		}
		if arrived && arrival.HeldSize >= 0 {
			one.HeldSize = &arrival.HeldSize
		}
		line.Files = append(line.Files, one)
	}
	return line
}

func digests(d artifact.Digests) map[string]string {
	all := map[string]string{"md5": d.MD5, "sha1": d.SHA1, "sha256": d.SHA256, "sha512": d.SHA512}
	for _, algorithm := range slices.Collect(maps.Keys(all)) {
		if all[algorithm] == "" {
			delete(all, algorithm)
		}
	}
	return all
}
