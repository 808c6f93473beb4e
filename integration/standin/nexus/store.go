package nexus

// The content of the server: repositories of assets, which are numbered across all of them, as the tables behind
// org.sonatype.nexus.repository.content are, so that the assets of one have gaps.

import (
	"cmp"
	"slices"
	"time"

	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
)

// The types of a repository.
const (
	hosted = "hosted"
	proxy  = "proxy"
	group  = "group"
)

// asset is one stored file. An asset is never changed in place: a change stores a changed copy.
type asset struct {
	id   int64
	path string // without a leading slash
	body []byte
	// made makes the body of a generated asset.
	made func() []byte
	// media is the content type where the path does not tell it.
	media string
	// attributes are what the format shows of its coordinates, beyond what the path tells.
	attributes object
	// hollow: a record without content. lost: the content is gone from the disk, which only reading it shows.
	hollow, lost bool
	// next takes the place of body when the file is read: Maven metadata that is rebuilt.
	next             []byte
	created, updated time.Time
}

// content is the bytes of an asset.
func (a *asset) content() []byte {
	if a.made != nil {
		return a.made()
	}
	return a.body
}

func digestsOf(body []byte) artifact.Digests {
	h := artifact.NewHasher(artifact.Digests{MD5: "wanted", SHA512: "wanted"})
	_, _ = h.Write(body)
	return h.Digests()
}

// repository is one repository. What it generates comes before what is stored in it.
type repository struct {
	name, format, kind string
	offline            bool
	members            []string        // of a group, in order
	remote             string          // of a proxy
	policy             string          // what may be replaced, in a hosted one: ALLOW, ALLOW_ONCE or DENY
	latest             bool            // of a hosted Docker repository: the tag "latest" may be replaced in any case
	images             *registry.Store // of a Docker repository

	generated generated
	stored    []*asset         // ascending by id
	replaced  map[int64]*asset // generated ones that were changed; nil: deleted
	byPath    map[string]int64 // stored ones
	// downloaded is when an asset was last served, by its id.
	downloaded map[int64]time.Time
}

// store is the content of a server.
type store struct {
	repositories map[string]*repository
	last         int64 // the highest id given out
	clock        func() time.Time
}

// now is the clock, whatever it is set to.
func (s *store) now() time.Time { return s.clock() }

// served is how long an asset's last download is left as it is noted.
const served = 12 * time.Hour

// touch notes that an asset was downloaded; nil notes nothing.
func (s *store) touch(r *repository, a *asset) {
	if a == nil {
		return
	}
	if now := s.clock(); now.Sub(r.downloaded[a.id]) >= served {
		r.downloaded[a.id] = now
	}
}

func newStore() *store { return &store{repositories: map[string]*repository{}, clock: time.Now} }

func (s *store) repository(name, format, kind string) *repository {
	r := &repository{
		name: name, format: format, kind: kind, policy: "ALLOW",
		replaced: map[int64]*asset{}, byPath: map[string]int64{}, downloaded: map[int64]time.Time{},
	}
	s.repositories[name] = r
	return r
}

// names are the names of all repositories, sorted.
func (s *store) names() []string {
	var names []string
	for name := range s.repositories {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// put stores a file.
func (s *store) put(r *repository, path string, body []byte) {
	s.keep(r, &asset{path: path, body: body})
}

// keep stores an asset; one that is there is replaced, and keeps its id and date of creation.
func (s *store) keep(r *repository, a *asset) {
	a.updated = s.clock()
	a.created = a.updated
	if old := r.at(a.path); old != nil {
		a.id, a.created = old.id, old.created
	} else {
		s.last++
		a.id = s.last
	}
	r.set(a)
}

// at returns the asset at path; nil when there is none.
func (r *repository) at(path string) *asset {
	if id, ok := r.byPath[path]; ok {
		return r.get(id)
	}
	if id, ok := r.generated.find(path); ok {
		return r.get(id)
	}
	return nil
}

// get returns the asset with an id; nil when there is none.
func (r *repository) get(id int64) *asset {
	if r.generated.holds(id) {
		if a, ok := r.replaced[id]; ok {
			return a
		}
		return r.generated.asset(id)
	}
	if i, ok := r.search(id); ok {
		return r.stored[i]
	}
	return nil
}

func (r *repository) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(r.stored, id, func(a *asset, id int64) int { return cmp.Compare(a.id, id) })
}

// set puts an asset in the place of the one with its id.
func (r *repository) set(a *asset) {
	if r.generated.holds(a.id) {
		r.replaced[a.id] = a
		return
	}
	r.byPath[a.path] = a.id
	if i, ok := r.search(a.id); ok {
		r.stored[i] = a
	} else {
		r.stored = slices.Insert(r.stored, i, a)
	}
}

// remove deletes the asset at path; false when there is none.
func (r *repository) remove(path string) bool {
	a := r.at(path)
	switch {
	case a == nil:
		return false
	case r.generated.holds(a.id):
		r.replaced[a.id] = nil
	default:
		i, _ := r.search(a.id)
		r.stored = slices.Delete(r.stored, i, i+1)
		delete(r.byPath, path)
	}
	return true
}

// after yields the assets whose id is above id, ascending.
func (r *repository) after(id int64, yield func(*asset) bool) {
	for g := max(id+1, r.generated.first); r.generated.holds(g); g++ {
		if a := r.get(g); a != nil && !yield(a) {
			return
		}
	}
	from, found := r.search(id)
	if found {
		from++
	}
	for _, a := range r.stored[from:] {
		if !yield(a) {
			return
		}
	}
}

// expand returns the repositories whose content r shows: itself, or the members of a group and of groups in it.
func (s *store) expand(r *repository) []*repository {
	if r.kind != group {
		return []*repository{r}
	}
	var all []*repository
	for _, name := range r.members {
		if member := s.repositories[name]; member != nil {
			all = append(all, s.expand(member)...)
		}
	}
	return all
}

// page returns up to n assets that r shows after id, ascending by id over all members.
func (s *store) page(r *repository, id int64, n int) []*asset {
	var all []*asset
	for _, member := range s.expand(r) {
		count := 0
		member.after(id, func(a *asset) bool {
			all = append(all, a)
			count++
			return count < n
		})
	}
	slices.SortFunc(all, func(a, b *asset) int { return cmp.Compare(a.id, b.id) })
	return all[:min(n, len(all))]
}
