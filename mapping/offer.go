package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// Offer is what a configured source can list.
type Offer struct {
	Source string
	// Formats are those that GitLab has a place for; Foreign tells that it lists others, too.
	Formats []artifact.Format
	Foreign bool
	// Metadata are the keys of Package.Metadata that it tells. Properties tells that its files have properties, by any other key.
	Metadata   []string
	Properties bool
}

// Unmet tells which part of m asks for what none of the sources lists, by its key in the configuration, and why; both are empty
// when m may match something.
func (m Match) Unmet(offers []Offer) (key, why string) {
	var names []string
	var from []Offer
	for _, o := range offers {
		if matches(m.Source, o.Source) {
			names, from = append(names, o.Source), append(from, o)
		}
	}
	among := strings.Join(names, ", ")
	if len(from) == 0 {
		return "source", "no source is called so"
	}
	if from = slices.DeleteFunc(from, func(o Offer) bool { return !o.lists(m.Format) }); len(from) == 0 {
		return "format", "none of the sources lists it: " + among
	}
	for _, key := range slices.Sorted(maps.Keys(m.Properties)) {
		if !slices.ContainsFunc(from, func(o Offer) bool { return o.tells(key, m.Format) }) {
			return "properties", fmt.Sprintf("none of the sources tells %q of such a package: %s", key, among)
		}
	}
	return "", ""
}

func (o Offer) lists(globs []string) bool {
	formats := o.Formats
	if o.Foreign {
		formats = slices.Concat(formats, artifact.ForeignFormats())
	}
	return slices.ContainsFunc(formats, func(f artifact.Format) bool { return matches(globs, string(f)) })
}

func (o Offer) tells(key string, formats []string) bool {
	of, known := artifact.MetadataKeys()[key]
	if !known {
		return o.Properties
	}
	return slices.Contains(o.Metadata, key) && matches(formats, string(of))
}
