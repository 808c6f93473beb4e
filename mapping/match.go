package mapping

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"pkgferry/internal/artifact"
)

// The words that a Match may have among its versions. They tell Maven's versions apart; a tag that is called so in another
// format is written [r]elease.
const (
	Release  = "release"
	Snapshot = "snapshot"
)

// Match is what a rule asks of a package. What is empty asks nothing; otherwise one of its globs must match (doublestar
// syntax: * stays inside a path segment, ** crosses them).
type Match struct {
	Source, Repository, Format, Name []string
	// Version may be Release and Snapshot, too.
	Version []string
	// Path holds globs on the paths of the files: one file that matches is enough.
	Path []string
	// Size is that of all files together, in bytes. A size that the source does not tell is only known to be at least the
	// sum of the others.
	Size Range
	// Age is the time since a file was last replaced, in nanoseconds, by the newest date of any file; a package without a date
	// has none. It is counted from the moment that At was given.
	Age Range
	// Properties holds globs by key, on Package.Metadata and on the properties of the files: each key must be there, of the
	// version or of one file at least, with one value that matches.
	Properties map[string][]string
}

type field struct {
	name  string
	globs []string
}

func (m Match) fields() []field {
	return []field{
		{"source", m.Source}, {"repository", m.Repository}, {"format", m.Format}, {"name", m.Name}, {"version", m.Version},
		{"path", m.Path},
	}
}

// ByVersion tells whether versions of one name may be told apart, so that their index has to follow them.
func (m Match) ByVersion() bool { return len(m.Version) > 0 || m.ByContent() }

// ByContent tells whether a package has to be known whole before m can judge it.
func (m Match) ByContent() bool {
	return len(m.Path)+len(m.Properties) > 0 || m.Size.asks() || m.Age.asks()
}

// ofName is what m asks of a name, whatever the version.
func (m Match) ofName() Match {
	return Match{Source: m.Source, Repository: m.Repository, Format: m.Format, Name: m.Name}
}

// asksNothing tells whether m matches every package.
func (m Match) asksNothing() bool {
	return !m.ByVersion() && !slices.ContainsFunc(m.fields(), func(f field) bool { return len(f.globs) > 0 })
}

// check finds globs that are none, and conditions that no package can meet.
func (m Match) check() error {
	fields := m.fields()
	for _, key := range slices.Sorted(maps.Keys(m.Properties)) {
		fields = append(fields, field{"properties: " + key, m.Properties[key]})
	}
	for _, field := range fields {
		for _, glob := range field.globs {
			if !doublestar.ValidatePattern(glob) {
				return fmt.Errorf("%s: %q is not a valid glob", field.name, glob)
			}
		}
	}
	known := append(artifact.Formats(), artifact.ForeignFormats()...)
	for _, glob := range m.Format {
		if !slices.ContainsFunc(known, func(f artifact.Format) bool { return matches([]string{glob}, string(f)) }) {
			return fmt.Errorf("format: %q matches no format; there are %v, and for a generic project %v",
				glob, artifact.Formats(), artifact.ForeignFormats())
		}
	}
	for _, word := range m.Version {
		if (word == Release || word == Snapshot) && !matches(m.Format, string(artifact.Maven)) {
			return fmt.Errorf("version: %s tells Maven's versions apart, and the route takes no maven; a version that is called so is written [%s]%s",
				word, word[:1], word[1:])
		}
	}
	if m.Size.empty() {
		return fmt.Errorf("size: no size is all of that at once: this never matches")
	}
	if m.Age.empty() {
		return fmt.Errorf("age: no age is all of that at once: this never matches")
	}
	return nil
}

// covers tells whether every package that other matches is surely matched by m: per condition, m asks nothing or surely
// lets through what other does.
func (m Match) covers(other Match) bool {
	theirs := other.fields()
	for i, mine := range m.fields() {
		if mine.name == "version" {
			if !m.coversVersions(other) {
				return false
			}
		} else if !coversGlobs(mine.globs, theirs[i].globs, mine.name != "path") {
			return false
		}
	}
	for key, globs := range m.Properties {
		if len(other.Properties[key]) == 0 || !coversGlobs(globs, other.Properties[key], true) {
			return false
		}
	}
	return m.Size.covers(other.Size) && m.Age.covers(other.Age)
}

// coversGlobs tells whether what one of theirs matches is matched by one of mine. Whole tells that a literal of theirs is the whole
// value that mine is compared with.
func coversGlobs(mine, theirs []string, whole bool) bool {
	if len(mine) == 0 || slices.Contains(mine, "**") {
		return true
	}
	return len(theirs) > 0 && !slices.ContainsFunc(theirs, func(glob string) bool {
		return !slices.Contains(mine, glob) && (!whole || !literal(glob) || !matches(mine, glob))
	})
}

