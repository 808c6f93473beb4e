// Package report tells what a migration did, from the rows of its checkpoint alone: CSV (RFC 4180) and NDJSON with a row
// per package, and a summary for people as text or Markdown (GitHub's and GitLab's dialect). Rows are streamed; what is
// held in memory does not grow with the migration.
package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// How much a summary shows; the files hold the rest.
const (
	maxExamples = 3
	maxUnlisted = 20
)

// Summary is the numbers of a migration and what went wrong in it.
type Summary struct {
	Totals  checkpoint.Totals
	Groups  []checkpoint.Group
	Formats []Row // by format, in the order of artifact.Formats
	// Reasons are what was skipped, failed, in conflict, or changed on its way, with examples.
	Reasons []Reason
	// Unlisted are the first things that could not be listed; Totals.Problems counts all.
	Unlisted []checkpoint.Problem
	// Gone are the first packages that are not at their source any more, wholly or in a file; Totals.Gone counts those that are
	// gone wholly.
	Gone []string
}

// Row is the sum of some groups.
type Row struct {
	Name                   string
	Packages, Files, Bytes int64
	ByOutcome              map[artifact.Outcome]int64 // packages; "" is unsettled
	ByProof                map[artifact.Proof]int64   // packages that are published or present
}

// Reason is the packages that share an outcome and a reason code.
type Reason struct {
	Outcome  artifact.Outcome
	Code     artifact.Reason
	Packages int64
	Examples []Example
}

// Example is one package of a Reason.
type Example struct{ PURL, Project, Error string }

// Texts are the examples as lines.
func (r Reason) Texts() []string {
	var texts []string
	for _, e := range r.Examples {
		texts = append(texts, e.PURL+tail(e.Error))
	}
	return texts
}

// Summarize reads the summary of a checkpoint.
func Summarize(ctx context.Context, s *checkpoint.Store) (Summary, error) {
	var sum Summary
	var err error
	if sum.Totals, err = s.Totals(ctx); err != nil {
		return sum, err
	}
	if sum.Groups, err = s.Groups(ctx); err != nil {
		return sum, err
	}
	sum.Formats = Rows(sum.Groups, func(g checkpoint.Group) string { return string(g.Format) })
	if sum.Reasons, err = reasons(ctx, s, sum.Groups); err != nil {
		return sum, err
	}
	for problem, err := range s.Problems(ctx) {
		if err != nil {
			return sum, err
		}
		if sum.Unlisted = append(sum.Unlisted, problem); len(sum.Unlisted) == maxUnlisted {
			break
		}
	}
	sum.Gone, err = gone(ctx, s)
	return sum, err
}

func gone(ctx context.Context, s *checkpoint.Store) (texts []string, err error) {
	for record, err := range s.Records(ctx, checkpoint.Filter{Gone: true, Limit: maxUnlisted}) {
		if err != nil {
			return nil, err
		}
		text := record.Package.PURL()
		if record.Gone.IsZero() {
			text += ": " + strings.Join(record.GoneFiles[:min(len(record.GoneFiles), maxExamples)], ", ")
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// Rows adds groups up under the names that name gives them, in the order of the formats first and the names then.
func Rows(groups []checkpoint.Group, name func(checkpoint.Group) string) []Row {
	groups = slices.Clone(groups)
	formats := artifact.Formats()
	slices.SortStableFunc(groups, func(a, b checkpoint.Group) int {
		return slices.Index(formats, a.Format) - slices.Index(formats, b.Format)
	})
	var rows []Row
	at := map[string]int{}
	for _, g := range groups {
		i, ok := at[name(g)]
		if !ok {
			i = len(rows)
			at[name(g)] = i
			rows = append(rows, Row{
				Name: name(g), ByOutcome: map[artifact.Outcome]int64{}, ByProof: map[artifact.Proof]int64{},
			})
		}
		rows[i].add(g)
	}
	return rows
}

func (r *Row) add(g checkpoint.Group) {
	r.Packages += g.Packages
	r.Files += g.Files
	r.Bytes += g.Bytes
	r.ByOutcome[g.Outcome] += g.Packages
	if g.Outcome == artifact.Published || g.Outcome == artifact.Present {
		r.ByProof[g.Proof] += g.Packages
	}
}

// Total is the sum of rows.
func Total(rows []Row) Row {
	total := Row{Name: "total", ByOutcome: map[artifact.Outcome]int64{}, ByProof: map[artifact.Proof]int64{}}
	for _, row := range rows {
		total.Packages += row.Packages
		total.Files += row.Files
		total.Bytes += row.Bytes
		for outcome, n := range row.ByOutcome {
			total.ByOutcome[outcome] += n
		}
		for proof, n := range row.ByProof {
			total.ByProof[proof] += n
		}
	}
	return total
}

// reasons gathers what needs an explanation: failures and conflicts first, the most frequent first.
func reasons(ctx context.Context, s *checkpoint.Store, groups []checkpoint.Group) ([]Reason, error) {
	var found []Reason
	for _, g := range groups {
		if g.Reason == "" {
			continue
		}
		i := slices.IndexFunc(found, func(r Reason) bool { return r.Outcome == g.Outcome && r.Code == g.Reason })
		if i < 0 {
			i = len(found)
			found = append(found, Reason{Outcome: g.Outcome, Code: g.Reason})
		}
		found[i].Packages += g.Packages
	}
	weight := []artifact.Outcome{artifact.Failed, artifact.Conflict, "", artifact.Skipped, artifact.Published, artifact.Present}
	slices.SortStableFunc(found, func(a, b Reason) int {
		if d := slices.Index(weight, a.Outcome) - slices.Index(weight, b.Outcome); d != 0 {
			return d
		}
		if a.Packages != b.Packages {
			return int(min(max(b.Packages-a.Packages, -1), 1))
		}
		return strings.Compare(string(a.Code), string(b.Code))
	})
	for i := range found {
		if err := found[i].illustrate(ctx, s); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r *Reason) illustrate(ctx context.Context, s *checkpoint.Store) error {
	filter := checkpoint.Filter{Outcome: r.Outcome, Reason: r.Code, Unsettled: r.Outcome == "", Limit: maxExamples}
	for record, err := range s.Records(ctx, filter) {
		if err != nil {
			return err
		}
		r.Examples = append(r.Examples, Example{
			PURL: record.Package.PURL(), Project: record.Destination.Project, Error: record.Error,
		})
	}
	return nil
}

// Line is the invariant: every listed package is in exactly one of the numbers on the right.
func (s Summary) Line() string {
	t := s.Totals
	var b strings.Builder
	fmt.Fprintf(&b, "listed %d =", t.Listed)
	for _, outcome := range artifact.Outcomes() {
		fmt.Fprintf(&b, " %s %d +", outcome, t.ByOutcome[outcome])
	}
	fmt.Fprintf(&b, " unsettled %d", t.Unsettled)
	return b.String()
}

// Check is an error when the numbers of Line do not add up: the checkpoint is damaged.
func (s Summary) Check() error {
	sum := s.Totals.Unsettled
	for _, n := range s.Totals.ByOutcome {
		sum += n
	}
	if sum != s.Totals.Listed {
		return fmt.Errorf("the numbers do not add up, the checkpoint is damaged: %s, which is %d", s.Line(), sum)
	}
	return nil
}

// Complete tells whether everything was listed and is published, present or skipped.
func (s Summary) Complete() bool {
	t := s.Totals
	return t.ListingComplete && t.Problems == 0 && t.Unsettled == 0 &&
		t.ByOutcome[artifact.Failed] == 0 && t.ByOutcome[artifact.Conflict] == 0
}
