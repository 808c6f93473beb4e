package npmjs

// npm's tarballs: POSIX tar in gzip (RFC 1952), with the fixed times that npm's own packer writes (npm-packlist, pacote
// lib/dir.js), so that the same manifest always gives the same bytes.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// packed is the time in every archive that npm makes.
var packed = time.Date(1985, 10, 26, 8, 15, 0, 0, time.UTC)

var compressors = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return w }}

// makeTarball writes a package that can be installed, required and, where it has a bin, run.
func makeTarball(manifest object, filling int) ([]byte, error) {
	description, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	compressor, _ := compressors.Get().(*gzip.Writer)
	defer compressors.Put(compressor)
	compressor.Reset(&out)
	archive := tar.NewWriter(compressor)
	add := func(name string, mode int64, body []byte) {
		header := &tar.Header{Name: "package/" + name, Mode: mode, Size: int64(len(body)), ModTime: packed, Format: tar.FormatPAX}
		err = errors.Join(err, archive.WriteHeader(header))
		_, failed := archive.Write(body)
		err = errors.Join(err, failed)
	}
	add("package.json", 0o644, append(description, '\n'))
	add("index.js", 0o644, []byte("module.exports = require('./package.json').version;\n"))
	if manifest["bin"] != nil {
		add("cli.js", 0o755, []byte("#!/usr/bin/env node\nconsole.log(require('./index.js'));\n"))
	}
	if filling > 0 {
		add("filling.bin", 0o644, fill(description, filling))
	}
	err = errors.Join(err, archive.Close(), compressor.Close())
	return out.Bytes(), err
}

// fill makes bytes that do not compress and depend on the text alone.
func fill(text []byte, n int) []byte {
	var seed [32]byte
	for i, c := range text {
		seed[i%32] = seed[i%32]*31 + c
	}
	body := make([]byte, n)
	_, _ = rand.NewChaCha8(seed).Read(body)
	return body
}
