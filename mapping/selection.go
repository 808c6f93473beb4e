package mapping

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// Condition is one include or exclude of a Selection.
type Condition struct {
	Match Match
	// Position is file:line:column, for errors and explanations.
	Position string
}

// Selection says what to take at all: what every one of its rules lets through. Its zero value takes everything.
//
// Include and Exclude are judged when a package is listed, before any of it is read. The rest is judged by whole versions:
// the newest date of any of their files counts, and Newest looks at all versions of a name in one repository of a source. An
// index package follows its versions, so a rule about versions says nothing of it.
type Selection struct {
	// Include takes what one of its conditions matches; without any it takes everything. Exclude leaves out what one of its
	// conditions matches.
	Include, Exclude []Condition
	// ModifiedAfter leaves out what its source last replaced before that time. What has no date stays in.
	ModifiedAfter time.Time
	// DownloadedAfter leaves out what was last downloaded, and last replaced, before that time. It asks nothing of a
	// repository whose source tells of no download at all.
	DownloadedAfter time.Time
	// Newest leaves out all but so many of the newest versions that the other rules let through, by artifact.CompareReleases;
	// 0 leaves out none.
	Newest int
	// Now is the moment that the ages of Include and Exclude are counted from. Without one, nothing has an age.
	Now time.Time
}

// Check finds conditions that are wrong, say nothing, or are never reached; its error starts with the position.
func (s Selection) Check() error {
	for i, one := range s.Exclude {
		if err := one.check("exclude", s.Exclude[:i]); err != nil {
			return err
		}
	}
	for i, one := range s.Include {
		if err := one.check("include", s.Include[:i]); err != nil {
			return err
		}
		for _, other := range s.Exclude {
			if other.Match.covers(one.Match) {
				return fmt.Errorf("%s: nothing is left of this include: the exclude at %s takes everything that it matches", one.Position, other.Position)
			}
		}
	}
	return nil
}

func (c Condition) check(what string, earlier []Condition) error {
	err := c.Match.check()
	if c.Match.asksNothing() {
		err = errors.New("a condition that asks nothing matches everything: leave it out")
	}
	for _, other := range earlier {
		if other.Match.covers(c.Match) {
			err = cmp.Or(err, fmt.Errorf("this %s says nothing new: the one at %s matches everything that it does", what, other.Position))
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Position, err)
	}
	return nil
}

// Excludes tells why the globs leave p out; empty when they do not.
func (s Selection) Excludes(p artifact.Package) string {
	for _, one := range s.Exclude {
		if one.Match.misses(p, s.Now) == "" {
			return "select excludes it at " + one.Position
		}
	}
	included := slices.ContainsFunc(s.Include, func(c Condition) bool {
		if p.Index() {
			c.Match = c.Match.ofName()
		}
		return c.Match.misses(p, s.Now) == ""
	})
	if len(s.Include) > 0 && !included {
		return "no include of select matches it"
	}
	return ""
}

// ByContent tells whether Include or Exclude have to know a package whole.
func (s Selection) ByContent() bool {
	return slices.ContainsFunc(slices.Concat(s.Include, s.Exclude), func(c Condition) bool { return c.Match.ByContent() })
}

// ByVersion tells whether there are rules that need all versions of a name.
func (s Selection) ByVersion() bool {
	return s.Newest > 0 || !s.ModifiedAfter.IsZero() || !s.DownloadedAfter.IsZero()
}

// LeftOut goes through the versions of one name in one repository, which the globs have let through, and yields those that
// are left out, each with the rule that does it. Downloads tells that the repository's source knows of downloads. It
// holds no more than Newest versions.
func (s Selection) LeftOut(format artifact.Format, downloads bool, versions iter.Seq[artifact.Release]) iter.Seq2[artifact.Release, string] {
	return func(yield func(artifact.Release, string) bool) {
		newest := newest{format: format}
		for v := range versions {
			why := s.outdated(v, downloads)
			if why == "" && s.Newest > 0 {
				heap.Push(&newest, v)
				if newest.Len() <= s.Newest {
					continue
				}
				v, _ = heap.Pop(&newest).(artifact.Release)
				why = fmt.Sprintf("select takes the newest %d of each name (newest_versions)", s.Newest)
			}
			if why != "" && !yield(v, why) {
				return
			}
		}
	}
}

// outdated tells which date leaves v out; empty when none does.
func (s Selection) outdated(v artifact.Release, downloads bool) string {
	const day = "2006-01-02"
	if !v.Modified.IsZero() && v.Modified.Before(s.ModifiedAfter) {
		return fmt.Sprintf("select takes what was modified after %s (modified_after), and this was last on %s",
			s.ModifiedAfter.UTC().Format(day), v.Modified.UTC().Format(day))
	}
	if !downloads || v.Modified.IsZero() && v.Downloaded.IsZero() {
		return ""
	}
	if v.Modified.Before(s.DownloadedAfter) && v.Downloaded.Before(s.DownloadedAfter) {
		return fmt.Sprintf("select takes what was downloaded or modified after %s (downloaded_after)", s.DownloadedAfter.UTC().Format(day))
	}
	return ""
}

// newest is a heap with the oldest version on top.
type newest struct {
	format   artifact.Format
	versions []artifact.Release
}

func (n *newest) Len() int { return len(n.versions) }

func (n *newest) Less(i, j int) bool {
	return artifact.CompareReleases(n.format, n.versions[i], n.versions[j]) < 0
}

func (n *newest) Swap(i, j int) { n.versions[i], n.versions[j] = n.versions[j], n.versions[i] }

func (n *newest) Push(v any) {
	if one, ok := v.(artifact.Release); ok {
		n.versions = append(n.versions, one)
	}
}

func (n *newest) Pop() any {
	last := len(n.versions) - 1
	v := n.versions[last]
	n.versions = n.versions[:last]
	return v
}

// String is the selection as one text, which differs when a decision could; empty when it takes everything.
func (s Selection) String() string {
	var text strings.Builder
	for _, one := range s.Include {
		fmt.Fprintf(&text, "include %s\n", one.Match)
	}
	for _, one := range s.Exclude {
		fmt.Fprintf(&text, "exclude %s\n", one.Match)
	}
	if s.ByVersion() {
		fmt.Fprintf(&text, "modified after %d, downloaded after %d, newest %d\n", s.ModifiedAfter.UnixMilli(), s.DownloadedAfter.UnixMilli(), s.Newest)
	}
	return text.String()
}

// Explain tells in lines what the selection makes of p, as far as p alone shows it; none when it takes everything.
func (s Selection) Explain(p artifact.Package) []string {
	switch {
	case s.String() == "":
		return nil
	case s.Excludes(p) != "":
		return []string{s.Excludes(p)}
	case s.ByVersion():
		return []string{"select lets it through by its names; its dates and place among the other versions are judged when all are listed"}
	}
	return []string{"select lets it through"}
}
