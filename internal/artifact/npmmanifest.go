package artifact

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// An npm tarball is a gzipped tar whose files lie one directory deep, mostly in "package/"
// (https://docs.npmjs.com/cli/v11/commands/npm-pack). Its package.json
// (https://docs.npmjs.com/cli/v11/configuring-npm/package-json) is the truth about the version: registries rewrite theirs.

// NPMManifest is the package.json of a tarball, with what else of the tarball a registry's version object tells.
type NPMManifest struct {
	Name, Version string
	// Fields are the members of the JSON object as they stand there.
	Fields map[string]json.RawMessage
	// Shrinkwrap tells that the tarball brings its own lock file.
	Shrinkwrap bool
}

// The limits on foreign tarballs. GitLab reads no longer package.json either.
const (
	maxNPMManifest = 4 << 20
	maxNPMUnpacked = 8 << 30
	maxNPMEntries  = 1 << 20
)

// ErrNoNPMManifest tells that a tarball has no package.json one directory deep.
var ErrNoNPMManifest = errors.New("the tarball has no package.json")

// ReadNPMManifest returns a tarball's last package.json one directory deep, the one that npm's clients and GitLab take.
// It holds no more than that file, and reads to the end of the archive.
func ReadNPMManifest(tarball io.Reader) (NPMManifest, error) {
	unzipped, err := gzip.NewReader(tarball)
	if err != nil {
		return NPMManifest{}, fmt.Errorf("the tarball is not gzip: %w", err)
	}
	limited := &io.LimitedReader{R: unzipped, N: maxNPMUnpacked}
	text, shrinkwrap, err := findNPMManifest(tar.NewReader(limited))
	switch {
	case limited.N == 0:
		return NPMManifest{}, fmt.Errorf("the tarball unpacks to more than %d bytes", int64(maxNPMUnpacked))
	case err != nil:
		return NPMManifest{}, err
	}
	m, err := parseNPMManifest(text)
	m.Shrinkwrap = shrinkwrap
	return m, err
}

func findNPMManifest(entries *tar.Reader) (text []byte, shrinkwrap bool, err error) {
	for range maxNPMEntries {
		entry, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF) && text == nil:
			return nil, false, ErrNoNPMManifest
		case errors.Is(err, io.EOF):
			return text, shrinkwrap, nil
		case err != nil:
			return nil, false, fmt.Errorf("the tarball is damaged: %w", err)
		case entry.Typeflag != tar.TypeReg:
			continue
		}
		switch oneDeep(entry.Name) {
		case "npm-shrinkwrap.json":
			shrinkwrap = true
		case "package.json":
			if entry.Size > maxNPMManifest {
				return nil, false, fmt.Errorf("package.json has %d bytes, more than the %d that are read", entry.Size, maxNPMManifest)
			}
			if text, err = io.ReadAll(io.LimitReader(entries, maxNPMManifest)); err != nil {
				return nil, false, fmt.Errorf("the tarball is damaged: %w", err)
			}
		}
	}
	return nil, false, fmt.Errorf("the tarball has more than %d entries", maxNPMEntries)
}

// oneDeep is the name of an entry that lies exactly one directory deep; "" for any other.
func oneDeep(name string) string {
	dir, file, ok := strings.Cut(strings.TrimPrefix(name, "./"), "/")
	if !ok || dir == "" || strings.Contains(file, "/") {
		return ""
	}
	return file
}

func parseNPMManifest(text []byte) (NPMManifest, error) {
	var m NPMManifest
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := json.Unmarshal(text, &m.Fields); err != nil {
		return NPMManifest{}, fmt.Errorf("package.json: %w", err)
	}
	for field, into := range map[string]*string{"name": &m.Name, "version": &m.Version} {
		if err := json.Unmarshal(m.Fields[field], into); err != nil || *into == "" {
			return NPMManifest{}, fmt.Errorf("package.json has no %s", field)
		}
	}
	return m, nil
}
