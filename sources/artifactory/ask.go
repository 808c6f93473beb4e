// Queries (POST /api/search/aql, Content-Type text/plain): they change nothing, so they are repeated like any read.

package artifactory

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// asking is one query and what becomes of its rows.
type asking struct {
	query
	repository string
	properties []string // those that are wanted of each item
	// begin is called at the beginning of every answer: one that breaks off is asked for again.
	begin func()
	// keep is called for each row. An error of its own ends the query.
	keep func(item) error
}

// ask returns no error when the answer was whole, and how many rows the server sent, which may be more than were kept. An error that
// is a *trimmed tells of rows that the server left out; rows that were kept before are true all the same.
func (s *Source) ask(ctx context.Context, a asking) (rows int, err error) {
	header := http.Header{"Content-Type": {"text/plain"}, "Accept": {"application/json"}}
	err = s.client.Query(ctx, s.client.URL("/api/search/aql", nil), header, a.String(), func(resp *http.Response) error {
		if kind := resp.Header.Get("Content-Type"); strings.Contains(kind, "html") {
			return fmt.Errorf("source %s: the answer to a query is a page (%s): something stands before the server", s.name, kind)
		}
		s.now.see(resp.Header)
		if a.begin != nil {
			a.begin()
		}
		rows = 0
		return readAnswer(resp.Body, a.limit, func(r row) error {
			rows++
			one, ok, err := r.item(a.properties)
			if err != nil || !ok || r.Repo != a.repository {
				return err // a row of another repository is listed there
			}
			return a.keep(one)
		})
	})
	return rows, err
}

// unsorted tells the refusal of editions that do not sort.
func unsorted(err error) bool {
	return status(err) == http.StatusBadRequest && says(err, "Sorting is not supported")
}

// noQueries tells the refusal of users who may not ask.
func noQueries(err error) bool {
	return status(err) == http.StatusForbidden && says(err, "non-anonymous users")
}
