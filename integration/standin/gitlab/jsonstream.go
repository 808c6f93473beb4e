package gitlab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// copyValue copies a value's text to out.
func (j *jsonStream) copyValue(out io.Writer, depth int) error {
	c, err := j.peek()
	switch {
	case err != nil:
		return err
	case depth > maxDepth:
		return errors.New("nesting is too deep")
	case c == '"':
		return j.copyString(out)
	case c == '{':
		return j.copyNested(out, '}', func() error {
			if err := j.copyKey(out); err != nil {
				return err
			}
			return j.copyValue(out, depth+1)
		})
	case c == '[':
		return j.copyNested(out, ']', func() error { return j.copyValue(out, depth+1) })
	}
	return j.copyWord(out)
}

// copyKey copies a key and its colon.
func (j *jsonStream) copyKey(out io.Writer) error {
	if c, err := j.peek(); err != nil || c != '"' {
		return errors.Join(err, fmt.Errorf("%w in place of a key", errJSON))
	}
	if err := j.copyString(out); err != nil {
		return err
	}
	if err := j.expect(':'); err != nil {
		return err
	}
	_, err := out.Write([]byte{':'})
	return err
}

// copyNested copies an object or an array, whose members are copied by one.
func (j *jsonStream) copyNested(out io.Writer, last byte, one func() error) error {
	open, err := j.r.ReadByte()
	if err == nil {
		_, err = out.Write([]byte{open})
	}
	for first := true; err == nil; first = false {
		var c byte
		if c, err = j.peek(); err != nil {
			return err
		}
		if c == last {
			_, err = out.Write([]byte{last})
			return errors.Join(err, j.expect(last))
		}
		if !first {
			if err := j.expect(','); err != nil {
				return err
			}
			if _, err := out.Write([]byte{','}); err != nil {
				return err
			}
			if c, err = j.peek(); err == nil && c == last {
				return fmt.Errorf("%w after a comma", errJSON)
			}
		}
		if err == nil {
			err = one()
		}
	}
	return unexpected(err)
}

// maxWord is longer than any number that means something.
const maxWord = 1000

// copyWord copies a number or a literal.
func (j *jsonStream) copyWord(out io.Writer) error {
	var word []byte
	for len(word) < maxWord {
		c, err := j.r.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil || bytes.IndexByte([]byte(" \t\r\n,:]}[{\""), c) >= 0 {
			if err == nil {
				_ = j.r.UnreadByte() // follows a ReadByte
			}
			break
		}
		word = append(word, c)
	}
	if !json.Valid(word) {
		return fmt.Errorf("%w %q", errJSON, word)
	}
	_, err := out.Write(word)
	return err
}
