package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/internal/report"
)

// fact is one of an end of the migration.
type fact struct {
	End string `json:"end"` // "source NAME", or "target"
	artifact.Fact
}

// facts are what a check found out.
type facts struct {
	mu  sync.Mutex
	all []fact
}

func (f *facts) add(end string, one artifact.Fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, fact{end, one})
}

// list is all of them: sources by name, then the target.
func (f *facts) list() []fact {
	if f == nil {
		return []fact{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.SortStableFunc(f.all, func(a, b fact) int { return cmp.Compare(a.End, b.End) })
	return append([]fact{}, f.all...)
}

// quota is what an end gives of what is counted; nil when it told of none.
func (f *facts) quota(end, what string) *artifact.Quota {
	for _, one := range f.list() {
		if one.End == end && one.Quota != nil && one.Quota.What == what {
			return one.Quota
		}
	}
	return nil
}

// text is a section of a plan; empty when nothing is known. What is said of one thing stands on one line.
func (f *facts) text() string {
	var lines []string
	last := ""
	for _, one := range f.list() {
		about := one.End + ", " + one.About
		if about == last {
			lines[len(lines)-1] += "; " + one.Text
			continue
		}
		last = about
		lines = append(lines, about+": "+one.Text)
	}
	if len(lines) == 0 {
		return ""
	}
	var w strings.Builder
	w.WriteString("checked:\n" + report.Some(int64(len(lines)), lines) + "\n")
	return w.String()
}
