package config

import (
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// Router makes the router of the file's routes, or of the recommended structure when there are none.
func (f *File) Router() (*mapping.Router, error) {
	rules := mapping.Defaults()
	if len(f.Routes) > 0 {
		rules = nil
	}
	for _, route := range f.Routes {
		rules = append(rules, route.rule())
	}
	return mapping.New(string(f.Target.Group), rules)
}

func (r Route) rule() mapping.Rule {
	rule := mapping.Rule{
		Match: mapping.Match{
			Source: r.Match.Source, Repository: r.Match.Repository, Format: r.Match.Format,
			Name: r.Match.Name, Version: r.Match.Version,
		},
		Project:    r.Project,
		Skip:       r.Skip,
		OnConflict: mapping.OnConflict(r.OnConflict),
		Position:   r.Position("match"),
	}
	if r.Rename != nil {
		rule.Rename = &mapping.Rename{From: r.Rename.From.Regexp, To: r.Rename.To}
	}
	return rule
}

// defaultRoutes is the recommended structure as the file would spell it.
func defaultRoutes() []Route {
	var routes []Route
	for _, rule := range mapping.Defaults() {
		routes = append(routes, Route{Match: Match{Format: rule.Match.Format}, Project: rule.Project})
	}
	return routes
}

// MaxFileSizes are the largest files that the target takes, where the file says so.
func (l TargetLimits) MaxFileSizes() map[artifact.Format]int64 {
	sizes := map[artifact.Format]int64{}
	for format, size := range l.MaxFileSize {
		sizes[format] = int64(size)
	}
	return sizes
}

// Rate is the stricter of the two request limits, in requests per second; 0 is none.
func (l Rates) Rate() float64 {
	perMinute := l.PerMinute / 60
	if l.PerSecond == 0 || perMinute > 0 && perMinute < l.PerSecond {
		return perMinute
	}
	return l.PerSecond
}
