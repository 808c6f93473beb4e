package registry

// The bytes of made-up images. Nothing in them depends on the time or on the release of Go.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layer is a tar of one file, as gzip; diff is the digest of the tar.
type layer struct {
	zipped []byte
	diff   string
}

var zippers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.NoCompression) // the level is right
	return w
}}

func layerOf(name, content string) layer {
	var plain, zipped bytes.Buffer // which take everything
	w := tar.NewWriter(&plain)
	_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: Epoch, Format: tar.FormatUSTAR})
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(&zipped)
	_, _ = z.Write(plain.Bytes())
	_ = z.Close()
	return layer{zipped.Bytes(), digestOf(plain.Bytes())}
}

// imageConfig is the configuration of an image; diffs are the digests of its uncompressed layers.
func imageConfig(platform v1.Platform, created time.Time, diffs ...string) []byte {
	config := map[string]any{
		"architecture": platform.Architecture, "os": platform.OS, "created": created.Format(time.RFC3339), "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	}
	if platform.Variant != "" {
		config["variant"] = platform.Variant
	}
	return encoded(config)
}

// described is a descriptor of content.
func described(mediaType types.MediaType, content []byte) v1.Descriptor {
	digest, _ := v1.NewHash(digestOf(content))
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(content)), Digest: digest}
}

// encoded is a value as JSON; all of this package's values can be.
func encoded(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}

// filler is text of a size that is different for every i.
func filler(i uint64, size int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 \n"
	random := rand.NewPCG(i, 1)
	b := make([]byte, size)
	var bits uint64
	for at := range b {
		if at%10 == 0 {
			bits = random.Uint64()
		}
		b[at], bits = letters[bits&63], bits>>6
	}
	return string(b)
}
