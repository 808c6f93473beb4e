package npmjs

// The change host of npm's public registry, what is left of CouchDB's interface there (docs.couchdb.org
// api/database/bulk-api): _all_docs lists the public names in the order of their bytes, each with the revision of its
// document. It can not skip; the next page begins at the last name of this one, which is its first row. That it stops at
// endkey is not documented, so who reads stops. The host is anonymous, and gets no credentials.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"pkgferry/internal/jsonwalk"
	"pkgferry/sources/packument"
)

// changesPage is the most that the host gives at once.
const changesPage = 10_000

// changes asks the change host, where there is one, and tells whether it told.
func (q *inquiry) changes(ctx context.Context) bool {
	if q.o.Changes == nil {
		return false
	}
	prefix := "@" + q.scope + "/"
	for start, more := prefix, true; more; {
		page := keyRange{prefix: prefix, last: start, keep: q.keep}
		if err := page.read(ctx, q.Source, start); err != nil {
			q.broken = append(q.broken, fmt.Errorf("source %s: the change host's list of names in @%s: %w", q.name, q.scope, err))
			return false
		}
		start, more = page.last, !page.beyond && page.last != start
	}
	q.told = append(q.told, "the change host")
	return true
}

// keyRange is one page of names that begin with prefix.
type keyRange struct {
	prefix string
	keep   func(name string, revision int)
	last   string // the greatest name so far
	beyond bool   // a name behind the range was seen
}

func (k *keyRange) read(ctx context.Context, s *Source, start string) error {
	query := url.Values{"startkey": {quoted(start)}, "endkey": {quoted(k.prefix + "\ufff0")}, "limit": {strconv.Itoa(changesPage)}}
	return walk(ctx, s.o.Changes, s.o.Changes.URL("_all_docs", query), func(w *jsonwalk.Walker) error {
		k.last, k.beyond = start, false
		return k.page(w)
	})
}

// quoted is a key as CouchDB takes it: JSON.
func quoted(key string) string {
	text, _ := json.Marshal(key)
	return string(text)
}

// page consumes {"rows":[{"id":…,"value":{"rev":…}}]}.
func (k *keyRange) page(w *jsonwalk.Walker) error {
	listed, first := false, true
	_, err := w.Object(func(key string) error {
		if key != "rows" {
			return w.Skip()
		}
		isArray, err := w.Array(func() error {
			id, revision, err := row(w)
			switch {
			case err != nil:
				return err
			case id < k.last || id == k.last && !first:
				return fmt.Errorf("%q comes after %q: the rows are in no order that can be followed, so names may be missing", id, k.last)
			case !strings.HasPrefix(id, k.prefix):
				k.beyond = true
			default:
				k.keep(id, revision)
			}
			k.last, first = id, false
			return nil
		})
		listed = isArray
		return err
	})
	if err == nil && !listed {
		err = errors.New("the answer has no rows")
	}
	return err
}

func row(w *jsonwalk.Walker) (id string, revision int, err error) {
	_, err = w.Object(func(key string) (err error) {
		switch key {
		case "id":
			id, err = w.Text()
			return err
		case "value":
			return member(w, "rev", func(text string) { revision = packument.Revision(text) })
		}
		return w.Skip()
	})
	return id, revision, err
}
