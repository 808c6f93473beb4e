package artifact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"pkgferry/internal/fault"
)

// zipped is a zip of entries; a name with a trailing slash is a directory.
func zipped(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	return zipOf(tb, func(writer *zip.Writer) {
		for _, one := range entries {
			w, err := writer.Create(one.name)
			if err != nil {
				tb.Fatal(err)
			}
			if _, err := io.WriteString(w, one.text); err != nil {
				tb.Fatal(err)
			}
		}
	})
}

func zipOf(tb testing.TB, fill func(*zip.Writer)) []byte {
	tb.Helper()
	var packed bytes.Buffer
	writer := zip.NewWriter(&packed)
	fill(writer)
	if err := writer.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// rawZip has one stored entry whose header is taken as it is.
func rawZip(tb testing.TB, header zip.FileHeader, content string) []byte {
	tb.Helper()
	return zipOf(tb, func(writer *zip.Writer) {
		w, err := writer.CreateRaw(&header)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			tb.Fatal(err)
		}
	})
}

// linkZip has one entry that is a symbolic link.
func linkZip(tb testing.TB, name, target string) []byte {
	tb.Helper()
	header := zip.FileHeader{Name: name, CompressedSize64: uint64(len(target)), UncompressedSize64: uint64(len(target))}
	header.SetMode(os.ModeSymlink | 0o777)
	return rawZip(tb, header, target)
}

// tarOf is a gzipped tar of headers without content.
func tarOf(tb testing.TB, headers ...*tar.Header) []byte {
	tb.Helper()
	var packed bytes.Buffer
	zipper, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	writer := tar.NewWriter(zipper)
	for _, header := range headers {
		if err := writer.WriteHeader(header); err != nil {
			tb.Fatal(err)
		}
	}
	// Not closed properly where a header promises content: the archive is then cut short.
	_ = writer.Close()
	if err := zipper.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// unreadableFor checks that err has the code PackageUnreadable and says what.
func unreadableFor(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != string(PackageUnreadable) || !strings.Contains(err.Error(), says) {
		t.Errorf("got the error %v with the code %q, want one that says %q", err, fault.CodeOf(err), says)
	}
}

// allocated is how many bytes do allocates, freed or not.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// sparse is a large file of zeros with some bytes at its end.
type sparse struct {
	size int64
	tail []byte
}

func (s sparse) ReadAt(p []byte, offset int64) (int, error) {
	clear(p)
	n := min(int64(len(p)), s.size-offset)
	start := s.size - int64(len(s.tail))
	for i := max(offset, start); i < offset+n; i++ {
		p[i-offset] = s.tail[i-start]
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// zipEnd is the last record of a zip that claims 0xffff entries, behind zip64's that claims what it likes.
func zipEnd(size int64, entries uint64) []byte {
	end := binary.LittleEndian.AppendUint32(nil, 0x06064b50)
	end = append(end, make([]byte, 20)...)
	end = binary.LittleEndian.AppendUint64(end, entries)
	end = binary.LittleEndian.AppendUint64(end, entries)
	end = append(end, make([]byte, 16)...)
	end = binary.LittleEndian.AppendUint32(end, 0x07064b50)
	end = append(end, make([]byte, 4)...)
	end = binary.LittleEndian.AppendUint64(end, uint64(size)-zip64EndLength-zip64Locator-zipEndLength)
	end = append(end, 1, 0, 0, 0)
	end = binary.LittleEndian.AppendUint32(end, 0x06054b50)
	return append(end, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0)
}

func TestAZipThatClaimsManyEntriesTakesNoMemory(t *testing.T) {
	const size = 4 << 30
	used := allocated(func() {
		_, err := openZip(sparse{size, zipEnd(size, 100_000_000)}, size)
		unreadableFor(t, err, "100000000 entries")
	})
	if used > 8<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

func TestAZipWhoseDirectoryIsTooLong(t *testing.T) {
	comment := strings.Repeat("c", 0xffff) // which only the directory repeats
	packed := zipOf(t, func(writer *zip.Writer) {
		for range maxZipDirectory/len(comment) + 1 {
			if _, err := writer.CreateRaw(&zip.FileHeader{Comment: comment}); err != nil {
				t.Fatal(err)
			}
		}
	})
	_, err := openZip(bytes.NewReader(packed), int64(len(packed)))
	unreadableFor(t, err, "directory")
}

func TestATarHasLimits(t *testing.T) {
	nothing := tarFinder{limit: maxMetadata, wanted: func(string) bool { return false }}
	var header bytes.Buffer
	if err := tar.NewWriter(&header).WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "d/"}); err != nil {
		t.Fatal(err)
	}
	_, err := nothing.find(bytes.NewReader(bytes.Repeat(header.Bytes(), maxEntries+1)))
	unreadableFor(t, err, "entries")
	_, err = nothing.within(bytes.NewReader(bytes.Repeat(header.Bytes(), 100)), 50<<9)
	unreadableFor(t, err, "unpacks to more than")
}

func gzipped(tb testing.TB, text string) []byte {
	tb.Helper()
	var packed bytes.Buffer
	zipper := gzip.NewWriter(&packed)
	if _, err := io.WriteString(zipper, text); err != nil {
		tb.Fatal(err)
	}
	if err := zipper.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}
