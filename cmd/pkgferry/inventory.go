package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
	"pkgferry/internal/report"
)

// inventory adds up what a plan found. It grows with the number of repositories and routes, not of packages.
type inventory struct {
	rows    []*origin
	refused []*refusal
}

// origin is one format of one repository.
type origin struct {
	Source     string          `json:"source"`
	Repository string          `json:"repository,omitempty"`
	Format     artifact.Format `json:"format"`
	Packages   int64           `json:"packages"`
	Files      int64           `json:"files"`
	Bytes      int64           `json:"bytes"`
	Unsettled  int64           `json:"to_copy"`
	// Reads and Writes estimate the requests to the source and to the target that the unsettled ones take.
	Reads    int64    `json:"source_requests"`
	Writes   int64    `json:"target_requests"`
	Projects []string `json:"projects"`
	Skipped  int64    `json:"skipped"`
	Refused  int64    `json:"refused"` // by the target, as far as can be told before
	// Unknown is the number of files whose size the source does not tell; Bytes goes without them.
	Unknown int64 `json:"files_of_unknown_size"`
	left    int64 // bytes of the unsettled
}

// refusal is what the target will not take, or a route leaves out, for one reason.
type refusal struct {
	Code     artifact.Reason `json:"reason"`
	Packages int64           `json:"packages"`
	Next     string          `json:"next"`
	Examples []string        `json:"examples"`
}

const maxExamples = 3

func (i *inventory) add(r checkpoint.Record) {
	row := i.row(r.Package)
	row.Packages++
	row.Files += int64(len(r.Package.Files))
	row.Bytes += r.Package.Bytes()
	for _, f := range r.Package.Files {
		if f.Size < 0 {
			row.Unknown++
		}
	}
	if to := r.Destination.Project; to != "" && !slices.Contains(row.Projects, to) {
		row.Projects = append(row.Projects, to)
	}
	switch r.Outcome {
	case artifact.Skipped:
		row.Skipped++
	case artifact.Failed, artifact.Conflict:
		row.Refused++
		i.refuse(r)
	case "":
		row.Unsettled++
		row.left += r.Package.Bytes()
		reads, writes := requests(r.Package)
		row.Reads += reads
		row.Writes += writes
	case artifact.Published, artifact.Present:
	}
}

func (i *inventory) row(p artifact.Package) *origin {
	for _, row := range i.rows {
		if row.Source == p.Source && row.Repository == p.Repository && row.Format == p.Format {
			return row
		}
	}
	row := &origin{Source: p.Source, Repository: p.Repository, Format: p.Format, Projects: []string{}}
	i.rows = append(i.rows, row)
	return row
}

// size is the sum of the known sizes, and says so when some are not known.
func (o *origin) size() string {
	switch o.Unknown {
	case 0:
		return report.Bytes(o.Bytes)
	case o.Files:
		return "unknown"
	}
	return "> " + report.Bytes(o.Bytes)
}

// sort puts the rows in an order that does not depend on which source was listed first.
func (i *inventory) sort() {
	slices.SortFunc(i.rows, func(a, b *origin) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Format, b.Format))
	})
}

func (i *inventory) refuse(r checkpoint.Record) {
	at := slices.IndexFunc(i.refused, func(one *refusal) bool { return one.Code == r.Reason })
	if at < 0 {
		at = len(i.refused)
		i.refused = append(i.refused, &refusal{Code: r.Reason, Next: r.Reason.Next()})
	}
	one := i.refused[at]
	one.Packages++
	if len(one.Examples) < maxExamples {
		one.Examples = append(one.Examples, r.Package.PURL()+": "+r.Error)
	}
}

// requests estimates what a package takes: a read and a write per file, and a look at the target afterwards. What an npm
// index holds was listed already and needs no read.
func requests(p artifact.Package) (reads, writes int64) {
	files := int64(len(p.Files))
	if p.Index() && p.Format == artifact.NPM {
		return 0, files + 1
	}
	return files, files + 1
}

