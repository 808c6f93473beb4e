package artifact

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"testing"

	"pkgferry/internal/fault"
)

const symbolsType = `<packageTypes><packageType name="SymbolsPackage"/></packageTypes>`

func nuspecText(id, more string) string {
	return `<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>` + id +
		`</id><version>1.0.0</version>` + more + `</metadata></package>`
}

func TestNuSpecTellsSymbols(t *testing.T) {
	for more, want := range map[string]bool{
		"": false, symbolsType: true,
		`<packageTypes><packageType name="Dependency"/><packageType name="SymbolsPackage" version="1.0"/></packageTypes>`: true,
		`<packageTypes><packageType name="symbolspackage"/></packageTypes>`:                                               false,
		`<packageType name="SymbolsPackage"/>`:                                                                            false,
	} {
		packed := zipped(t, entry{"a.nuspec", nuspecText("a", more)})
		spec, err := ReadNuSpec(bytes.NewReader(packed), int64(len(packed)))
		if err != nil || spec.Symbols != want {
			t.Errorf("%s: %+v, %v", more, spec, err)
		}
	}
}

// GitLab would publish the package that the first .nuspec names.
func TestNuSpecBehindAnotherOne(t *testing.T) {
	own, nested := entry{"a.nuspec", nuspecText("a", "")}, entry{"content/b.nuspec", nuspecText("b", "")}
	for name, c := range map[string]struct {
		entries []entry
		code    Reason
	}{
		"before": {[]entry{nested, own}, IdentityMismatch},
		"behind": {[]entry{own, nested}, ""},
		"alone":  {[]entry{nested}, PackageUnreadable},
	} {
		packed := zipped(t, c.entries...)
		spec, err := ReadNuSpec(bytes.NewReader(packed), int64(len(packed)))
		if fault.CodeOf(err) != string(c.code) || err == nil && spec.ID != "a" {
			t.Errorf("%s: %+v, %v", name, spec, err)
		}
	}
}

// Reading from the front, GitLab fails at an entry that tells its size behind its data.
func TestNuSpecTellsStreams(t *testing.T) {
	for name, c := range map[string]struct {
		streamed []bool // entries in order; the second is the .nuspec
		want     bool
	}{
		"none": {[]bool{false, false, false}, false}, "before": {[]bool{true, false, false}, true},
		"itself": {[]bool{false, true, false}, true}, "behind": {[]bool{false, false, true}, false},
	} {
		var packed bytes.Buffer
		w := zip.NewWriter(&packed)
		for i, streamed := range c.streamed {
			text := []string{"x", nuspecText("a", ""), "y"}[i]
			header := &zip.FileHeader{
				Name: []string{"x", "a.nuspec", "y"}[i], CRC32: crc32.ChecksumIEEE([]byte(text)),
				CompressedSize64: uint64(len(text)), UncompressedSize64: uint64(len(text)),
			}
			write := w.CreateRaw
			if streamed {
				write = w.CreateHeader
			}
			to, err := write(header)
			if err == nil {
				_, err = io.WriteString(to, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		spec, err := ReadNuSpec(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
		if err != nil || spec.Streamed != c.want {
			t.Errorf("%s: %+v, %v", name, spec, err)
		}
	}
}
