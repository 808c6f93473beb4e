package report

import (
	"maps"
	"slices"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// Header is the first line of a sealed file.
type Header struct {
	Kind    string    `json:"kind"`
	Report  string    `json:"report"` // the form of the file: "pkgferry/1"
	Version string    `json:"version,omitempty"`
	Sealed  time.Time `json:"sealed"`
	Target  string    `json:"target,omitempty"`
	// Tools are the pkgferrys that worked on the migration, with the SHA-256 of the configuration that each went by; the newest.
	Tools   []tool   `json:"tools,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
	// Proofs says what the words mean that say how GitLab came by what it shows.
	Proofs map[string]string `json:"proofs"`
}

type tool struct {
	Since   time.Time `json:"since"`
	Version string    `json:"version"`
	Config  string    `json:"config_sha256"`
}

// End is the last line of a sealed file. The sum of Outcomes is Packages.
type End struct {
	Kind     string           `json:"kind"`
	Lines    int64            `json:"lines"` // with the header and itself
	Packages int64            `json:"packages"`
	Files    int64            `json:"files"`
	Bytes    int64            `json:"bytes"` // of known sizes
	Outcomes map[string]int64 `json:"outcomes"`
	Problems int64            `json:"problems"`
	// Beside are the files of the same report that lie beside it, with their SHA-256.
	Beside map[string]string `json:"beside,omitempty"`
}

// proofMeaning says how GitLab came by what it shows.
var proofMeaning = map[string]string{
	artifact.Server.String():   "GitLab computed the digest from the bytes that it received",
	artifact.ReadBack.String(): "the file was downloaded from GitLab and its bytes were hashed and compared",
	artifact.Declared.String(): "GitLab repeats the digest that it was told when the file was sent",
	artifact.BySize.String():   "GitLab shows no digest; the size was compared",
}

// problem is a line for what could not be listed.
type problem struct {
	Kind   string    `json:"kind"`
	Source string    `json:"source"`
	Error  string    `json:"error"`
	At     time.Time `json:"at"`
}

// row is the line of a package. The names of its fields are the columns of the CSV files, where both have them.
type row struct {
	Kind       string            `json:"kind"`
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
	Listed     time.Time         `json:"listed,omitzero"`
	Started    time.Time         `json:"started,omitzero"` // when this migration first began to publish it
	Settled    time.Time         `json:"settled,omitzero"`
	Tool       string            `json:"tool,omitempty"` // the version of the pkgferry that settled it
	Error      string            `json:"error,omitempty"`
	Next       string            `json:"next,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	// Gone is when the source was found not to have it any more.
	Gone  time.Time `json:"gone,omitzero"`
	Files []file    `json:"files"`
}

type file struct {
	Path string `json:"path"`
	URL  string `json:"url,omitempty"` // at the source
	Size int64  `json:"size"`          // -1: the source did not say
	// Declared is what the source said, Computed what was hashed on the way, Held what the target shows.
	Declared map[string]string `json:"declared,omitempty"`
	Computed map[string]string `json:"computed,omitempty"`
	Held     string            `json:"held,omitempty"`
	HeldSize *int64            `json:"held_size,omitempty"`
	Proof    string            `json:"proof,omitempty"`
	Modified time.Time         `json:"modified,omitzero"` // at the source
	Gone     bool              `json:"gone,omitempty"`    // the source does not have it any more
	// Properties are those at the source that routes or the selection ask for.
	Properties map[string][]string `json:"properties,omitempty"`
}

func (s *session) row(r checkpoint.Record) row {
	p := r.Package
	line := row{
		Kind: kindPackage, PURL: p.PURL(), Source: p.Source, Repository: p.Repository, Format: p.Format, Name: p.Name, Version: p.Version,
		Project: r.Destination.Project, TargetName: r.Destination.Name, Bytes: p.Bytes(),
		Outcome: OutcomeName(r.Outcome), Reason: r.Reason, Proof: r.Proof.String(), Attempts: r.Attempts,
		Listed: r.Listed, Started: r.Started, Settled: r.Settled, Tool: s.toolOf(r), Gone: r.Gone,
		Error: r.Error, Next: r.Reason.Next(), Metadata: p.Metadata, Files: make([]file, 0, len(p.Files)),
	}
	for _, f := range p.Files {
		arrival, arrived := r.Arrivals[f.Path]
		one := file{
			Path: f.Path, URL: s.address(p, f), Size: f.Size, Declared: digests(f.Digests), Computed: digests(arrival.Ours),
			Held: arrival.Held, Proof: arrival.Proof.String(), Modified: f.Modified, Gone: slices.Contains(r.GoneFiles, f.Path),
			Properties: f.Properties,
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
