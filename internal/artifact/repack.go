package artifact

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Terraform fetches a module as an archive of any kind (https://developer.hashicorp.com/terraform/language/modules/sources),
// and sources keep zips; GitLab hands out everything as .tgz. So a zip becomes a tar in gzip (RFC 1952).

// RepackTerraform writes the regular files of a zip as the .tgz that GitLab serves, in the order of the zip. The same zip
// always gives the same bytes: no times, no owners, modes 0644 or 0755, and blocks that are stored and not deflated, since
// what deflate makes of them changes from one release of Go to the next, and a module that was published earlier would look
// like another one.
//
// The code of its error is PackageUnreadable: no zip or a damaged one, a name that leaves the archive, a link, more than a limit.
// What was written by then is no archive. An error of w comes back as it is.
func RepackTerraform(r io.ReaderAt, size int64, w io.Writer) error {
	archive, err := openZip(r, size)
	if err != nil {
		return err
	}
	out := &sink{w: w}
	zipper, err := gzip.NewWriterLevel(out, gzip.NoCompression)
	if err != nil {
		return err
	}
	files := tar.NewWriter(zipper)
	left := int64(maxUnpacked)
	for _, f := range archive.File {
		n, err := repackFile(files, f, left)
		if out.err != nil {
			return out.err
		}
		if err != nil {
			return err
		}
		left -= n
	}
	err = errors.Join(files.Close(), zipper.Close())
	if out.err != nil {
		return out.err
	}
	return err
}

// repackFile copies one entry of at most left bytes and returns how many it has.
func repackFile(files *tar.Writer, f *zip.File, left int64) (int64, error) {
	name, err := plainName(f.Name)
	switch {
	case err != nil:
		return 0, unreadable("the module has the file name %.200q: %w", f.Name, err)
	case f.Mode().IsDir():
		return 0, nil
	case !f.Mode().IsRegular():
		return 0, unreadable("%.200q in the module is a link or a device", f.Name)
	case f.UncompressedSize64 > uint64(left):
		return 0, unreadable("the module unpacks to more than %d bytes", int64(maxUnpacked))
	}
	content, err := openZipped(f)
	if err != nil {
		return 0, err
	}
	defer content.Close()
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(f.UncompressedSize64)}
	if f.Mode()&0o111 != 0 {
		header.Mode = 0o755
	}
	if err := files.WriteHeader(header); err != nil {
		return 0, unreadable("%.200q in the module has a header that tar does not know: %w", f.Name, err)
	}
	if _, err := io.Copy(files, content); err != nil {
		return 0, unreadable("%.200q in the module is damaged: %w", f.Name, err)
	}
	if err := files.Flush(); err != nil {
		return 0, unreadable("%.200q in the module is shorter than the zip says: %w", f.Name, err)
	}
	return header.Size, nil
}

// plainName is an entry's name without "." segments; an error for a name that leads out of the archive anywhere.
func plainName(name string) (string, error) {
	switch {
	case name == "" || strings.ContainsAny(name, "\x00\\"):
		return "", errors.New("it is empty or has characters that no path has")
	case path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), ".."):
		return "", errors.New("it leads out of the archive")
	case len(name) >= 2 && name[1] == ':':
		return "", errors.New("it begins with a drive")
	}
	return path.Clean(name), nil
}

// sink remembers the error of a writer, to tell it from those of the archive that is written.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("writing the module: %w", err)
	}
	return n, err
}

var terraformLosses = []Loss{
	{"The archive", "The source's .zip became a .tgz with the same files and other bytes, as its route says; digests of the old archive do not hold.", false, func(_ Package, to Destination) bool {
		return to.Repack
	}},
}
