package main

import (
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/report"
)

// result is what --json prints of a migration.
type result struct {
	Listed    int64          `json:"listed"`
	Published int64          `json:"published"`
	Present   int64          `json:"present"`
	Skipped   int64          `json:"skipped"`
	Failed    int64          `json:"failed"`
	Conflict  int64          `json:"conflict"`
	Unsettled int64          `json:"unsettled"`
	Unlisted  int64          `json:"unlisted"` // things that could not be listed
	Gone      int64          `json:"gone"`     // packages that are not at the source any more
	Files     int64          `json:"files"`
	Bytes     int64          `json:"bytes"`
	Complete  bool           `json:"complete"`
	Stopped   engine.Stopped `json:"stopped,omitempty"`
	Exit      int            `json:"exit"`
	Meaning   string         `json:"meaning,omitempty"`
	Formats   []formatResult `json:"formats"`
	Reasons   []reasonResult `json:"reasons"`
}

type formatResult struct {
	Format   string           `json:"format"`
	Packages int64            `json:"packages"`
	Files    int64            `json:"files"`
	Bytes    int64            `json:"bytes"`
	Outcomes map[string]int64 `json:"outcomes"`
	Proof    map[string]int64 `json:"proof,omitempty"`
}

type reasonResult struct {
	Outcome  string          `json:"outcome"`
	Reason   artifact.Reason `json:"reason"`
	Packages int64           `json:"packages"`
	Next     string          `json:"next"`
	Examples []exampleResult `json:"examples"`
}

type exampleResult struct {
	PURL  string `json:"purl"`
	Error string `json:"error,omitempty"`
}

func resultOf(s report.Summary, code int, stopped engine.Stopped) result {
	t := s.Totals
	r := result{
		Listed: t.Listed, Published: t.ByOutcome[artifact.Published], Present: t.ByOutcome[artifact.Present],
		Skipped: t.ByOutcome[artifact.Skipped], Failed: t.ByOutcome[artifact.Failed], Conflict: t.ByOutcome[artifact.Conflict],
		Unsettled: t.Unsettled, Unlisted: t.Problems, Gone: t.Gone, Files: t.Files, Bytes: t.Bytes, Complete: s.Complete(),
		Stopped: stopped, Exit: code, Meaning: codeMeaning[code], Formats: []formatResult{}, Reasons: []reasonResult{},
	}
	for _, row := range s.Formats {
		one := formatResult{
			Format: row.Name, Packages: row.Packages, Files: row.Files, Bytes: row.Bytes,
			Outcomes: map[string]int64{}, Proof: map[string]int64{},
		}
		for outcome, n := range row.ByOutcome {
			one.Outcomes[report.OutcomeName(outcome)] = n
		}
		for proof, n := range row.ByProof {
			one.Proof[report.ProofName(proof)] = n
		}
		r.Formats = append(r.Formats, one)
	}
	for _, reason := range s.Reasons {
		one := reasonResult{
			Outcome: report.OutcomeName(reason.Outcome), Reason: reason.Code, Packages: reason.Packages,
			Next: reason.Code.Next(), Examples: []exampleResult{},
		}
		for _, e := range reason.Examples {
			one.Examples = append(one.Examples, exampleResult{PURL: e.PURL, Error: e.Error})
		}
		r.Reasons = append(r.Reasons, one)
	}
	return r
}
