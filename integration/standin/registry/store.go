package registry

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Manifest is a manifest or an index as it is served. Its digest is that of its bytes, except for a signed schema 1
// manifest, whose digest leaves the signatures out.
type Manifest struct {
	MediaType string
	Digest    string
	Body      []byte
}

// Descriptor is how an index or a subject names the manifest.
func (m Manifest) Descriptor() v1.Descriptor {
	digest, _ := v1.NewHash(m.Digest) // the store makes all digests
	return v1.Descriptor{MediaType: types.MediaType(m.MediaType), Digest: digest, Size: int64(len(m.Body))}
}

// Blob is content whose digest is known. Open reads it from its beginning.
type Blob struct {
	Digest string
	Size   int64
	Open   func() (io.ReadCloser, error)
}

// Bytes is a blob that is held in memory.
func Bytes(content []byte) Blob {
	return Blob{digestOf(content), int64(len(content)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Tag is a name for a manifest.
type Tag struct {
	Name, Digest string
	Pushed       time.Time
}

// Store is what a registry holds: repositories of tags, manifests and blobs. It is safe for concurrent use.
type Store struct {
	// Now is when something is pushed; nil is the time of the machine. It is set before the store is used.
	Now func() time.Time

	mu           sync.RWMutex
	repositories map[string]*repository
}

// NewStore is an empty store.
func NewStore() *Store { return &Store{repositories: map[string]*repository{}} }

type repository struct {
	name      string
	tags      map[string]Tag
	manifests map[string]Manifest
	blobs     map[string]Blob
	made      *made           // nil: nothing is made up
	gone      map[string]bool // the made tags that were deleted or replaced
	lost      map[string]bool // what is gone from the storage, as "blobs/sha256:…" and "manifests/sha256:…"
}

func (s *Store) ensure(name string) *repository {
	one := s.repositories[name]
	if one == nil {
		one = &repository{
			name: name, tags: map[string]Tag{}, manifests: map[string]Manifest{}, blobs: map[string]Blob{},
			gone: map[string]bool{}, lost: map[string]bool{},
		}
		s.repositories[name] = one
	}
	return one
}

// Create makes an empty repository, if it is not there.
func (s *Store) Create(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ensure(name)
}

// Drop deletes a repository.
func (s *Store) Drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.repositories, name)
}

// PutManifest stores a manifest, and sets a tag to it unless that is "". What it leads to is not looked at.
func (s *Store) PutManifest(repository, tag string, m Manifest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.ensure(repository)
	one.manifests[m.Digest] = m
	delete(one.lost, manifestPath(m.Digest))
	if tag != "" {
		one.set(tag, m.Digest, s.now())
	}
}

// PutBlob stores a blob.
func (s *Store) PutBlob(repository string, b Blob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.ensure(repository)
	one.blobs[b.Digest] = b
	delete(one.lost, blobPath(b.Digest))
}

// SetTag sets a tag to a manifest that the repository has.
func (s *Store) SetTag(repository, tag, digest string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.repositories[repository]
	if one == nil {
		return fmt.Errorf("no repository %q", repository)
	}
	if _, ok := one.manifest(digest); !ok {
		return fmt.Errorf("no manifest %s in %s", digest, repository)
	}
	one.set(tag, digest, s.now())
	return nil
}

// DeleteTag takes a tag away; its manifest stays.
func (s *Store) DeleteTag(repository, tag string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.repositories[repository]
	if one == nil {
		return fmt.Errorf("no repository %q", repository)
	}
	if _, ok := one.tag(tag); !ok {
		return fmt.Errorf("no tag %q in %s", tag, repository)
	}
	delete(one.tags, tag)
	one.hide(tag)
	return nil
}

// Lose takes "manifests/DIGEST" or "blobs/DIGEST" away from the storage of a repository; what leads there stays.
func (s *Store) Lose(repository, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.repositories[repository]
	if one == nil {
		return fmt.Errorf("no repository %q", repository)
	}
	kind, digest, _ := strings.Cut(path, "/")
	_, isManifest := one.manifest(digest)
	_, isBlob := one.blob(digest)
	if kind == "manifests" && !isManifest || kind == "blobs" && !isBlob || kind != "manifests" && kind != "blobs" {
		return fmt.Errorf("no %q in %s", path, repository)
	}
	one.lost[path] = true
	return nil
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func manifestPath(digest string) string { return "manifests/" + digest }
func blobPath(digest string) string     { return "blobs/" + digest }

// Repositories are the names of all repositories, sorted.
func (s *Store) Repositories() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.repositories))
}

// Has tells whether there is a repository.
func (s *Store) Has(repository string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.repositories[repository] != nil
}

// Tag finds a tag.
func (s *Store) Tag(repository, name string) (Tag, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if one := s.repositories[repository]; one != nil {
		return one.tag(name)
	}
	return Tag{}, false
}

// Manifest finds a manifest by a tag or a digest.
func (s *Store) Manifest(repository, reference string) (Manifest, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.repositories[repository]
	if one == nil {
		return Manifest{}, false
	}
	return one.resolve(reference)
}

// Blob finds a blob of a repository.
func (s *Store) Blob(repository, digest string) (Blob, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if one := s.repositories[repository]; one != nil {
		return one.blob(digest)
	}
	return Blob{}, false
}

// Anywhere finds a blob in any repository.
func (s *Store) Anywhere(digest string) (Blob, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, one := range s.repositories {
		if found, ok := one.blob(digest); ok {
			return found, true
		}
	}
	return Blob{}, false
}

// Referrers are the manifests that name a subject, sorted by digest; false when there is no such repository.
func (s *Store) Referrers(repository, subject string) ([]v1.Descriptor, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.repositories[repository]
	if one == nil {
		return nil, false
	}
	found := []v1.Descriptor{}
	for _, m := range one.manifests {
		if d, to := referrer(m); to == subject && !one.lost[manifestPath(m.Digest)] {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b v1.Descriptor) int { return cmp.Compare(a.Digest.String(), b.Digest.String()) })
	return found, true
}

// referrer describes a manifest as a list of referrers does, and tells its subject: "" when it has none.
func referrer(m Manifest) (d v1.Descriptor, subject string) {
	var parsed struct {
		Subject      *v1.Descriptor    `json:"subject"`
		ArtifactType string            `json:"artifactType"`
		Config       v1.Descriptor     `json:"config"`
		Annotations  map[string]string `json:"annotations"`
	}
	if json.Unmarshal(m.Body, &parsed) != nil || parsed.Subject == nil {
		return d, ""
	}
	d = m.Descriptor()
	d.ArtifactType, d.Annotations = cmp.Or(parsed.ArtifactType, string(parsed.Config.MediaType)), parsed.Annotations
	return d, parsed.Subject.Digest.String()
}
