// What changed in a repository: files by the dates that the server gives them. No date alone tells (org.artifactory.repo's
// DbStoringRepoMixin and BaseRepoPathMover of Artifactory 6.20): who deploys a file may date it back as modified, one that is replaced
// keeps when it was created, and what is copied or moved here brings all its dates along. So all of them are asked for, and since
// 7 also when properties changed, which a copy of a file that has some does. A copied or moved file without properties, and what
// was deleted, only a whole listing shows.

package artifactory

import (
	"net/http"
	"slices"
	"time"
)

// late is by how much a window begins before the listing that it follows: a file may be stored some time after its date, and
// the nodes of a cluster have clocks of their own.
const late = 15 * time.Minute

// slack is by how much a window ends after the server's time, which it tells in whole seconds.
const slack = time.Minute

// window is a time that is asked for, in seconds since 1970: from the first on, before the second.
type window struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Properties: the dates of files are done, those of their properties are asked for.
	Properties bool `json:"properties,omitempty"`
}

// holds is the criterion that a date lies in the window.
func (w window) holds(field string) string {
	at := func(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05.000Z") }
	return allOf(compares(field, "$gte", at(w.From)), compares(field, "$lt", at(w.To)))
}

// criterion is what is asked for in the window.
func (w window) criterion() string {
	if w.Properties {
		return w.holds("props_modified")
	}
	return anyOf([]string{w.holds("modified"), w.holds("created"), w.holds("updated")})
}

// since is when a repository was listed before, if its changes are wanted and can be asked for; else zero.
func (l *listing) since(r repository, from position) (time.Time, error) {
	if !l.queries || !quotable(r.Key) || from.Began == 0 {
		return time.Time{}, nil
	}
	text, err := l.start.Note(l.ctx, note(r.Key))
	if err != nil {
		return time.Time{}, err
	}
	return date(text), nil
}

// changes lists what changed since a time, or goes on with it. It returns false when the listing is over.
func (w *walk) changes(since time.Time) bool {
	w.ctx = w.listing.ctx
	if w.at.Window == nil {
		w.at.Window = &window{From: since.Add(-late).Unix(), To: time.Unix(w.at.Began, 0).Add(slack).Unix()}
	}
	for {
		if !w.changed(*w.at.Window) {
			return false
		}
		if w.at.Window.Properties || !w.knowsProperties {
			return true
		}
		w.at.Window = &window{From: w.at.Window.From, To: w.at.Window.To, Properties: true}
		w.at.Page = nil
	}
}

// changed lists what is in one window.
func (w *walk) changed(in window) bool {
	a := asking{
		repository: w.Key, properties: w.layout.properties,
		query: query{where: []string{is("repo", w.Key), is("type", "file"), in.criterion()}, include: fileFields},
	}
	var err error
	going := true
	if w.paged() {
		going, err = w.changedPages(a)
	}
	if !w.paged() && going { // or no longer
		going, err = w.changedStream(a)
	}
	switch {
	case !going:
		return false
	case in.Properties && status(err) == http.StatusBadRequest && says(err, "syntax error"):
		w.knowsProperties = false // a release before 7
		return true
	case err != nil && w.listing.ctx.Err() != nil:
		return w.over()
	case err != nil:
		w.at.Failed = true
		return w.problem(w.at, w.down(refused(err, w.Key, "what changed in it")))
	}
	return true
}

// changedPages reads page by page. It returns an error, or false when the listing is over.
func (w *walk) changedPages(a asking) (going bool, err error) {
	a.sort = []string{"path", "name"}
	p := &pages{asking: a, limit: w.page()}
	if w.at.Page != nil {
		p.from(*w.at.Page)
	}
	for last := false; !last; {
		got, err := p.next(w.ctx, w.Source)
		if unsorted(err) {
			w.sorts, w.at.Page = false, nil
			return true, nil
		}
		if err == nil {
			err = w.joinEach(w.ctx, w.Key, a.properties, pointers(got.rows))
		}
		if err != nil {
			return true, err
		}
		next := w.at
		if len(got.rows) > 0 {
			behind := p.mark(got, got.rows[len(got.rows)-1])
			next.Page = &behind
		}
		if !w.give(got.rows, next) {
			return false, nil
		}
		last = got.last
	}
	return true, nil
}

// changedStream reads the rows as they come.
func (w *walk) changedStream(a asking) (going bool, err error) {
	if len(a.properties) > 0 {
		a.include = append(slices.Clone(fileFields), "property")
	}
	w.at.Page = nil
	_, going, err = w.flow(a)
	return going, err
}

// came counts the files that were created since a time.
func (l *listing) came(r repository, since time.Time) (n int64, err error) {
	if !l.queries || !quotable(r.Key) {
		return 0, nil
	}
	in := compares("created", "$gte", since.UTC().Format("2006-01-02T15:04:05.000Z"))
	a := asking{repository: r.Key, query: query{where: []string{is("repo", r.Key), is("type", "file"), in}, include: placeFields}}
	a.begin = func() { n = 0 }
	a.keep = func(item) error {
		n++
		return nil
	}
	_, err = l.ask(l.ctx, a)
	return n, err
}
