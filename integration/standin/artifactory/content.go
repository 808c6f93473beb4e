package artifactory

// What the server holds: repositories by their keys.

import (
	"slices"
	"strings"
	"time"

	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/registry"
)

// The classes of repositories.
const (
	local     = "LOCAL"
	remote    = "REMOTE"
	virtual   = "VIRTUAL"
	federated = "FEDERATED"
	system    = "SYSTEM" // holds content, and is never listed
)

// repository is one repository. Virtual ones hold nothing, remote ones what is in their cache.
type repository struct {
	key, class, packageType, description string
	upstream                             string   // of a remote one
	members                              []string // of a virtual one, in order
	settings                             object   // what only its own configuration shows

	tags   map[string]map[string]string // of npm: dist-tags by package
	images *registry.Store              // of Docker and OCI
	blobs  map[string]string            // of those: where the storage has a digest

	blackedOut bool
	excludes   string // an excludes pattern: what is stored and is not served

	held *storage.Repository // nil for virtual ones
}

// content is everything that is stored.
type content struct {
	repositories map[string]*repository
	last         int64 // the highest id given out
}

func newContent() *content { return &content{repositories: map[string]*repository{}, last: 1000} }

// id gives out the next id.
func (c *content) id() int64 {
	c.last++
	return c.last
}

// add makes a repository. tree, which may be nil, is what it makes.
func (c *content) add(r *repository, tree *storage.Tree, at time.Time) {
	if r.class != virtual {
		key := r.key
		if r.class == remote {
			key = r.cache()
		}
		r.held = storage.NewRepository(key, tree, folderItem(c, key, "", at))
	}
	c.repositories[r.key] = r
}

// cache is the key under which the content of a remote repository is kept.
func (r *repository) cache() string { return r.key + "-cache" }

// keys are the keys of all repositories, ascending.
func (c *content) keys() []string {
	var keys []string
	for key := range c.repositories {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// holders are the repositories whose content a key shows: its own, that of its cache, or those of its members.
func (c *content) holders(key string) []*repository {
	if base, isCache := strings.CutSuffix(key, "-cache"); isCache && c.repositories[key] == nil {
		if r := c.repositories[base]; r != nil && r.class == remote {
			return []*repository{r}
		}
	}
	r := c.repositories[key]
	switch {
	case r == nil:
		return nil
	case r.class != virtual:
		return []*repository{r}
	}
	var all []*repository
	for _, member := range r.members {
		for _, one := range c.holders(member) {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}

// stores are all repositories with content, ascending by the key that their items name.
func (c *content) stores() []*repository {
	var all []*repository
	for _, r := range c.repositories {
		if r.held != nil {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *repository) int { return strings.Compare(a.held.Key, b.held.Key) })
	return all
}

func folderItem(c *content, repo, at string, now time.Time) *storage.Item {
	folder, name := storage.Split(at)
	now = stamp(now)
	return &storage.Item{
		ID: c.id(), Repo: repo, Path: folder, Name: name, Folder: true,
		Created: now, Modified: now, Updated: now, CreatedBy: "ci", ModifiedBy: "ci",
	}
}

// put stores an item with the folders above it.
func (c *content) put(r *repository, i *storage.Item) {
	i.Repo = r.held.Key
	r.held.Put(i, func(at string) *storage.Item { return folderItem(c, r.held.Key, at, i.Updated) })
}
