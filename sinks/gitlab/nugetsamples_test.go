package gitlab_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks/sinktest"
)

// makeNuGet has symbols beside the package, and spells neither as GitLab stores them.
func makeNuGet(t *testing.T, n int, salt string) sinktest.Sample {
	name, version := "Acme.Tools", fmt.Sprintf("1.%d.0-RC.1", n)
	return nugetSample(t, name, version, nuspec(name, version, ""), nuspec(name, version, symbolsType), salt)
}

const symbolsType = `<packageTypes><packageType name="SymbolsPackage"/></packageTypes>`

func nuspec(id, version, more string) string {
	return `<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>` + id +
		`</id><version>` + version + `</version><authors>Acme</authors><description>Tools</description>` + more + `</metadata></package>`
}

// nugetSample has the files whose .nuspec is not empty.
func nugetSample(t *testing.T, name, version, main, symbols, salt string) sinktest.Sample {
	t.Helper()
	var paths []string
	content := map[string][]byte{}
	for suffix, spec := range map[string]string{".nupkg": main, ".snupkg": symbols} {
		if path := name + "." + version + suffix; spec != "" {
			content[path] = zipped(t, name+".nuspec", spec, "lib/"+suffix, salt)
		}
	}
	for _, suffix := range []string{".nupkg", ".snupkg"} {
		if path := name + "." + version + suffix; content[path] != nil {
			paths = append(paths, path)
		}
	}
	return sinktest.Bytes(artifact.Package{Format: artifact.NuGet, Name: name, Version: version}, paths, content)
}

// zipped is a zip of names and their texts, as NuGet's own tools write one: sizes stand before the data, which GitLab
// reads from the front.
func zipped(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for i := 0; i < len(pairs); i += 2 {
		entry(t, w, pairs[i], strings.NewReader(pairs[i+1]), int64(len(pairs[i+1])), crc32.ChecksumIEEE([]byte(pairs[i+1])))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func entry(t *testing.T, w *zip.Writer, name string, content io.Reader, size int64, sum uint32) {
	t.Helper()
	part, err := w.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: sum, CompressedSize64: uint64(size), UncompressedSize64: uint64(size),
	})
	if err == nil {
		_, err = io.Copy(part, content)
	}
	if err != nil {
		t.Error(err) // a reader that went away
	}
}

// largeNuGet is a package that is packed while it is read.
func largeNuGet(t *testing.T, size int64) sinktest.Sample {
	spec := nuspec("Big", "1.0.0", "")
	sum := crc32.NewIEEE()
	_, _ = io.Copy(sum, &pattern{left: size})
	pack := func(to io.Writer) {
		w := zip.NewWriter(to)
		entry(t, w, "Big.nuspec", strings.NewReader(spec), int64(len(spec)), crc32.ChecksumIEEE([]byte(spec)))
		entry(t, w, "lib/big.dll", &pattern{left: size}, size, sum.Sum32())
		_ = w.Close() // a reader that went away
	}
	return packedSample(artifact.Package{Format: artifact.NuGet, Name: "Big", Version: "1.0.0"}, "Big.1.0.0.nupkg", pack)
}
