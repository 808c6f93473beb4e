package npmjs

// The lists of names: npm/cli workspaces/libnpmaccess (/-/org/{org}/package, then /-/user/{user}/package: an object from
// name to permission); Verdaccio packages/web (/-/verdaccio/data/packages: an array of manifests) and packages/api
// (/-/all: an object by name); npm/registry docs/REGISTRY-API.md (/-/v1/search).

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"pkgferry/internal/jsonwalk"
)

// org asks for what an organisation has access to. Permissions are read, write, read-only or read-write, and of no
// interest here: listed is listed.
func (s *Source) org(ctx context.Context, scope string, keep func(string)) (bool, error) {
	return s.read(ctx, "-/org/"+url.PathEscape(scope)+"/package", nil, func(w *jsonwalk.Walker) error { return keys(w, keep) })
}

func (s *Source) user(ctx context.Context, scope string, keep func(string)) (bool, error) {
	return s.read(ctx, "-/user/"+url.PathEscape(scope)+"/package", nil, func(w *jsonwalk.Walker) error { return keys(w, keep) })
}

// everything reads both of Verdaccio's lists. Each is filtered by what the token may read, but depending on its version
// and its kind of tokens Verdaccio answers the first with 404 to a valid token, or as it would to nobody.
func (s *Source) everything(ctx context.Context, _ string, keep func(string)) (bool, error) {
	web, err := s.read(ctx, "-/verdaccio/data/packages", nil, func(w *jsonwalk.Walker) error {
		_, err := w.Array(func() error { return member(w, "name", keep) })
		return err
	})
	if err != nil {
		return false, err
	}
	all, err := s.read(ctx, "-/all", nil, func(w *jsonwalk.Walker) error { return keys(w, keep) })
	return web || all, err
}

// searchPage is more than any registry gives at once: npm's public registry cuts it to 250; Verdaccio gives everything,
// and could not page.
const searchPage = 100_000

// search pages until a page brings no new name of the scope, and tells how many there were. npm's public registry knows
// scopes as "scope:acme", others only words.
func (s *Source) search(ctx context.Context, scope string, keep func(string)) (int, error) {
	names := map[string]bool{}
	for _, text := range []string{"scope:" + scope, scope} {
		for from, before := 0, -1; len(names) > before; {
			before = len(names)
			found := 0
			query := url.Values{"text": {text}, "size": {strconv.Itoa(searchPage)}, "from": {strconv.Itoa(from)}}
			_, err := s.read(ctx, "-/v1/search", query, func(w *jsonwalk.Walker) error {
				found = 0
				return results(w, func(name string) {
					found++
					if strings.HasPrefix(name, "@"+scope+"/") {
						names[name] = true
						keep(name)
					}
				})
			})
			if err != nil {
				return len(names), err
			}
			from += found
		}
		if len(names) > 0 {
			break
		}
	}
	return len(names), nil
}

// read gives the answer of a list to into, more than once when it breaks off. told is false when the registry has no
// such list, or not for this token.
func (s *Source) read(ctx context.Context, path string, query url.Values, into func(*jsonwalk.Walker) error) (told bool, err error) {
	_, err = s.decode(ctx, s.client.URL(path, query), "", func(body io.Reader) error {
		w := jsonwalk.New(body)
		if err := into(w); err != nil {
			return err
		}
		return w.End()
	})
	var page notJSON
	if err == nil {
		return true, nil
	}
	if errors.As(err, &page) {
		return false, nil
	}
	switch statusOf(err) {
	case http.StatusUnauthorized:
		return false, s.Check(ctx) // valid tokens may be unable to list; a wrong one ends the run
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return false, nil
	}
	return false, fmt.Errorf("source %s: the list of names at %s: %w", s.name, path, err)
}

// keys consumes an object and gives keep its keys.
func keys(w *jsonwalk.Walker, keep func(string)) error {
	_, err := w.Object(func(key string) error {
		keep(key)
		return errors.Join(w.Hold(key), w.Skip())
	})
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

// results consumes {"objects":[{"package":{"name":…}}]}.
func results(w *jsonwalk.Walker, keep func(string)) error {
	_, err := w.Object(func(key string) error {
		if key != "objects" {
			return w.Skip()
		}
		_, err := w.Array(func() error {
			_, err := w.Object(func(key string) error {
				if key != "package" {
					return w.Skip()
				}
				return member(w, "name", keep)
			})
			return err
		})
		return err
	})
	return err
}
