package npmjs

// A packument is npm's document of one package, all versions in it: the full form of GET /{name}, described in
// npm/registry docs/responses/package-metadata.md. Registries and twenty years of clients have put every kind of value
// into its fields, so each field is taken when it has the expected type and passed over otherwise.

import (
	"encoding/json"
	"errors"
	"io"
	"time"
)

// packument is what a migration needs of one.
type packument struct {
	name     string
	tags     map[string]string // dist-tags
	versions []version         // each number once, in no particular order
	times    map[string]time.Time
	// withdrawn are the versions that a tombstone of the whole package names.
	withdrawn []string
}

// version is one version of a packument; empty texts were absent or of another type.
type version struct {
	number, tarball, shasum, integrity string
	// deprecated is the message of a deprecated version.
	deprecated string
}

// noMessage stands for the message of a version whose deprecation is only a flag.
const noMessage = "This version is deprecated."

var errNoObject = errors.New("the package's document is not a JSON object")

// decodePackument reads a packument as a stream.
func decodePackument(r io.Reader) (*packument, error) {
	p := &packument{tags: map[string]string{}, times: map[string]time.Time{}}
	w := newWalker(r)
	isObject, err := w.object(func(key string) (err error) {
		switch key {
		case "name":
			p.name, err = w.text()
		case "dist-tags":
			err = p.readTags(w)
		case "versions":
			err = p.readVersions(w)
		case "time":
			err = p.readTimes(w)
		default:
			err = w.skip()
		}
		return err
	})
	if err == nil && !isObject {
		err = errNoObject
	}
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *packument) readTags(w *walker) error {
	_, err := w.object(func(tag string) error {
		number, err := w.text()
		if number != "" && tag != "" {
			p.tags[tag] = number
		}
		return errors.Join(err, w.hold(tag))
	})
	return err
}

// readVersions keeps the last of two versions with one number, as JavaScript does.
func (p *packument) readVersions(w *walker) error {
	at := map[string]int{}
	for i, v := range p.versions {
		at[v.number] = i
	}
	_, err := w.object(func(number string) error {
		v, err := readVersion(w, number)
		if err != nil || number == "" {
			return err
		}
		if i, known := at[number]; known {
			p.versions[i] = v
			return nil
		}
		at[number] = len(p.versions)
		p.versions = append(p.versions, v)
		return w.hold(number + number)
	})
	return err
}

func readVersion(w *walker, number string) (version, error) {
	v := version{number: number}
	_, err := w.object(func(key string) (err error) {
		switch key {
		case "dist":
			err = v.readDist(w)
		case "deprecated":
			v.deprecated, err = readDeprecated(w)
		default:
			err = w.skip()
		}
		return err
	})
	return v, err
}

func (v *version) readDist(w *walker) error {
	_, err := w.object(func(key string) (err error) {
		switch key {
		case "tarball":
			v.tarball, err = w.text()
		case "shasum":
			v.shasum, err = w.text()
		case "integrity":
			v.integrity, err = w.text()
		default:
			err = w.skip()
		}
		return err
	})
	return err
}

// readDeprecated takes a message; the empty one and false take an earlier deprecation back.
func readDeprecated(w *walker) (string, error) {
	value, err := w.scalar()
	switch value := value.(type) {
	case string:
		return value, errors.Join(err, w.hold(value))
	case bool:
		if value {
			return noMessage, err
		}
	case json.Number:
		if value != "0" {
			return noMessage, err
		}
	}
	return "", err
}

// readTimes reads when each version was published. Beside the versions it has created, modified and, in a tombstone, the
// object unpublished.
func (p *packument) readTimes(w *walker) error {
	_, err := w.object(func(key string) error {
		switch key {
		case "created", "modified":
			return w.skip()
		case "unpublished":
			return p.readTombstone(w)
		}
		text, err := w.text()
		at, wrong := time.Parse(time.RFC3339, text)
		if wrong != nil {
			at = time.Time{}
		}
		if key != "" {
			p.times[key] = at.UTC()
		}
		return errors.Join(err, w.hold(key))
	})
	return err
}

func (p *packument) readTombstone(w *walker) error {
	_, err := w.object(func(key string) error {
		if key != "versions" {
			return w.skip()
		}
		_, err := w.array(func() error {
			number, err := w.text()
			if number != "" {
				p.withdrawn = append(p.withdrawn, number)
			}
			return err
		})
		return err
	})
	return err
}
