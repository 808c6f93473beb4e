package artifact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"
)

func readPyPI(file string, packed []byte) (PyPIMetadata, bool, error) {
	return ReadPyPIMetadata(file, bytes.NewReader(packed), int64(len(packed)))
}

const coreMetadata = "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n"

func TestReadPyPIMetadataFindsTheFile(t *testing.T) {
	other := strings.Replace(coreMetadata, "acme", "other", 1)
	// A tar.bz2 with acme-1.0/PKG-INFO, made by bzip2: Go's library only reads the format.
	bzip, err := base64.StdEncoding.DecodeString(bzippedSdist)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file   string
		packed []byte
	}{
		"wheel": {"acme-1.0-py3-none-any.whl", zipped(t, entry{"acme/METADATA", other}, entry{"acme-1.0.dist-info/METADATA", coreMetadata})},
		"wheel with a second dist-info": {"Acme-1.0-py3-none-any.whl", zipped(t,
			entry{"acme-1.0.dist-info/METADATA", coreMetadata}, entry{"other-1.0.dist-info/METADATA", other})},
		"wheel whose dist-info is named otherwise": {"x-1.0-py3-none-any.whl", zipped(t, entry{"acme-1.0.dist-info/METADATA", coreMetadata})},
		"wheel with the entry twice": {"acme-1.0-py3-none-any.whl", zipped(t,
			entry{"acme-1.0.dist-info/METADATA", other}, entry{"acme-1.0.dist-info/METADATA", coreMetadata})},
		"wheel with vendored packages": {"acme-1.0-py3-none-any.whl", zipped(t,
			entry{"acme/vendor/acme-1.0.dist-info/METADATA", other}, entry{"acme-1.0.dist-info/METADATA", coreMetadata},
			entry{"../acme-1.0.dist-info/METADATA", other}, entry{"/acme-1.0.dist-info/METADATA", other})},
		"egg":   {"acme-1.0-py3.egg", zipped(t, entry{"EGG-INFO/PKG-INFO", coreMetadata}, entry{"acme/PKG-INFO", other})},
		"zip":   {"acme-1.0.zip", zipped(t, entry{"acme-1.0/PKG-INFO", coreMetadata}, entry{"acme-1.0/acme.egg-info/PKG-INFO", other}, entry{"PKG-INFO", other})},
		"tgz":   {"acme-1.0.TGZ", tarball(t, entry{"acme-1.0/acme.egg-info/PKG-INFO", other}, entry{"./acme-1.0/PKG-INFO", coreMetadata})},
		"tar":   {"acme-1.0.tar.gz", tarball(t, entry{"/acme/PKG-INFO", other}, entry{"../PKG-INFO", other}, entry{"./PKG-INFO", other}, entry{"././PKG-INFO", other}, entry{"acme-1.0/PKG-INFO", coreMetadata})},
		"bzip2": {"acme-1.0.tar.bz2", bzip},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok, err := readPyPI(c.file, c.packed)
			if want := (PyPIMetadata{MetadataVersion: "2.1", Name: "acme", Version: "1.0"}); err != nil || !ok || m != want {
				t.Errorf("read %+v %v %v", m, ok, err)
			}
		})
	}
}

func TestReadPyPIMetadataWithoutAny(t *testing.T) {
	for file, packed := range map[string][]byte{
		"acme-1.0.win32.exe":        []byte("MZ"),
		"acme-1.0.rpm":              nil,
		"acme-1.0.tar.gz":           tarball(t, entry{"acme-1.0/setup.py", ""}),
		"acme-1.0.zip":              zipped(t, entry{"acme-1.0/setup.py", ""}),
		"acme-1.0.egg":              zipped(t),
		"acme-1.0-py3-none-any.whl": linkZip(t, "acme-1.0.dist-info/METADATA", "/etc/passwd"),
		"acme-2.0.tar.gz":           tarOf(t, &tar.Header{Typeflag: tar.TypeSymlink, Name: "acme-2.0/PKG-INFO", Linkname: "/etc/passwd"}),
		"acme-3.0.tar.gz":           tarOf(t, &tar.Header{Typeflag: tar.TypeDir, Name: "acme-2.0/PKG-INFO/"}),
	} {
		if m, ok, err := readPyPI(file, packed); ok || err != nil || m != (PyPIMetadata{}) {
			t.Errorf("%s: read %+v %v %v", file, m, ok, err)
		}
	}
}

