package main

import (
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

// structure is the recommended one as a configuration file would spell it.
func structure() []config.Route {
	var routes []config.Route
	for _, rule := range mapping.Defaults() {
		routes = append(routes, config.Route{Match: config.Match{Format: rule.Match.Format}, Project: rule.Project})
	}
	return routes
}
