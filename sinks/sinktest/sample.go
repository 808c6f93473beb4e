package sinktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"pkgferry/internal/artifact"
)

// Bytes makes a Sample of short files, in the order given, and declares their sizes and digests.
func Bytes(p artifact.Package, paths []string, content map[string][]byte) Sample {
	p.Files = nil
	for _, path := range paths {
		hasher := artifact.NewHasher(artifact.Digests{})
		_, _ = hasher.Write(content[path])
		p.Files = append(p.Files, artifact.File{Path: path, Size: int64(len(content[path])), Digests: hasher.Digests()})
	}
	return Sample{Package: p, Content: func(f artifact.File) io.Reader { return bytes.NewReader(content[f.Path]) }}
}

// digests of a file's content.
func (s Sample) digests(t *testing.T, f artifact.File) artifact.Digests {
	t.Helper()
	hasher := artifact.NewHasher(artifact.Digests{MD5: "x", SHA512: "x"}) // computes all four
	if _, err := io.Copy(hasher, s.Content(f)); err != nil {
		t.Fatal(err)
	}
	return hasher.Digests()
}

// broken is what a damaged stream fails with.
var errBroken = errors.New("the source broke off")

// damage changes the content of a file on its way; nil leaves it.
type damage func(content io.Reader) io.Reader

// atOnce is how many files of a format may be open at the same time.
func atOnce(format artifact.Format) int {
	if format == artifact.Container {
		return 64
	}
	return 1
}

// open is the Opener of s: one file at a time but of an image, each checked as artifact.Stream demands.
func (s Sample) open(d damage) artifact.Opener {
	busy := make(chan struct{}, atOnce(s.Format))
	return func(_ context.Context, f artifact.File) (artifact.Stream, error) {
		select {
		case busy <- struct{}{}:
		default:
			return nil, errors.New("a second file was opened before the first was closed")
		}
		source := s.Content(f)
		if f.Size < 0 {
			whole, err := io.ReadAll(source)
			if err != nil {
				<-busy
				return nil, err
			}
			f.Size, source = int64(len(whole)), bytes.NewReader(whole)
		}
		content := source
		if d != nil {
			content = d(content)
		}
		return &stream{source: source, content: content, file: f, hasher: artifact.NewHasher(f.Digests), release: func() { <-busy }}, nil
	}
}

// stream keeps its last byte back until size and digests agree.
type stream struct {
	source  io.Reader
	content io.Reader // source, perhaps damaged
	file    artifact.File
	hasher  *artifact.Hasher
	release func()
	kept    []byte
	read    int64
	err     error
	closed  bool
}

func (s *stream) Size() int64 { return s.file.Size }

func (s *stream) Digests() artifact.Digests {
	if !errors.Is(s.err, io.EOF) {
		return artifact.Digests{}
	}
	return s.hasher.Digests()
}

func (s *stream) Read(p []byte) (int, error) {
	for s.err == nil && !s.closed && len(p) > 0 {
		m, err := s.content.Read(p)
		_, _ = s.hasher.Write(p[:m])
		s.read += int64(m)
		switch {
		case s.read > s.file.Size, err != nil && !errors.Is(err, io.EOF):
			s.err = errors.Join(fmt.Errorf("%s: after byte %d of %d", s.file.Path, s.read, s.file.Size), notEnd(err))
			return 0, s.err
		case err != nil && (s.read != s.file.Size || s.hasher.Digests().Compare(s.file.Digests) == artifact.Different):
			s.err = fmt.Errorf("%s: size or digest differ from what was declared", s.file.Path)
			return 0, s.err
		case err != nil:
			s.err = io.EOF
		}
		if n := s.shift(p, m); n > 0 {
			return n, nil
		}
	}
	if s.closed {
		return 0, errors.New("read after Close")
	}
	if errors.Is(s.err, io.EOF) && len(s.kept) > 0 && len(p) > 0 {
		p[0], s.kept = s.kept[0], nil
		return 1, nil
	}
	return 0, s.err
}

// shift puts the byte that was kept before the m new ones, and keeps the last.
func (s *stream) shift(p []byte, m int) int {
	if m == 0 {
		return 0
	}
	last, n := p[m-1], m-1
	if len(s.kept) > 0 {
		copy(p[1:m], p[:m-1])
		p[0], n = s.kept[0], m
	}
	s.kept = append(s.kept[:0], last)
	return n
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (s *stream) Close() error {
	if !s.closed {
		s.closed = true
		if c, ok := s.source.(io.Closer); ok {
			_ = c.Close()
		}
		s.release()
	}
	return nil
}

// breaksAfter breaks the content off with an error after n bytes.
func breaksAfter(n int64, err error) damage {
	return func(content io.Reader) io.Reader { return io.MultiReader(io.LimitReader(content, n), failing{err}) }
}

// ends makes the content end early, as if that were all.
func endsAfter(n int64) damage {
	return func(content io.Reader) io.Reader { return io.LimitReader(content, n) }
}

// flips changes one byte.
func flips(at int64) damage {
	return func(content io.Reader) io.Reader { return &flipping{content, at} }
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type flipping struct {
	io.Reader
	left int64
}

func (f *flipping) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if f.left >= 0 && f.left < int64(n) {
		p[f.left] ^= 1
	}
	f.left -= int64(n)
	return n, err
}

// Opener opens the sample's files, one at a time, each checked as artifact.Stream demands.
func (s Sample) Opener() artifact.Opener { return s.open(nil) }
