package artifact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/fault"
)

func repacked(packed []byte) ([]byte, error) {
	var out bytes.Buffer
	err := RepackTerraform(bytes.NewReader(packed), int64(len(packed)), &out)
	return out.Bytes(), err
}

// module is a zip of a Terraform module as tools make them: with times, modes and directories.
func module(tb testing.TB, modified time.Time) []byte {
	tb.Helper()
	return zipOf(tb, func(writer *zip.Writer) {
		for _, one := range []entry{
			{"main.tf", "resource {}"}, {"modules/", ""}, {"./modules/a//sub.tf", strings.Repeat("x", 100_000)},
			{"run.sh", "#!/bin/sh"}, {"ü/" + strings.Repeat("long", 60) + ".tf", ""},
		} {
			header := &zip.FileHeader{Name: one.name, Method: zip.Deflate, Modified: modified}
			header.SetMode(0o640)
			if one.name == "run.sh" {
				header.SetMode(0o750)
			}
			w, err := writer.CreateHeader(header)
			if err != nil {
				tb.Fatal(err)
			}
			if _, err := io.WriteString(w, one.text); err != nil {
				tb.Fatal(err)
			}
		}
	})
}

func TestRepackTerraform(t *testing.T) {
	tgz, err := repacked(module(t, time.Unix(1700000000, 0)))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil || !unpacked.ModTime.IsZero() || unpacked.Name != "" {
		t.Fatalf("the header %+v, %v", unpacked, err)
	}
	want := []struct {
		name string
		mode int64
		size int64
	}{
		{"main.tf", 0o644, 11}, {"modules/a/sub.tf", 0o644, 100_000}, {"run.sh", 0o755, 9}, {"ü/" + strings.Repeat("long", 60) + ".tf", 0o644, 0},
	}
	entries := tar.NewReader(unpacked)
	for _, one := range want {
		header, err := entries.Next()
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, entries)
		if err != nil || header.Name != one.name || header.Mode != one.mode || n != one.size || header.Typeflag != tar.TypeReg ||
			header.ModTime.Unix() != 0 || header.Uid != 0 || header.Uname != "" {
			t.Errorf("got %+v with %d bytes, %v, want %+v", header, n, err, one)
		}
	}
	if _, err := entries.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("behind the last file: %v", err)
	}
}

// The digest is pinned: a module that was published by another build of pkgferry must be found to be the same.
func TestRepackTerraformAlwaysGivesTheSameBytes(t *testing.T) {
	for _, modified := range []time.Time{time.Unix(1700000000, 0), time.Unix(1600000000, 0)} {
		tgz, err := repacked(module(t, modified))
		if err != nil {
			t.Fatal(err)
		}
		if got := DigestsOf(string(tgz)).SHA256; got != "7523a561a072f193629668a5ba62be1eb5cd93377303feac56e2300399d53b00" {
			t.Errorf("the module has the digest %s", got)
		}
	}
}

func TestRepackTerraformRefuses(t *testing.T) {
	sized := func(claimed uint64) []byte {
		return rawZip(t, zip.FileHeader{Name: "main.tf", CompressedSize64: 5, UncompressedSize64: claimed}, "hello")
	}
	for name, c := range map[string]struct {
		packed []byte
		says   string
	}{
		"no zip":            {[]byte("plain"), "not a zip"},
		"above":             {zipped(t, entry{"../main.tf", ""}), "leads out"},
		"above, inside":     {zipped(t, entry{"a/../../main.tf", ""}), "leads out"},
		"a folder above":    {zipped(t, entry{"../", ""}), "leads out"},
		"absolute":          {zipped(t, entry{"/etc/main.tf", ""}), "leads out"},
		"a drive":           {zipped(t, entry{"C:main.tf", ""}), "drive"},
		"backslashes":       {zipped(t, entry{`..\main.tf`, ""}), "characters"},
		"no name":           {rawZip(t, zip.FileHeader{}, ""), "empty"},
		"NUL":               {zipped(t, entry{"a\x00b", ""}), "characters"},
		"a link":            {linkZip(t, "main.tf", "/etc/passwd"), "link"},
		"encrypted":         {rawZip(t, zip.FileHeader{Name: "main.tf", Flags: zipFlagEncrypted}, ""), "encrypted"},
		"another method":    {rawZip(t, zip.FileHeader{Name: "main.tf", Method: 93}, ""), "damaged"},
		"less than it says": {sized(10), "damaged"},
		"more than it says": {sized(3), "damaged"},
		"wrong checksum":    {rawZip(t, zip.FileHeader{Name: "main.tf", CompressedSize64: 5, UncompressedSize64: 5, CRC32: 1}, "hello"), "damaged"},
		"a huge claim":      {sized(1 << 62), "unpacks to more than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := repacked(c.packed)
			unreadableFor(t, err, c.says)
		})
	}
}

func TestRepackTerraformCountsAllFiles(t *testing.T) {
	packed := zipped(t, entry{"main.tf", "12345"})
	archive, err := openZip(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := repackFile(tar.NewWriter(io.Discard), archive.File[0], 5); n != 5 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	_, err = repackFile(tar.NewWriter(io.Discard), archive.File[0], 4)
	unreadableFor(t, err, "unpacks to more than")
}

func TestRepackTerraformReportsTheWritersError(t *testing.T) {
	full := errors.New("disk full")
	for _, text := range []string{"", strings.Repeat("x", 1<<20)} { // fails at the end, and in the middle
		packed := zipped(t, entry{"main.tf", text})
		err := RepackTerraform(bytes.NewReader(packed), int64(len(packed)), failingWriter{full})
		if !errors.Is(err, full) || fault.CodeOf(err) != "" {
			t.Errorf("got %v with the code %q", err, fault.CodeOf(err))
		}
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func FuzzRepackTerraform(f *testing.F) {
	f.Add(module(f, time.Unix(0, 0)))
	f.Add(linkZip(f, "a", "b"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		tgz, err := repacked(packed)
		if err != nil {
			unreadableFor(t, err, "")
			return
		}
		unpacked, err := gunzip(bytes.NewReader(tgz))
		if err != nil {
			t.Fatal(err)
		}
		entries := tar.NewReader(unpacked)
		for {
			header, err := entries.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("the tar is damaged: %v", err)
			}
			if name, err := plainName(header.Name); err != nil || name != header.Name || header.Typeflag != tar.TypeReg {
				t.Errorf("%q was let through", header.Name)
			}
		}
	})
}
