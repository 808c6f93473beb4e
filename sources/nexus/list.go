// The listing of a Nexus server: repository by repository in the order of their names, page by page of
// /service/rest/v1/assets. Its paging is by the id of the last asset, so that what others add or delete meanwhile
// shifts no page. While a page is at work the next one is on its way, and so are the first pages of the repositories that
// follow.

package nexus

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// fullPage is the largest page of any release. One of this length, or of the length of the pages before it, does not end a
// repository without saying so.
const fullPage = 100

// listing is one walk over the repositories.
type listing struct {
	*Source
	start sources.Start
	known map[string]settings
	yield func(sources.Listed, error) bool
}

// Packages lists the selected repositories. A page of assets is yielded as the packages that its files belong to, and then
// an item that brings the cursor of the next.
func (s *Source) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		l := &listing{Source: s, start: from, yield: yield}
		chosen, err := s.repositories(ctx)
		if err == nil {
			l.known, err = s.settings(ctx)
		}
		switch {
		case ctx.Err() != nil:
			yield(sources.Listed{}, ctx.Err())
			return
		case err != nil:
			yield(sources.Listed{}, fault.At(fault.Source, ending(err)))
			return
		}
		places := l.places(chosen.listed)
		for w := range sources.Ahead(ctx, s.options.Listings, slices.Values(places), l.begin) {
			if !w.run(ctx) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(sources.Listed{}, ctx.Err()) // also when it ended while nothing was at hand
		}
	}
}

// place is a repository, and where its listing begins.
type place struct {
	repository
	at position
}

// places are the repositories that the cursor has left.
func (l *listing) places(all []repository) []place {
	start := parseCursor(l.start.Cursor)
	var places []place
	for _, r := range all {
		at := position{repository: r.Name}
		switch {
		case r.Name < start.repository, r.Name == start.repository && start.done:
			continue
		case r.Name == start.repository:
			at = start
		}
		places = append(places, place{r, at})
	}
	return places
}

// walk is the listing of one repository.
type walk struct {
	*listing
	place
	tail    tail
	first   turn // its first page
	size    int  // of the pages so far
	digests int  // manifests without a tag
	broken  bool // something of it could not be listed
}

// turn is a page, or why there is none.
type turn struct {
	page
	token string // that led to it
	err   error
	// again: the token means nothing to the server any more, and the repository is listed from its beginning.
	again bool
}

// begin reads the first page of a repository.
func (l *listing) begin(ctx context.Context, p place) *walk {
	w := &walk{listing: l, place: p}
	err := w.recall(ctx)
	if err != nil {
		w.first = turn{token: w.at.token, err: err}
		return w
	}
	w.first = w.turn(ctx, w.at.token)
	if w.at.token != "" && foreignToken(w.first.err) {
		w.first = w.turn(ctx, "")
		w.first.again = true
	}
	return w
}

// turn reads a page. One that should not be the last and says that it is leads to what is behind its last asset.
func (w *walk) turn(ctx context.Context, token string) turn {
	p, err := w.assets(ctx, w.Name, token)
	if err == nil && p.ContinuationToken == "" && (len(p.Items) >= fullPage || w.size > 0 && len(p.Items) >= w.size) {
		p.ContinuationToken = tokenOf(p.Items[len(p.Items)-1].ID)
	}
	if err == nil && p.ContinuationToken != "" {
		w.size = len(p.Items)
	}
	return turn{page: p, token: token, err: err}
}

// tokenOf is the token that leads to what follows an asset: the part of its id behind the repository's name.
func tokenOf(id string) string {
	plain, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	if err != nil {
		return ""
	}
	return string(plain[strings.LastIndexByte(string(plain), ':')+1:])
}

// foreignToken tells that a saved token means nothing to the server any more: it was upgraded to another database.
func foreignToken(err error) bool {
	return status(err) == http.StatusNotAcceptable || status(err) == http.StatusInternalServerError
}

// turns yields the pages, each asked for while the one before it is at work.
func (w *walk) turns(ctx context.Context) iter.Seq[turn] {
	return func(yield func(turn) bool) {
		if !yield(w.first) || w.first.err != nil || w.first.ContinuationToken == "" {
			return
		}
		next := make(chan string, 1)
		next <- w.first.ContinuationToken
		tokens := func(yield func(string) bool) {
			for token := range next {
				if !yield(token) {
					return
				}
			}
		}
		for t := range sources.Ahead(ctx, 2, tokens, func(ctx context.Context, token string) turn {
			t := w.turn(ctx, token)
			if t.err != nil || t.ContinuationToken == "" {
				close(next)
			} else {
				next <- t.ContinuationToken
			}
			return t
		}) {
			if !yield(t) {
				return
			}
		}
	}
}

