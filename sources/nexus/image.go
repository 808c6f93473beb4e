// The content of images, by the registry API that every Docker repository of Nexus has without a connector
// (GET /repository/REPOSITORY/v2/…, see sources/oci). Basic credentials that nobody asked for are accepted also where the
// repository asks for a token.

package nexus

import (
	"context"
	"net/url"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

// registry is that of a repository.
func (s *Source) registry(repository string) (*oci.Registry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.registries[repository]; known != nil {
		return known, nil
	}
	r, err := oci.New(s.client, oci.Options{
		Prefix: "/repository/" + url.PathEscape(repository), Login: s.options.Login, Direct: true,
	})
	if err == nil {
		s.registries[repository] = r
	}
	return r, err
}

// image is where an image lies.
type image struct{ repository, name, tag string }

func imageOf(l locator) (image, bool) {
	name, tag, ok := imagePath(l.Path)
	return image{l.Repository, name, tag}, ok
}

func (s *Source) openImage(ctx context.Context, f artifact.File, l locator, i image, offset int64) (artifact.Content, error) {
	r, err := s.registry(i.repository)
	if err != nil {
		return artifact.Content{}, fault.At(fault.Source, err)
	}
	content, err := r.Open(ctx, i.name, f, offset)
	root := artifact.ImageManifest(l.Digest, -1, "").Path == f.Path
	if err == nil || !root || fault.CodeOf(err) != string(artifact.SourceMissing) {
		return content, named(i.repository, err)
	}
	return s.openTagged(ctx, r, f, l, i, offset, err)
}

// openTagged opens a root that the registry does not know by the SHA-256 of its bytes. That is its digest, except of a
// schema 1 manifest, whose tag tells it; else the tag names another manifest since it was listed.
func (s *Source) openTagged(ctx context.Context, r *oci.Registry, f artifact.File, l locator, i image, offset int64, cause error) (artifact.Content, error) {
	a, err := s.asset(ctx, l.ID)
	switch {
	case unknown(err):
		return artifact.Content{}, named(i.repository, cause)
	case err != nil:
		return artifact.Content{}, s.unreadable(ctx, l, err)
	}
	now := rootOf(a.file(repository{Name: i.repository, Type: hosted}, l.Path))
	if now.Digests.SHA256 != f.Digests.SHA256 {
		return artifact.Content{}, &sources.Changed{Now: now}
	}
	m, err := r.Head(ctx, i.name, i.tag)
	if err != nil {
		return artifact.Content{}, named(i.repository, err)
	}
	content, err := r.Open(ctx, i.name, artifact.ImageManifest(m.Digest, -1, ""), offset)
	return content, named(i.repository, err)
}

// headTag lists a tag whose record tells no digest.
func (w *walk) headTag(ctx context.Context, a asset) found {
	leave, err := w.enter(ctx)
	if err != nil {
		return found{err: err}
	}
	defer leave()
	l := locator{Repository: w.Name, Hosted: w.Type == hosted, ID: a.ID, Path: a.path()}
	i, _ := imageOf(l)
	r, err := w.registry(w.Name)
	if err != nil {
		return found{err: err}
	}
	m, err := r.Head(ctx, i.name, i.tag)
	if err != nil {
		return found{err: named(w.Name, err)}
	}
	p := oci.Image(i.name, i.tag, m)
	l.Digest = m.Digest
	p.Source, p.Repository = w.name, w.Name
	p.Files[0].Locator, p.Files[0].Modified, p.Files[0].Downloaded = l.String(), date(a.LastModified), date(a.LastDownloaded)
	return found{item: sources.Listed{Package: p}}
}

// named says in which repository something about an image happened.
func named(repository string, err error) error {
	if err == nil {
		return nil
	}
	return fault.At(fault.Source, errorf(err, "repository %s", repository))
}
