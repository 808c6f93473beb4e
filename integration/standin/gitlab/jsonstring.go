package gitlab

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Strings of a jsonStream (RFC 8259, section 7), of any length.

// copyString copies a string as it stands, with its quotes and escapes.
func (j *jsonStream) copyString(out io.Writer) error {
	if _, err := j.r.ReadByte(); err != nil {
		return err
	}
	if _, err := out.Write([]byte{'"'}); err != nil {
		return err
	}
	for {
		c, err := j.r.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		text := []byte{c}
		switch {
		case c < 0x20:
			return fmt.Errorf("%w: control character in a string", errJSON)
		case c == '\\':
			if text, err = j.rawEscape(); err != nil {
				return err
			}
		}
		if _, err := out.Write(text); err != nil || c == '"' {
			return err
		}
		plain := j.plain(j.r.Buffered())
		if _, err := out.Write(plain); err != nil {
			return err
		}
		_, _ = j.r.Discard(len(plain)) // it is buffered
	}
}

// plain peeks at most n buffered bytes of a string, up to the next that needs a look.
func (j *jsonStream) plain(n int) []byte {
	ready, _ := j.r.Peek(min(n, j.r.Buffered()))
	for i, c := range ready {
		if c == '"' || c == '\\' || c < 0x20 {
			return ready[:i]
		}
	}
	return ready
}

// rawEscape reads what follows a backslash and returns it with the backslash.
func (j *jsonStream) rawEscape() ([]byte, error) {
	text := []byte{'\\', 0}
	if _, err := io.ReadFull(j.r, text[1:]); err != nil {
		return nil, unexpected(err)
	}
	if text[1] == 'u' {
		text = append(text, 0, 0, 0, 0)
		if _, err := io.ReadFull(j.r, text[2:]); err != nil {
			return nil, unexpected(err)
		}
	}
	if !json.Valid(append(append([]byte{'"'}, text...), '"')) {
		return nil, fmt.Errorf("%w: escape %q", errJSON, text)
	}
	return text, nil
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
		n++
		plain := copy(p[n:], s.j.plain(len(p)-n))
		_, _ = s.j.r.Discard(plain) // it is buffered
		n += plain
	}
	if s.done && n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (s *stringReader) escape() (byte, error) {
	raw, err := s.j.rawEscape()
	if err != nil {
		return 0, err
	}
	var text string
	if err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &text); err != nil {
		return 0, err
	}
	if text[0] < utf8.RuneSelf {
		return text[0], nil
	}
	return '?', nil
}
