package gitlab

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// How GitLab looks into a NuGet package: the zip format (PKWARE's APPNOTE.TXT) as the Ruby library rubyzip reads it.
// In a request it goes through the entries from the front (lib/api/nuget_project_packages.rb, Zip::InputStream), in the
// background through the directory at the end (app/services/packages/nuget/extract_metadata_file_service.rb, Zip::File).
//
// From the front, an entry that tells its sizes only behind its data can not be passed: GitLab answers 500 to a package
// with such an entry at or before its .nuspec, as many programs write them.

const maxNuspec = 4 << 20

const (
	nuspecMissing  = "nuspec file not found"
	nuspecTooBig   = "nuspec file too big"
	nuspecSize     = "nuspec file has the wrong entry size: entry '%s' should be %dB, but is larger when inflated."
	nuspecUnopened = "Could not open the .nupkg file"
)

// localEntry is what stands before an entry's data.
type localEntry struct {
	flags, method       uint16
	crc                 uint32
	packed, size        int64
	name                string
	data                int64 // where they begin
	incomplete, unknown bool
}

// entryAt reads the head of the entry at an offset; false where there is none.
func entryAt(r io.ReaderAt, at int64) (localEntry, bool) {
	var head [30]byte
	if _, err := r.ReadAt(head[:], at); err != nil || !bytes.HasPrefix(head[:], []byte("PK\x03\x04")) {
		return localEntry{}, false
	}
	le := binary.LittleEndian
	names := make([]byte, int(le.Uint16(head[26:]))+int(le.Uint16(head[28:])))
	if _, err := r.ReadAt(names, at+30); err != nil && len(names) > 0 {
		return localEntry{}, false
	}
	cut := int(le.Uint16(head[26:]))
	e := localEntry{
		flags: le.Uint16(head[6:]), method: le.Uint16(head[8:]), crc: le.Uint32(head[14:]),
		packed: int64(le.Uint32(head[18:])), size: int64(le.Uint32(head[22:])),
		name: string(names[:cut]), data: at + 30 + int64(len(names)),
	}
	e.zip64(names[cut:])
	e.incomplete = e.flags&8 != 0 && e.crc == 0 && e.packed == 0 && e.size == 0
	e.unknown = e.flags&1 != 0 || e.method != zip.Store && e.method != zip.Deflate
	return e, e.packed >= 0 && e.size >= 0
}

// zip64 takes sizes that do not fit into the head out of its extra fields.
func (e *localEntry) zip64(extra []byte) {
	const tooLong = 1<<32 - 1
	for len(extra) >= 4 {
		kind, length := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if length > len(extra) {
			return
		}
		field := extra[:length]
		extra = extra[length:]
		if kind != 1 {
			continue
		}
		for _, n := range []*int64{&e.size, &e.packed} {
			if *n == tooLong && len(field) >= 8 {
				*n = int64(binary.LittleEndian.Uint64(field))
				field = field[8:]
			}
		}
	}
}

// nuspecFromFront finds the first .nuspec of a package, at any depth, from its front.
func nuspecFromFront(r io.ReaderAt, size int64) ([]byte, error) {
	for at := int64(0); at < size; {
		e, ok := entryAt(r, at)
		switch {
		case !ok:
			return nil, refused(nuspecMissing)
		case e.incomplete:
			return nil, crashed("Zip::GPFBit3Error")
		case e.unknown:
			return nil, crashed("Zip::Error")
		case !strings.HasSuffix(e.name, ".nuspec"):
			at = e.data + e.packed
			continue
		case e.size > maxNuspec:
			return nil, refused(nuspecTooBig)
		}
		var content io.Reader = io.NewSectionReader(r, e.data, e.packed)
		if e.method == zip.Deflate {
			content = flate.NewReader(content)
		}
		text, err := io.ReadAll(io.LimitReader(content, e.size+1))
		switch {
		case err != nil:
			return nil, crashed("Zip::DecompressionError")
		case int64(len(text)) > e.size:
			return nil, refused(fmt.Sprintf(nuspecSize, e.name, e.size))
		}
		return text, nil
	}
	return nil, refused(nuspecMissing)
}

// nuspecFromEnd finds the first .nuspec at the root of a package by its directory.
func nuspecFromEnd(r io.ReaderAt, size int64) ([]byte, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, crashed("Zip::Error")
	}
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, ".nuspec") || strings.Contains(f.Name, "/") {
			continue
		}
		if f.UncompressedSize64 > maxNuspec {
			return nil, refused(nuspecTooBig)
		}
		content, err := f.OpenRaw()
		if err != nil {
			return nil, refused(nuspecUnopened)
		}
		if f.Method == zip.Deflate {
			content = flate.NewReader(content)
		}
		declared := int64(f.UncompressedSize64)
		text, err := io.ReadAll(io.LimitReader(content, declared+1))
		switch {
		case err != nil:
			return nil, refused(nuspecUnopened)
		case int64(len(text)) > declared:
			return nil, refused(fmt.Sprintf(nuspecSize, f.Name, declared))
		}
		return text, nil
	}
	return nil, refused(nuspecMissing)
}
