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

func ruleOf(r config.Route) mapping.Rule {
	rule := mapping.Rule{
		Match: mapping.Match{
			Source: r.Match.Source, Repository: r.Match.Repository, Format: r.Match.Format,
			Name: r.Match.Name, Version: r.Match.Version,
		},
		Project:    r.Project,
		Skip:       r.Skip,
		OnConflict: mapping.OnConflict(r.OnConflict),
		Channel:    r.Channel,
		Repack:     r.Repack,
		Position:   r.Position("match"),
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
