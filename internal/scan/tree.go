package scan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"
)

// The limits of what is looked at.
const (
	maxFile = 16 << 20 // bytes of one file; lock files of large monorepos have a few MiB
	sniffed = 8 << 10  // a NUL within so many bytes makes a file binary, as git has it
)

// Skipped are the directories that are not looked into: what tools keep and people do not write.
var Skipped = []string{".git", ".hg", ".svn", "node_modules", "vendor", ".terraform", ".venv", ".tox", "__pycache__"}

// tree is a directory that nothing is followed out of.
type tree struct{ root *os.Root }

func openTree(dir string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root}, nil
}

func (t *tree) close() error { return t.root.Close() }

// walk calls each for every regular file that may have addresses, in the order of names. Links are not followed: what they
// lead to inside the directory is met there. A directory that can not be read is passed on as a file, whose reading then says so.
func (t *tree) walk(ctx context.Context, each func(path string, k kind)) error {
	return fs.WalkDir(t.root.FS(), ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil && p == ".":
			return err
		case err != nil:
			each(p, other)
			return fs.SkipDir
		case entry.IsDir() && p != "." && slices.Contains(Skipped, entry.Name()):
			return fs.SkipDir
		case entry.Type().IsRegular():
			each(p, kindOf(p))
		}
		return nil
	})
}

// document is one text file. Its text is UTF-8, whatever the file is in; encode turns it back.
type document struct {
	path   string
	kind   kind
	text   []byte
	lower  []byte // text with ASCII letters in lower case, of the same length
	starts []int  // of the lines
	encode func([]byte) []byte
	sum    [sha256.Size]byte // of the file's bytes
	mode   fs.FileMode
}

// read returns nil for a file that is no text, or too large for one; only a file of a kind that is known is an error when it is.
func (t *tree) read(p string, k kind) (*document, error) {
	file, err := t.root.Open(p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	large := fmt.Errorf("it has more than %d MiB and is not looked at", maxFile>>20)
	switch {
	case info.IsDir():
		return nil, errors.New("this directory could not be read")
	case info.Size() > maxFile && k.name == other.name:
		return nil, nil
	case info.Size() > maxFile:
		return nil, large
	}
	buffer := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = buffer.ReadFrom(io.LimitReader(file, maxFile+1))
	raw := buffer.Bytes()
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxFile:
		return nil, large
	}
	text, encode, ok := decode(raw)
	if !ok {
		return nil, nil
	}
	return &document{
		path: p, kind: k, text: text, lower: asciiLower(text), encode: encode, sum: sha256.Sum256(raw), mode: info.Mode(),
	}, nil
}

func asciiLower(text []byte) []byte {
	lower := bytes.Clone(text)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return lower
}

// line is the number of the line that offset lies in, from 1 on.
func (d *document) line(offset int) int {
	if d.starts == nil {
		d.starts = []int{0}
		for i, c := range d.text {
			if c == '\n' {
				d.starts = append(d.starts, i+1)
			}
		}
	}
	return sort.SearchInts(d.starts, offset+1)
}

// lineAt is the text of the line around offset, without its end.
func (d *document) lineAt(offset int) []byte {
	start := bytes.LastIndexByte(d.text[:offset], '\n') + 1
	end := len(d.text)
	if n := bytes.IndexByte(d.text[offset:], '\n'); n >= 0 {
		end = offset + n
	}
	return d.text[start:end]
}
