package standin

import (
	"encoding/json"
	"io"
	"iter"
)

// DumpLine is one stored file row as GET /_standin/dump tells it; it has either a Project or a Repository.
type DumpLine struct {
	Project    string `json:"project,omitempty"`
	Repository string `json:"repository,omitempty"`
	Format     string `json:"format"`
	Package    string `json:"package"`
	Version    string `json:"version"`
	File       string `json:"file"`
	Size       int64  `json:"size"`
	SHA256     string `json:"sha256"`
}

// WriteDump writes one JSON object per line.
func WriteDump(w io.Writer, lines iter.Seq[DumpLine]) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for line := range lines {
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
