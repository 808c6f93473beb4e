package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/report"
	"pkgferry/mapping"
)

// inventory adds up what a plan found. It grows with the number of repositories and routes, not of packages.
type inventory struct {
	rows    []*origin
	targets []*target
	refused []*refusal
	routes  map[int]bool // that some package takes, by their index
}

// target is one format of one project.
type target struct {
	Project  string          `json:"project"`
	Format   artifact.Format `json:"format"`
	Packages int64           `json:"packages"`
	Files    int64           `json:"files"`
	Bytes    int64           `json:"bytes"`
	// Unsettled is what is to be copied yet, and Writes the requests that it takes.
	Unsettled int64 `json:"to_copy"`
	Writes    int64 `json:"target_requests"`
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
	i.bring(r)
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

// bring counts what arrives in a project.
func (i *inventory) bring(r checkpoint.Record) {
	to := r.Destination
	if to.Project == "" || r.Outcome != "" && r.Outcome != artifact.Published && r.Outcome != artifact.Present {
		return
	}
	at := slices.IndexFunc(i.targets, func(t *target) bool { return t.Project == to.Project && t.Format == to.Format })
	if at < 0 {
		at = len(i.targets)
		i.targets = append(i.targets, &target{Project: to.Project, Format: to.Format})
	}
	t := i.targets[at]
	t.Packages++
	t.Files += int64(len(r.Package.Files))
	t.Bytes += r.Package.Bytes()
	if r.Outcome == "" {
		t.Unsettled++
		_, writes := requests(r.Package)
		t.Writes += writes
	}
}

// took notes which route decides about a package.
func (i *inventory) took(d mapping.Decision) {
	if i.routes == nil {
		i.routes = map[int]bool{}
	}
	i.routes[d.Rule] = true
}

// idle are the routes that take nothing of what is listed. Where there is but the recommended structure, that is no news.
func (i *inventory) idle(routes *mapping.Router) []string {
	idle := []string{}
	for at, position := range routes.Positions() {
		if !i.routes[at] {
			idle = append(idle, position)
		}
	}
	return idle
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
	slices.SortFunc(i.targets, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.Format, b.Format))
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

func (i *inventory) text(out io.Writer, m *migration, told *facts, s report.Summary) error {
	var w strings.Builder
	w.WriteString(told.text())
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
	if len(i.targets) > 0 {
		w.WriteString("\n")
		if err := i.bringing().Text(&w); err != nil {
			return err
		}
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
	if idle := i.idle(m.options.Router); len(m.file.Routes) > 0 && len(idle) > 0 {
		fmt.Fprintf(&w, "\nNothing that is listed takes these routes: %s.\n", strings.Join(idle, ", "))
	}
	if short := i.short(told); short > 0 {
		fmt.Fprintf(&w, "\nThe storage of the target is too small by %s: get more room, or take less with select.\n", report.Bytes(short))
	}
	fmt.Fprintf(&w, "\n%s\n", i.pace(m.file, told, m.toldRate()).text())
	_, err := io.WriteString(out, w.String())
	return err
}

// short is how many of the bytes to copy the target has no room for, as far as it tells.
func (i *inventory) short(told *facts) int64 {
	room := told.quota("target", artifact.StoredBytes)
	if room == nil {
		return 0
	}
	left := int64(0)
	for _, row := range i.rows {
		left += row.left
	}
	return max(left-room.Left, 0)
}

// bringing is the table of the projects.
func (i *inventory) bringing() report.Table {
	table := report.Table{Head: []string{"project", ">packages", ">files", ">bytes", ">to copy", ">requests"}}
	for _, t := range i.targets {
		table.Rows = append(table.Rows, []string{
			fmt.Sprintf("%s (%s)", t.Project, t.Format), report.Count(t.Packages), report.Count(t.Files), report.Bytes(t.Bytes),
			report.Count(t.Unsettled), report.Count(t.Writes),
		})
	}
	return table
}

// planResult is what --json prints.
type planResult struct {
	result
	Checked []fact     `json:"checked"`
	Origins []*origin  `json:"sources"`
	Targets []*target  `json:"targets"`
	Refused []*refusal `json:"refused"`
	Idle    []string   `json:"routes_without_packages"`
	Pace    pace       `json:"pace"`
	// Short is how many bytes more are to be copied than there is room for.
	Short int64 `json:"bytes_without_room,omitempty"`
}

func (i *inventory) result(m *migration, told *facts, s report.Summary, code int) planResult {
	r := planResult{
		result: resultOf(s, code, ""), Checked: told.list(), Origins: i.rows, Targets: i.targets, Refused: i.refused,
		Idle: i.idle(m.options.Router), Pace: i.pace(m.file, told, m.toldRate()), Short: i.short(told),
	}
	r.Meaning = ""
	return r
}
