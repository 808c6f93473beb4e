package engine

import (
	"bytes"
	"io"
	"testing"
	"time"

	"pkgferry/internal/artifact"
)

// BenchmarkChecked reads a file through the checked stream and the same bytes through a bare io.Copy, side by side. It
// prints both speeds and their ratio; hashing is what the ratio costs.
func BenchmarkChecked(b *testing.B) {
	data := bytes.Repeat([]byte("pkgferry"), 4<<20)
	sha256 := artifact.Digests{SHA256: hashed(data).SHA256}
	all := artifact.NewHasher(artifact.Digests{MD5: "x", SHA512: "x"})
	_, _ = all.Write(data)
	for name, declared := range map[string]artifact.Digests{"sha256": sha256, "all four": all.Digests()} {
		b.Run(name, func(b *testing.B) {
			var bare, checked time.Duration
			for range b.N {
				bare += copied(b, bytes.NewReader(data))
				f := artifact.File{Path: "f", Size: int64(len(data)), Digests: declared}
				s, err := newChecked(f, artifact.Content{ReadCloser: io.NopCloser(bytes.NewReader(data)), Size: f.Size})
				if err != nil {
					b.Fatal(err)
				}
				checked += copied(b, s)
			}
			megabytes := float64(len(data)) * float64(b.N) / 1e6
			b.ReportMetric(megabytes/bare.Seconds(), "bare-MB/s")
			b.ReportMetric(megabytes/checked.Seconds(), "checked-MB/s")
			b.ReportMetric(checked.Seconds()/bare.Seconds(), "checked/bare")
		})
	}
}

func hashed(data []byte) artifact.Digests {
	h := artifact.NewHasher(artifact.Digests{})
	_, _ = h.Write(data)
	return h.Digests()
}

// copied times one io.Copy that may use no shortcut of its reader or writer.
func copied(b *testing.B, r io.Reader) time.Duration {
	start := time.Now()
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, 32<<10)); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
