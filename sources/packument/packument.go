// Package packument reads npm's document of one package, all versions in it: the full form of GET /{name}, described in
// npm/registry docs/responses/package-metadata.md. Registries and twenty years of clients have put every kind of value
// into its fields, so each field is taken when it has the expected type and passed over otherwise. It is what all
// sources of npm packages share; how the document is asked for is each one's own matter.
package packument

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"pkgferry/internal/jsonwalk"
)

// Document is what a migration needs of a packument.
type Document struct {
	Name string
	// Revision is the number in _rev, which grows with every change of the document; 0 where it has none.
	Revision int
	Tags     map[string]string // dist-tags
	Versions []Version         // each number once, in no particular order
	// Times are when each version was published; zero where the document says so in no known form.
	Times map[string]time.Time
	// Withdrawn are the versions that a tombstone of the whole package names.
	Withdrawn []string
}

// Version is one version of a packument; empty texts were absent or of another type.
type Version struct {
	Number, Tarball, Shasum, Integrity string
	// Deprecated is the message of a deprecated version.
	Deprecated string
	// Attestations is the address of what is attested of the version.
	Attestations string
}

// NoMessage stands for the message of a version whose deprecation is only a flag.
const NoMessage = "This version is deprecated."

var errNoObject = errors.New("the package's document is not a JSON object")

// Read reads a packument as a stream of at most 256 MiB; npm's own largest are under 100 MB, and the texts of one with 37,000
// versions are about 12 MB of the 32 that are held. One that breaks off is io.ErrUnexpectedEOF.
func Read(r io.Reader) (*Document, error) {
	p := &Document{Tags: map[string]string{}, Times: map[string]time.Time{}}
	w := jsonwalk.New(r)
	isObject, err := w.Object(func(key string) (err error) {
		switch key {
		case "name":
			p.Name, err = w.Text()
		case "_rev":
			text, failed := w.Text()
			p.Revision, err = Revision(text), failed
		case "dist-tags":
			err = p.readTags(w)
		case "versions":
			err = p.readVersions(w)
		case "time":
			err = p.readTimes(w)
		default:
			err = w.Skip()
		}
		return err
	})
	if err == nil && !isObject {
		err = errNoObject
	}
	if err == nil {
		err = w.End()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Revision is the number that CouchDB's "N-hash" begins with; 0 for what is no revision.
func Revision(text string) int {
	number, _, _ := strings.Cut(text, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

func (p *Document) readTags(w *jsonwalk.Walker) error {
	_, err := w.Object(func(tag string) error {
		number, err := w.Text()
		if number != "" && tag != "" {
			p.Tags[tag] = number
		}
		return errors.Join(err, w.Hold(tag))
	})
	return err
}

// readVersions keeps the last of two versions with one number, as JavaScript does.
func (p *Document) readVersions(w *jsonwalk.Walker) error {
	at := map[string]int{}
	for i, v := range p.Versions {
		at[v.Number] = i
	}
	_, err := w.Object(func(number string) error {
		v, err := readVersion(w, number)
		if err != nil || number == "" {
			return err
		}
		if i, known := at[number]; known {
			p.Versions[i] = v
			return nil
		}
		at[number] = len(p.Versions)
		p.Versions = append(p.Versions, v)
		return w.Hold(number + number)
	})
	return err
}

func readVersion(w *jsonwalk.Walker, number string) (Version, error) {
	v := Version{Number: number}
	_, err := w.Object(func(key string) (err error) {
		switch key {
		case "dist":
			err = v.readDist(w)
		case "deprecated":
			v.Deprecated, err = readDeprecated(w)
		default:
			err = w.Skip()
		}
		return err
	})
	return v, err
}

func (v *Version) readDist(w *jsonwalk.Walker) error {
	_, err := w.Object(func(key string) (err error) {
		switch key {
		case "tarball":
			v.Tarball, err = w.Text()
		case "shasum":
			v.Shasum, err = w.Text()
		case "integrity":
			v.Integrity, err = w.Text()
		case "attestations":
			_, err = w.Object(func(key string) (err error) {
				if key != "url" {
					return w.Skip()
				}
				v.Attestations, err = w.Text()
				return err
			})
		default:
			err = w.Skip()
		}
		return err
	})
	return err
}

// readDeprecated takes a message; the empty one and false take an earlier deprecation back.
func readDeprecated(w *jsonwalk.Walker) (string, error) {
	value, err := w.Scalar()
	switch value := value.(type) {
	case string:
		return value, errors.Join(err, w.Hold(value))
	case bool:
		if value {
			return NoMessage, err
		}
	case json.Number:
		if value != "0" {
			return NoMessage, err
		}
	}
	return "", err
}

// readTimes reads when each version was published. Beside the versions it has created, modified and, in a tombstone, the
// object unpublished.
func (p *Document) readTimes(w *jsonwalk.Walker) error {
	_, err := w.Object(func(key string) error {
		switch key {
		case "created", "modified":
			return w.Skip()
		case "unpublished":
			return p.readTombstone(w)
		}
		text, err := w.Text()
		at, wrong := time.Parse(time.RFC3339, text)
		if wrong != nil {
			at = time.Time{}
		}
		if key != "" {
			p.Times[key] = at.UTC()
		}
		return errors.Join(err, w.Hold(key))
	})
	return err
}

func (p *Document) readTombstone(w *jsonwalk.Walker) error {
	_, err := w.Object(func(key string) error {
		if key != "versions" {
			return w.Skip()
		}
		_, err := w.Array(func() error {
			number, err := w.Text()
			if number != "" {
				p.Withdrawn = append(p.Withdrawn, number)
			}
			return err
		})
		return err
	})
	return err
}
