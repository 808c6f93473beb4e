// The walk through a repository, folder by folder: each before those in it, by name. Artifactory's index is on the repository
// and a folder's path, so one query asks for the content of many known folders by their paths; a walk keeps some of them under
// way and lists what they find in its order. Nothing is held of folders that have been listed, and the way to a folder is all
// that a cursor has to tell.

package artifactory

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"pkgferry/internal/fault"
	"pkgferry/sources"
)

const (
	// mostFolders is how many folders one query asks for; the length of their paths allows fewer.
	mostFolders = 100
	// mostHeld is how many pages of rows may wait to be listed before others are asked for.
	mostHeld = 2
)

// walk is the listing of one repository.
type walk struct {
	*listing
	repository
	layout layout
	ctx    context.Context //nolint:containedctx // of the queries under way, which end with the walk
	group  conc.WaitGroup
	at     position
	stack  []*folder // what is still to be listed, the next one last
	under  []*glance // way
	batch  int       // how many folders one query asks for at present
	held   int       // rows and folders that were read and not yet listed
	// indexed are names whose index has been listed.
	indexed map[string]bool
}

// folder is one that is still to be listed.
type folder struct {
	path   string
	above  *trail
	stage  stage
	resume *position // where an earlier process ended, when that is here or further down
	glance *glance   // that looks into it; nil when none does
	pages  *pages    // of a big one
	after  string    // in the stage folderSlices: the name after which they go on
	listed bool      // the files in it

	// What a look has found: in known folders files and names of folders, by name.
	known   bool
	files   []item
	folders []string
	page    page // of a big one; its rows are the files
	err     error

	below []*folder // made from folders
	made  bool
}

// trail is the way to a folder, as far as it leads through big ones.
type trail struct {
	up     *trail
	folder string
	mark   mark
}

// stage is how a folder is read.
type stage int

const (
	plain        stage = iota // with others, in one query
	filePages                 // a big one: its files page by page,
	folderPages               // and then its folders
	fileStream                // a big one where nothing may be paged: its files as they come,
	folderSlices              // and then its folders, as many as can be held
	stored                    // without a query, by the storage API
)

// run lists the repository from w.at on. It returns false when the listing is over for all of them.
func (w *walk) run() bool {
	ctx, cancel := context.WithCancel(w.listing.ctx)
	w.ctx = ctx
	defer w.group.Wait()
	defer cancel()
	root := &folder{}
	if w.at.under() {
		start := w.at
		root.resume = &start
	}
	w.batch = mostFolders
	w.stack = []*folder{root}
	for len(w.stack) > 0 {
		f := w.stack[len(w.stack)-1]
		if !w.known(f) {
			return false
		}
		w.stack = w.stack[:len(w.stack)-1]
		if !w.visit(f) {
			return false
		}
	}
	return true
}

// known waits until f, the next folder, has been looked into. It returns false when the listing is over.
func (w *walk) known(f *folder) bool {
	for w.ctx.Err() == nil {
		w.settle()
		w.route(f)
		if f.known || f.err != nil || !f.stage.asks() {
			return true
		}
		w.fill()
		switch {
		case f.glance != nil:
			<-f.glance.done
		case len(w.under) > 0: // as many as may are under way, and must end first
			<-w.under[0].done
		}
	}
	return w.over()
}

// asks tells the stages whose queries go out ahead.
func (s stage) asks() bool { return s == plain || s == filePages || s == folderPages }

// route finds the stage of a folder for what the server answers to this user.
func (w *walk) route(f *folder) {
	switch {
	case f.known:
	case !w.queries, !quotable(w.Key), f.path != "" && !quotable(f.path):
		f.stage = stored
	case f.stage == filePages && !w.paged():
		f.stage, f.pages = fileStream, nil
	case f.stage == folderPages && !w.paged():
		f.stage, f.pages = folderSlices, nil
	}
}

// visit lists a folder that is known. It returns false when the listing is over.
func (w *walk) visit(f *folder) bool {
	w.held -= f.weight()
	switch {
	case f.err != nil:
		return w.failed(f)
	case f.stage == fileStream:
		return w.stream(f)
	case f.stage == folderSlices:
		return w.slice(f)
	case f.stage == stored:
		return w.store(f)
	case f.stage == filePages:
		return w.filePage(f)
	case f.stage == folderPages:
		return w.folderPage(f)
	}
	files := f.files
	if f.passed() {
		files = nil
	}
	w.push(f.children()...)
	w.fill()
	return w.give(files, w.here(f, true, len(files)))
}

// weight is how much of what is held f is.
func (f *folder) weight() int {
	if !f.known {
		return 0
	}
	return 1 + len(f.files) + len(f.folders)
}

