package artifact

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"pkgferry/internal/fault"
)

// What is inside a package is foreign: the readers of this package hold one metadata file of an archive at most, take names
// for data and never for paths, believe no size that an archive declares, and give up at the limits below. Their errors
// have the code PackageUnreadable.

// The limits on foreign archives.
const (
	maxEntries  = 100_000
	maxMetadata = 4 << 20 // bytes of one metadata file; GitLab reads no longer .nuspec either
	maxUnpacked = 8 << 30 // bytes of everything in it
)

func unreadable(format string, args ...any) error {
	return fault.Errorf(PackageUnreadable, format, args...)
}

// tarFinder looks for one file in a tar without reading further than that file.
type tarFinder struct {
	// wanted tells whether the regular file of that name is the one sought. It is asked in the order of the archive.
	wanted func(name string) bool
	// limit is the most bytes that file may have.
	limit int64
}

// find returns the content of the first wanted file; nil when there is none.
func (t tarFinder) find(unpacked io.Reader) ([]byte, error) { return t.within(unpacked, maxUnpacked) }

// within is find in an archive that may unpack to most bytes.
func (t tarFinder) within(unpacked io.Reader, most int64) ([]byte, error) {
	limited := &io.LimitedReader{R: unpacked, N: most}
	text, err := t.walk(tar.NewReader(limited))
	if limited.N == 0 {
		return nil, unreadable("the archive unpacks to more than %d bytes", most)
	}
	return text, err
}

func (t tarFinder) walk(entries *tar.Reader) ([]byte, error) {
	for range maxEntries {
		entry, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, unreadable("the archive is damaged: %w", err)
		case entry.Typeflag == tar.TypeReg && t.wanted(entry.Name):
			return readLimited(entries, entry.Name, t.limit)
		}
	}
	return nil, unreadable("the archive has more than %d entries", maxEntries)
}

// readLimited reads one file of an archive, whatever size the archive says it has.
func readLimited(r io.Reader, name string, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, unreadable("%.200q in the archive is damaged: %w", name, err)
	case int64(len(text)) > limit:
		return nil, unreadable("%.200q in the archive has more than the %d bytes that are read", name, limit)
	}
	return text, nil
}

// gunzip opens a gzip stream.
func gunzip(r io.Reader) (io.Reader, error) {
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return nil, unreadable("the file is not gzip: %w", err)
	}
	return unpacked, nil
}

// inFolder tells whether an entry lies exactly one directory deep and is called file.
func inFolder(name, file string) bool {
	dir, rest, _ := strings.Cut(strings.TrimPrefix(name, "./"), "/")
	return rest == file && dir != "" && dir != "." && dir != ".."
}
