package scan

// Plain files. GitLab has them in projects alone, as PACKAGE/VERSION/FILE (doc/user/packages/generic_packages/_index.md), so only
// the address of a file can be told, never that of a repository.

import (
	"context"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

var genericFormat = format{
	below: func(string) bool { return false },
	root:  func(rest string) bool { return rest == "" },
	file: func(repository, rest string) (name, version, file string, ok bool) {
		g := artifact.ParseGenericPath(repository, rest)
		return g.Name, g.Version, g.Path, g.Path != ""
	},
	address: func(d artifact.Destination, f artifact.File) string {
		return "packages/generic/" + d.Name + "/" + d.Version + "/" + f.Path
	},
}

// anyVersion answers for the address of a file whose version is a variable. All versions of that name that have arrived must be at
// one place.
func (s *Scanner) anyVersion(ctx context.Context, a address) (answer, error) {
	segments := strings.Split(a.rest, "/")
	at := slices.IndexFunc(segments, hasVariable)
	const some = "1.0"
	if at < 1 || at == len(segments)-1 || variable([]byte(segments[at])) != len(segments[at]) && !strings.HasPrefix(segments[at], "$") {
		return left("where GitLab has it can not be told by this address alone")
	}
	tried := slices.Clone(segments)
	tried[at] = some
	f := artifact.ParseGenericPath(a.repository, strings.Join(tried, "/"))
	found, err := s.copies.names(ctx, a.registry.Source, a.repository, artifact.Generic, f.Name)
	switch {
	case err != nil:
		return answer{}, err
	case f.Version != some || len(found) != 1:
		return left("where GitLab has it can not be told by this address alone")
	}
	scope, why := s.target.project(found[0].Project)
	if why != "" {
		return answer{why: why}, nil
	}
	return answer{text: schemeOf(a, scope+"/packages/generic/"+found[0].Name+"/"+segments[at]+"/"+f.Path)}, nil
}
