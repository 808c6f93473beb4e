package gitlab

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// What GitLab knows of images, and what its registry does. They are two servers with two databases: GitLab has a row per
// repository (app/models/container_repository.rb), made when a push is first allowed; the registry has what was pushed.

// The access levels of a project's feature.
const (
	featureEnabled  = "enabled"
	featurePrivate  = "private" // members only, even in a public project
	featureDisabled = "disabled"
)

// projectImages is what GitLab knows of a project's images.
type projectImages struct {
	level    string // container_registry_access_level
	renaming bool   // the project is being renamed: the registry refuses writes
	rows     []*imageRow
	rules    []*pathRule
	tagRules []*tagRule
}

// imageRow is GitLab's row of a repository.
type imageRow struct {
	id      int
	project *project
	name    string // in its project; "" is the project's own
	created time.Time
	cleaned time.Time // when tags were last deleted in bulk
}

// ensureImage makes the row of a repository.
func (s *Server) ensureImage(p *project, path string) {
	name := p.imageName(path)
	if !slices.ContainsFunc(p.images.rows, func(r *imageRow) bool { return r.name == name }) {
		p.images.rows = append(p.images.rows, &imageRow{id: s.nextID(), project: p, name: name, created: s.clock.now()})
	}
}

// registry is what the registry holds. Blobs are stored once, whatever repositories link them.
type registry struct {
	repositories map[string]*repository // by path
	blobs        map[string]*blob       // by digest
	uploads      map[string]*blobUpload // by id
	secret       []byte                 // signs the state in an upload's address
}

// repository is one that something was pushed to.
type repository struct {
	path      string
	created   time.Time
	published time.Time       // when a tag was last set
	blobs     map[string]bool // the digests it links
	manifests map[string]*imageManifest
	tags      map[string]*imageTag
}

type blob struct {
	digest string
	body   body
	review time.Time // when the garbage collector looks at it; zero: not before something happens to it
}

type imageManifest struct {
	digest  string
	parsed  parsedManifest
	payload []byte
	created time.Time
	review  time.Time
}

type imageTag struct {
	name             string
	manifest         *imageManifest
	created, updated time.Time // updated is zero until the tag moves
}

func newRegistry() (*registry, error) {
	secret := make([]byte, 32)
	_, err := rand.Read(secret)
	return &registry{
		repositories: map[string]*repository{}, blobs: map[string]*blob{}, uploads: map[string]*blobUpload{}, secret: secret,
	}, err
}

// find returns a repository; nil when nothing was pushed to it.
func (r *registry) find(path string) *repository { return r.repositories[path] }

func (r *registry) ensure(path string, now time.Time) *repository {
	one := r.repositories[path]
	if one == nil {
		one = &repository{
			path: path, created: now, blobs: map[string]bool{}, manifests: map[string]*imageManifest{}, tags: map[string]*imageTag{},
		}
		r.repositories[path] = one
	}
	return one
}

// blob returns a blob that the repository of a path links; nil when it does not.
func (r *registry) blob(path, digest string) *blob {
	if one := r.repositories[path]; one != nil && one.blobs[digest] {
		return r.blobs[digest]
	}
	return nil
}

// manifest returns a manifest by digest or by tag; nil when there is none.
func (r *registry) manifest(path, reference string) *imageManifest {
	one := r.repositories[path]
	if one == nil {
		return nil
	}
	if t := one.tags[reference]; t != nil {
		return t.manifest
	}
	return one.manifests[reference]
}

// sorted are the tags of a repository by name.
func (r *repository) sorted() []*imageTag {
	if r == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(r.tags), func(a, b *imageTag) int { return cmp.Compare(a.name, b.name) })
}
