package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// copying is one package on its way: it opens the package's files as checked streams and remembers what they were. The
// files of an image are opened from many goroutines at once.
type copying struct {
	*run
	source   sources.Source
	of       checkpoint.Record        // the package
	declared map[string]artifact.File // the package's files by path, as its source lists them
	since    time.Time                // when the sink was first found at work on it; zero when it was not
	tries    int                      // of publishing

	mu       sync.Mutex
	arrivals map[string]checkpoint.Arrival
	sent     map[string]bool // files that were read to their end for the sink
	err      error           // the source's part in a failed publish: the first error
}

// copying takes a package up, where it was left when w was waited for.
func (r *run) copying(source sources.Source, record checkpoint.Record, w waiting) *copying {
	c := &copying{
		run: r, source: source, of: record, declared: map[string]artifact.File{},
		arrivals: record.Arrivals, since: w.since, tries: w.tries, sent: w.sent,
	}
	if c.sent == nil {
		c.sent = map[string]bool{}
	}
	for _, f := range record.Package.Files {
		c.declared[f.Path] = f
	}
	if record.Destination.Repack {
		c.source = repacking{Source: source, c: c, to: record.Destination}
	}
	return c
}

// open is the artifact.Opener of the package.
func (c *copying) open(ctx context.Context, f artifact.File) (artifact.Stream, error) {
	s, err := c.check(ctx, c.source, f)
	if err != nil {
		return nil, c.failed(err)
	}
	s.copied = func(n int) {
		c.transfer.Add(int64(n))
		c.Events(Event{Kind: Copied, Count: int64(n), Record: c.of})
	}
	s.ended = func(ours artifact.Digests, err error) {
		if err != nil {
			_ = c.failed(err)
			return
		}
		c.copied(f, ours, s.Size())
	}
	return s, nil
}

// check opens a file of a source as a stream that is checked against what f declares.
func (c *copying) check(ctx context.Context, source sources.Source, f artifact.File) (*checked, error) {
	content, err := source.Open(ctx, f, 0)
	if err != nil {
		return nil, err
	}
	if content.Size < 0 {
		content.Size = f.Size
	}
	if content.Size < 0 {
		if content, err = c.spool(content); err != nil {
			return nil, err
		}
	}
	s, err := newChecked(f, content)
	if err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return s, nil
}

// copied notes what a file was. Of an image only the root is a file of its package.
func (c *copying) copied(f artifact.File, ours artifact.Digests, size int64) {
	if _, own := c.declared[f.Path]; !own {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	arrival, ok := c.arrivals[f.Path]
	if !ok {
		arrival.HeldSize = -1
	}
	arrival.Ours = artifact.Digests{SHA1: ours.SHA1, SHA256: ours.SHA256}
	arrival.Size = size
	c.arrivals[f.Path] = arrival
	c.sent[f.Path] = c.tries > 0
}

// hash reads a file to its end, for its digests.
func (c *copying) hash(ctx context.Context, f artifact.File) (artifact.Digests, error) {
	c.begin()
	s, err := c.open(ctx, f)
	if err != nil {
		return artifact.Digests{}, err
	}
	defer func() { _ = s.Close() }()
	if _, err := io.Copy(io.Discard, s); err != nil {
		return artifact.Digests{}, c.blame(err)
	}
	return s.Digests(), nil
}

// begin forgets what failed before.
func (c *copying) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = nil
}

// failed notes an error of the source, but for a read that the sink gave up.
func (c *copying) failed(err error) error {
	err = fault.At(fault.Source, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && !errors.Is(err, context.Canceled) {
		c.err = err
	}
	return err
}

// blame returns the source's error when there is one: what the sink says then is only its consequence.
func (c *copying) blame(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return err
}

// spool keeps content of unknown size in a file, since a sink must be told the size beforehand.
func (c *copying) spool(content artifact.Content) (artifact.Content, error) {
	defer func() { _ = content.Close() }()
	return c.unnamed(func(w io.Writer) error {
		_, err := io.Copy(w, content)
		return err
	})
}

// unnamed is what fill writes, in an *os.File that no directory lists.
func (c *copying) unnamed(fill func(io.Writer) error) (artifact.Content, error) {
	file, err := os.CreateTemp(c.Spool, "pkgferry-*")
	if err != nil {
		return artifact.Content{}, fault.Stop(fmt.Errorf("a file of unknown size needs room on disk: %w", err))
	}
	if err := os.Remove(file.Name()); err != nil {
		return artifact.Content{}, errors.Join(err, file.Close())
	}
	err = fill(file)
	var size int64
	if err == nil {
		size, err = file.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return artifact.Content{}, errors.Join(err, file.Close())
	}
	return artifact.Content{ReadCloser: file, Size: size}, nil
}
