// Folders with more in them than a page has. An administrator reads their files and then their folders page by page. For anybody
// else, and where the edition does not sort, only an answer without a limit is complete: files are listed as they come, which
// takes no room; folders are put into order, as many at a time as can be held.

package artifactory

import (
	"slices"
	"strings"
)

const (
	// chunk is how many files of a stream are listed together.
	chunk = 1000
	// sliced is how many pages of folders are held of those that come in no order.
	sliced = 10
)

// big makes f, in which there is more than a page, one that is read bit by bit.
func (w *walk) big(f *folder, paged bool) {
	switch {
	case !paged && f.passed():
		f.stage = folderSlices
	case !paged:
		f.stage = fileStream
	case f.passed():
		w.bigFolders(f)
	default:
		f.stage = filePages
		f.pages = w.pagesOf(f.path, "file", fileFields)
		if r := f.resume; r != nil && r.Folder == f.path && r.Page != nil {
			f.pages.from(*r.Page)
		}
	}
}

// bigFolders makes f one whose folders are read page by page.
func (w *walk) bigFolders(f *folder) {
	f.stage = folderPages
	f.pages = w.pagesOf(f.path, "folder", append(placeFields, "type"))
	if f.resume != nil {
		if m, ok := f.resume.Above[f.path]; ok {
			f.pages.from(m)
		}
	}
}

// pagesOf are the pages of a folder's files or folders, by name.
func (w *walk) pagesOf(path, kind string, fields []string) *pages {
	p := &pages{limit: w.page(), asking: w.contentOf(path, kind, fields)}
	p.sort = []string{"name"}
	return p
}

// contentOf is the query for all files, or all folders, that lie in a folder.
func (w *walk) contentOf(path, kind string, fields []string) asking {
	where := []string{is("repo", w.Key), is("type", kind), folderIs(path)}
	return asking{repository: w.Key, query: query{where: where, include: fields}}
}

// rest is f as far as it is still to be listed.
func (f *folder) rest(s stage) *folder {
	return &folder{path: f.path, above: f.above, stage: s, resume: f.resume, pages: f.pages}
}

// filePage lists a page of files, with the query for the next one under way.
func (w *walk) filePage(f *folder) bool {
	next := w.here(f, f.page.last, len(f.files))
	rest := f.rest(filePages)
	rest.resume = nil
	switch {
	case f.page.last:
		rest.listed = true
		w.bigFolders(rest)
	case len(f.files) > 0:
		behind := f.pages.mark(f.page, f.files[len(f.files)-1])
		next.Page = &behind
	}
	w.push(rest)
	w.fill()
	return w.give(f.files, next)
}

// folderPage goes into the folders of a page, in the order of the server, before the next page.
func (w *walk) folderPage(f *folder) bool {
	resume, next := f.resume, f.next()
	var folders []*folder
	switch {
	case f.page.found: // next is on an earlier page, or before those of this one
		m := f.resume.Above[f.path]
		folders = append(folders, &folder{path: join(f.path, next), above: &trail{f.above, f.path, m}, resume: resume})
		resume = nil
	case f.page.lost:
		resume = nil
	}
	for _, one := range f.files {
		child := &folder{path: one.at(), above: &trail{f.above, f.path, f.pages.mark(f.page, one)}}
		switch {
		case resume != nil && one.Name < next:
			continue // the folder was read otherwise, and its folders came by name
		case resume != nil && one.Name == next:
			child.resume = resume
		}
		folders = append(folders, child)
	}
	if !f.page.last {
		rest := f.rest(folderPages)
		rest.resume = resume
		w.push(rest)
	}
	w.push(folders...)
	w.fill()
	return true
}

// stream lists the files of a big folder as they come.
func (w *walk) stream(f *folder) bool {
	a := w.contentOf(f.path, "file", fileFields)
	if a.properties = w.layout.properties; len(a.properties) > 0 {
		a.include = append(slices.Clone(fileFields), "property")
	}
	count, going, err := w.flow(a)
	switch {
	case !going:
		return false
	case crowded(err):
		return w.store(f)
	case err != nil:
		f.err = err
		return w.failed(f)
	}
	w.push(&folder{path: f.path, above: f.above, stage: folderSlices, resume: f.resume, listed: true})
	return w.give(nil, w.here(f, true, count))
}

// slice goes into the folders of a big folder, by name: as many as can be held, and then the others.
func (w *walk) slice(f *folder) bool {
	next := f.next()
	if f.resume != nil && f.resume.Above[f.path] != (mark{}) {
		next = ""
	}
	var names []string
	most, cut := sliced*w.options.Page, false
	a := w.contentOf(f.path, "folder", append(placeFields, "type"))
	a.begin = func() { names, cut = names[:0], false }
	a.keep = func(one item) error {
		if one.Name > f.after && one.Name >= next {
			names = append(names, strings.Clone(one.Name))
		}
		if len(names) == 2*most {
			slices.Sort(names)
			names, cut = names[:most], true
		}
		return nil
	}
	_, err := w.ask(w.ctx, a)
	switch {
	case crowded(err):
		f.listed = true
		return w.store(f)
	case err != nil:
		f.err = err
		return w.failed(f)
	}
	slices.Sort(names)
	if len(names) > most {
		names, cut = names[:most], true
	}
	f.folders = names
	if cut {
		w.push(&folder{path: f.path, above: f.above, stage: folderSlices, after: names[len(names)-1], listed: true})
	}
	w.push(f.children()...)
	w.fill()
	return true
}
