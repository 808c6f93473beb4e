package npmjs

// JSON of foreign registries (RFC 8259), read token by token: a document may be hundreds of megabytes and its fields may
// have any type, so what is not wanted is passed over without being held, and what is held is counted.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	maxDocument = 256 << 20 // npm's own largest documents are under 100 MB
	maxToken    = 8 << 20   // one text, number or run of spaces
	maxDepth    = 1000      // of nested objects and arrays
	maxHeld     = 32 << 20  // texts kept from one document; 37,000 versions need about 12 MB
)

var errHeld = fmt.Errorf("the document has more than %d MiB of names and addresses", maxHeld>>20)

// walker reads one JSON document. Each of its methods consumes exactly one value; a value of another type than the one
// asked for is passed over.
type walker struct {
	decoder *json.Decoder
	held    int
}

func newWalker(r io.Reader) *walker {
	decoder := json.NewDecoder(&guard{from: r})
	decoder.UseNumber() // numbers beyond int64 and float64 are read, not judged
	return &walker{decoder: decoder}
}

func (w *walker) token() (json.Token, error) {
	token, err := w.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}

// object calls visit for each member of an object; visit consumes the member's value.
func (w *walker) object(visit func(key string) error) (isObject bool, err error) {
	return w.members('{', func() error {
		token, err := w.token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		return visit(key)
	})
}

// array calls visit before each element of an array; visit consumes the element.
func (w *walker) array(visit func() error) (isArray bool, err error) { return w.members('[', visit) }

func (w *walker) members(opening json.Delim, visit func() error) (bool, error) {
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

// scalar returns a string, a bool or a json.Number; nil for null, objects and arrays.
func (w *walker) scalar() (any, error) {
	token, err := w.token()
	if err != nil {
		return nil, err
	}
	if _, composite := token.(json.Delim); composite {
		return nil, w.rest(token)
	}
	return token, nil
}

// text returns a string that the caller keeps; "" for every other type.
func (w *walker) text() (string, error) {
	value, err := w.scalar()
	text, _ := value.(string)
	return text, errors.Join(err, w.hold(text))
}

// hold counts a text that is kept.
func (w *walker) hold(text string) error {
	w.held += len(text) + 16
	if w.held > maxHeld {
		return errHeld
	}
	return nil
}

func (w *walker) skip() error {
	token, err := w.token()
	if err != nil {
		return err
	}
	return w.rest(token)
}

// rest passes over what follows an opening delimiter; nothing follows another token.
func (w *walker) rest(token json.Token) error {
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

// end reads to the end of the document, which is where a truncated or damaged compression shows.
func (w *walker) end() error {
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
