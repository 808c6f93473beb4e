package dockerhub

// Which repositories a namespace has: GET /v2/namespaces/{namespace}/repositories. Whoever may not see private repositories
// gets the public ones without a word that there are others: anybody, a token for public repositories, and the access token
// of an organization that lacks scope-repository-list.

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

const (
	maxRepositories = 200_000 // of a namespace
	// walks is how often a list of several pages is read until two of them agree.
	walks = 4
)

// repository is what the API tells of one.
type repository struct {
	Name    string  `json:"name"`
	Kind    *string `json:"repository_type"` // "image", "plugin", or null for old and for empty ones
	Private bool    `json:"is_private"`
}

func (r repository) plugin() bool { return r.Kind != nil && *r.Kind == "plugin" }

// repositoryName is what Docker Hub takes for one.
var repositoryName = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$`)

func (s *Source) repositoriesURL(size int) *url.URL {
	return s.list("/repositories", size, url.Values{"ordering": {"name"}})
}

// repositories are those to list, by name; a listing holds nothing else of the whole namespace. The doubts say what may be
// missing.
func (s *Source) repositories(ctx context.Context) (chosen []repository, doubts []error, err error) {
	all, doubt, err := s.shown(ctx)
	if err != nil {
		return nil, nil, err
	}
	if doubt != nil {
		doubts = append(doubts, doubt)
	}
	private := false
	for _, one := range all {
		private = private || one.Private
		if !repositoryName.MatchString(one.Name) {
			doubts = append(doubts, s.errorf(artifact.NameNotAllowed, "Docker Hub lists %.200q, which is not the name of a repository", one.Name))
			continue
		}
		if s.selects(one) {
			chosen = append(chosen, one)
		}
	}
	for _, name := range s.named() {
		if !slices.ContainsFunc(chosen, func(one repository) bool { return one.Name == name }) {
			doubts = append(doubts, s.errorf(artifact.NotPermitted, "%s is to be listed and not shown: it is not there, or not to this account", s.path(name)))
		}
	}
	if len(chosen) == 0 && len(doubts) == 0 {
		doubts = append(doubts, s.errorf(artifact.NotPermitted, "no repository of %s is to be listed, of %d that are shown", s.o.Namespace, len(all)))
	}
	if !private && !s.o.Public && !s.allNamed() {
		doubts = append(doubts, s.blind())
	}
	return chosen, doubts, nil
}

// errorf is an error with a reason that names the source.
func (s *Source) errorf(reason artifact.Reason, format string, args ...any) error {
	return fault.Errorf(reason, "source %s: %s", s.name, fmt.Sprintf(format, args...))
}

// shown are all repositories that the API shows, by name. One page is one moment; several are read until two walks agree,
// since what comes or goes meanwhile moves others from one page to another. The doubt is why some may be missing.
func (s *Source) shown(ctx context.Context) (all []repository, doubt, err error) {
	var last []repository
	for n := range walks {
		found, count, pages, err := s.walk(ctx)
		all = distinct(append(all, found...))
		switch {
		case err != nil && (len(all) == 0 || ends(err) || ctx.Err() != nil):
			return nil, nil, s.unlisted(err)
		case err != nil:
			return all, fmt.Errorf("source %s: some repositories may be missing: %w", s.name, s.unlisted(err)), nil
		case count == len(found) && (pages == 1 || n > 0 && slices.EqualFunc(last, found, sameName)):
			return found, nil, nil
		}
		last = found
	}
	return all, s.errorf(artifact.SourceFailed, "the list of %s's repositories does not hold still: some may be missing", s.o.Namespace), nil
}

func sameName(a, b repository) bool { return a.Name == b.Name }

// distinct sorts repositories by name and keeps the newest answer of each.
func distinct(all []repository) []repository {
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b repository) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, sameName)
}

// walk reads the list once, as far as it gets. A list that became shorter than where the next page begins has none any more.
func (s *Source) walk(ctx context.Context) (found []repository, count, pages int, err error) {
	for u := s.repositoriesURL(pageSize); u != nil; pages++ {
		p, next, err := readPage[repository](ctx, s, u)
		switch {
		case pages > 0 && answered(err) == http.StatusNotFound:
			return distinct(found), count, pages + 1, nil
		case err != nil:
			return distinct(found), count, pages, err
		case len(found) > maxRepositories:
			return distinct(found), count, pages, errTooLong
		}
		found, count = append(found, *p.Results...), *p.Count
		u = next
	}
	return distinct(found), count, pages, nil
}

// selects tells whether a repository is to be listed.
func (s *Source) selects(r repository) bool {
	if s.o.Public && r.Private {
		return false
	}
	included, positive := false, false
	for _, pattern := range s.o.Repositories {
		glob, exclude := strings.CutPrefix(pattern, "!")
		match, err := doublestar.Match(glob, r.Name)
		if exclude && match && err == nil {
			return false
		}
		positive = positive || !exclude
		included = included || !exclude && match
	}
	return included || !positive
}

// named are the repositories that are to be listed by their names, without a wildcard.
func (s *Source) named() []string {
	var names []string
	for _, pattern := range s.o.Repositories {
		if repositoryName.MatchString(pattern) && s.selects(repository{Name: pattern}) {
			names = append(names, pattern)
		}
	}
	return names
}

// allNamed tells that nothing but named repositories is to be listed, so that none can be missing unseen.
func (s *Source) allNamed() bool {
	positive := slices.DeleteFunc(slices.Clone(s.o.Repositories), func(pattern string) bool { return strings.HasPrefix(pattern, "!") })
	return len(positive) > 0 && !slices.ContainsFunc(positive, func(pattern string) bool { return !repositoryName.MatchString(pattern) })
}

// blind says that no private repository was shown.
func (s *Source) blind() error {
	why := "if it has any, the token or its user may not read them: use one that may"
	switch {
	case s.o.Secret == "":
		why = "without credentials Docker Hub hides them: sign in"
	case strings.HasPrefix(s.o.Secret, orgToken):
		why = "an organization's access token without the scope scope-repository-list hides them without a word: give it that scope, or use an owner's personal access token"
	}
	return s.errorf(artifact.NotPermitted, "no private repository of %s is shown; %s; if there is none, name the repositories, or set visibility to public", s.o.Namespace, why)
}
