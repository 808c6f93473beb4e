package registry

// Images that are made when they are read, the same every time: as many tags as wanted cost next to no memory.

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxMade is how many tags a repository can make up: their names have seven digits.
const maxMade = 10_000_000

const madePrefix = "build-"

// Epoch is when the first made image was pushed; the others followed a second apart.
var Epoch = time.Date(2024, time.March, 1, 8, 0, 0, 0, time.UTC)

// Generate makes a repository hold n tags, "build-0000000" and so on: OCI images of one platform with a layer of their
// own. Other repositories have other images. An n above 10,000,000 is cut down to that.
func (s *Store) Generate(name string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ensure(name).made = &made{repository: name, n: min(n, maxMade)}
}

// made are the images of a repository that are made up.
type made struct {
	repository string
	n          int

	recent atomic.Pointer[madeImage] // what was asked for last, since its parts are asked for next

	once  sync.Once
	index []madeDigest // sorted by prefix: which image has a digest
}

// madeDigest says which image a digest belongs to, by the digest's first bytes.
type madeDigest struct {
	prefix uint64
	number uint32
}

// madeImage is one image, with the digests of its parts.
type madeImage struct {
	number                    int
	manifest                  Manifest
	config, layer             []byte
	configDigest, layerDigest string
}

func (m *made) name(i int) string      { return fmt.Sprintf("%s%07d", madePrefix, i) }
func (m *made) pushed(i int) time.Time { return Epoch.Add(time.Duration(i) * time.Second) }
func (m *made) manifest(digest string) (Manifest, bool) {
	for one := range m.candidates(digest) {
		if one.manifest.Digest == digest {
			return one.manifest, true
		}
	}
	return Manifest{}, false
}

// number is the inverse of name.
func (m *made) number(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, madePrefix)
	i, err := strconv.Atoi(digits)
	return i, ok && err == nil && i >= 0 && i < m.n && len(digits) == 7
}

func (m *made) blob(digest string) (Blob, bool) {
	for one := range m.candidates(digest) {
		switch digest {
		case one.configDigest:
			return Bytes(one.config), true
		case one.layerDigest:
			return Bytes(one.layer), true
		}
	}
	return Blob{}, false
}

// candidates are the images that a digest may belong to.
func (m *made) candidates(digest string) func(yield func(*madeImage) bool) {
	return func(yield func(*madeImage) bool) {
		if one := m.recent.Load(); one != nil && !yield(one) {
			return
		}
		sum, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
		if err != nil || len(sum) != sha256.Size {
			return
		}
		m.once.Do(m.build)
		prefix := binary.BigEndian.Uint64(sum)
		at, _ := slices.BinarySearchFunc(m.index, prefix, func(d madeDigest, p uint64) int { return cmp.Compare(d.prefix, p) })
		for ; at < len(m.index) && m.index[at].prefix == prefix; at++ {
			if !yield(m.image(int(m.index[at].number))) {
				return
			}
		}
	}
}

// build makes the index, when a digest is asked for the first time: 48 bytes for each image.
func (m *made) build() {
	m.index = make([]madeDigest, 0, 3*m.n)
	for i := range m.n {
		one := m.make(i)
		for _, digest := range []string{one.manifest.Digest, one.configDigest, one.layerDigest} {
			prefix, _ := strconv.ParseUint(digest[len("sha256:"):][:16], 16, 64) // it is hexadecimal
			m.index = append(m.index, madeDigest{prefix, uint32(i)})
		}
	}
	slices.SortFunc(m.index, func(a, b madeDigest) int { return cmp.Compare(a.prefix, b.prefix) })
}

// image is the i-th image.
func (m *made) image(i int) *madeImage {
	if one := m.recent.Load(); one != nil && one.number == i {
		return one
	}
	one := m.make(i)
	m.recent.Store(one)
	return one
}

// make makes the i-th image. Its texts are written by hand, since there may be a million.
func (m *made) make(i int) *madeImage {
	layer := layerOf("srv/"+m.name(i), m.repository+" "+m.name(i)+"\n"+filler(uint64(i), 300))
	config := fmt.Appendf(nil, `{"architecture":"amd64","config":{},"created":%q,"os":"linux","rootfs":{"diff_ids":[%q],"type":"layers"}}`,
		m.pushed(i).Format(time.RFC3339), layer.diff)
	one := &madeImage{number: i, config: config, configDigest: digestOf(config), layer: layer.zipped, layerDigest: digestOf(layer.zipped)}
	body := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"size":%d,"digest":%q},"layers":[{"mediaType":%q,"size":%d,"digest":%q}]}`,
		types.OCIManifestSchema1, types.OCIConfigJSON, len(config), one.configDigest, types.OCILayer, len(layer.zipped), one.layerDigest)
	one.manifest = Manifest{string(types.OCIManifestSchema1), digestOf(body), body}
	return one
}
