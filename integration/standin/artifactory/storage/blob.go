package storage

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"sync"

	"pkgferry/internal/artifact"
)

// Blob is the content of a file: bytes that are held, or bytes that are made when they are read.
type Blob struct {
	size  int64
	held  []byte
	seed  uint64        // of what is made
	write func() []byte // writes held the first time that it is needed

	written sync.Once
	once    sync.Once
	digests artifact.Digests
}

// Bytes is a blob of bytes that are held.
func Bytes(b []byte) *Blob { return &Blob{size: int64(len(b)), held: b} }

// Made is a blob of a size that is made when it is read: it costs no memory, and equal seeds give equal bytes.
func Made(seed uint64, size int64) *Blob { return &Blob{size: size, seed: seed} }

// Written is a blob of bytes that write gives when somebody looks at them, or at their number.
func Written(write func() []byte) *Blob { return &Blob{write: write} }

// bytes are the bytes that are held; not ok: the content is made.
func (b *Blob) bytes() (held []byte, ok bool) {
	if b.write != nil {
		b.written.Do(func() { b.held = b.write(); b.size = int64(len(b.held)) })
	}
	return b.held, b.held != nil || b.size == 0
}

// Size is in bytes.
func (b *Blob) Size() int64 {
	_, _ = b.bytes()
	return b.size
}

// Reader reads the content from the beginning; it seeks.
func (b *Blob) Reader() io.ReadSeeker {
	if held, ok := b.bytes(); ok {
		return bytes.NewReader(held)
	}
	return io.NewSectionReader(made{b.seed}, 0, b.size)
}

// Digests are MD5, SHA-1 and SHA-256. They are computed once.
func (b *Blob) Digests() artifact.Digests {
	b.once.Do(func() {
		h := artifact.NewHasher(artifact.Digests{MD5: "wanted"})
		held, ok := b.bytes()
		switch {
		case ok:
			_, _ = h.Write(held)
		case b.size <= 1<<10: // without the buffer of io.Copy
			small := make([]byte, b.size)
			_, _ = made{b.seed}.ReadAt(small, 0)
			_, _ = h.Write(small)
		default:
			_, _ = io.Copy(h, b.Reader())
		}
		b.digests = h.Digests()
	})
	return b.digests
}

// SHA512 is computed anew each time.
func (b *Blob) SHA512() string {
	h := artifact.NewHasher(artifact.Digests{SHA512: "wanted"})
	_, _ = io.Copy(h, b.Reader())
	return h.Digests().SHA512
}

// made is endless bytes that do not compress: the words of SplitMix64, which can be computed anywhere.
type made struct{ seed uint64 }

func (m made) ReadAt(p []byte, offset int64) (int, error) {
	var word [8]byte
	for n := 0; n < len(p); {
		at := uint64(offset) + uint64(n)
		binary.LittleEndian.PutUint64(word[:], mix(m.seed+(at/8+1)*0x9e3779b97f4a7c15))
		n += copy(p[n:], word[at%8:])
	}
	return len(p), nil
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return bits.RotateLeft64(x^x>>31, 7)
}