func TestReadPyPIMetadataRefuses(t *testing.T) {
	const wheel, metadata = "acme-1.0-py3-none-any.whl", "acme-1.0.dist-info/METADATA"
	good := zipped(t, entry{metadata, coreMetadata})
	for name, c := range map[string]struct {
		file   string
		packed []byte
		says   string
	}{
		"no zip":          {wheel, []byte("plain"), "not a zip"},
		"empty zip":       {wheel, nil, "not a zip"},
		"zip cut short":   {wheel, good[:len(good)-30], "not a zip"},
		"zip cut inside":  {wheel, append(append([]byte{}, good[:40]...), good[len(good)-22:]...), "damaged"},
		"wrong checksum":  {wheel, rawZip(t, zip.FileHeader{Name: metadata, CompressedSize64: 5, UncompressedSize64: 5, CRC32: 1}, "Name:"), "damaged"},
		"encrypted":       {wheel, rawZip(t, zip.FileHeader{Name: metadata, Flags: zipFlagEncrypted}, ""), "encrypted"},
		"another method":  {wheel, rawZip(t, zip.FileHeader{Name: metadata, Method: 93}, ""), "damaged"},
		"claims too much": {wheel, rawZip(t, zip.FileHeader{Name: metadata, CompressedSize64: 5, UncompressedSize64: 1 << 60}, "Name:"), "damaged"},
		"no gzip":         {"acme-1.0.tar.gz", []byte("plain"), "not gzip"},
		"no bzip2":        {"acme-1.0.tar.bz2", []byte("plain"), "damaged"},
		"no tar":          {"acme-1.0.tgz", gzipped(t, strings.Repeat("no tar", 200)), "damaged"},
		"tar cut short":   {"acme-1.0.tar.gz", tarOf(t, &tar.Header{Typeflag: tar.TypeReg, Name: "acme-1.0/PKG-INFO", Size: 9}), "damaged"},
		"tar claims much": {"acme-1.0.tar.gz", tarOf(t, &tar.Header{Typeflag: tar.TypeReg, Name: "acme-1.0/PKG-INFO", Size: 1 << 60}), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readPyPI(c.file, c.packed)
			unreadableFor(t, err, c.says)
		})
	}
}

