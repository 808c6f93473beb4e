package gitlab

// Files that must be read whole before a byte of them is sent, because GitLab is told what is inside them, or goes by
// what is inside them. They wait on disk.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// spooled is a file that was read to its end and agreed with all that its source declares. It has no name on disk and is
// gone when it is closed, or when the process dies.
type spooled struct {
	*os.File
	size    int64
	digests artifact.Digests
}

// spool reads f to its end. An error of the file itself is returned as it is: it is the source's. A disk that can not
// take the file ends the run.
func spool(ctx context.Context, dir string, f artifact.File, open artifact.Opener) (*spooled, error) {
	stream, err := open(ctx, f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Close() }()
	file, err := unnamed(dir)
	if err != nil {
		return nil, err
	}
	disk := &diskErrors{Writer: file}
	size, err := io.Copy(disk, stream)
	if disk.err != nil {
		err = noRoom(disk.err)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &spooled{File: file, size: size, digests: stream.Digests()}, nil
}

// unnamed makes a file that no directory lists any more.
func unnamed(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "pkgferry-*")
	if err != nil {
		return nil, noRoom(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, noRoom(errors.Join(err, file.Close()))
	}
	return file, nil
}

func noRoom(err error) error {
	return fault.Stop(fmt.Errorf("a file that is looked into needs room on disk: %w", err))
}

// diskErrors tells the errors of writing from those of reading.
type diskErrors struct {
	io.Writer
	err error
}

func (d *diskErrors) Write(p []byte) (int, error) {
	n, err := d.Writer.Write(p)
	d.err = err
	return n, err
}
