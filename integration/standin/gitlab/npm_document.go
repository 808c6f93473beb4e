package gitlab

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
)

// npm's publish document as GitLab reads it: app/services/packages/npm/create_package_service.rb.

// document is what GitLab takes from a publish document. Of each object only the first key counts.
type document struct {
	name        string
	version     string
	manifest    map[string]json.RawMessage // of the version; nil when it is no object
	versions    map[string]string          // the deprecation messages, by version
	hasVersions bool
	tag         string
	hasTags     bool
	attachments map[string]body
	filled      map[string]bool // attachments that hold data
}

// close removes the decoded attachments but the one that was taken out of the map.
func (d *document) close() {
	for _, b := range d.attachments {
		b.remove()
	}
}

// parseDocument reads a publish document. The tarballs go to disk while they are decoded. The caller closes the document.
func (s *Server) parseDocument(r io.Reader) (d *document, err error) {
	d = &document{versions: map[string]string{}, attachments: map[string]body{}, filled: map[string]bool{}}
	j := newJSONStream(r)
	err = j.object(func(key string) error {
		switch key {
		case "name":
			return j.text(&d.name)
		case "versions":
			d.hasVersions = true
			return d.readVersions(j)
		case "dist-tags":
			return d.readTags(j)
		case "_attachments":
			return s.readAttachments(j, d)
		}
		return j.skip()
	})
	if err == nil {
		err = j.end()
	}
	return d, err
}

// text reads a string; another value leaves it empty.
func (j *jsonStream) text(into *string) error {
	raw, err := j.value()
	if err == nil && raw[0] == '"' {
		err = json.Unmarshal(raw, into)
	}
	return err
}

// orSkip reads an object, or skips what is none.
func (j *jsonStream) orSkip(visit func(key string) error) error {
	if c, err := j.peek(); err != nil || c != '{' {
		if err != nil {
			return err
		}
		return j.skip()
	}
	return j.object(visit)
}

func (d *document) readVersions(j *jsonStream) error {
	first := true
	return j.orSkip(func(version string) error {
		raw, err := j.value()
		if err != nil {
			return err
		}
		var manifest map[string]json.RawMessage
		if raw[0] == '{' {
			if err := json.Unmarshal(raw, &manifest); err != nil {
				return err
			}
		}
		if first {
			d.version, d.manifest, first = version, manifest, false
		}
		var message string
		if raw := manifest["deprecated"]; len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &message) == nil {
			d.versions[version] = message
		}
		return nil
	})
}

func (d *document) readTags(j *jsonStream) error {
	first := true
	return j.orSkip(func(name string) error {
		d.hasTags = true
		if first {
			d.tag, first = name, false
		}
		return j.skip()
	})
}

func (s *Server) readAttachments(j *jsonStream, d *document) error {
	return j.orSkip(func(name string) error {
		return j.orSkip(func(key string) error {
			c, err := j.peek()
			if err != nil || key != "data" || c != '"' {
				if err != nil {
					return err
				}
				return j.skip()
			}
			data, err := j.ascii()
			if err != nil {
				return err
			}
			counted := &counter{r: data}
			b, err := s.receive(base64.NewDecoder(base64.RawStdEncoding, &alphabet{r: counted}), -1, 0)
			if err != nil {
				return err
			}
			// What follows the padding belongs to the string all the same.
			if _, err := io.Copy(io.Discard, data); err != nil {
				b.remove()
				return err
			}
			if old, twice := d.attachments[name]; twice {
				old.remove()
			}
			d.attachments[name], d.filled[name] = b, counted.n > 0
			return nil
		})
	})
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// alphabet drops what is not base64 and ends at the padding, like Ruby's Base64.decode64.
type alphabet struct {
	r    io.Reader
	done bool
}

func (a *alphabet) Read(p []byte) (int, error) {
	for !a.done {
		n, err := a.r.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if c == '=' {
				a.done = true
				break
			}
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil {
			return kept, err
		}
	}
	return 0, io.EOF
}

// documentAt parses a stored document.
func (s *Server) documentAt(b body) (*document, error) {
	f, err := os.Open(b.path)
	if err != nil {
		return &document{}, err
	}
	defer func() { _ = f.Close() }()
	return s.parseDocument(f)
}
