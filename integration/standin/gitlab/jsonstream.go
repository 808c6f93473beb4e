package gitlab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A reader of JSON (RFC 8259) that holds no more of a document than it is asked to: npm's publish document carries its
// tarball in one string of any length.

// maxToken bounds what is held of one value.
const maxToken = 8 << 20

var errJSON = errors.New("unexpected token")

type jsonStream struct {
	r *bufio.Reader
}

func newJSONStream(r io.Reader) *jsonStream { return &jsonStream{bufio.NewReaderSize(r, 64<<10)} }

// peek skips white space and returns the byte that follows, unread.
func (j *jsonStream) peek() (byte, error) {
	for {
		c, err := j.r.ReadByte()
		if err != nil {
			return 0, unexpected(err)
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, j.r.UnreadByte()
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// expect reads one byte after white space, which must be want.
func (j *jsonStream) expect(want byte) error {
	got, err := j.peek()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%w %q, want %q", errJSON, got, want)
	}
	_, err = j.r.ReadByte()
	return err
}

// object reads an object; visit reads the value of each key, in order.
func (j *jsonStream) object(visit func(key string) error) error {
	if err := j.expect('{'); err != nil {
		return err
	}
	c, err := j.peek()
	if err != nil {
		return err
	}
	if c == '}' {
		return j.expect('}')
	}
	for {
		raw, err := j.value()
		if err != nil {
			return err
		}
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			return fmt.Errorf("%w in place of a key", errJSON)
		}
		if err := j.expect(':'); err != nil {
			return err
		}
		if err := visit(name); err != nil {
			return err
		}
		if c, err = j.peek(); err != nil {
			return err
		}
		if c == '}' {
			return j.expect('}')
		}
		if err := j.expect(','); err != nil {
			return err
		}
	}
}

// value reads a whole value of bounded length.
func (j *jsonStream) value() (json.RawMessage, error) {
	out := &bounded{}
	if err := j.copyValue(out, 0); err != nil {
		return nil, err
	}
	if !json.Valid(out.Bytes()) {
		return nil, errJSON
	}
	return out.Bytes(), nil
}

// skip reads a value of any length and forgets it.
func (j *jsonStream) skip() error { return j.copyValue(io.Discard, 0) }

// end demands that nothing follows.
func (j *jsonStream) end() error {
	switch _, err := j.peek(); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w after the document", errJSON)
}

type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxToken {
		return 0, errors.New("value is too long")
	}
	return b.Buffer.Write(p)
}

const maxDepth = 100

// copyValue copies a value's text to out. It checks brackets and strings; what stands between them is left to value.
func (j *jsonStream) copyValue(out io.Writer, depth int) error {
	c, err := j.peek()
	switch {
	case err != nil:
		return err
	case depth > maxDepth:
		return errors.New("nesting is too deep")
	case c == '"':
		return j.copyString(out)
	case c == '{' || c == '[':
		return j.copyNested(out, c, depth)
	}
	return j.copyWord(out)
}

func (j *jsonStream) copyNested(out io.Writer, open byte, depth int) error {
	last := byte('}')
	if open == '[' {
		last = ']'
	}
	if _, err := j.r.ReadByte(); err != nil {
		return err
	}
	if _, err := out.Write([]byte{open}); err != nil {
		return err
	}
	for {
		c, err := j.peek()
		if err != nil {
			return err
		}
		if c != last && c != ',' && c != ':' {
			if err := j.copyValue(out, depth+1); err != nil {
				return err
			}
			continue
		}
		if _, err := j.r.ReadByte(); err != nil {
			return err
		}
		if _, err := out.Write([]byte{c}); err != nil || c == last {
			return err
		}
	}
}

// copyWord copies a number or a literal.
func (j *jsonStream) copyWord(out io.Writer) error {
	for n := 0; ; n++ {
		c, err := j.r.ReadByte()
		if errors.Is(err, io.EOF) && n > 0 {
			return nil
		}
		if err != nil {
			return unexpected(err)
		}
		if bytes.IndexByte([]byte(" \t\r\n,:]}[{\""), c) >= 0 {
			if n == 0 {
				return fmt.Errorf("%w %q", errJSON, c)
			}
			return j.r.UnreadByte()
		}
		if _, err := out.Write([]byte{c}); err != nil {
			return err
		}
	}
}

// copyString copies a string as it stands, with its quotes and escapes.
func (j *jsonStream) copyString(out io.Writer) error {
	if _, err := j.r.ReadByte(); err != nil {
		return err
	}
	if _, err := out.Write([]byte{'"'}); err != nil {
		return err
	}
	for escaped := false; ; {
		c, err := j.r.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		if c < 0x20 {
			return fmt.Errorf("%w: control character in a string", errJSON)
		}
		if _, err := out.Write([]byte{c}); err != nil {
			return err
		}
		if c == '"' && !escaped {
			return nil
		}
		escaped = c == '\\' && !escaped
	}
}

// ascii streams a string's characters; base64 needs no others. Escapes that stand for other characters become '?'.
func (j *jsonStream) ascii() (io.Reader, error) {
	if err := j.expect('"'); err != nil {
		return nil, err
	}
	return &stringReader{j: j}, nil
}

type stringReader struct {
	j    *jsonStream
	done bool
}

func (s *stringReader) Read(p []byte) (n int, err error) {
	for n < len(p) && !s.done {
		c, err := s.j.r.ReadByte()
		switch {
		case err != nil:
			return n, unexpected(err)
		case c == '"':
			s.done = true
			continue
		case c < 0x20:
			return n, fmt.Errorf("%w: control character in a string", errJSON)
		case c == '\\':
			if c, err = s.escape(); err != nil {
				return n, err
			}
		}
		p[n] = c
		n += 1 + s.plain(p[n+1:])
	}
	if s.done && n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// plain takes what is buffered up to the next character that needs a look.
func (s *stringReader) plain(p []byte) int {
	ready, _ := s.j.r.Peek(min(len(p), s.j.r.Buffered()))
	if i := bytes.IndexFunc(ready, func(c rune) bool { return c == '"' || c == '\\' || c < 0x20 }); i >= 0 {
		ready = ready[:i]
	}
	n := copy(p, ready)
	_, _ = s.j.r.Discard(n)
	return n
}

func (s *stringReader) escape() (byte, error) {
	c, err := s.j.r.ReadByte()
	if err != nil {
		return 0, unexpected(err)
	}
	if c != 'u' {
		if plain := map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c]; plain != 0 {
			return plain, nil
		}
		return 0, fmt.Errorf("%w: escape %q", errJSON, c)
	}
	var digits [4]byte
	if _, err := io.ReadFull(s.j.r, digits[:]); err != nil {
		return 0, unexpected(err)
	}
	var text string
	if err := json.Unmarshal([]byte(`"\u`+string(digits[:])+`"`), &text); err != nil {
		return 0, fmt.Errorf("%w: escape u%s", errJSON, digits)
	}
	if text[0] < utf8.RuneSelf {
		return text[0], nil
	}
	return '?', nil
}
