package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// What npm attests of a version, where and by whom it was built (npm/documentation, "Generating provenance statements"), has no
// place on GitLab. So it is kept beside the report: a file for each version, as the source has it, and a list that says
// which is whose. The files are named by a hash, since names of packages are foreign.

// maxAttestation is the most bytes of one document; npm's have some twenty kilobytes.
const maxAttestation = 4 << 20

// attested is a line of the list.
type attested struct {
	PURL   string `json:"purl"`
	Source string `json:"source"`
	File   string `json:"file,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Error  string `json:"error,omitempty"` // why there is no file
}

// Attestations saves in dir/attestations what is attested of the checkpoint's packages, as open reads it at their sources.
// It returns the path of the list, "" when nothing is attested, and how many documents could not be had, which the list
// names.
func Attestations(ctx context.Context, s *checkpoint.Store, dir string, open func(context.Context, artifact.Package) (io.ReadCloser, error)) (list string, missing int, err error) {
	dir = filepath.Join(dir, "attestations")
	found := false
	list = filepath.Join(dir, "attestations.ndjson")
	for record, err := range s.Records(ctx, checkpoint.Filter{}) {
		if err != nil {
			return "", 0, err
		}
		if found = record.Package.Metadata[artifact.NPMAttestations] != ""; found {
			break
		}
	}
	if !found {
		return "", 0, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", 0, err
	}
	err = ToFile(list, func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		for record, err := range s.Records(ctx, checkpoint.Filter{}) {
			if err != nil {
				return err
			}
			p := record.Package
			if p.Metadata[artifact.NPMAttestations] == "" {
				continue
			}
			line := attested{PURL: p.PURL(), Source: p.Source}
			if err := line.save(ctx, dir, p, open); err != nil {
				line.File, line.SHA256, line.Error = "", "", printable(err.Error())
				missing++
			}
			if err := out.Encode(line); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return list, missing, err
}

// save keeps one document.
func (a *attested) save(ctx context.Context, dir string, p artifact.Package, open func(context.Context, artifact.Package) (io.ReadCloser, error)) error {
	content, err := open(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	text, err := io.ReadAll(io.LimitReader(content, maxAttestation+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxAttestation:
		return fmt.Errorf("it is longer than %d bytes", maxAttestation)
	case !json.Valid(text):
		return fmt.Errorf("it is no JSON")
	}
	name, sum := sha256.Sum256([]byte(a.Source+"\x00"+a.PURL)), sha256.Sum256(text)
	a.File, a.SHA256 = hex.EncodeToString(name[:16])+".json", hex.EncodeToString(sum[:])
	return ToFile(filepath.Join(dir, a.File), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