// run lists one repository. It returns false when the listing is over for all of them.
func (w *walk) run(ctx context.Context) bool {
	for t := range w.turns(ctx) {
		w.at.token = t.token
		switch {
		case ctx.Err() != nil:
			w.yield(sources.Listed{}, ctx.Err())
			return false
		case t.err != nil:
			return w.failed(ctx, w.refused(t.err, w.Name))
		}
		if w.tail.moved(t) { // the token is known and leads elsewhere
			w.tail = tail{}
			return w.over(ctx)
		}
		if !w.items(ctx, t) {
			return false
		}
	}
	return true
}

// over lists the repository anew from its beginning.
func (w *walk) over(ctx context.Context) bool {
	w.at.token, w.size = "", 0
	w.first = w.turn(ctx, "")
	w.first.again = true
	return w.run(ctx)
}

// failed yields what can not be listed. The other repositories are still listed, unless the listing ends anyway.
func (w *walk) failed(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		w.yield(sources.Listed{}, ctx.Err())
		return false
	}
	w.broken = true
	_, spent := fault.IsSpent(err)
	return w.yield(sources.Listed{Cursor: w.at.cursor()}, err) && !fault.IsStop(err) && !spent
}

// unread explains why something that belongs to the listing can not be read.
func (w *walk) unread(err error, what string) error {
	reason := artifact.SourceFailed
	switch status(err) {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return w.refused(err, w.Name)
	case http.StatusNotFound:
		reason = artifact.SourceMissing
	}
	return fault.At(fault.Source, fault.Because(reason, errorf(err, "repository %s: %s can not be read", w.Name, what)))
}

// items yields what a page brings, and the cursor of the page after it.
func (w *walk) items(ctx context.Context, t turn) bool {
	for _, item := range w.packages(w.repository, t.Items) {
		if !w.give(ctx, item) {
			return false
		}
	}
	w.digests += untagged(w.repository, t.Items)
	if !w.documents(ctx, t) {
		return false
	}
	next := position{repository: w.Name, token: t.ContinuationToken, done: t.ContinuationToken == ""}
	w.tail.turned(t)
	closing := sources.Listed{}
	if next.done {
		closing.Notes = w.remember()
		w.tellDigests()
	}
	w.at = next
	return w.give(ctx, closing)
}

// give yields an item at the place where the walk is.
func (w *walk) give(ctx context.Context, item sources.Listed) bool {
	if err := ctx.Err(); err != nil {
		w.yield(sources.Listed{}, err)
		return false
	}
	item.Cursor = w.at.cursor()
	return w.yield(item, nil)
}

// found is what a document gave.
type found struct {
	item sources.Listed
	err  error
}

// documents yields what belongs to a page and stands elsewhere: the roots of npm packages, and where only the end of a
// repository is listed, the indexes of what is new there.
func (w *walk) documents(ctx context.Context, t turn) bool {
	var reads []func(context.Context) found
	for _, d := range documents(w.repository, t.Items, w.tail.on) {
		reads = append(reads, func(ctx context.Context) found {
			item, err := w.index(ctx, d)
			return found{item, err}
		})
	}
	for _, a := range digestless(w.repository, t.Items) {
		reads = append(reads, func(ctx context.Context) found { return w.headTag(ctx, a) })
	}
	if w.tail.on {
		for _, p := range indexes(w.repository, t.Items) {
			reads = append(reads, func(ctx context.Context) found { return w.head(ctx, p) })
		}
	}
	for f := range sources.Ahead(ctx, w.options.Listings, slices.Values(reads), func(ctx context.Context, read func(context.Context) found) found { return read(ctx) }) {
		switch {
		case f.err != nil && !w.failed(ctx, f.err):
			return false
		case f.err == nil && (f.item.Package.Name != "" || f.item.Notes != nil) && !w.give(ctx, f.item):
			return false
		}
	}
	return ctx.Err() == nil || w.give(ctx, sources.Listed{})
}

// packages gathers a page's assets into the packages that they are files of, in the order in which these begin.
func (s *Source) packages(r repository, assets []asset) []sources.Listed {
	type key struct{ name, version string }
	var items []sources.Listed
	place := map[key]int{}
	for _, a := range assets {
		item, ok := s.listed(r, a)
		if !ok {
			continue
		}
		p := item.Package
		if i, known := place[key{p.Name, p.Version}]; known && item.Skip == "" {
			items[i].Package.Files = append(items[i].Package.Files, p.Files...)
			continue
		}
		if item.Skip == "" {
			place[key{p.Name, p.Version}] = len(items)
		}
		items = append(items, item)
	}
	for _, item := range items {
		artifact.SortFiles(item.Package.Format, item.Package.Files)
	}
	return items
}

// tellDigests says that a repository holds images that no tag names.
func (w *walk) tellDigests() {
	if w.digests > 0 {
		w.options.Notice(fmt.Sprintf("source %s: repository %s holds %d manifests under their digest alone; those that belong to the image of a tag come with it, the others stay behind: tag what shall come along",
			w.name, w.Name, w.digests))
	}
}
