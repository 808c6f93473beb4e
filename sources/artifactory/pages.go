// Pages of a query in the order of its sort. AQL has no cursors: a page is asked for by how many rows come before it, and what
// others delete or store between two pages moves the rows. So a page begins some rows before the end of the one before, and
// counts only when it shows one of that page's rows again: two pages that share a row leave no gap between them, whatever
// happened before it. A page that shares none is asked for again from further back, at worst from the beginning, where there is
// nothing to miss. This needs no more of the server than one order that it keeps, in whatever way it compares names.
//
// The proof: let x be a row that is there all the time. Each page is a stretch of the order without gaps, as it is at that
// moment. If x lies behind the row that two pages share, and not behind the end of the second, then the second has it; if it
// lies before, the first has it or, in the same way, one before that. The last page is shorter than its limit, so nothing lies
// behind it. What is stored meanwhile may be missed: the next listing of changes has it.

package artifactory

import (
	"context"
	"fmt"
	"slices"
)

// overlap is how many rows of the page before a page shows again, and a tenth of a page at most.
const overlap = 100

// pages reads a query page by page. Only administrators may: for others the server leaves out of a page what they may not
// read, so that a short one says nothing.
type pages struct {
	asking // without begin, keep, offset and limit
	limit  int
	// done is how many rows the pages so far have, shown are those of the latest.
	done  int
	shown map[string]bool
	// resumed: shown has only one row, up to which all have been listed by an earlier process.
	resumed bool
}

// page is what a page brings.
type page struct {
	rows []item // that were not on the page before
	last bool
	// found and lost tell of the row up to which an earlier process came: it is there, or gone, and everything is read again.
	found, lost bool
	// start is how many rows come before the page.
	start int
}

// from goes on at a mark of an earlier process.
func (p *pages) from(m mark) {
	p.done, p.shown, p.resumed = m.Offset, map[string]bool{m.Last: true}, true
}

// back is how many rows a page shows again.
func (p *pages) back() int { return min(overlap, max(1, p.limit/10)) }

// mark is where pages go on behind a row of a page.
func (p *pages) mark(in page, last item) mark {
	return mark{Offset: in.start + p.back(), Last: last.at()}
}

// next reads the next page. Where the server allows fewer rows than a page has, pages become smaller.
func (p *pages) next(ctx context.Context, s *Source) (page, error) {
	for back := p.back(); ; {
		from := max(0, p.done-back)
		rows, sent, err := p.read(ctx, s, from)
		switch known := lastShown(rows, p.shown); {
		case crowded(err):
			if err := p.shrink(s, err); err != nil {
				return page{}, err
			}
			back = p.back()
		case err != nil:
			return page{}, err
		case known < 0 && from > 0:
			back *= 8
		default:
			got := page{last: sent < p.limit, found: p.resumed && known >= 0, lost: p.resumed && known < 0, start: from}
			got.rows = p.news(rows, known)
			p.done, p.resumed = from+sent, false
			return got, nil
		}
	}
}

// shrink halves the pages of which the server has trimmed one.
func (p *pages) shrink(s *Source, err error) error {
	limit := min(p.limit/2, s.page())
	if limit < 2 {
		return fmt.Errorf("even of two rows %w", err)
	}
	p.limit = limit
	return nil
}

// news are the rows that were not shown before. It notes all of them as shown.
func (p *pages) news(rows []item, known int) []item {
	shown := make(map[string]bool, len(rows))
	for _, one := range rows {
		shown[one.at()] = true
	}
	fresh := rows
	if p.resumed {
		fresh = rows[known+1:]
	} else if known >= 0 {
		fresh = slices.DeleteFunc(slices.Clone(rows), func(one item) bool { return p.shown[one.at()] })
	}
	p.shown = shown
	return fresh
}

// lastShown is the place of the last row that was shown before; -1 when none was.
func lastShown(rows []item, shown map[string]bool) int {
	for i := len(rows) - 1; i >= 0; i-- {
		if shown[rows[i].at()] {
			return i
		}
	}
	return -1
}

// read reads the rows from an offset on; sent is how many there were, also of those that are no items.
func (p *pages) read(ctx context.Context, s *Source, from int) (rows []item, sent int, err error) {
	a := p.asking
	a.offset, a.limit = from, p.limit
	a.begin = func() { rows = make([]item, 0, 64) }
	a.keep = func(one item) error {
		rows = append(rows, one)
		return nil
	}
	if sent, err = s.ask(ctx, a); err == nil && p.limit < s.page() {
		s.allowed.Store(int64(p.limit))
	}
	return rows, sent, err
}
