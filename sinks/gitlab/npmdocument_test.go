package gitlab

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pkgferry/internal/artifact"
)

// flow is a stream over bytes that are right.
type flow struct {
	io.Reader
	size   int64
	closed int
}

func (f *flow) Size() int64 { return f.size }
func (f *flow) Digests() artifact.Digests {
	return artifact.Digests{SHA1: "5ba93c9db0cff93f52b521d7420e43f6eda2784f"}
}
func (f *flow) Close() error { f.closed++; return nil }

func ui(version string) artifact.Destination {
	return artifact.Destination{Project: "acme/node", Format: artifact.NPM, Name: "@acme/ui", Version: version}
}

// written is the whole document for a tarball; the version object is what object returns, whatever the tarball is.
func written(t *testing.T, tarball []byte, source io.Reader, object string) ([]byte, error) {
	t.Helper()
	f := &flow{Reader: source, size: int64(len(tarball))}
	d := newDocument(ui("1.0.0"), f, 2048, nil)
	d.ending = func(artifact.NPMManifest, artifact.Digests) ([]byte, error) {
		return documentEnd(ui("1.0.0"), []byte(object), 2048)
	}
	d.parser.stop()
	d.parser = accepting()
	text, err := io.ReadAll(d)
	if err := d.Close(); err != nil || f.closed != 1 {
		t.Errorf("Close: %v, the stream was closed %d times", err, f.closed)
	}
	return text, err
}

// accepting is a parser to which any bytes are a tarball.
func accepting() *manifestParser {
	r, w := io.Pipe()
	p := &manifestParser{pipe: w, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_, _ = io.Copy(io.Discard, r)
	}()
	return p
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte("a"), 1)
	f.Add(bytes.Repeat([]byte("ab"), 40_000), 0)
	f.Add(bytes.Repeat([]byte("abc"), 8<<10), 2)
	f.Fuzz(func(t *testing.T, tarball []byte, slow int) {
		source := io.Reader(bytes.NewReader(tarball))
		switch slow {
		case 1:
			source = iotest.OneByteReader(source)
		case 2:
			source = iotest.DataErrReader(source)
		}
		text, err := written(t, tarball, source, `{"name":"@acme/ui"}`)
		if err != nil {
			t.Fatal(err)
		}
		if want := documentSize(ui("1.0.0"), int64(len(tarball)), 2048); int64(len(text)) != want {
			t.Fatalf("the document has %d bytes, %d were announced", len(text), want)
		}
		var document struct {
			Name        string
			Tags        map[string]string `json:"dist-tags"`
			Versions    map[string]json.RawMessage
			Attachments map[string]struct{ Data string } `json:"_attachments"`
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		data, err := base64.StdEncoding.DecodeString(document.Attachments["@acme/ui-1.0.0.tgz"].Data)
		if err != nil || !bytes.Equal(data, tarball) {
			t.Errorf("the attachment is not the tarball: %v", err)
		}
		if len(document.Versions) != 1 || len(document.Tags) != 1 || document.Tags["latest"] != "1.0.0" || document.Name != "@acme/ui" {
			t.Errorf("document %s", text[:200])
		}
	})
}

func TestDocumentNeverCompletes(t *testing.T) {
	tarball := bytes.Repeat([]byte("x"), 100_000)
	broken := errors.New("broken")
	for name, source := range map[string]io.Reader{
		"broken":            io.MultiReader(bytes.NewReader(tarball[:50_000]), iotest.ErrReader(broken)),
		"broken at the end": io.MultiReader(bytes.NewReader(tarball), iotest.ErrReader(broken)),
		"unexpected end":    io.MultiReader(bytes.NewReader(tarball), iotest.ErrReader(io.ErrUnexpectedEOF)),
		"short":             bytes.NewReader(tarball[:99_999]),
		"long":              io.MultiReader(bytes.NewReader(tarball), strings.NewReader("x")),
	} {
		t.Run(name, func(t *testing.T) {
			text, err := written(t, tarball, source, `{}`)
			if err == nil || json.Valid(text) {
				t.Errorf("error %v; the document is whole: %v", err, json.Valid(text))
			}
		})
	}
}

func TestDocumentHasTooLittleRoom(t *testing.T) {
	text, err := written(t, nil, bytes.NewReader(nil), `{"description":"`+strings.Repeat("x", 2048)+`"}`)
	if !errors.Is(err, errRoom) || json.Valid(text) {
		t.Errorf("error %v", err)
	}
}
