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
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
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

	once  sync.Once
	index []madeDigest // sorted by prefix: which image has a digest
}

// madeDigest says which image a digest belongs to, by the digest's first bytes.
type madeDigest struct {
	prefix uint64
	number uint32
}

// madeImage is one image.
type madeImage struct {
	manifest      Manifest
	config, layer []byte
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
		for _, content := range [][]byte{one.config, one.layer} {
			if digestOf(content) == digest {
				return Bytes(content), true
			}
		}
	}
	return Blob{}, false
}

// candidates are the images that a digest may belong to.
func (m *made) candidates(digest string) func(yield func(madeImage) bool) {
	return func(yield func(madeImage) bool) {
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
		one := m.image(i)
		manifest, config, layer := sha256.Sum256(one.manifest.Body), sha256.Sum256(one.config), sha256.Sum256(one.layer)
		for _, sum := range [][sha256.Size]byte{manifest, config, layer} {
			m.index = append(m.index, madeDigest{binary.BigEndian.Uint64(sum[:]), uint32(i)})
		}
	}
	slices.SortFunc(m.index, func(a, b madeDigest) int { return cmp.Compare(a.prefix, b.prefix) })
}

// image makes the i-th image.
func (m *made) image(i int) madeImage {
	layer := layerOf("srv/"+m.name(i), m.repository+" "+m.name(i)+"\n"+filler(uint64(i), 300))
	config := imageConfig("linux", "amd64", m.pushed(i), layer.diff)
	manifest := encoded(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: described(types.OCIConfigJSON, config), Layers: []v1.Descriptor{described(types.OCILayer, layer.zipped)},
	})
	return madeImage{Manifest{string(types.OCIManifestSchema1), digestOf(manifest), manifest}, config, layer.zipped}
}