// passed tells that an earlier process has listed the files in f.
func (f *folder) passed() bool {
	return f.listed || f.resume != nil && (f.resume.Folder != f.path || f.resume.Files)
}

// next is the folder in f on the way to where an earlier process ended; "" when that is f itself.
func (f *folder) next() string {
	if f.resume == nil || f.resume.Folder == f.path {
		return ""
	}
	rest := f.resume.Folder
	if f.path != "" {
		rest = strings.TrimPrefix(rest, f.path+"/")
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// children are the folders in f that are still to be listed, by name. They are made once.
func (f *folder) children() []*folder {
	if f.made {
		return f.below
	}
	f.made = true
	next := f.next()
	if f.resume != nil && f.resume.Above[f.path] != (mark{}) {
		next = "" // it was big, and its folders came in an order of the server's
	}
	f.below = make([]*folder, 0, len(f.folders))
	for _, name := range f.folders {
		if name < next {
			continue
		}
		child := &folder{path: join(f.path, name), above: f.above}
		if name == next {
			child.resume = f.resume
		}
		f.below = append(f.below, child)
	}
	return f.below
}

// push puts folders before all others.
func (w *walk) push(folders ...*folder) {
	for _, f := range slices.Backward(folders) {
		w.stack = append(w.stack, f)
	}
}

// here is the position in f once so many more files have been listed: in its files, or behind them.
func (w *walk) here(f *folder, files bool, more int) position {
	p := w.at
	p.Folder, p.Files, p.Page, p.Above = f.path, files, nil, nil
	p.Count += int64(more)
	for t := f.above; t != nil; t = t.up {
		if p.Above == nil {
			p.Above = map[string]mark{}
		}
		p.Above[t.folder] = t.mark
	}
	return p
}

// give lists files as what they are parts of; then the walk is at next. It returns false when the listing is over.
func (w *walk) give(files []item, next position) bool {
	if len(files) > 0 && !w.yieldAll(w.at, next, w.items(files)) {
		return false
	}
	next.Failed = next.Failed || w.at.Failed
	w.at = next
	return w.listing.ctx.Err() == nil || w.over()
}

// failed tells that a folder, and with it all in it, could not be listed.
func (w *walk) failed(f *folder) bool {
	if w.listing.ctx.Err() != nil {
		return w.over()
	}
	what := "folder " + f.path
	if f.path == "" {
		what = "its root folder"
	}
	w.at.Failed = true
	return w.problem(w.at, w.down(refused(f.err, w.Key, what)))
}

// finish compares what was listed with what the server counts, and notes when the listing began.
func (w *walk) finish() bool {
	began := time.Unix(w.at.Began, 0)
	if !w.at.Failed && w.admin && w.at.Window == nil {
		if err := w.short(w.repository, w.at.Count, began); err != nil {
			w.at.Failed = true
			if !w.problem(w.at, err) {
				return false
			}
		}
	}
	done := sources.Listed{Cursor: position{Repository: w.Key, Done: true}.cursor()}
	if !w.at.Failed && w.at.Began > 0 {
		done.Notes = map[string]string{note(w.Key): began.UTC().Format(time.RFC3339)}
	}
	return w.yield(done, nil)
}

// errOver ends an answer when the listing is over.
var errOver = errors.New("the listing is over")

// flow lists files as the answer to a query brings them, and counts them. They are listed before the end of the answer is seen:
// each is a fact, and only their being all of them is not. An answer that breaks off is asked for again, from the beginning.
func (w *walk) flow(a asking) (count int, going bool, err error) {
	before := w.at
	var files []item
	list := func() error {
		count += len(files)
		if going = w.give(files, before); !going {
			return errOver
		}
		files = files[:0]
		return nil
	}
	going = true
	a.begin = func() { files, count = files[:0], 0 }
	a.keep = func(one item) error {
		if files = append(files, one); len(files) == chunk {
			return list()
		}
		return nil
	}
	if _, err = w.ask(w.ctx, a); err == nil {
		err = list()
	}
	return count, going, err
}

// byName orders items.
func byName(a, b item) int { return cmp.Compare(a.Name, b.Name) }

// errMany ends the reading of an answer that has more rows than a page.
var errMany = errors.New("there is more than a page")

// crowded tells that a query found more than it may, so that it has to ask for less.
func crowded(err error) bool {
	var t *trimmed
	return errors.Is(err, errMany) || errors.As(err, &t)
}

// down ends the listing when err comes of a server that is down or takes no more queries: no other folder could be listed
// either, and the next run goes on here.
func (w *walk) down(err error) error {
	code := status(err)
	if code == http.StatusTooManyRequests || (code == 0 || code >= 500) && !w.pings(w.ctx, "/api/system/ping") {
		return fault.Stop(err)
	}
	return err
}
