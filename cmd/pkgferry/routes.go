package main

import (
	"fmt"
	"slices"

	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
	"pkgferry/mapping"
)

// router makes the router of the file's routes, or of the recommended structure when there are none.
func router(f *config.File) (*mapping.Router, error) {
	rules := mapping.Defaults()
	if len(f.Routes) > 0 {
		rules = nil
	}
	for _, route := range f.Routes {
		rules = append(rules, ruleOf(route))
	}
	return mapping.New(string(f.Target.Group), rules)
}

// selection is what the file says to take at all.
func selection(f *config.File) (mapping.Selection, error) {
	s := mapping.Selection{
		Include: conditions(f.Select.Include), Exclude: conditions(f.Select.Exclude), Newest: f.Select.NewestVersions,
		ModifiedAfter: f.Select.ModifiedAfter.Time, DownloadedAfter: f.Select.DownloadedAfter.Time,
	}
	return s, s.Check()
}

func conditions(matches []config.Match) []mapping.Condition {
	var all []mapping.Condition
	for _, m := range matches {
		all = append(all, mapping.Condition{Match: matchOf(m), Position: m.Position("")})
	}
	return all
}

func matchOf(m config.Match) mapping.Match {
	to := mapping.Match{
		Source: m.Source, Repository: m.Repository, Format: m.Format, Name: m.Name, Version: m.Version, Path: m.Path,
		Size: mapping.Range{From: m.Size.From, To: m.Size.To}, Age: mapping.Range{From: m.Age.From, To: m.Age.To},
	}
	if len(m.Properties) > 0 {
		to.Properties = map[string][]string{}
	}
	for key, globs := range m.Properties {
		to.Properties[key] = globs
	}
	return to
}

func ruleOf(r config.Route) mapping.Rule {
	rule := mapping.Rule{
		Match:       matchOf(r.Match),
		Project:     r.Project,
		Skip:        r.Skip,
		OnConflict:  mapping.OnConflict(r.OnConflict),
		Channel:     r.Channel,
		Repack:      r.Repack,
		MaxFileSize: int64(r.Limits.MaxFileSize),
		Position:    r.Position("match"),
	}
	if r.Rename != nil {
		rule.Rename = &mapping.Rename{From: r.Rename.From.Regexp, To: r.Rename.To}
	}
	return rule
}

// matches are all conditions of the file.
func matches(f *config.File) []config.Match {
	all := slices.Concat(f.Select.Include, f.Select.Exclude)
	for _, route := range f.Routes {
		all = append(all, route.Match)
	}
	return all
}

// met finds a condition of the file that nothing can meet which its sources list.
func met(f *config.File) error {
	listed := offers(f)
	for _, m := range matches(f) {
		if key, why := matchOf(m).Unmet(listed); why != "" {
			return fmt.Errorf("%s: %s: this can match nothing: %s", m.Position(key), key, why)
		}
	}
	return nil
}

// offers are what the file's sources can list.
func offers(f *config.File) []mapping.Offer {
	var all []mapping.Offer
	for _, s := range f.Sources {
		o := wiringOf(s).offer
		o.Source = s.Name
		all = append(all, o)
	}
	return all
}

// properties are the keys of the properties that the file asks for of files.
func properties(f *config.File) []string {
	var keys []string
	for _, m := range matches(f) {
		for key := range m.Properties {
			if _, known := artifact.MetadataKeys()[key]; !known {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// structure is the recommended one as a configuration file would spell it, as far as the file's sources can fill it.
func structure(f *config.File) []config.Route {
	var routes []config.Route
	listed := offers(f)
	for _, rule := range mapping.Defaults() {
		if _, why := rule.Match.Unmet(listed); why == "" {
			routes = append(routes, config.Route{Match: config.Match{Format: rule.Match.Format}, Project: rule.Project})
		}
	}
	return routes
}
