// What Open must deliver (sources.Source.Open): the same bytes at every opening and from every offset, an error with a
// reason for a file that is not there, and never a short body that looks complete.

package sourcetest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// maxFile is the largest file that the suite holds in memory.
const maxFile = 256 << 20

// files yields every file that can be copied.
func (s *suite) files(yield func(artifact.Package, artifact.File) bool) {
	for _, item := range s.all {
		if item.Skip != "" {
			continue
		}
		for _, f := range item.Package.Files {
			if !yield(item.Package, f) {
				return
			}
		}
	}
}

// read opens a file at offset and reads it to its end.
func read(t *testing.T, source sources.Source, f artifact.File, offset int64) (got []byte, size int64, err error) {
	t.Helper()
	content, err := source.Open(t.Context(), f, offset)
	if err != nil {
		return nil, 0, err
	}
	got, err = io.ReadAll(io.LimitReader(content, maxFile))
	return got, content.Size, errors.Join(err, content.Close())
}

// truth returns a file's bytes, read once whole and checked against all that is known of it.
func (s *suite) truth(t *testing.T, source sources.Source, p artifact.Package, f artifact.File) []byte {
	t.Helper()
	got, size, err := read(t, source, f, 0)
	if err != nil {
		t.Errorf("%s %s: %v", p.PURL(), f.Path, err)
		return nil
	}
	if size >= 0 && size != int64(len(got)) || f.Size >= 0 && f.Size != int64(len(got)) {
		t.Errorf("%s %s: read %d bytes, listed as %d, opened as %d", p.PURL(), f.Path, len(got), f.Size, size)
	}
	hasher := artifact.NewHasher(f.Digests)
	_, _ = hasher.Write(got)
	if computed := hasher.Digests(); computed.Compare(f.Digests) == artifact.Different {
		t.Errorf("%s %s: computed digests %+v, declared %+v", p.PURL(), f.Path, computed, f.Digests)
	}
	if s.Content != nil && !bytes.Equal(got, s.Content(t, p, f)) {
		t.Errorf("%s %s: other bytes than the server holds", p.PURL(), f.Path)
	}
	return got
}

func (s *suite) whole(t *testing.T) {
	source := s.New(t)
	for p, f := range s.files {
		first := s.truth(t, source, p, f)
		if again := s.truth(t, s.New(t), p, f); !bytes.Equal(first, again) {
			t.Errorf("%s %s: opened again, other bytes", p.PURL(), f.Path)
		}
	}
}

func (s *suite) offsets(t *testing.T) {
	source := s.New(t)
	for p, f := range s.files {
		want := s.truth(t, source, p, f)
		size := int64(len(want))
		offsets := []int64{0, min(1, size), size / 2, max(size-1, 0), size}
		for _, offset := range slices.Compact(offsets) {
			got, whole, err := read(t, source, f, offset)
			if err != nil {
				t.Errorf("%s %s from %d of %d: %v", p.PURL(), f.Path, offset, size, err)
				continue
			}
			if !bytes.Equal(got, want[offset:]) {
				t.Errorf("%s %s from %d of %d: %d bytes that are not the rest", p.PURL(), f.Path, offset, size, len(got))
			}
			if whole >= 0 && whole != size {
				t.Errorf("%s %s from %d: opened as %d bytes, the whole file has %d", p.PURL(), f.Path, offset, whole, size)
			}
		}
	}
}

func (s *suite) absent(t *testing.T) {
	_, f := s.largest(t)
	content, err := s.New(t).Open(t.Context(), s.Absent(t, f), 0)
	if err == nil {
		_ = content.Close()
		t.Fatal("a file that is not there was opened")
	}
	if code := fault.CodeOf(s.saw(err)); code != string(artifact.SourceMissing) {
		t.Errorf("a file that is not there has the reason %q, want %q: %v", code, artifact.SourceMissing, err)
	}
	if fault.IsStop(err) {
		t.Errorf("a file that is not there ends the run: %v", err)
	}
}

func (s *suite) cut(t *testing.T) {
	p, f := s.largest(t)
	source := s.New(t)
	want := s.truth(t, source, p, f)
	s.Cut(true)
	got, _, err := read(t, source, f, 0)
	s.Cut(false)
	if s.saw(err) == nil && !bytes.Equal(got, want) {
		t.Errorf("a body cut to %d of %d bytes looked complete", len(got), len(want))
	}
	if after := s.truth(t, source, p, f); !bytes.Equal(after, want) {
		t.Error("after a cut body the file could not be read again")
	}
}

// largest is the listed file of the greatest known size.
func (s *suite) largest(t *testing.T) (pkg artifact.Package, file artifact.File) {
	t.Helper()
	file.Size = -2
	for p, f := range s.files {
		if f.Size > file.Size {
			pkg, file = p, f
		}
	}
	if file.Path == "" {
		t.Fatal("nothing is listed")
	}
	return pkg, file
}
