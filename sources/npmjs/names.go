package npmjs

// Which packages there are. npm's public registry tells it to members of an organisation, but not to every kind of
// token; its change host knows every public name; Verdaccio has lists of its own. Search (npm/registry
// docs/REGISTRY-API.md) is never asked: it shows no private packages, and leaves deprecated and new ones out. The lists
// themselves are read in lists.go and changes.go.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// Names is where the names of a scope come from, and which list is enough.
type Names string

// The places.
const (
	AutoNames      Names = ""          // all of the others together; what was refused may be missing
	OrgNames       Names = "org"       // the organisation's or user's own lists
	ChangesNames   Names = "changes"   // the change host's list, of what is public
	VerdaccioNames Names = "verdaccio" // the lists that Verdaccio has
	ListNames      Names = "list"      // Options.Packages alone
)

// found are names, each with the revision that the change host knows; 0 where it knows none. Nothing else that a listing
// holds grows with the registry.
type found map[string]int

func (f found) add(name string, revision int) { f[name] = max(f[name], revision) }

// find finds what to list. The doubts say what may be missing. user is who asks; "" when the registry does not tell.
func (s *Source) find(ctx context.Context, user string) (all found, doubts []error, err error) {
	all = found{}
	for _, name := range s.o.Packages {
		if !artifact.IsNPMName(name) {
			return nil, nil, fault.Stop(fmt.Errorf("source %s: %q is not the name of an npm package: correct packages: in the configuration", s.name, name))
		}
		all.add(name, 0)
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
		q := &inquiry{Source: s, scope: strings.TrimPrefix(scope, "@"), user: user, found: found{}}
		err := q.ask(ctx)
		doubts = append(doubts, q.doubts...)
		if err != nil {
			return nil, doubts, err
		}
		for name, revision := range q.found {
			all.add(name, revision)
		}
	}
	return all, doubts, nil
}

// inquiry asks for the names of one scope, or of everything when it is empty.
type inquiry struct {
	*Source
	scope, user string
	found       found
	odd         string   // what a list has and is no name
	told        []string // the lists that were read to their end
	sure        bool     // one of them has everything
	refusals    []error  // lists that there are, and not for us
	broken      []error  // lists that could not be read to their end
	developer   bool     // the user is shown what the user's teams reach
	doubts      []error
}

func (q *inquiry) ask(ctx context.Context) error {
	switch q.o.Names {
	case ChangesNames:
		q.sure = q.changes(ctx)
	case VerdaccioNames:
		q.sure = q.verdaccio(ctx)
	case OrgNames:
		q.sure = q.organisation(ctx)
	default:
		if q.scope != "" {
			q.sure = q.organisation(ctx)
			q.developer = q.sure && q.user != "" && q.roleOf(ctx) == "developer"
			q.sure = q.sure && !q.developer
			q.changes(ctx)
		}
		if len(q.told)+len(q.refusals) == 0 {
			q.sure = q.verdaccio(ctx)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, err := range append(q.refusals, q.broken...) {
		if fault.IsStop(err) {
			return err
		}
	}
	return q.judge()
}

// organisation asks for the lists of the organisation and its teams; where there is no such organisation, for that of the
// user of this name, as npm's client does. sure: the whole list was told.
func (q *inquiry) organisation(ctx context.Context) (sure bool) {
	org := q.list(ctx, "-/org/"+escape(q.scope)+"/package", "the organisation's list")
	if org == absent {
		return q.list(ctx, "-/user/"+escape(q.scope)+"/package", "the user's list") == told
	}
	for _, team := range q.teams(ctx) {
		if err := q.aside(ctx, "-/team/"+escape(q.scope)+"/"+escape(team)+"/package", q.names); err == nil {
			q.told = append(q.told, "the list of the team "+team)
		} else if org == told && statusOf(err) == 0 {
			q.broken = append(q.broken, fmt.Errorf("source %s: the list of the team %s: %w", q.name, team, err))
		}
	}
	return org == told
}

// verdaccio asks for both of Verdaccio's lists. Each is filtered by what the token may read, but depending on its version
// and its kind of tokens Verdaccio answers the first with 404 to a valid token, or as it would to nobody.
func (q *inquiry) verdaccio(ctx context.Context) (sure bool) {
	web := q.everything(ctx)
	all := q.list(ctx, "-/all", "the list of everything")
	return web == told || all == told
}

// judge says what may be missing.
func (q *inquiry) judge() error {
	if len(q.told) == 0 {
		missing := fmt.Errorf("source %s: the registry does not tell which packages there are%s: use a token that may list the organisation, or set packages: to their names", q.name, q.within())
		if why := errors.Join(append(q.refusals, q.broken...)...); why != nil {
			missing = fmt.Errorf("%w: %w", missing, why)
		}
		if q.o.Names != AutoNames || len(q.o.Packages) == 0 {
			return fault.Stop(missing)
		}
		q.doubts = append(q.doubts, missing)
		return nil
	}
	q.doubts = append(q.doubts, q.broken...)
	by := strings.Join(q.told, " and ")
	const next = "use an owner's token that may list the organisation, or say by names: which list is enough"
	switch {
	case q.sure:
	case q.developer:
		q.doubts = append(q.doubts, fmt.Errorf("source %s: the packages%s are told by %s, but %s is no owner of the organisation and is shown what teams reach, so private packages may be missing: %s",
			q.name, q.within(), by, q.user, next))
	case len(q.refusals) > 0:
		q.doubts = append(q.doubts, fmt.Errorf("source %s: the packages%s are told by %s alone, so private packages may be missing: %s: %w",
			q.name, q.within(), by, next, errors.Join(q.refusals...)))
	default:
		q.doubts = append(q.doubts, fmt.Errorf("source %s: the packages%s are told by %s alone, so private packages may be missing: %s", q.name, q.within(), by, next))
	}
	if len(q.found) == 0 {
		q.doubts = append(q.doubts, fmt.Errorf("source %s: the registry shows no package%s: is the name right, and may the token see them?", q.name, q.within()))
	}
	if q.odd != "" {
		q.doubts = append(q.doubts, fmt.Errorf("source %s: the registry lists %q, which is not the name of a package", q.name, q.odd))
	}
	if q.o.Notice != nil {
		q.o.Notice(fmt.Sprintf("source %s: %d packages%s, told by %s", q.name, len(q.found), q.within(), by))
	}
	return nil
}

// within names the scope in an error.
func (q *inquiry) within() string {
	if q.scope == "" {
		return ""
	}
	return " in @" + q.scope
}

// keep takes a name of the scope from a list.
func (q *inquiry) keep(name string, revision int) {
	switch {
	case q.scope != "" && !strings.HasPrefix(name, "@"+q.scope+"/"):
	case artifact.IsNPMName(name):
		q.found.add(name, revision)
	case q.scope != "":
		q.odd = name
	}
}
