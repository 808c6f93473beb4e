// The listing of a Nexus server: repository by repository in the order of their names, page by page of
// /service/rest/v1/assets. Its paging is by the id of the last asset, so that what others add or delete meanwhile
// shifts no page.

package nexus

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// Packages lists the selected repositories. A page of assets is yielded as the packages that its files belong to.
func (s *Source) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		start := parseCursor(from.Cursor)
		repositories, err := s.repositories(ctx)
		if err != nil {
			yield(sources.Listed{}, err)
			return
		}
		for _, r := range repositories {
			at := position{repository: r.Name}
			switch {
			case r.Name < start.repository, r.Name == start.repository && start.done:
				continue
			case r.Name == start.repository:
				at = start
			}
			if !s.walk(ctx, r, at, yield) {
				return
			}
		}
	}
}

// walk lists one repository from at on. It returns false when the listing is over for all of them.
func (s *Source) walk(ctx context.Context, r repository, at position, yield func(sources.Listed, error) bool) bool {
	resumed := at.token != ""
	for !at.done {
		p, err := s.assets(ctx, r.Name, at.token)
		if resumed && foreignToken(err) {
			at.token, resumed = "", false
			continue
		}
		resumed = false
		if err == nil && p.ContinuationToken == at.token && at.token != "" {
			err = fmt.Errorf("page %s leads to itself", at.token)
		}
		if err != nil {
			return s.failed(ctx, r, at, err, yield)
		}
		next := position{repository: r.Name, token: p.ContinuationToken, done: p.ContinuationToken == ""}
		if !yieldPage(ctx, s.packages(r, p.Items), at, next, yield) {
			return false
		}
		at = next
	}
	return true
}

// foreignToken tells that a saved token means nothing to the server any more: it was upgraded to another database. The
// repository is then listed from its beginning.
func foreignToken(err error) bool {
	return status(err) == http.StatusNotAcceptable || status(err) == http.StatusInternalServerError
}

// failed yields the error of a page. The other repositories are still listed, unless the run ends anyway.
func (s *Source) failed(ctx context.Context, r repository, at position, err error, yield func(sources.Listed, error) bool) bool {
	if ctx.Err() != nil {
		yield(sources.Listed{}, ctx.Err())
		return false
	}
	err = s.refused(err, r.Name)
	return yield(sources.Listed{Cursor: at.cursor()}, err) && !fault.IsStop(err)
}

// yieldPage yields the packages of the page at; the last of them carries the cursor of the page after it.
func yieldPage(ctx context.Context, items []sources.Listed, at, next position, yield func(sources.Listed, error) bool) bool {
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			yield(sources.Listed{}, err)
			return false
		}
		item.Cursor = at.cursor()
		if i == len(items)-1 {
			item.Cursor = next.cursor()
		}
		if !yield(item, nil) {
			return false
		}
	}
	return true
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
