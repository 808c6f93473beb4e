package scan

import (
	"fmt"
	"slices"
	"strings"
)

// String is the finding as a line for people: "FILE:LINE: OLD → NEW (ecosystem)". What is left to do then, which many share, is not
// in it.
func (f Finding) String() string {
	line := fmt.Sprintf("%s:%d: %s → ", Printable(f.File), f.Line, f.Old)
	switch {
	case f.Why == "":
		line += f.New
	case f.New != "":
		line += "by hand, perhaps " + f.New
	default:
		line += "by hand"
	}
	line += " (" + f.Ecosystem + ")"
	if f.Why != "" {
		return line + ": " + Printable(f.Why)
	}
	return line
}

// ParseAlso reads other addresses of sources, each HOST[:PORT][/PATH]=SOURCE[/REPOSITORY].
func ParseAlso(texts []string, known func(source string) bool) ([]Also, error) {
	var all []Also
	for _, text := range texts {
		address, name, ok := strings.Cut(text, "=")
		if _, rest, schemed := strings.Cut(address, "://"); schemed {
			address = rest
		}
		var one Also
		one.Host, one.Path, _ = strings.Cut(strings.Trim(address, "/"), "/")
		one.Source, one.Repository, _ = strings.Cut(name, "/")
		switch {
		case !ok || one.Host == "" || one.Source == "" || strings.ContainsAny(one.Host, "@ "):
			return nil, fmt.Errorf("--also %s is not HOST[:PORT][/PATH]=SOURCE[/REPOSITORY]", text)
		case !known(one.Source):
			return nil, fmt.Errorf("--also %s: there is no source %s in the configuration", text, one.Source)
		}
		all = append(all, one)
	}
	return all, nil
}

// ParseVirtual reads names of virtual repositories, each SOURCE/REPOSITORY.
func ParseVirtual(texts []string, known func(source string) bool) (map[string][]string, error) {
	all := map[string][]string{}
	for _, text := range texts {
		source, repository, ok := strings.Cut(text, "/")
		switch {
		case !ok || repository == "":
			return nil, fmt.Errorf("--virtual %s is not SOURCE/REPOSITORY", text)
		case !known(source):
			return nil, fmt.Errorf("--virtual %s: there is no source %s in the configuration", text, source)
		case !slices.Contains(all[source], repository):
			all[source] = append(all[source], repository)
		}
	}
	return all, nil
}
