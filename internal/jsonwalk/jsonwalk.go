// Package jsonwalk reads JSON of foreign servers (RFC 8259) token by token: a document may be hundreds of megabytes and its
// fields may have any type, so what is not wanted is passed over without being held, and what is held is counted.
package jsonwalk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	maxDocument = 256 << 20
	maxToken    = 8 << 20  // one text, number or run of spaces
	maxDepth    = 1000     // of nested objects and arrays
	maxHeld     = 32 << 20 // texts kept from one document
)

var errHeld = fmt.Errorf("the document has more than %d MiB of names and addresses", maxHeld>>20)

// Walker reads one JSON document of at most 256 MiB. Each of its methods but Hold and End consumes exactly one value; a value
// of another type than the one asked for is passed over. A document that breaks off is io.ErrUnexpectedEOF.
type Walker struct {
	decoder *json.Decoder
	held    int
}

// New returns a walker before the first value of the document.
func New(r io.Reader) *Walker {
	decoder := json.NewDecoder(&guard{from: r})
	decoder.UseNumber() // numbers beyond int64 and float64 are read, not judged
	return &Walker{decoder: decoder}
}

func (w *Walker) token() (json.Token, error) {
	token, err := w.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}

// Object calls visit for each member of an object; visit consumes the member's value.
func (w *Walker) Object(visit func(key string) error) (isObject bool, err error) {
	return w.members('{', func() error {
		token, err := w.token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		return visit(key)
	})
}

// Array calls visit before each element of an array; visit consumes the element.
func (w *Walker) Array(visit func() error) (isArray bool, err error) { return w.members('[', visit) }

func (w *Walker) members(opening json.Delim, visit func() error) (bool, error) {
	token, err := w.token()
	if err != nil {
		return false, err
	}
	if token != opening {
		return false, w.rest(token)
	}
	for w.decoder.More() {
		if err := visit(); err != nil {
			return true, err
		}
	}
	_, err = w.token()
	return true, err
}

// Scalar returns a string, a bool or a json.Number; nil for null, objects and arrays.
func (w *Walker) Scalar() (any, error) {
	token, err := w.token()
	if err != nil {
		return nil, err
	}
	if _, composite := token.(json.Delim); composite {
		return nil, w.rest(token)
	}
	return token, nil
}

// Text returns a string that the caller keeps; "" for every other type.
func (w *Walker) Text() (string, error) {
	value, err := w.Scalar()
	text, _ := value.(string)
	return text, errors.Join(err, w.Hold(text))
}

// Hold counts a text that is kept.
func (w *Walker) Hold(text string) error {
	w.held += len(text) + 16
	if w.held > maxHeld {
		return errHeld
	}
	return nil
}

// Skip passes over a value of any type.
func (w *Walker) Skip() error {
	token, err := w.token()
	if err != nil {
		return err
	}
	return w.rest(token)
}

// rest passes over what follows an opening delimiter; nothing follows another token.
func (w *Walker) rest(token json.Token) error {
	for depth := 0; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = w.token(); err != nil {
			return err
		}
	}
}

// End reads to the end of the document, which is where a truncated or damaged compression shows.
func (w *Walker) End() error {
	token, err := w.decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("after the document comes %v", token)
}

// guard passes a document through and fails before json.Decoder would have to hold too much of it.
type guard struct {
	from                io.Reader
	total, token, depth int
	quoted, escaped     bool
	err                 error
}

func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.from.Read(p)
	for _, c := range p[:n] {
		g.see(c)
	}
	g.total += n
	switch {
	case g.total > maxDocument:
		g.err = fmt.Errorf("the document is longer than %d MiB", maxDocument>>20)
	case g.token > maxToken:
		g.err = fmt.Errorf("one value of the document is longer than %d MiB", maxToken>>20)
	case g.depth > maxDepth:
		g.err = fmt.Errorf("the document is nested more than %d levels deep", maxDepth)
	}
	if g.err != nil {
		return 0, g.err
	}
	return n, err
}

func (g *guard) see(c byte) {
	g.token++
	switch {
	case g.escaped:
		g.escaped = false
	case c == '"':
		g.quoted = !g.quoted
		g.token = 0
	case g.quoted:
		g.escaped = c == '\\'
	case c == '{' || c == '[':
		g.depth++
		g.token = 0
	case c == '}' || c == ']':
		g.depth--
		g.token = 0
	case c == ',' || c == ':':
		g.token = 0
	}
}
