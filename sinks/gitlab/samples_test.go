package gitlab_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks/sinktest"
)

func makeMaven(_ *testing.T, n int, salt string) sinktest.Sample {
	version := fmt.Sprintf("1.%d.0+b-x", n)
	p := artifact.Package{Format: artifact.Maven, Name: "com.acme.tools:lib_2.13", Version: version}
	stem := "lib_2.13-" + version
	paths := []string{stem + "-sources.jar", stem + ".jar", stem + ".jar.asc", stem + ".jar.sha256", stem + ".pom"}
	return sinktest.Bytes(p, paths, filled(paths, fmt.Sprint(n, salt)))
}

func makeGeneric(_ *testing.T, n int, salt string) sinktest.Sample {
	p := artifact.Package{Format: artifact.Generic, Name: "tools.cli+x", Version: fmt.Sprintf("v1.2.%d", n)}
	paths := []string{"cli.tgz", "linux amd64/päth%/cli+1@2.tgz", "linux amd64/päth%/readme.txt"}
	return sinktest.Bytes(p, paths, filled(paths, fmt.Sprint(n, salt)))
}

func filled(paths []string, salt string) map[string][]byte {
	content := make(map[string][]byte, len(paths))
	for i, path := range paths {
		content[path] = bytes.Repeat([]byte(path+" "+salt+"\n"), 1+i*100)
	}
	return content
}

func makeNPM(t *testing.T, n int, salt string) sinktest.Sample {
	name, version := "@acme/ui", fmt.Sprintf("1.%d.0-rc.1", n)
	return npmSample(t, name, version, salt, fmt.Sprintf(`{"name":%q,"version":%q,"scripts":{"postinstall":"a && b < c"}}`, name, version))
}

func npmSample(t *testing.T, name, version, salt, manifest string) sinktest.Sample {
	t.Helper()
	var packed bytes.Buffer
	writeTarball(t, &packed, gzip.BestCompression, manifest, strings.NewReader(strings.Repeat("// "+salt+"\n", 20_000)), 20_000*int64(4+len(salt)))
	path := artifact.NPMTarball(name, version)
	p := artifact.Package{Format: artifact.NPM, Name: name, Version: version}
	return sinktest.Bytes(p, []string{path}, map[string][]byte{path: packed.Bytes()})
}

func writeTarball(t *testing.T, w io.Writer, level int, manifest string, index io.Reader, size int64) {
	t.Helper()
	writeTar(t, w, level, []member{
		{"package/package.json", int64(len(manifest)), strings.NewReader(manifest)}, {"package/index.js", size, index},
	})
}

// member is a file in an archive.
type member struct {
	name    string
	size    int64
	content io.Reader
}

func writeTar(t *testing.T, w io.Writer, level int, members []member) {
	t.Helper()
	zipper, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		t.Fatal(err)
	}
	writer := tar.NewWriter(zipper)
	for _, one := range members {
		if err == nil {
			err = writer.WriteHeader(&tar.Header{Name: one.name, Mode: 0o644, Size: one.size})
		}
		if err == nil {
			_, err = io.Copy(writer, one.content)
		}
	}
	if err == nil {
		err = writer.Close()
	}
	if err == nil {
		err = zipper.Close()
	}
	if err != nil {
		t.Error(err) // a reader that went away
	}
}

func makePyPI(t *testing.T, n int, salt string) sinktest.Sample {
	t.Helper()
	p := artifact.Package{Format: artifact.PyPI, Name: "Acme.UI_x", Version: fmt.Sprintf("1.%d.0RC1+local", n)}
	stem := fmt.Sprintf("acme_ui_x-1.%d.0rc1+local", n)
	inside := metadata(p.Name, p.Version, "Requires-Python: >=3.8\n\n"+salt)
	paths := []string{stem + "-1-py3-none-any.whl", stem + ".tar.gz", stem + ".win32.exe"}
	return sinktest.Bytes(p, paths, map[string][]byte{
		paths[0]: []byte(wheel(t, stem, inside, salt)), paths[1]: []byte(sdist(t, stem, inside, salt)), paths[2]: []byte("MZ " + salt),
	})
}

func makeTerraform(_ *testing.T, n int, salt string) sinktest.Sample {
	p := artifact.Package{Format: artifact.Terraform, Name: "v-p-c2/aws", Version: fmt.Sprintf("1.%d.0-rc.1+b", n)}
	paths := []string{"module.tgz"}
	return sinktest.Bytes(p, paths, filled(paths, fmt.Sprint(n, salt)))
}

// pattern reads as size bytes that differ from block to block.
type pattern struct {
	left  int64
	block byte
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), p.left)]
	p.block++
	for n := copy(b, []byte{p.block, p.block >> 1, 'x', '\n'}); n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
	p.left -= int64(len(b))
	return len(b), nil
}

func largePlain(format artifact.Format, name, path string) func(*testing.T, int64) sinktest.Sample {
	return func(_ *testing.T, size int64) sinktest.Sample {
		return sinktest.Sample{
			Package: artifact.Package{Format: format, Name: name, Version: "1.0.0", Files: []artifact.File{{Path: path, Size: size}}},
			Content: func(artifact.File) io.Reader { return &pattern{left: size} },
		}
	}
}

// largeNPM is a tarball that is packed while it is read.
func largeNPM(t *testing.T, size int64) sinktest.Sample {
	pack := func(w io.Writer) {
		writeTarball(t, w, gzip.NoCompression, `{"name":"big","version":"1.0.0"}`, &pattern{left: size}, size)
	}
	return packedSample(artifact.Package{Format: artifact.NPM, Name: "big", Version: "1.0.0"}, artifact.NPMTarball("big", "1.0.0"), pack)
}

// packedSample is p with a file that is packed anew each time it is read.
func packedSample(p artifact.Package, path string, pack func(io.Writer)) sinktest.Sample {
	var length counting
	pack(&length)
	p.Files = []artifact.File{{Path: path, Size: int64(length)}}
	return sinktest.Sample{Package: p, Content: func(artifact.File) io.Reader {
		r, w := io.Pipe()
		go func() {
			pack(w)
			_ = w.Close()
		}()
		return r
	}}
}

// largePyPI is a wheel that is packed while it is read.
func largePyPI(t *testing.T, size int64) sinktest.Sample {
	pack := func(w io.Writer) error {
		archive := zip.NewWriter(w)
		module, err := archive.CreateHeader(&zip.FileHeader{Name: "big/module.bin", Method: zip.Store})
		if err == nil {
			_, err = io.Copy(module, &pattern{left: size})
		}
		if err != nil {
			return err
		}
		inside, err := archive.Create("big-1.0.dist-info/METADATA")
		if err == nil {
			_, err = io.WriteString(inside, metadata("big", "1.0", ""))
		}
		return errors.Join(err, archive.Close())
	}
	var length counting
	if err := pack(&length); err != nil {
		t.Fatal(err)
	}
	file := artifact.File{Path: "big-1.0-py3-none-any.whl", Size: int64(length)}
	return sinktest.Sample{
		Package: artifact.Package{Format: artifact.PyPI, Name: "big", Version: "1.0", Files: []artifact.File{file}},
		Content: func(artifact.File) io.Reader {
			r, w := io.Pipe()
			go func() { _ = w.CloseWithError(pack(w)) }()
			return r
		},
	}
}

type counting int64

func (c *counting) Write(p []byte) (int, error) {
	*c += counting(len(p))
	return len(p), nil
}
