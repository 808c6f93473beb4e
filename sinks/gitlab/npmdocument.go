package gitlab

// The document that publishes an npm version (https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md;
// GitLab: doc/api/packages/npm.md, lib/api/npm_project_packages.rb), written while the tarball streams.

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"

	"pkgferry/internal/artifact"
)

// The document's order makes one pass over the tarball enough: the attachment comes first, and the version object, which
// needs the tarball's own package.json and its SHA-1, after it. Content-Length must be known before both are, so the end
// has a fixed room that is filled up with spaces.
const (
	usualRoom = 16 << 10 // of nearly every manifest
	fullRoom  = 4*maxNPMVersion + 4<<10
)

// errRoom tells that the manifest needs fullRoom: the document must be begun anew with it.
var errRoom = errors.New("the manifest is larger than the room that the document has for it")

// document reads as the publish document. It ends only when the tarball did and the version object is made; any error
// before leaves it short of its announced size, which no server takes for a whole one.
type document struct {
	tarball artifact.Stream
	left    int64 // bytes of the tarball still to come
	room    int
	ending  func(artifact.NPMManifest, artifact.Digests) ([]byte, error)

	parser   *manifestParser
	raw      []byte // of the tarball; a multiple of three, so that base64 needs no padding inside
	pending  []byte // of the document
	encoded  []byte
	finished bool
	err      error
}

// newDocument takes over tarball. version makes the version object out of what the tarball turned out to be.
func newDocument(dst artifact.Destination, tarball artifact.Stream, room int, version func(artifact.NPMManifest, artifact.Digests) ([]byte, error)) *document {
	d := &document{
		tarball: tarball, left: tarball.Size(), room: room, parser: newManifestParser(),
		raw: make([]byte, 3*8<<10), encoded: make([]byte, 4*8<<10), pending: []byte(documentHead(dst, tarball.Size())),
	}
	d.ending = func(m artifact.NPMManifest, digests artifact.Digests) ([]byte, error) {
		object, err := version(m, digests)
		if err != nil {
			return nil, err
		}
		return documentEnd(dst, object, d.room)
	}
	return d
}

// documentSize is the exact length of a document.
func documentSize(dst artifact.Destination, tarball int64, room int) int64 {
	return int64(len(documentHead(dst, tarball))) + (tarball+2)/3*4 + int64(room)
}

func documentHead(dst artifact.Destination, tarball int64) string {
	name := quoted(dst.Name)
	return `{"_id":` + name + `,"name":` + name + `,"_attachments":{` + quoted(artifact.NPMTarball(dst.Name, dst.Version)) +
		`:{"content_type":"application/octet-stream","length":` + strconv.FormatInt(tarball, 10) + `,"data":"`
}

// quoted is a name or a version, which hold no character that JSON escapes, as a JSON text.
func quoted(s string) string { return `"` + s + `"` }

// documentEnd fills room bytes. GitLab moves one tag at every publish and takes the first key; all tags are set by the
// package's index afterwards.
func documentEnd(dst artifact.Destination, object []byte, room int) ([]byte, error) {
	version := quoted(dst.Version)
	end := `"}},"dist-tags":{"latest":` + version + `},"versions":{` + version + `:` + string(object) + `}`
	spaces := room - len(end) - 1
	if spaces < 0 {
		return nil, errRoom
	}
	return fmt.Appendf(nil, "%s%*s}", end, spaces, ""), nil
}

func (d *document) Read(p []byte) (int, error) {
	for len(d.pending) == 0 {
		if d.err == nil {
			d.err = d.advance()
		}
		if d.err != nil {
			return 0, d.err
		}
	}
	n := copy(p, d.pending)
	d.pending = d.pending[n:]
	return n, nil
}

// advance makes the next piece pending.
func (d *document) advance() error {
	if d.finished {
		return io.EOF
	}
	n, err := d.fill()
	if err != nil && !errors.Is(err, errEnd) {
		return err
	}
	if n > 0 {
		d.parser.write(d.raw[:n])
		base64.StdEncoding.Encode(d.encoded, d.raw[:n])
		d.pending = d.encoded[:base64.StdEncoding.EncodedLen(n)]
		return nil
	}
	d.finished = true
	m, err := d.parser.result()
	if err != nil {
		return unreadable(err)
	}
	d.pending, err = d.ending(m, d.tarball.Digests())
	return err
}

// errEnd is the one end of the tarball that counts: plain io.EOF after all announced bytes. A broken stream may well
// fail with io.ErrUnexpectedEOF, which must not pass for it.
var errEnd = errors.New("end of the tarball")

// fill reads the tarball until raw is full or the tarball ends.
func (d *document) fill() (n int, err error) {
	for n < len(d.raw) {
		m, err := d.tarball.Read(d.raw[n:])
		n += m
		d.left -= int64(m)
		switch {
		case d.left < 0 || err == io.EOF && d.left > 0: //nolint:errorlint // a wrapped one is no end
			return 0, fmt.Errorf("the tarball has another size than announced: %d bytes differ", max(d.left, -d.left))
		case err == io.EOF: //nolint:errorlint // a wrapped one is no end
			return n, errEnd
		case err != nil:
			return 0, err
		}
	}
	return n, nil
}

// Close ends the parser and the tarball's stream.
func (d *document) Close() error {
	d.parser.stop()
	return d.tarball.Close()
}

// manifestParser reads the package.json out of what is written to it, beside the upload.
type manifestParser struct {
	pipe *io.PipeWriter
	done chan struct{}
	m    artifact.NPMManifest
	err  error
}

func newManifestParser() *manifestParser {
	r, w := io.Pipe()
	p := &manifestParser{pipe: w, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.m, p.err = artifact.ReadNPMManifest(r)
		_ = r.CloseWithError(errParsed)
	}()
	return p
}

// errParsed ends the writing to a parser that has seen enough.
var errParsed = errors.New("the tarball is read")

func (p *manifestParser) write(b []byte) { _, _ = p.pipe.Write(b) }

func (p *manifestParser) result() (artifact.NPMManifest, error) {
	_ = p.pipe.Close()
	<-p.done
	return p.m, p.err
}

func (p *manifestParser) stop() {
	_ = p.pipe.CloseWithError(context.Canceled)
	<-p.done
}