func literal(glob string) bool { return !strings.ContainsAny(glob, `*?[{\`) }

func (m Match) coversVersions(other Match) bool {
	if len(m.Version) == 0 || slices.Contains(m.Version, "**") {
		return true
	}
	maven := len(other.Format) > 0 && !slices.ContainsFunc(other.Format, func(f string) bool { return f != string(artifact.Maven) })
	return len(other.Version) > 0 && !slices.ContainsFunc(other.Version, func(glob string) bool {
		switch {
		case slices.Contains(m.Version, glob):
			return false
		case glob == Snapshot && maven:
			return !slices.Contains(m.Version, "*-SNAPSHOT")
		case glob == Release:
			return true
		case strings.HasSuffix(glob, "-SNAPSHOT") && maven && slices.Contains(m.Version, Snapshot):
			return false
		case !literal(glob):
			return true
		case maven:
			return !m.takesVersion(artifact.Maven, glob)
		}
		return !matches(m.globs(), glob)
	})
}

// globs are the versions without the words.
func (m Match) globs() []string {
	globs := slices.DeleteFunc(slices.Clone(m.Version), func(glob string) bool { return glob == Release || glob == Snapshot })
	if len(globs) == 0 && len(m.Version) > 0 {
		return []string{""} // an empty list would match everything
	}
	return globs
}

// takesVersion tells whether the version is among those that m asks for.
func (m Match) takesVersion(format artifact.Format, version string) bool {
	word := Release
	if artifact.IsSnapshot(version) {
		word = Snapshot
	}
	return len(m.Version) == 0 || format == artifact.Maven && slices.Contains(m.Version, word) || matches(m.globs(), version)
}

// misses names the first condition that keeps m from matching p, with its value; empty when m matches. Ages are counted from now.
func (m Match) misses(p artifact.Package, now time.Time) string {
	for _, one := range []struct {
		name, value string
		globs       []string
	}{
		{"source", p.Source, m.Source}, {"repository", p.Repository, m.Repository}, {"format", string(p.Format), m.Format}, {"name", p.Name, m.Name},
	} {
		if !matches(one.globs, one.value) {
			return fmt.Sprintf("%s %q", one.name, one.value)
		}
	}
	switch {
	case p.Index(): // it follows its versions: a rule about versions does not tell it from them
		return m.missesIndex()
	case !m.takesVersion(p.Format, p.Version):
		return fmt.Sprintf("version %q", p.Version)
	}
	return m.missesContent(p, now)
}

func (m Match) missesIndex() string {
	for _, one := range []struct {
		name string
		asks bool
	}{
		{"version", len(m.Version) > 0}, {"path", len(m.Path) > 0}, {"size", m.Size.asks()}, {"age", m.Age.asks()},
		{"properties", len(m.Properties) > 0},
	} {
		if one.asks {
			return one.name + " (an index has none)"
		}
	}
	return ""
}

func (m Match) missesContent(p artifact.Package, now time.Time) string {
	if !slices.ContainsFunc(p.Files, func(f artifact.File) bool { return matches(m.Path, f.Path) }) && len(m.Path) > 0 {
		return fmt.Sprintf("path: none of its %d files", len(p.Files))
	}
	if why := m.missesSize(p); why != "" {
		return why
	}
	if why := m.missesAge(p, now); why != "" {
		return why
	}
	for _, key := range slices.Sorted(maps.Keys(m.Properties)) {
		switch values := p.Property(key); {
		case len(values) == 0:
			return fmt.Sprintf("properties: it has no %q", key)
		case !slices.ContainsFunc(values, func(value string) bool { return matches(m.Properties[key], value) }):
			return fmt.Sprintf("properties: %s %q", key, strings.Join(values, ", "))
		}
	}
	return ""
}

func (m Match) missesSize(p artifact.Package) string {
	unknown := slices.ContainsFunc(p.Files, func(f artifact.File) bool { return f.Size < 0 })
	switch {
	case !m.Size.asks():
	case unknown && !m.Size.endless():
		return "size: the source does not tell it"
	case !m.Size.has(p.Bytes()) && unknown:
		return fmt.Sprintf("size: the source tells %d bytes, and not of every file", p.Bytes())
	case !m.Size.has(p.Bytes()):
		return fmt.Sprintf("size %d bytes", p.Bytes())
	}
	return ""
}

func (m Match) missesAge(p artifact.Package, now time.Time) string {
	if !m.Age.asks() {
		return ""
	}
	var newest time.Time
	for _, f := range p.Files {
		newest = slices.MaxFunc([]time.Time{newest, f.Modified}, time.Time.Compare)
	}
	if newest.IsZero() {
		return "age: the source tells no date"
	}
	if age := max(now.Sub(newest), 0); !m.Age.has(int64(age)) {
		return fmt.Sprintf("age %d days", age/(24*time.Hour))
	}
	return ""
}

// String is m as one text, which differs when a decision could.
func (m Match) String() string {
	text := fmt.Sprintf("%q", [][]string{m.Source, m.Repository, m.Format, m.Name, m.Version})
	if m.ByContent() {
		text += fmt.Sprintf(" path %q size %v age %v properties %q", m.Path, m.Size, m.Age, m.Properties)
	}
	return text
}

func matches(globs []string, value string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := doublestar.Match(glob, value)
		return err == nil && ok
	})
}

// Range is the whole numbers from From on, and less than To where that is above 0. The zero value has all.
type Range struct{ From, To int64 }

func (r Range) asks() bool    { return r != Range{} }
func (r Range) endless() bool { return r.To <= 0 }
func (r Range) empty() bool   { return !r.endless() && r.To <= r.From }

func (r Range) has(n int64) bool { return n >= r.From && (r.endless() || n < r.To) }

// covers tells whether r has what other has. What asks nothing takes what is not known, too; nothing else surely does.
func (r Range) covers(other Range) bool {
	return !r.asks() || other.asks() && other.From >= r.From && (r.endless() || !other.endless() && other.To <= r.To)
}

// And is what both have.
func (r Range) And(other Range) Range {
	both := Range{From: max(r.From, other.From), To: cmp.Or(r.To, other.To)}
	if !r.endless() && !other.endless() {
		both.To = min(r.To, other.To)
	}
	return both
}
