// Twins: files of one repository that are the same file of the same version, since Artifactory lets a package lie at any path, and
// at several. One of them is listed: the one where the format has its place, else the first by path. The others are told as
// left behind, and whether their bytes are the same.

package artifactory

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// found is a file with what it is.
type found struct {
	item
	identity
}

// twins are, by path, the files that go before some of files, of which none lies at its home. They are looked for by name, that of
// the file and the one that it has at home, and by properties: a twin may lack the ones and be called otherwise.
func (w *walk) twins(ctx context.Context, r reader, files []found) (map[string]item, error) {
	switch {
	case len(files) == 0:
		return nil, nil
	case !w.queries, !quotable(w.Key):
		return w.atHome(ctx, r, files)
	}
	wanted := map[string][]found{} // by what they are
	var names, properties []string
	for _, f := range files {
		wanted[r.key(f)] = append(wanted[r.key(f)], f)
		for _, name := range []string{f.Name, path.Base(r.home(f.item, f.identity))} {
			if quotable(name) {
				names = append(names, is("name", name))
			}
		}
		if quotable(f.name) && quotable(f.version) {
			properties = append(properties, allOf(is("@"+r.name, f.name), is("@"+r.version, f.version)))
		}
	}
	first := map[string]item{}
	meet := func(one item) {
		other := found{one, w.identify(ctx, one, rules{name: r.name, version: r.version, path: r.path})}
		for _, f := range wanted[r.key(other)] {
			if best, known := first[f.at()]; r.before(other, f) && (!known || r.before(other, found{best, f.identity})) {
				first[f.at()] = one
			}
		}
	}
	for _, f := range files {
		meet(f.item)
	}
	for _, criteria := range [][]string{names, properties} {
		slices.Sort(criteria)
		for criteria = slices.Compact(criteria); len(criteria) > 0; {
			n := w.fitting(criteria)
			if err := w.among(ctx, criteria[:n], meet); err != nil {
				return nil, err
			}
			criteria = criteria[n:]
		}
	}
	return first, nil
}

// atHome are the twins at their homes, which is where they can be looked for without queries.
func (w *walk) atHome(ctx context.Context, r reader, files []found) (map[string]item, error) {
	first := map[string]item{}
	for _, f := range files {
		one := item{Name: r.home(f.item, f.identity)}
		if i := strings.LastIndexByte(one.Name, '/'); i >= 0 {
			one.Folder, one.Name = one.Name[:i], one.Name[i+1:]
		}
		known, err := w.fileInfo(ctx, w.Key, one.at())
		switch {
		case status(err) == http.StatusNotFound:
			continue
		case err != nil:
			return nil, err
		}
		one.Size, one.Digests = known.Size, known.Digests
		first[f.at()] = one
	}
	return first, nil
}

// fitting is how many criteria one query can have.
func (w *walk) fitting(criteria []string) (n int) {
	for room := longest - 400 - len(w.Key); n < len(criteria); n++ {
		if room -= len(criteria[n]) + 3; room < 0 && n > 0 {
			break
		}
	}
	return n
}

// among finds the files that meet one of some criteria, with their properties.
func (w *walk) among(ctx context.Context, criteria []string, meet func(item)) error {
	var rows []item
	flush := func() error {
		err := w.joinEach(ctx, w.Key, w.layout.properties, pointers(rows))
		for i := 0; err == nil && i < len(rows); i++ {
			meet(rows[i])
		}
		rows = rows[:0]
		return err
	}
	a := asking{repository: w.Key, begin: func() { rows = rows[:0] }, query: query{
		where: []string{is("repo", w.Key), is("type", "file"), anyOf(criteria)}, include: fileFields,
	}}
	a.keep = func(one item) error {
		if rows = append(rows, one); len(rows) == chunk {
			return flush()
		}
		return nil
	}
	_, err := w.ask(ctx, a)
	if half := len(criteria) / 2; crowded(err) && half > 0 {
		if err := w.among(ctx, criteria[:half], meet); err != nil {
			return err
		}
		return w.among(ctx, criteria[half:], meet)
	}
	if err != nil {
		return err
	}
	return flush()
}

// key is what makes files twins.
func (r reader) key(f found) string {
	if f.name == "" || !r.belongs(f.item) {
		return ""
	}
	return fmt.Sprintf("%q %q %q", f.name, f.version, r.place(f.item, f.identity))
}

// before tells whether a goes before its twin b.
func (r reader) before(a, b found) bool {
	home := r.home(a.item, a.identity)
	switch {
	case a.at() == b.at(), b.at() == home:
		return false
	case a.at() == home:
		return true
	}
	return a.at() < b.at()
}

// twin lists a file beside which another one goes.
func (w *walk) twin(one, first item) sources.Listed {
	bytes := "bytes that may be others"
	switch one.Digests.Compare(first.Digests) {
	case artifact.Same:
		bytes = "the same bytes"
	case artifact.Different:
		bytes = "other bytes"
	}
	return w.skip(one, artifact.NameCollision, fmt.Sprintf("%s is the same file of the same version, with %s", first.at(), bytes))
}
