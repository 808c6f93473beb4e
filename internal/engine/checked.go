package engine

import (
	"errors"
	"fmt"
	"io"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// checked is an artifact.Stream. It keeps back the last byte that it read until the source has ended there and size and
// digests agree. With a Content-Length, a check at EOF would be too late: the receiver has the last byte by then and may
// accept a corrupt file.
type checked struct {
	file    artifact.File
	content artifact.Content
	hasher  *artifact.Hasher
	kept    byte  // the last byte read, not yet given
	read    int64 // bytes read from content
	err     error // how the stream ended; io.EOF when all agreed
	copied  func(n int)
	ended   func(ours artifact.Digests, err error) // err nil when all agreed
}

// newChecked checks what can be checked before any byte is given. The end of an empty file is all of it.
func newChecked(f artifact.File, content artifact.Content) (*checked, error) {
	c := &checked{
		file: f, content: content, hasher: artifact.NewHasher(f.Digests),
		copied: func(int) {}, ended: func(artifact.Digests, error) {},
	}
	if f.Size >= 0 && content.Size != f.Size {
		return nil, c.mismatch("has %d bytes and is listed with %d", content.Size, f.Size)
	}
	if content.Size == 0 {
		var one [1]byte
		n, err := io.ReadFull(content, one[:])
		if n > 0 {
			return nil, c.mismatch("goes on after its end")
		}
		if !errors.Is(err, io.EOF) {
			return nil, fault.Temporary(err, 0)
		}
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *checked) Size() int64 { return c.content.Size }

func (c *checked) Digests() artifact.Digests {
	if !errors.Is(c.err, io.EOF) {
		return artifact.Digests{}
	}
	return c.hasher.Digests()
}

func (c *checked) Close() error { return c.content.Close() }

// Read gives the byte kept before and all new bytes but the last. The last one follows alone, when all agreed.
func (c *checked) Read(p []byte) (int, error) {
	if len(p) == 0 || c.err != nil {
		return 0, c.err
	}
	if c.read == 0 && c.content.Size > 0 {
		if err := c.first(); err != nil {
			return 0, c.end(err)
		}
	}
	n, err := c.content.Read(p)
	if n > 0 {
		c.count(p[:n])
		last := p[n-1]
		copy(p[1:n], p)
		p[0], c.kept = c.kept, last
	}
	switch {
	case c.read > c.content.Size:
		return 0, c.end(c.mismatch("goes on after %d bytes", c.content.Size))
	case n > 0:
		return n, nil // an error with bytes comes again without them
	case err == nil:
		return 0, nil
	}
	if err := c.end(err); err != nil || c.content.Size == 0 {
		return 0, c.err
	}
	p[0] = c.kept
	return 1, nil
}

// first reads the byte to keep.
func (c *checked) first() error {
	var one [1]byte
	if _, err := io.ReadFull(c.content, one[:]); err != nil {
		return err
	}
	c.count(one[:])
	c.kept = one[0]
	return nil
}

func (c *checked) count(p []byte) {
	c.read += int64(len(p))
	_, _ = c.hasher.Write(p)
	c.copied(len(p))
}

// end settles how the stream ended: nil when the source's EOF came where it must and all agrees.
func (c *checked) end(err error) error {
	switch {
	case errors.Is(err, io.EOF) && c.read < c.content.Size:
		err = c.mismatch("ends after %d of %d bytes", c.read, c.content.Size)
	case errors.Is(err, io.EOF):
		err = c.check()
	case fault.CodeOf(err) == "":
		err = fault.Temporary(fmt.Errorf("reading %s: %w", c.file.Path, err), 0)
	}
	if err != nil {
		c.err = err
		c.ended(artifact.Digests{}, err)
		return err
	}
	c.err = io.EOF
	c.ended(c.hasher.Digests(), nil)
	return nil
}

// check compares every declared digest.
func (c *checked) check() error {
	ours := c.hasher.Digests()
	if ours.Compare(c.file.Digests) != artifact.Different {
		return nil
	}
	_, declared := c.file.Digests.Strongest()
	return c.mismatch("does not have the declared digest %s", declared)
}

// mismatch is temporary, since bytes can be damaged on their way; repeated often enough it is the source's fault.
func (c *checked) mismatch(format string, args ...any) error {
	return fault.Temporary(fault.Errorf(artifact.SourceDigestMismatch, "%s "+format, append([]any{c.file.Path}, args...)...), 0)
}
