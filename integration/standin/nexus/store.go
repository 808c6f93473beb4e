package nexus

// The content of the server: repositories of assets, which are numbered across all of them, as the tables behind
// org.sonatype.nexus.repository.content are, so that the assets of one have gaps.

import (
	"cmp"
	"slices"
	"time"

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
	// hollow: a record without content. lost: the content is gone from the disk, which only reading it shows.
	hollow, lost bool
	// next takes the place of body when the file is read: Maven metadata that is rebuilt.
	next             []byte
	created, updated time.Time
}

func (a *asset) digests() artifact.Digests {
	h := artifact.NewHasher(artifact.Digests{MD5: "wanted", SHA512: "wanted"})
	_, _ = h.Write(a.body)
	return h.Digests()
}

// repository is one repository. What it generates comes before what is stored in it.
type repository struct {
	name, format, kind string
	offline            bool
	members            []string // of a group, in order
	remote             string   // of a proxy

	generated generated
	stored    []*asset         // ascending by id
	replaced  map[int64]*asset // generated ones that were changed; nil: deleted
	byPath    map[string]int64 // stored ones
}

// store is the content of a server.
type store struct {
	repositories map[string]*repository
	last         int64 // the highest id given out
	clock        func() time.Time
}

func newStore() *store { return &store{repositories: map[string]*repository{}, clock: time.Now} }

func (s *store) repository(name, format, kind string) *repository {
	r := &repository{name: name, format: format, kind: kind, replaced: map[int64]*asset{}, byPath: map[string]int64{}}
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

// put stores a file; one that is there is replaced, and keeps its id and date of creation.
func (s *store) put(r *repository, path string, body []byte) {
	now := s.clock()
	if old := r.at(path); old != nil {
		r.set(&asset{id: old.id, path: path, body: body, created: old.created, updated: now})
		return
	}
	s.last++
	r.set(&asset{id: s.last, path: path, body: body, created: now, updated: now})
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
