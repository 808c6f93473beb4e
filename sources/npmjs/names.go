package npmjs

// Which packages there are. npm's public registry tells it to members of an organisation, but not to every kind of
// token; Verdaccio has lists of its own; search (npm/registry docs/REGISTRY-API.md) is the last resort, since it shows
// no private packages and leaves deprecated and new ones out. The lists themselves are read in lists.go.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// Names is where the names of a scope come from.
type Names string

// The places.
const (
	AutoNames      Names = ""          // all of the others, the surest first
	OrgNames       Names = "org"       // the organisation's or user's own list
	VerdaccioNames Names = "verdaccio" // the lists that Verdaccio has
	ListNames      Names = "list"      // Options.Packages alone
)

// names finds what to list, sorted; a listing holds nothing else in memory. The doubts say what may be missing.
func (s *Source) names(ctx context.Context) (sorted []string, doubts []error, err error) {
	all := map[string]bool{}
	for _, name := range s.o.Packages {
		if !artifact.IsNPMName(name) {
			return nil, nil, fault.Stop(fmt.Errorf("source %s: %q is not the name of an npm package: correct packages: in the configuration", s.name, name))
		}
		all[name] = true
	}
	scopes := s.o.Scopes
	switch {
	case s.o.Names == ListNames && len(all) == 0:
		return nil, nil, fault.Stop(fmt.Errorf("source %s: there is nothing to list: set packages: to the names", s.name))
	case s.o.Names == ListNames:
		scopes = nil
	case len(scopes) == 0 && len(all) == 0:
		scopes = []string{""}
	}
	for _, scope := range scopes {
		scope = strings.TrimPrefix(scope, "@")
		kept, odd := 0, ""
		unsure, err := s.scope(ctx, scope, func(name string) {
			switch {
			case scope != "" && !strings.HasPrefix(name, "@"+scope+"/"):
			case artifact.IsNPMName(name):
				all[name] = true
				kept++
			case scope != "":
				odd = name
			}
		})
		doubts = append(doubts, unsure...)
		if err != nil {
			return nil, doubts, err
		}
		if kept == 0 {
			doubts = append(doubts, fmt.Errorf("source %s: the registry shows no package%s: is the name right, and may the token see them?", s.name, in(scope)))
		}
		if odd != "" {
			doubts = append(doubts, fmt.Errorf("source %s: the registry lists %q, which is not the name of a package", s.name, odd))
		}
	}
	return slices.Sorted(maps.Keys(all)), doubts, nil
}

// scope gives keep the names of a scope, or of everything when it is empty. It asks one place after the other until one
// tells; a place that breaks is a doubt.
func (s *Source) scope(ctx context.Context, scope string, keep func(string)) (doubts []error, err error) {
	for _, place := range s.places(scope) {
		told, err := place(ctx, scope, keep)
		switch {
		case ctx.Err() != nil:
			return doubts, ctx.Err()
		case fault.IsStop(err):
			return doubts, err
		case err != nil:
			doubts = append(doubts, err)
		case told:
			return doubts, nil
		}
	}
	missing := fmt.Errorf("source %s: the registry does not tell which packages there are%s: set packages: to their names, or use a token that may list the organisation",
		s.name, in(scope))
	if s.o.Names != AutoNames || scope == "" {
		return nil, fault.Stop(errors.Join(append([]error{missing}, doubts...)...))
	}
	n, err := s.search(ctx, scope, keep)
	if n > 0 {
		incomplete := fmt.Errorf("source %s: only the search tells names in @%s, and it hides private, deprecated and new packages: set packages: to all names, or use a token that may list the organisation",
			s.name, scope)
		return append(doubts, errors.Join(incomplete, err)), nil
	}
	return nil, fault.Stop(errors.Join(append([]error{missing}, append(doubts, err)...)...))
}

// in names a scope in an error.
func in(scope string) string {
	if scope == "" {
		return ""
	}
	return " in @" + scope
}

type place = func(ctx context.Context, scope string, keep func(string)) (told bool, err error)

func (s *Source) places(scope string) []place {
	org, web := []place{s.org, s.user}, []place{s.everything}
	switch {
	case s.o.Names == VerdaccioNames || scope == "":
		return web
	case s.o.Names == OrgNames:
		return org
	}
	return append(org, web...)
}
