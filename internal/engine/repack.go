package engine

import (
	"context"
	"io"
	"os"
	"path"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// repacked tells whether a file goes to its destination as another archive.
func repacked(to artifact.Destination, f artifact.File) bool {
	return to.Repack && path.Ext(f.Path) == ".zip"
}

// asSent are the files as they go to their destination: of what is repacked neither size nor digests are known.
func asSent(to artifact.Destination, files []artifact.File) []artifact.File {
	sent := make([]artifact.File, len(files))
	for i, f := range files {
		if repacked(to, f) {
			f.Size, f.Digests = -1, artifact.Digests{}
		}
		sent[i] = f
	}
	return sent
}

// repacking is a source whose files are checked against what it declares, and then repacked. Equal files become equal
// ones, so that a later run knows them again.
type repacking struct {
	sources.Source
	c  *copying
	to artifact.Destination
}

func (s repacking) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	if !repacked(s.to, f) || offset != 0 {
		return s.Source.Open(ctx, f, offset)
	}
	original, err := s.c.check(ctx, s.Source, s.c.declared[f.Path])
	if err != nil {
		return artifact.Content{}, err
	}
	zip, err := s.c.spool(artifact.Content{ReadCloser: original, Size: -1})
	if err != nil {
		return artifact.Content{}, err
	}
	defer func() { _ = zip.Close() }()
	return s.c.unnamed(func(w io.Writer) error {
		return fault.At(fault.Source, artifact.RepackTerraform(zip.ReadCloser.(*os.File), zip.Size, w))
	})
}
