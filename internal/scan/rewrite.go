package scan

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// Fix rewrites the safe findings of a file that Scan has found in dir, and marks them. The file appears changed as a whole or not
// at all, with the permissions that it had; one that is another since it was scanned is left, with an error.
func (s *Scanner) Fix(ctx context.Context, dir string, f *File) error {
	tree, err := openTree(dir)
	if err != nil {
		return err
	}
	defer func() { _ = tree.close() }()
	doc, err := tree.read(f.Path, kindOf(f.Path))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", Printable(f.Path), err)
	case doc == nil || doc.sum != f.sum:
		return fmt.Errorf("%s: it was changed meanwhile, and is left as it is: scan again", Printable(f.Path))
	}
	edits, err := s.edits(ctx, doc)
	if err != nil {
		return err
	}
	if err := tree.replace(f.Path, doc.encode(apply(doc.text, edits)), doc.mode); err != nil {
		return fmt.Errorf("%s: %w", Printable(f.Path), err)
	}
	for i := range f.Findings {
		f.Findings[i].Fixed = f.Findings[i].Safe()
	}
	return nil
}

// replace puts content in the place of a file.
func (t *tree) replace(name string, content []byte, mode fs.FileMode) error {
	if info, err := t.root.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, errors.New("it is no regular file any more"))
	}
	temporary := path.Join(path.Dir(name), ".pkgferry-"+rand.Text())
	file, err := t.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Chmod(mode.Perm())
	}
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = t.root.Rename(temporary, name)
	}
	if err != nil {
		err = errors.Join(err, t.root.Remove(temporary))
	}
	return err
}
