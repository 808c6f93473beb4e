package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// copying is one package on its way: it opens the package's files as checked streams and remembers what they were.
type copying struct {
	*run
	source   sources.Source
	arrivals map[string]checkpoint.Arrival
	tries    int             // of publishing
	sent     map[string]bool // files that were read to their end for the sink
	err      error           // the source's part in a failed publish
}

// open is the artifact.Opener of the package.
func (c *copying) open(ctx context.Context, f artifact.File) (artifact.Stream, error) {
	c.err = nil
	content, err := c.source.Open(ctx, f, 0)
	if err != nil {
		return nil, c.failed(err)
	}
	if content.Size < 0 {
		content.Size = f.Size
	}
	if content.Size < 0 {
		if content, err = c.spool(content); err != nil {
			return nil, c.failed(err)
		}
	}
	s, err := newChecked(f, content)
	if err != nil {
		return nil, c.failed(errors.Join(err, content.Close()))
	}
	s.copied = func(n int) {
		c.transfer.Add(int64(n))
		c.Events(Event{Kind: Copied, Count: int64(n)})
	}
	s.ended = func(ours artifact.Digests, err error) {
		if err != nil {
			_ = c.failed(err)
			return
		}
		arrival, ok := c.arrivals[f.Path]
		if !ok {
			arrival.HeldSize = -1
		}
		arrival.Ours = artifact.Digests{SHA1: ours.SHA1, SHA256: ours.SHA256}
		arrival.Size = s.Size()
		c.arrivals[f.Path] = arrival
		c.sent[f.Path] = c.tries > 0
	}
	return s, nil
}

// hash reads a file to its end, for its digests.
func (c *copying) hash(ctx context.Context, f artifact.File) (artifact.Digests, error) {
	s, err := c.open(ctx, f)
	if err != nil {
		return artifact.Digests{}, c.err
	}
	defer func() { _ = s.Close() }()
	if _, err := io.Copy(io.Discard, s); err != nil {
		return artifact.Digests{}, c.blame(err)
	}
	return s.Digests(), nil
}

func (c *copying) failed(err error) error {
	if c.err == nil {
		c.err = fault.At(fault.Source, err)
	}
	return c.err
}

// blame returns the source's error when there is one: what the sink says then is only its consequence.
func (c *copying) blame(err error) error {
	if c.err != nil {
		return c.err
	}
	return err
}

// spool keeps content of unknown size in a file that has no name, since a sink must be told the size beforehand.
func (c *copying) spool(content artifact.Content) (artifact.Content, error) {
	defer func() { _ = content.Close() }()
	file, err := os.CreateTemp(c.Spool, "pkgferry-*")
	if err != nil {
		return artifact.Content{}, fault.Stop(fmt.Errorf("a file of unknown size needs room on disk: %w", err))
	}
	if err := os.Remove(file.Name()); err != nil {
		return artifact.Content{}, errors.Join(err, file.Close())
	}
	size, err := io.Copy(file, content)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return artifact.Content{}, errors.Join(err, file.Close())
	}
	return artifact.Content{ReadCloser: file, Size: size}, nil
}
