package npmjs

// The lists of names: npm/api-documentation api/{access,org,team}.yaml and npm/cli workspaces/libnpmaccess
// (/-/org/{org}/package, /-/team/{org}/{team}/package, /-/user/{user}/package: an object from name to permission, which is
// read, write, read-only or read-write, and of no interest here: listed is listed); Verdaccio packages/web
// (/-/verdaccio/data/packages: an array of manifests) and packages/api (/-/all: an object by name).

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pkgferry/internal/httpx"
	"pkgferry/internal/jsonwalk"
)

// answer is what became of a list.
type answer int

const (
	absent  answer = iota // the registry has no such list
	told                  // it was read to its end
	refused               // it is not for this token
	broken                // it could not be read to its end
)

func escape(segment string) string { return url.PathEscape(segment) }

// list reads an object whose keys are names. what is how errors call it.
func (q *inquiry) list(ctx context.Context, path, what string) answer {
	return q.read(ctx, path, what, q.names)
}

// names consumes an object whose keys are names.
func (q *inquiry) names(w *jsonwalk.Walker) error {
	return keys(w, func(name string) { q.keep(name, 0) })
}

func (q *inquiry) everything(ctx context.Context) answer {
	return q.read(ctx, "-/verdaccio/data/packages", "the web interface's list", func(w *jsonwalk.Walker) error {
		is, err := w.Array(func() error { return member(w, "name", func(name string) { q.keep(name, 0) }) })
		return expected(is, err)
	})
}

// developers is the team that every organisation has and nobody can delete.
const developers = "developers"

// teams are the organisation's, as far as it tells them.
func (q *inquiry) teams(ctx context.Context) []string {
	names := []string{developers}
	_ = q.aside(ctx, "-/org/"+escape(q.scope)+"/team", func(w *jsonwalk.Walker) error { // what is not told is not asked
		_, err := w.Array(func() error {
			text, err := w.Text()
			org, team, _ := strings.Cut(strings.TrimPrefix(text, "@"), ":")
			if org == q.scope && team != "" && team != "." && team != ".." && !slices.Contains(names, team) {
				names = append(names, team)
			}
			return err
		})
		return err
	})
	return names
}

// roleOf is what the user is in the organisation; "" when that is not told.
func (q *inquiry) roleOf(ctx context.Context) (role string) {
	_ = q.aside(ctx, "-/org/"+escape(q.scope)+"/user", func(w *jsonwalk.Walker) error { // then the list is believed
		return member(w, q.user, func(text string) { role = text })
	})
	return role
}

// read gives the answer of a list to into, more than once when it breaks off, and notes what became of it.
func (q *inquiry) read(ctx context.Context, path, what string, into func(*jsonwalk.Walker) error) answer {
	err := q.aside(ctx, path, into)
	var page notJSON
	switch status := statusOf(err); {
	case err == nil:
		q.told = append(q.told, what)
		return told
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		refusal := errors.New(what + ": " + explained(err).Error()) // valid tokens may be unable to list; a wrong one ends the run
		if wrong := q.Check(ctx); wrong != nil {
			refusal = wrong
		}
		q.refusals = append(q.refusals, refusal)
		return refused
	case status == http.StatusBadRequest, status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone, errors.As(err, &page):
		return absent
	}
	q.broken = append(q.broken, fmt.Errorf("source %s: %s of names at %s: %w", q.name, what, path, err))
	return broken
}

// aside gives a document of the registry's to into.
func (s *Source) aside(ctx context.Context, path string, into func(*jsonwalk.Walker) error) error {
	return walk(ctx, s.client, s.client.URL(path, nil), into)
}

// walk gives a whole document of JSON to into, more than once when it breaks off.
func walk(ctx context.Context, client *httpx.Client, u *url.URL, into func(*jsonwalk.Walker) error) error {
	return decode(ctx, client, u, http.Header{"Accept": {"application/json"}}, func(resp *http.Response) error {
		w := jsonwalk.New(resp.Body)
		if err := into(w); err != nil {
			return err
		}
		return w.End()
	})
}

// keys consumes an object and gives keep its keys.
func keys(w *jsonwalk.Walker, keep func(string)) error {
	is, err := w.Object(func(key string) error {
		keep(key)
		return errors.Join(w.Hold(key), w.Skip())
	})
	return expected(is, err)
}

// expected fails for a list that is JSON of another shape: it may say anything, but not that there is nothing.
func expected(is bool, err error) error {
	if err == nil && !is {
		err = errors.New("the answer is no list")
	}
	return err
}

// member consumes an object and gives keep the text of one of its members.
func member(w *jsonwalk.Walker, key string, keep func(string)) error {
	_, err := w.Object(func(member string) error {
		if member != key {
			return w.Skip()
		}
		text, err := w.Text()
		keep(text)
		return err
	})
	return err
}