func (i *inventory) text(out io.Writer, file *config.File, s report.Summary) error {
	var w strings.Builder
	table := report.Table{Head: []string{"source", ">packages", ">files", ">bytes", ">to copy", ">requests", ">skipped", ">problems", "to"}}
	for _, row := range i.rows {
		name := report.Origin(checkpoint.Group{Source: row.Source, Repository: row.Repository, Format: row.Format})
		table.Rows = append(table.Rows, []string{
			name, report.Count(row.Packages), report.Count(row.Files), row.size(), report.Count(row.Unsettled),
			report.Count(row.Reads + row.Writes), report.Count(row.Skipped), report.Count(row.Refused), strings.Join(row.Projects, ", "),
		})
	}
	if err := table.Text(&w); err != nil {
		return err
	}
	fmt.Fprintf(&w, "\n%s\n", s.Line())
	for _, reason := range s.Reasons {
		if reason.Outcome == artifact.Skipped {
			fmt.Fprintf(&w, "\n%s skipped, %s: %s\n", report.Count(reason.Packages), reason.Code, reason.Code.Next())
			w.WriteString(report.Some(reason.Packages, reason.Texts()))
		}
	}
	for _, one := range i.refused {
		fmt.Fprintf(&w, "\n%s would fail, %s: %s\n", report.Count(one.Packages), one.Code, one.Next)
		w.WriteString(report.Some(one.Packages, one.Examples))
	}
	if s.Totals.Problems > 0 {
		fmt.Fprintf(&w, "\n%s could not be listed:\n", report.Count(s.Totals.Problems))
		var texts []string
		for _, p := range s.Unlisted[:min(len(s.Unlisted), maxExamples)] {
			texts = append(texts, p.Source+": "+p.Error)
		}
		w.WriteString(report.Some(s.Totals.Problems, texts))
	}
	fmt.Fprintf(&w, "\n%s\n", i.pace(file).text())
	_, err := io.WriteString(out, w.String())
	return err
}

// pace is the configured limit that will bind, and the time it allows at best. Limit is empty when there is none.
type pace struct {
	Limit   string  `json:"limit,omitempty"`
	Seconds float64 `json:"seconds_at_least,omitempty"`
}

// pace compares the configured limits. Without any, what the servers take decides, and no number would be honest.
func (i *inventory) pace(file *config.File) pace {
	reads, bytes := map[string]int64{}, map[string]int64{}
	var writes, all int64
	for _, row := range i.rows {
		reads[row.Source] += row.Reads
		bytes[row.Source] += row.left
		writes += row.Writes
		all += row.left
	}
	var slowest pace
	judge := func(name string, amount int64, perSecond float64) {
		if perSecond > 0 && amount > 0 && float64(amount)/perSecond > slowest.Seconds {
			slowest = pace{name, float64(amount) / perSecond}
		}
	}
	for _, source := range slices.Sorted(maps.Keys(reads)) {
		s, err := sourceOf(file, source)
		if err != nil {
			continue
		}
		judge("the requests of source "+source, reads[source], s.Limits.Rate())
		judge("the requests per day of source "+source, reads[source], float64(s.Limits.PerDay)/(24*time.Hour).Seconds())
		judge("the bandwidth of source "+source, bytes[source], float64(s.Limits.Bandwidth))
	}
	judge("the requests of the target", writes, file.Target.Limits.Rate())
	judge("the bandwidth of the target", all, float64(file.Target.Limits.Bandwidth))
	return slowest
}

func (p pace) text() string {
	if p.Limit == "" {
		return "No configured limit binds: the servers decide how long it takes, so there is no estimate."
	}
	took := time.Duration(p.Seconds * float64(time.Second))
	if took < time.Minute {
		return fmt.Sprintf("The limit that binds is %s: less than a minute.", p.Limit)
	}
	return fmt.Sprintf("The limit that binds is %s: %s at least.", p.Limit, strings.TrimSuffix(took.Round(time.Minute).String(), "0s"))
}

// planResult is what --json prints.
type planResult struct {
	result
	Origins []*origin  `json:"sources"`
	Refused []*refusal `json:"refused"`
	Pace    pace       `json:"pace"`
}

func (i *inventory) result(file *config.File, s report.Summary, code int) planResult {
	r := planResult{result: resultOf(s, code, ""), Origins: i.rows, Refused: i.refused, Pace: i.pace(file)}
	r.Meaning = ""
	return r
}
