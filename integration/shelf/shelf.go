// Package shelf is a source that holds what a test puts on it: packages of any format with their bytes, and images. It
// stands where no registry of a format can be had, and keeps sources.Source's contract.
package shelf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// Bytes opens a file's content from its beginning, and tells its size.
type Bytes func() (io.ReadCloser, int64, error)

// Text is content that is held in memory.
func Text(content []byte) Bytes {
	return func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	}
}

// Disk is the content of a file.
func Disk(path string) Bytes {
	return func() (io.ReadCloser, int64, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		return file, info.Size(), err
	}
}

// Shelf is a source. Its packages are put there before it is listed; what it served is counted.
type Shelf struct {
	packages []artifact.Package
	content  map[string]Bytes // by locator, for an image also by its path

	mu     sync.Mutex
	opened map[string]int
}

var _ sources.Source = (*Shelf)(nil)

// New is an empty shelf.
func New() *Shelf { return &Shelf{content: map[string]Bytes{}, opened: map[string]int{}} }

// Put adds a package with its files, whose sizes and SHA-256 it declares, in the order of their paths.
func (s *Shelf) Put(p artifact.Package, files map[string]Bytes) error {
	for path, open := range files {
		f, err := declared(path, open)
		if err != nil {
			return err
		}
		f.Locator = fmt.Sprintf("%s %s %s %s %s", p.Repository, p.Format, p.Name, p.Version, path)
		p.Files = append(p.Files, f)
		s.content[f.Locator] = open
	}
	artifact.SortFiles(p.Format, p.Files)
	s.packages = append(s.packages, p)
	return nil
}

// declared reads a file to its end for what a registry would say of it.
func declared(path string, open Bytes) (artifact.File, error) {
	content, size, err := open()
	if err != nil {
		return artifact.File{}, err
	}
	defer func() { _ = content.Close() }()
	hasher := artifact.NewHasher(artifact.Digests{})
	if _, err := io.Copy(hasher, content); err != nil {
		return artifact.File{}, err
	}
	return artifact.File{Path: path, Size: size, Digests: artifact.Digests{SHA256: hasher.Digests().SHA256}}, nil
}

// Len is the number of packages.
func (s *Shelf) Len() int { return len(s.packages) }

// Opened is how often a file was opened, by path, summed over all that begin with prefix.
func (s *Shelf) Opened(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for path, n := range s.opened {
		if len(path) >= len(prefix) && path[:len(prefix)] == prefix {
			sum += n
		}
	}
	return sum
}

// Check implements sources.Source.
func (s *Shelf) Check(context.Context) error { return nil }

// Packages implements sources.Source. A cursor is the number of packages before it.
func (s *Shelf) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		at := 0
		if from.Cursor != "" {
			var err error
			if at, err = strconv.Atoi(string(from.Cursor)); err != nil {
				yield(sources.Listed{}, fault.Stop(err))
				return
			}
		}
		for i, p := range s.packages[min(at, len(s.packages)):] {
			p.Files = slices.Clone(p.Files)
			if ctx.Err() != nil || !yield(sources.Listed{Package: p, Cursor: sources.Cursor(strconv.Itoa(at + i + 1))}, nil) {
				return
			}
		}
	}
}

// Open implements sources.Source.
func (s *Shelf) Open(_ context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	s.mu.Lock()
	s.opened[f.Path]++
	s.mu.Unlock()
	open := s.content[f.Locator]
	if _, _, image := artifact.ParseImagePath(f.Path); image {
		open = s.content[imageKey(f.Locator, f.Path)]
	}
	if open == nil {
		return artifact.Content{}, fault.Errorf(artifact.SourceMissing, "%s is not on the shelf", f.Path)
	}
	content, size, err := open()
	if err != nil {
		return artifact.Content{}, err
	}
	if _, err := io.CopyN(io.Discard, content, offset); err != nil {
		return artifact.Content{}, err
	}
	return artifact.Content{ReadCloser: content, Size: size}, nil
}

// List adds a package without looking at its files, whose content is on the shelf already or deliberately not.
func (s *Shelf) List(p artifact.Package) { s.packages = append(s.packages, p) }