func TestLargePyPIMetadataTakesLittleMemory(t *testing.T) {
	const size = 200 << 20
	var packed bytes.Buffer
	deflater, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deflater.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := deflater.Flush(); err != nil { // what is flushed stands for itself, so it may be repeated
		t.Fatal(err)
	}
	bomb := strings.Repeat(packed.String(), size>>20)
	for name, claimed := range map[string]uint64{"honest": size, "lying": 10} {
		wheel := rawZip(t, zip.FileHeader{
			Name: "acme-1.0.dist-info/METADATA", Method: zip.Deflate, CompressedSize64: uint64(len(bomb)), UncompressedSize64: claimed,
		}, bomb)
		used := allocated(func() {
			_, _, err := readPyPI("acme-1.0-py3-none-any.whl", wheel)
			unreadableFor(t, err, "METADATA")
		})
		if used > 8*maxMetadata {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}

func TestCoreMetadata(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want PyPIMetadata
	}{
		"all fields, the description behind them": {
			"Metadata-Version: 2.4\nName: Acme.Lib\nVersion: 1!1.0\nSummary:  one  line \nKeywords: a,b\nAuthor: Zoë\nAuthor-email: z@acme.example\n" +
				"Requires-Python: >=3.8,\n    <4\nDescription-Content-Type: text/markdown; charset=UTF-8\nClassifier: x\n\n# Title\n\n    code: x\n",
			PyPIMetadata{
				"2.4", "Acme.Lib", "1!1.0", "one  line", "# Title\n\n    code: x", "text/markdown; charset=UTF-8", "a,b", ">=3.8, <4", "Zoë", "z@acme.example",
			},
		},
		"the description among them": {
			"Name: a\nDescription: Title\n        =====\n        \n          code\n       |barred\n \n        end\nVersion: 1\n\n",
			PyPIMetadata{Name: "a", Version: "1", Description: "Title\n=====\n\n  code\nbarred\n \nend"},
		},
		"line ends of Windows and a mark":         {"\ufeffName: a\r\nVersion: 1\r\n\r\ntext\r\nmore", PyPIMetadata{Name: "a", Version: "1", Description: "text\nmore"}},
		"distutils' word for nothing":             {"Name: UNKNOWN\nVersion: 1\nSummary: UNKNOWN\nAuthor: UNKNOWN\nDescription: UNKNOWN\n\nUNKNOWN\n", PyPIMetadata{Name: "UNKNOWN", Version: "1"}},
		"names in any case, of several the first": {"NAME: a\nname: b\nVERSION:1\n", PyPIMetadata{Name: "a", Version: "1"}},
		"broken encoding":                         {"Name: a\nAuthor: Zo\xeb\nSummary: a\x00b\n\n\xff", PyPIMetadata{Name: "a", Author: "Zo\ufffd", Summary: "a\ufffdb", Description: "\ufffd"}},
		"a line that is no header":                {"Name: a\nno header\nVersion: 1\n", PyPIMetadata{Name: "a", Description: "no header\nVersion: 1"}},
		"a folded line without a header":          {"  x\nName: a\n", PyPIMetadata{Name: "a"}},
		"nothing":                                 {"", PyPIMetadata{}},
		"no value":                                {"Name:\nVersion: \n: x\n", PyPIMetadata{}},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok, err := readPyPI("a-1.zip", zipped(t, entry{"a-1/PKG-INFO", c.text}))
			if err != nil || !ok || m != c.want {
				t.Errorf("read %+v %v %v\nwant %+v", m, ok, err, c.want)
			}
		})
	}
}

func FuzzReadPyPIMetadata(f *testing.F) {
	f.Add("a-1-py3-none-any.whl", zipped(f, entry{"a-1.dist-info/METADATA", coreMetadata}))
	f.Add("a-1.zip", linkZip(f, "a-1/PKG-INFO", "x"))
	f.Add("a-1.egg", zipEnd(zip64EndLength+zip64Locator+zipEndLength, 3))
	f.Add("a-1.tar.gz", tarball(f, entry{"a-1/PKG-INFO", coreMetadata + "\nbody"}))
	f.Add("a-1.tar.bz2", []byte("BZh9"))
	f.Fuzz(func(t *testing.T, file string, packed []byte) {
		m, ok, err := readPyPI(file, packed)
		switch {
		case err != nil:
			unreadableFor(t, err, "")
		case !ok && m != (PyPIMetadata{}):
			t.Errorf("read %+v and says that there is nothing", m)
		}
	})
}

func FuzzCoreMetadata(f *testing.F) {
	f.Add(coreMetadata + "Description: a\n        b\n\nbody")
	f.Add("Name: \xff\x00\r\n x\rVersion:1")
	f.Fuzz(func(t *testing.T, text string) {
		m := parseCoreMetadata(text)
		for _, value := range []string{
			m.MetadataVersion, m.Name, m.Version, m.Summary, m.DescriptionContentType, m.Keywords, m.RequiresPython, m.Author, m.AuthorEmail,
		} {
			if strings.ContainsAny(value, "\n\x00") || !utf8.ValidString(value) {
				t.Errorf("the value %q was let through", value)
			}
		}
		if strings.Contains(m.Description, "\x00") || !utf8.ValidString(m.Description) {
			t.Errorf("the description %q was let through", m.Description)
		}
	})
}

const bzippedSdist = "QlpoOTFBWSZTWTJq8CkAADxfgsqQQAP3EAGrwQBuI54ACAAICCAAdRCEaGmjQ0DR6QaBoJRENR6BPU0yNGED1PKZPmqg6gQLviuI" +
	"P4VICoX7twRmOtJ0dBRMDiwQLTiCZJWpOZgT1twVAGa6LKJOJRImR62J1m6cPgwCHxEpkSGZESbWunBE/i7kinChIGTV4FI="
