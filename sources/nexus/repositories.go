// Which repositories a Nexus server has (REST API: GET /service/rest/v1/repositories, a JSON array in no defined order)
// and which of them are read: the hosted ones. What a proxy holds is a cache of somebody else's packages, and a group
// shows its members' content again, under its own name and without saying whose it is.

package nexus

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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

// choice is what of a server is listed.
type choice struct {
	// listed are the repositories to list, by name.
	listed []repository
	// left are those that nothing excludes and that are not listed all the same, and idle the patterns that fit none.
	left []repository
	idle []string
}

// repositories asks which repositories there are and chooses. The settings are asked for where a group is named. Its errors
// are marked fault.Stop: nothing can be listed.
func (s *Source) repositories(ctx context.Context) (choice, error) {
	var all []repository
	_, err := s.client.GetJSON(ctx, s.client.URL("/service/rest/v1/repositories", nil), nil, maxRepositories, &all)
	var chosen choice
	switch {
	case err != nil && status(err) == http.StatusUnauthorized:
		err = errorf(err, "the server refuses this user and password")
	case err != nil:
		err = errorf(err, "its repositories can not be listed")
	case len(all) == 0:
		err = fmt.Errorf("source %s: the server shows no repository: the user needs the privilege browse on those to read", s.name)
	default:
		chosen, err = s.choose(all, func() (map[string]settings, error) { return s.settings(ctx) })
	}
	if err != nil {
		return choice{}, ending(fault.At(fault.Source, err))
	}
	return chosen, nil
}

// ending marks what nothing can be listed after as the end of the run, unless only a budget is used up.
func ending(err error) error {
	if _, spent := fault.IsSpent(err); spent {
		return err
	}
	return fault.Stop(err)
}

// choose decides by the patterns; ask tells the settings, when it must know them.
func (s *Source) choose(all []repository, ask func() (map[string]settings, error)) (choice, error) {
	slices.SortFunc(all, func(a, b repository) int { return cmp.Compare(a.Name, b.Name) })
	byName, chosen := map[string]repository{}, map[string]repository{}
	for _, one := range all {
		byName[one.Name] = one
	}
	var c choice
	var groups []repository
	for _, one := range all {
		wanted, named, err := s.wants(one.Name)
		switch {
		case err != nil:
			return choice{}, fmt.Errorf("source %s: %w", s.name, err)
		case !wanted:
		case one.Type == hosted, one.Type == proxy && (named || s.options.Proxies):
			chosen[one.Name] = one
		case one.Type == group && named:
			groups = append(groups, one)
		default:
			c.left = append(c.left, one)
		}
	}
	if err := s.members(groups, ask, byName, chosen, &c); err != nil {
		return choice{}, fmt.Errorf("source %s: %w", s.name, err)
	}
	if err := s.idle(byName, &c); err != nil {
		return choice{}, fmt.Errorf("source %s: %w", s.name, err)
	}
	if len(chosen) == 0 {
		return choice{}, fmt.Errorf("source %s: no repository is selected; the user can browse %s", s.name, names(all))
	}
	c.left = slices.DeleteFunc(c.left, func(one repository) bool { _, listed := chosen[one.Name]; return listed })
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		c.listed = append(c.listed, chosen[name])
	}
	return c, nil
}

// wants tells whether the patterns ask for a repository, and whether one of them is its very name.
func (s *Source) wants(name string) (wanted, named bool, err error) {
	included, positive := false, false
	for _, pattern := range s.options.Repositories {
		glob, exclude := strings.CutPrefix(pattern, "!")
		match, err := doublestar.Match(glob, name)
		switch {
		case err != nil:
			return false, false, fmt.Errorf("repositories: %q is not a pattern", pattern)
		case exclude && match:
			return false, false, nil
		case !exclude:
			positive = true
			included = included || match
			named = named || glob == name
		}
	}
	return included || !positive, named, nil
}

// members adds the hosted members of groups, and of groups in them. A member that is excluded stays out, and so does a proxy
// that is not named.
func (s *Source) members(groups []repository, ask func() (map[string]settings, error), byName, chosen map[string]repository, c *choice) error {
	if len(groups) == 0 {
		return nil
	}
	all, err := ask()
	if err != nil {
		return errorf(err, "the members of the group %s can not be read", groups[0].Name)
	}
	seen := map[string]bool{}
	for len(groups) > 0 {
		one := groups[0]
		groups = groups[1:]
		if seen[one.Name] {
			continue
		}
		seen[one.Name] = true
		known, ok := all[one.Name]
		if !ok {
			return fmt.Errorf("repository %s is a group, and which members it has takes the privilege nx-repository-admin-%s-%s-read: "+
				"give it to the user, or name the members instead", one.Name, one.Format, one.Name)
		}
		for _, name := range known.Group.MemberNames {
			member, browsable := byName[name]
			excluded, err := s.excludes(name)
			switch {
			case err != nil:
				return err
			case excluded, seen[name]:
			case !browsable:
				return fmt.Errorf("the group %s has the member %s, which the user can not browse: give it that privilege, or exclude it as \"!%s\"", one.Name, name, name)
			case member.Type == group:
				groups = append(groups, member)
			case member.Type == hosted:
				chosen[name] = member
			default:
				seen[name] = true
				c.left = append(c.left, member)
			}
		}
	}
	return nil
}

// excludes tells whether a pattern with "!" takes a repository out.
func (s *Source) excludes(name string) (bool, error) {
	for _, pattern := range s.options.Repositories {
		if glob, exclude := strings.CutPrefix(pattern, "!"); exclude {
			if match, err := doublestar.Match(glob, name); match || err != nil {
				return match, err
			}
		}
	}
	return false, nil
}

// idle refuses a name that no repository has, and notes the patterns that fit none.
func (s *Source) idle(byName map[string]repository, c *choice) error {
	for _, pattern := range s.options.Repositories {
		if strings.HasPrefix(pattern, "!") {
			continue
		}
		fits := false
		for name := range byName {
			fits = fits || doublestar.MatchUnvalidated(pattern, name)
		}
		switch {
		case fits:
		case strings.ContainsAny(pattern, `*?[{\`):
			c.idle = append(c.idle, pattern)
		default:
			return fmt.Errorf("there is no repository %s, or the user can not browse it", pattern)
		}
	}
	return nil
}

// tell says what is not listed, so that nobody takes the inventory for more than it is.
func (c choice) tell(name string, notice func(string)) {
	if len(c.left) > 0 {
		notice(fmt.Sprintf("source %s: not listed: %s; name under repositories what shall be (of a group its hosted members are listed, of a proxy what it has cached)",
			name, names(c.left)))
	}
	if len(c.idle) > 0 {
		notice(fmt.Sprintf("source %s: no repository that the user can browse is called like %s", name, strings.Join(c.idle, ", ")))
	}
}

// names lists repositories for an operator, the first few of them.
func names(all []repository) string {
	const most = 20
	var list []string
	for _, one := range all {
		list = append(list, one.Name+" ("+one.Type+")")
	}
	if len(list) > most {
		list = append(list[:most], fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(list, ", ")
}
