// What a file is, where its path alone does not tell: properties that Artifactory set when the file was deployed come first, then
// what the file itself says, of which no more is read than it takes; its path comes last.

package artifactory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// identity is what a file is a part of; without a name it is unknown, because of err.
type identity struct {
	name, version string
	err           error
}

// rules are how a format's files are identified. Content and path may be nil.
type rules struct {
	// name and version are the properties that tell.
	name, version string
	content       func(ctx context.Context, w *walk, one item) (name, version string, err error)
	path          func(one item) (name, version string, ok bool)
}

// reader reads the files of a format whose paths do not tell what they are.
type reader struct {
	rules
	belongs func(one item) bool
	// other says of a file that does not belong what it is not.
	other string
	// place is where a file lies in its package, home where in its repository it belongs.
	place, home func(one item, id identity) string
}

// read lists files as parts of their packages.
func (r reader) read(ctx context.Context, w *walk, files []item) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		var ours []item
		for _, one := range files {
			switch {
			case r.belongs(one):
				ours = append(ours, one)
			case artifact.IsSidecar(one.Name):
				if !yield(w.skip(one, artifact.NotAPackage, "it only repeats another file's checksum"), nil) {
					return
				}
			case !yield(w.skip(one, artifact.FileNameNotAllowed, r.other), nil):
				return
			}
		}
		var all, strays []found
		for one, id := range w.identified(ctx, ours, r.rules) {
			all = append(all, found{one, id})
			if id.name != "" && one.at() != r.home(one, id) {
				strays = append(strays, found{one, id})
			}
		}
		first, err := w.twins(ctx, r, strays)
		if err != nil && !yield(sources.Listed{}, fmt.Errorf("whether files lie there twice: %w", err)) {
			return
		}
		for _, f := range all {
			other, twin := first[f.at()]
			switch {
			case f.name == "":
				if !yield(w.unidentified(f.item, f.err)) {
					return
				}
			case twin:
				if !yield(w.twin(f.item, other), nil) {
					return
				}
			case !yield(w.part(f.item, f.name, f.version, r.place(f.item, f.identity)), nil):
				return
			}
		}
	}
}

// itself is a file's place under its own name.
func itself(one item, _ identity) string { return one.Name }

// identified yields files with what they are, in order.
func (w *walk) identified(ctx context.Context, files []item, r rules) iter.Seq2[item, identity] {
	return func(yield func(item, identity) bool) {
		i := 0
		for id := range sources.Ahead(ctx, w.options.Listings, slices.Values(files), func(ctx context.Context, one item) identity {
			return w.identify(ctx, one, r)
		}) {
			if !yield(files[i], id) {
				return
			}
			i++
		}
	}
}

func (w *walk) identify(ctx context.Context, one item, r rules) (id identity) {
	if id.name, id.version = one.property(r.name), one.property(r.version); id.name != "" && id.version != "" {
		return id
	}
	if r.content != nil {
		if id.name, id.version, id.err = r.content(ctx, w, one); id.err == nil {
			return id
		}
	}
	if name, version, ok := r.path(one); ok && ctx.Err() == nil {
		return identity{name: name, version: version}
	}
	return identity{err: id.err}
}

// unidentified lists a file that is no part of anything known. Only an answer that may be another one next time is an error:
// the file could then not be listed.
func (w *walk) unidentified(one item, err error) (sources.Listed, error) {
	var answer *httpx.StatusError
	switch {
	case err == nil:
		return w.skip(one, artifact.FileNameNotAllowed, "nothing tells which version it is"), nil
	case fault.CodeOf(err) == string(artifact.PackageUnreadable):
		return w.skip(one, artifact.PackageUnreadable, err.Error()), nil
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		return w.skip(one, artifact.SourceMissing, "the server lists it and does not have it"), nil
	}
	return sources.Listed{}, fmt.Errorf("%s: what is in it could not be read: %w", one.at(), err)
}

// unpacked reads a file from its beginning as far as read does.
func unpacked(ctx context.Context, w *walk, one item, read func(io.Reader) (name, version string, err error)) (name, version string, err error) {
	resp, err := w.client.Open(ctx, w.contentURL(w.Key, one.at()), 0, nil)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	body := &watched{Reader: resp.Body}
	if name, version, err = read(body); err != nil {
		return "", "", readable(err, body.err)
	}
	return name, version, nil
}

// watched remembers why reading ended, so that the server's failures are not taken for the file's.
type watched struct {
	io.Reader
	err error
}

func (r *watched) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// readable is the server's failure, if there was one, else that of a file that can not be read.
func readable(err, server error) error {
	if server != nil {
		return server
	}
	return fault.Because(artifact.PackageUnreadable, err)
}

// ranged reads a file in ranges, for formats whose directory is at the end.
type ranged struct {
	ctx    context.Context //nolint:containedctx // of one reading
	source *Source
	locator
	start  int64
	block  []byte
	failed error
}

// blockSize is how many bytes one range has at least.
const blockSize = 64 << 10

var errNoRanges = errors.New("the server has no ranges")

// ReadAt reads from the latest range, or asks for another one.
func (r *ranged) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		at := offset + int64(n)
		if at < r.start || at >= r.start+int64(len(r.block)) {
			if err := r.fetch(at, max(blockSize, len(p)-n)); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], r.block[at-r.start:])
	}
	return n, nil
}

// fetch reads the range that begins at an offset.
func (r *ranged) fetch(at int64, size int) error {
	header := http.Header{"Range": {"bytes=" + strconv.FormatInt(at, 10) + "-" + strconv.FormatInt(at+int64(size)-1, 10)}, "Accept-Encoding": {"identity"}}
	resp, err := r.source.client.Get(r.ctx, r.source.contentURL(r.Repository, r.Path), header)
	switch {
	case status(err) == http.StatusRequestedRangeNotSatisfiable:
		return io.EOF
	case err != nil:
		r.failed = err
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusPartialContent {
		r.failed = errNoRanges
		return errNoRanges
	}
	block, err := io.ReadAll(io.LimitReader(resp.Body, int64(size)))
	if err != nil {
		r.failed = err
		return err
	}
	if len(block) == 0 {
		return io.EOF
	}
	r.start, r.block = at, block
	return nil
}

// inside reads a file in ranges as far as read does.
func inside(ctx context.Context, w *walk, one item, read func(r io.ReaderAt, size int64) (name, version string, err error)) (name, version string, err error) {
	if one.Size < 0 {
		return "", "", fault.Errorf(artifact.PackageUnreadable, "its size is not known")
	}
	r := &ranged{ctx: ctx, source: w.Source, locator: locator{Repository: w.Key, Path: one.at()}}
	if name, version, err = read(r, one.Size); err != nil {
		return "", "", readable(err, r.failed)
	}
	return name, version, nil
}
