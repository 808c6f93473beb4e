// The queries of a walk: a glance looks into some folders at once. What it finds is put into the folders by the walk itself,
// so that nothing is shared.

package artifactory

import (
	"context"
	"slices"
)

// glance is one query for the content of folders, under way or answered.
type glance struct {
	folders []*folder
	paged   bool // its rows come sorted, and as many as a page has at most
	done    chan struct{}

	// What was found, once done is closed.
	rows map[string][]item // by folder
	page page              // of a folder that is read in pages
	err  error
}

// paged tells whether answers may be asked for page by page.
func (l *listing) paged() bool { return l.admin && l.sorts }

// fill sends queries as long as others may be under way, for the folders that come next.
func (w *walk) fill() {
	w.settle()
	for len(w.under) < w.options.Listings {
		batch := w.nextBatch()
		if len(batch) == 0 {
			return
		}
		g := &glance{folders: batch, paged: w.paged(), done: make(chan struct{})}
		for _, f := range batch {
			f.glance = g
		}
		w.under = append(w.under, g)
		w.group.Go(func() {
			defer close(g.done)
			g.look(w.ctx, w)
		})
	}
}

// nextBatch are the next folders in the order of the walk that nobody has looked into and one query can ask for.
func (w *walk) nextBatch() []*folder {
	var batch []*folder
	room := longest - 300 - len(w.Key)
	offer := func(f *folder) bool {
		w.route(f)
		top := f == w.stack[len(w.stack)-1]
		switch {
		case f.known || f.err != nil || f.glance != nil || !f.stage.asks():
			return true
		case !top && w.held > mostHeld*w.page():
			return false
		case f.pages != nil || f.stage != plain:
			if len(batch) == 0 {
				batch = []*folder{f}
			}
			return false
		}
		if room -= len(f.path) + len(`"path":""},{`); room < 0 && len(batch) > 0 {
			return false
		}
		batch = append(batch, f)
		return len(batch) < w.batch
	}
	for _, f := range slices.Backward(w.stack) {
		if !inOrder(f, offer) {
			break
		}
	}
	return batch
}

// inOrder offers f, or when it is known the folders in it, as the walk will come to them.
func inOrder(f *folder, offer func(*folder) bool) bool {
	if f.known && f.stage == plain {
		for _, child := range f.children() {
			if !inOrder(child, offer) {
				return false
			}
		}
		return true
	}
	return offer(f)
}

// look asks, in a goroutine of its own.
func (g *glance) look(ctx context.Context, w *walk) {
	if p := g.folders[0].pages; p != nil {
		if g.page, g.err = p.next(ctx, w.Source); g.err == nil && g.folders[0].stage == filePages {
			g.err = w.joinPage(ctx, w.Key, g.folders[0].path, w.layout.properties, g.page.rows)
		}
		return
	}
	var paths, criteria []string
	for _, f := range g.folders {
		paths = append(paths, f.path)
		criteria = append(criteria, folderIs(f.path))
	}
	where := anyOf(criteria)
	if len(criteria) == 1 {
		where = criteria[0]
	}
	a := asking{repository: w.Key, properties: w.layout.properties, query: query{where: []string{is("repo", w.Key), `"type":"any"`, where}, include: fileFields}}
	switch {
	case g.paged:
		a.sort, a.limit = []string{"path", "name"}, w.page()
	case len(a.properties) > 0:
		a.include = append(slices.Clone(fileFields), "property")
	}
	g.err = g.read(ctx, w.Source, a, paths)
	if g.err == nil && g.paged && len(a.properties) > 0 {
		g.err = w.joinFolders(ctx, w.Key, a.properties, g.rows)
	}
}

// read keeps the rows of a glance by folder. More of them than a page has are errMany.
func (g *glance) read(ctx context.Context, s *Source, a asking, paths []string) error {
	kept := 0
	a.begin = func() {
		kept, g.rows = 0, make(map[string][]item, len(paths))
		for _, one := range paths {
			g.rows[one] = nil
		}
	}
	a.keep = func(one item) error {
		if kept++; kept > s.page() {
			return errMany
		}
		if _, asked := g.rows[one.Folder]; asked { // a server that does not tell upper from lower case finds others, too
			g.rows[one.Folder] = append(g.rows[one.Folder], one)
		}
		return nil
	}
	rows, err := s.ask(ctx, a)
	if err == nil && g.paged && rows >= a.limit {
		return errMany
	}
	return err
}

// settle takes what answered glances have found.
func (w *walk) settle() {
	w.under = slices.DeleteFunc(w.under, func(g *glance) bool {
		select {
		case <-g.done:
			w.take(g)
			return true
		default:
			return false
		}
	})
}

// take puts what a glance has found into its folders; or finds out how else to look into them.
func (w *walk) take(g *glance) {
	first := g.folders[0]
	switch {
	case g.err == nil && g.rows == nil:
		first.known, first.glance, first.files, first.page = true, nil, g.page.rows, g.page
		w.held += first.weight()
		return
	case g.err == nil:
		w.found(g)
		return
	case unsorted(g.err):
		w.sorts = false
	case noQueries(g.err):
		w.queries = false
	case len(g.folders) > 1 && crowded(g.err):
		w.batch = max(1, len(g.folders)/2)
	case len(g.folders) > 1:
		w.batch = max(1, len(g.folders)/8)
	case crowded(g.err) && first.pages == nil:
		w.big(first, g.paged)
	default:
		first.err = g.err
	}
	for _, f := range g.folders {
		f.glance = nil
	}
}

func (w *walk) found(g *glance) {
	rows := 0
	for _, f := range g.folders {
		for _, one := range g.rows[f.path] {
			if one.IsFolder {
				f.folders = append(f.folders, one.Name)
			} else {
				f.files = append(f.files, one)
			}
		}
		slices.Sort(f.folders)
		slices.SortFunc(f.files, byName)
		f.known, f.glance = true, nil
		w.held += f.weight()
		rows += len(g.rows[f.path])
	}
	if rows < w.page()/2 {
		w.batch = min(mostFolders, 2*w.batch)
	}
}
