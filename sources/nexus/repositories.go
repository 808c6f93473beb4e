// Which repositories a Nexus server has (REST API: GET /service/rest/v1/repositories, a JSON array in no defined order)
// and which of them are read: the hosted ones. What a proxy holds is a cache of somebody else's packages, and a group
// shows its members' content again.

package nexus

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"pkgferry/internal/fault"
)

const (
	hosted = "hosted"
	proxy  = "proxy"
	group  = "group"
)

// maxRepositories bounds the answer that lists the repositories: several ten thousand of them.
const maxRepositories = 32 << 20

// repository is one repository as the REST API lists it.
type repository struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Type   string `json:"type"`
}

// repositories returns the repositories to list, by name. Its errors are marked fault.Stop: nothing can be listed.
func (s *Source) repositories(ctx context.Context) ([]repository, error) {
	var all []repository
	_, err := s.client.GetJSON(ctx, s.client.URL("/service/rest/v1/repositories", nil), nil, maxRepositories, &all)
	switch {
	case err != nil && status(err) == http.StatusUnauthorized:
		err = errorf(err, "the server refuses this user and password")
	case err != nil:
		err = errorf(err, "its repositories can not be listed")
	case len(all) == 0:
		err = fmt.Errorf("source %s: the server shows no repository: the user needs the privilege browse on those to read", s.name)
	default:
		all, err = s.selected(all)
	}
	if err != nil {
		return nil, fault.Stop(fault.At(fault.Source, err))
	}
	return all, nil
}

func (s *Source) selected(all []repository) ([]repository, error) {
	slices.SortFunc(all, func(a, b repository) int { return cmp.Compare(a.Name, b.Name) })
	var chosen []repository
	for _, one := range all {
		ok, err := s.selects(one)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.name, err)
		}
		if ok {
			chosen = append(chosen, one)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("source %s: no repository is selected; the user can browse %s", s.name, names(all))
	}
	return chosen, nil
}

// selects tells whether a repository is to be listed.
func (s *Source) selects(r repository) (bool, error) {
	included, named, positive := false, false, false
	for _, pattern := range s.options.Repositories {
		glob, exclude := strings.CutPrefix(pattern, "!")
		match, err := doublestar.Match(glob, r.Name)
		switch {
		case err != nil:
			return false, fmt.Errorf("repositories: %q is not a pattern", pattern)
		case exclude && match:
			return false, nil
		case !exclude:
			positive = true
			included = included || match
			named = named || glob == r.Name
		}
	}
	switch {
	case positive && !included:
		return false, nil
	case r.Type == group && named:
		return false, fmt.Errorf("repository %s is a group, whose content belongs to its members: name those", r.Name)
	case r.Type == proxy:
		return s.options.Proxies || named, nil
	}
	return r.Type == hosted, nil
}

// names lists repositories for an operator, the first few of them.
func names(all []repository) string {
	const most = 20
	var list []string
	for _, one := range all {
		list = append(list, one.Name+" ("+one.Type+")")
	}
	if len(list) > most {
		list = append(list[:most], fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(list, ", ")
}
