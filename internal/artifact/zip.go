package artifact

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// A zip ends with a directory of its entries and with a record that says how many they are
// (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 to 4.3.16). archive/zip holds the whole directory in
// memory and sets room aside for as many entries as the record claims, so both are limited before it may.

const (
	zipEndLength     = 22
	zipMaxComment    = 0xffff
	zip64Locator     = 20
	zip64EndLength   = 56
	maxZipDirectory  = 32 << 20 // bytes; 100,000 entries with names of 200 bytes have less
	zipFlagEncrypted = 1
	zipFlagStreamed  = 8
)

// openZip reads the directory of a zip.
func openZip(r io.ReaderAt, size int64) (*zip.Reader, error) {
	claimed, err := zipEntries(r, size)
	if err != nil {
		return nil, err
	}
	if claimed > maxEntries {
		return nil, unreadable("the zip has %d entries, more than the %d that are read", claimed, maxEntries)
	}
	budget := &budgetAt{r: r, left: maxZipDirectory}
	archive, err := zip.NewReader(budget, size)
	switch {
	case errors.Is(err, errBudget):
		return nil, unreadable("the zip's directory has more than the %d bytes that are read", maxZipDirectory)
	case err != nil:
		return nil, unreadable("the file is not a zip, or damaged: %w", err)
	case len(archive.File) > maxEntries:
		return nil, unreadable("the zip has %d entries, more than the %d that are read", len(archive.File), maxEntries)
	}
	budget.left = math.MaxInt64
	return archive, nil
}

// zipEntries is the number of entries that the zip's last record claims.
func zipEntries(r io.ReaderAt, size int64) (uint64, error) {
	tail := make([]byte, min(size, zipEndLength+zipMaxComment+zip64Locator))
	start := size - int64(len(tail))
	if _, err := r.ReadAt(tail, start); err != nil && !errors.Is(err, io.EOF) {
		return 0, unreadable("the zip can not be read: %w", err)
	}
	at := bytes.LastIndex(tail[:max(len(tail)-zipEndLength+4, 0)], []byte("PK\x05\x06"))
	if at < 0 {
		return 0, unreadable("the file is not a zip, or cut short")
	}
	entries := uint64(binary.LittleEndian.Uint16(tail[at+10:]))
	if locator := at - zip64Locator; locator >= 0 && bytes.HasPrefix(tail[locator:], []byte("PK\x06\x07")) {
		record := make([]byte, zip64EndLength)
		offset := binary.LittleEndian.Uint64(tail[locator+8:])
		if _, err := r.ReadAt(record, int64(min(offset, math.MaxInt64-zip64EndLength))); err == nil && bytes.HasPrefix(record, []byte("PK\x06\x06")) {
			entries = max(entries, binary.LittleEndian.Uint64(record[32:]))
		}
	}
	return entries, nil
}

// readZipped reads an entry of at most maxMetadata bytes.
func readZipped(f *zip.File) ([]byte, error) {
	content, err := openZipped(f)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return readLimited(content, f.Name, maxMetadata)
}

func openZipped(f *zip.File) (io.ReadCloser, error) {
	if f.Flags&zipFlagEncrypted != 0 {
		return nil, unreadable("%.200q in the archive is encrypted", f.Name)
	}
	content, err := f.Open()
	if err != nil {
		return nil, unreadable("%.200q in the archive is damaged: %w", f.Name, err)
	}
	return content, nil
}

var errBudget = errors.New("too much to read")

// budgetAt fails once more than left bytes were read.
type budgetAt struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetAt) ReadAt(p []byte, offset int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errBudget
	}
	return b.r.ReadAt(p, offset)
}
