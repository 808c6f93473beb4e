package npmjs

// What the registry holds. Seeded packages are not stored: name, version and filling are all that a tarball is made of,
// each time it is read (npm/cli writes tarballs as tar in gzip, everything under "package/").

import (
	"cmp"
	"crypto/sha1" // npm's shasum
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin/fixture"
)

// born is when the first version was published; each later one is an hour younger.
var born = time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)

// perName is the number of versions of each package that a seed by number makes.
const perName = 4

type catalog struct {
	mu      sync.RWMutex
	packs   map[string]*pack
	bulk    int // so many versions are made on reading
	filling int
}

// pack is one package.
type pack struct {
	name     string
	revision int
	tags     map[string]string
	// deprecated has the messages of versions; odd clients have put other things than texts there.
	deprecated map[string]any
	releases   []*release // by time of publishing
	// withdrawn are the versions that were unpublished, with the time of their publishing; of a package that was
	// unpublished as a whole nothing else is left.
	withdrawn map[string]time.Time
	entombed  bool
	// readme is so many bytes long in each version.
	readme int
}

// release is one version; it never changes.
type release struct {
	version  string
	manifest object
	at       time.Time
	// body makes or reads the tarball; nil: it is lost.
	body func() ([]byte, error)
	// sha1Only leaves dist.integrity out, as before 2017.
	sha1Only bool

	sum               sync.Once
	size              int
	shasum, integrity string
}

// digest computes the sums on first use.
func (r *release) digest() {
	r.sum.Do(func() {
		body := []byte("lost")
		if r.body != nil {
			body, _ = r.body()
		}
		r.size = len(body)
		one, many := sha1.Sum(body), sha512.Sum512(body)
		r.shasum, r.integrity = hex.EncodeToString(one[:]), "sha512-"+base64.StdEncoding.EncodeToString(many[:])
	})
}

// file is the tarball's name in its address.
func file(name, version string) string {
	return name[strings.LastIndexByte(name, '/')+1:] + "-" + version + ".tgz"
}

func (p *pack) release(version string) *release {
	for _, r := range p.releases {
		if r.version == version {
			return r
		}
	}
	return nil
}

// add publishes a version and moves a tag to it.
func (p *pack) add(r *release, tag string) {
	if r.at.IsZero() {
		r.at = born.Add(time.Duration(len(p.releases)+len(p.withdrawn)) * time.Hour)
	}
	p.releases = append(p.releases, r)
	if tag != "" {
		p.tags[tag] = r.version
	}
	p.revision++
}

// build is a release whose tarball is made from its manifest.
func (c *catalog) build(name, version string, more object) *release {
	manifest := fixture.NPMManifest(name, version, more)
	body := func() ([]byte, error) {
		seed := fnv.New64()
		_, _ = seed.Write([]byte(name + "@" + version))
		return fixture.NPMTarball(manifest, fixture.Noise(int(seed.Sum64()), c.filling)), nil
	}
	return &release{version: version, manifest: manifest, body: body}
}

func newPack(name string) *pack {
	return &pack{name: name, tags: map[string]string{}, deprecated: map[string]any{}, withdrawn: map[string]time.Time{}}
}

// put makes an empty package.
func (c *catalog) put(name string) *pack {
	p := newPack(name)
	c.packs[name] = p
	return p
}

const bulkPrefix = "@" + scope + "/bulk-"

// snapshot returns a package as it is now; nil when there is none.
func (c *catalog) snapshot(name string) *pack {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p := c.find(name)
	if p == nil {
		return nil
	}
	now := *p
	now.tags, now.deprecated, now.withdrawn = maps.Clone(p.tags), maps.Clone(p.deprecated), maps.Clone(p.withdrawn)
	now.releases = slices.Clone(p.releases)
	return &now
}

// find returns a package; nil when there is none. The caller holds the lock.
func (c *catalog) find(name string) *pack {
	if p := c.packs[name]; p != nil {
		return p
	}
	number, ok := strings.CutPrefix(name, bulkPrefix)
	i := 0
	if _, err := fmt.Sscanf(number, "%d", &i); !ok || err != nil || name != bulkName(i) || i < 0 || i*perName >= c.bulk {
		return nil
	}
	p := newPack(name)
	for k := range min(perName, c.bulk-i*perName) {
		p.add(c.build(name, fmt.Sprintf("1.%d.0", k), nil), "latest")
	}
	return p
}

func bulkName(i int) string { return fmt.Sprintf("%s%07d", bulkPrefix, i) }

// owned is find for a change: a package that was made on reading is kept from now on.
func (c *catalog) owned(name string) *pack {
	p := c.find(name)
	if p != nil {
		c.packs[name] = p
	}
	return p
}

// names yields every name that can be read, stored ones first.
func (c *catalog) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		c.mu.RLock()
		names := slices.Sorted(maps.Keys(c.packs))
		c.mu.RUnlock()
		for _, name := range names {
			if !yield(name) {
				return
			}
		}
		for i := 0; i*perName < c.bulk; i++ {
			if name := bulkName(i); !slices.Contains(names, name) && !yield(name) {
				return
			}
		}
	}
}

// newest is the release that lists show: latest, else the youngest.
func (p *pack) newest() *release {
	if r := p.release(p.tags["latest"]); r != nil {
		return r
	}
	if len(p.releases) == 0 {
		return nil
	}
	return slices.MaxFunc(p.releases, func(a, b *release) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.version, b.version)) })
}
