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
	stale   int  // for so many reads the edge gives what was before a change
	late    bool // changes are told behind the head
	head    int  // of the change feed
}

// step is how far two changes lie apart in the feed, whose numbers are sparse.
const step = 10

func newCatalog(bulk, filling, stale int, late bool) catalog {
	return catalog{packs: map[string]*pack{}, bulk: bulk, filling: filling, stale: stale, late: late, head: step * bulkNames(bulk)}
}

// pack is one package.
type pack struct {
	name     string
	revision int
	seq      int // of the last change, in the feed
	tags     map[string]string
	// deprecated has the messages of versions; odd clients have put other things than texts there.
	deprecated map[string]any
	releases   []*release // by time of publishing
	// withdrawn are the versions that were unpublished, with the time of their publishing; of a package that was
	// unpublished as a whole nothing else is left.
	withdrawn map[string]time.Time
	entombed  bool
	// unpublished stands in time of a package that has versions again.
	unpublished bool
	// timeless documents have no times, as in the beginning.
	timeless bool
	// revoked: the account may not read it any more.
	revoked bool
	// young packages are in no search yet.
	young bool
	// readme is so many bytes long in each version.
	readme int
	// before is what the edge still gives, for so many reads.
	before *pack
	stale  int
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
	// attested versions have attestations of where they were built.
	attested bool

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
	c.head += step
	p.seq = c.head
	c.packs[name] = p
	return p
}

// change applies a change to a package. The caller holds the lock.
func (c *catalog) change(p *pack, apply func()) {
	revision := p.revision
	if p.before, p.stale = p.clone(), c.stale; revision == 0 {
		p.before = nil
	}
	apply()
	p.revision = revision + 1
	if c.late {
		p.seq = c.head - 1 // a number that who follows the feed has seen already
		return
	}
	c.head += step
	p.seq = c.head
}

// clone is a package as it is now.
func (p *pack) clone() *pack {
	now := *p
	now.tags, now.deprecated, now.withdrawn = maps.Clone(p.tags), maps.Clone(p.deprecated), maps.Clone(p.withdrawn)
	now.releases, now.before = slices.Clone(p.releases), nil
	return &now
}

const bulkPrefix = "@" + scope + "/bulk-"

// snapshot returns a package as it is now; nil when there is none.
func (c *catalog) snapshot(name string) *pack {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p := c.find(name); p != nil {
		return p.clone()
	}
	return nil
}

// edge returns a package as the network in front of the registry has it.
func (c *catalog) edge(name string) *pack {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.find(name)
	switch {
	case p == nil:
		return nil
	case p.stale > 0:
		p.stale--
		return p.before
	}
	return p.clone()
}

// revision is a package's, as its document and the change host tell it.
func (c *catalog) revision(name string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p := c.find(name); p != nil {
		return p.rev()
	}
	return "1-view"
}

// vanished tells whether nothing is left of a package that was unpublished as a whole.
func (s *Server) vanished(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.packs[name]
	return p != nil && p.entombed && s.modes.is("tombstone", "404")
}

// revoked tells whether the account's right to a package was taken away.
func (c *catalog) revoked(name string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p := c.packs[name]
	return p != nil && p.revoked
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
	p.seq = step * (i + 1)
	return p
}

func bulkName(i int) string { return fmt.Sprintf("%s%07d", bulkPrefix, i) }

// bulkNames is how many names that many versions have.
func bulkNames(versions int) int { return (versions + perName - 1) / perName }

// owned is find for a change: a package that was made on reading is kept from now on.
func (c *catalog) owned(name string) *pack {
	p := c.find(name)
	if p != nil {
		c.packs[name] = p
	}
	return p
}

// names yields every name, in the order of their bytes.
func (c *catalog) names(yield func(string) bool) {
	c.mu.RLock()
	stored, bulk := slices.Sorted(maps.Keys(c.packs)), bulkNames(c.bulk)
	c.mu.RUnlock()
	for i := 0; i < bulk || len(stored) > 0; {
		made, name := "", ""
		if i < bulk {
			made = bulkName(i)
		}
		if len(stored) == 0 || made != "" && made < stored[0] {
			name = made
		} else {
			name, stored = stored[0], stored[1:]
		}
		if name == made {
			i++
		}
		if !yield(name) {
			return
		}
	}
}

func (c *catalog) stored(name string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.packs[name] != nil
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
