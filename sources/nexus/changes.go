// What changed since the last listing. No list of Nexus can be asked for a date or for changes (AssetsResource), so a
// listing of changes reads all assets again, and the checkpoint finds what is other. Only where the server itself says that
// nothing stored can be replaced (the write policy of a hosted repository) is the end of the list enough: assets are
// numbered in the order in which they came, so what is new stands behind what was last read.
//
// An asset whose transaction ends late may have a number below one that was seen already, so the end begins some pages
// before the last. That the pages are still the same ones is told by their files: after a move to another database, or when
// a repository was made anew, the numbers mean something else, and everything is read.

package nexus

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"path"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// window is how many pages of the end are read again.
const window = 10

// anchor is where the end of a repository began, as it is noted: the token of a page, and the files on it.
type anchor struct {
	Token string   `json:"token"`
	Files []uint32 `json:"files"` // hashes of their paths
}

// tail is what a walk knows of the end of its repository.
type tail struct {
	// on: only the end is listed. from is where it began.
	on   bool
	from anchor
	// last are the last pages that were read.
	last []anchor
	// resumed: an earlier process read the pages before. loose: what is new may stand anywhere, as on OrientDB.
	resumed, loose bool
}

// noted is the key under which the end of a repository is remembered.
func noted(r repository) string { return "tail " + r.Name }

// recall finds out whether the end of the repository is enough, and begins there.
func (w *walk) recall(ctx context.Context) error {
	w.tail.resumed = w.at.token != ""
	if !w.known[w.Name].fixed(w.repository) {
		return nil
	}
	text, err := w.start.Note(ctx, noted(w.repository))
	if err != nil || text == "" {
		return err
	}
	var from anchor
	if json.Unmarshal([]byte(text), &from) != nil || from.Token == "" {
		return nil
	}
	w.tail.on = true
	if !w.tail.resumed {
		w.tail.from = from
		w.at.token = from.Token
	}
	return nil
}

// moved tells that the first page of the end is not the one that was noted.
func (e tail) moved(t turn) bool {
	if e.from.Token == "" || t.token != e.from.Token {
		return false
	}
	return !slices.ContainsFunc(t.Items, func(a asset) bool { return slices.Contains(e.from.Files, hash(a.path())) })
}

// turned notes a page. Pages that the server lists from its beginning are no end any more.
func (e *tail) turned(t turn) {
	if t.again {
		*e = tail{}
	}
	page := anchor{Token: t.token}
	for _, a := range t.Items {
		page.Files = append(page.Files, hash(a.path()))
		if !strings.HasPrefix(a.Path, "/") {
			e.loose = true
		}
	}
	e.last = append(e.last, page)
	if len(e.last) > window {
		e.last = slices.Delete(e.last, 0, 1)
	}
}

// remember is the note for the next listing of changes: where the end of the repository begins, or "" where all of it must be
// read again. Where that can not be told any better than before, the earlier note stays.
func (w *walk) remember() map[string]string {
	e, value := w.tail, ""
	switch {
	case !w.known[w.Name].fixed(w.repository) || e.loose || w.broken && !e.on:
	case e.resumed, e.on && (w.broken || len(e.last) < window):
		return nil
	case len(e.last) == window:
		text, _ := json.Marshal(e.last[0]) // texts and numbers marshal
		value = string(text)
	}
	return map[string]string{noted(w.repository): value}
}

func hash(path string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path))
	return h.Sum32()
}

// indexes are the paths of what is replaced with every new version among the assets, without being new itself: Maven's
// metadata of the artifact, and of the snapshot. The others' indexes are not copied.
func indexes(r repository, assets []asset) []string {
	if r.Format != "maven2" {
		return nil
	}
	var paths []string
	for _, a := range assets {
		m, ok := artifact.ParseMavenPath(a.path())
		if !ok || m.Version == "" || artifact.IsSidecar(a.path()) {
			continue
		}
		dir := path.Dir(a.path())
		if artifact.IsSnapshot(m.Version) {
			paths = append(paths, dir+"/"+artifact.MavenMetadata)
		}
		above := path.Dir(dir)
		paths = append(paths, above+"/"+artifact.MavenMetadata, path.Dir(above)+"/"+artifact.MavenMetadata)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// head lists a file by what the headers of its content tell. One that is not there is nothing.
func (w *walk) head(ctx context.Context, p string) found {
	leave, err := w.enter(ctx)
	if err != nil {
		return found{err: err}
	}
	defer leave()
	l := locator{Repository: w.Name, Hosted: true, Path: p}
	resp, err := w.client.Head(ctx, w.client.URL(contentPath(l), nil), nil)
	switch {
	case status(err) == http.StatusNotFound:
		return found{}
	case err != nil:
		return found{err: w.unread(err, p)}
	}
	_ = resp.Body.Close()
	item, ok := w.listed(w.repository, asset{Path: p, ContentType: "application/xml"})
	if !ok || item.Skip != "" {
		return found{}
	}
	f := &item.Package.Files[0]
	*f = describe(resp.Header, resp.ContentLength, *f)
	return found{item: sources.Listed{Package: item.Package}}
}
