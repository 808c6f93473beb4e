package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"pkgferry/internal/artifact"
)

// Match is what a rule asks of a package. An empty list asks nothing; otherwise one of its globs must match (doublestar
// syntax: * stays inside a path segment, ** crosses them).
type Match struct{ Source, Repository, Format, Name, Version []string }

type field struct {
	name  string
	globs []string
}

func (m Match) fields() []field {
	return []field{
		{"source", m.Source}, {"repository", m.Repository}, {"format", m.Format}, {"name", m.Name}, {"version", m.Version},
	}
}

// check finds globs that are none, or that no format can match.
func (m Match) check() error {
	for _, field := range m.fields() {
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
	return nil
}

// covers tells whether every package that other matches is surely matched by m: per field, m asks nothing or lists at
// least the same globs.
func (m Match) covers(other Match) bool {
	theirs := other.fields()
	for i, mine := range m.fields() {
		if len(mine.globs) == 0 || slices.Contains(mine.globs, "**") {
			continue
		}
		if len(theirs[i].globs) == 0 {
			return false
		}
		for _, glob := range theirs[i].globs {
			literal := !strings.ContainsAny(glob, `*?[{\`)
			if !slices.Contains(mine.globs, glob) && (!literal || !matches(mine.globs, glob)) {
				return false
			}
		}
	}
	return true
}

// misses names the first field that keeps m from matching p, with its value; empty when m matches.
func (m Match) misses(p artifact.Package) string {
	values := []string{p.Source, p.Repository, string(p.Format), p.Name, p.Version}
	for i, one := range m.fields() {
		// An index package follows its versions: a rule about versions does not tell it from them.
		if one.name == "version" && p.Index() && len(one.globs) > 0 {
			return "version (an index has none)"
		}
		if !matches(one.globs, values[i]) {
			return fmt.Sprintf("%s %q", one.name, values[i])
		}
	}
	return ""
}

func matches(globs []string, value string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := doublestar.Match(glob, value)
		return err == nil && ok
	})
}
