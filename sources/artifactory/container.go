// Docker, OCI and Helm OCI repositories on Artifactory (docs.jfrog.com, "Docker Registry"). Images are read from the registry below
// /api/docker/KEY; which there are, the storage shows: a folder for each tag, with manifest.json, or list.manifest.json for an index, and
// the layers beside it. A folder called after a digest holds a manifest that an index names, or that lost its tag.

package artifactory

import (
	"context"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

const (
	manifestFile = "manifest.json"
	indexFile    = "list.manifest.json"
	oldTagFile   = "tag.json" // of Docker's first registry API
	marker       = ".marker"  // a layer that a cache knows of and does not hold
)

var containerLayout = layout{
	format: artifact.Container, properties: []string{"docker.manifest.digest", "docker.manifest.type"},
	generated: func(p string) bool { return within(p, ".jfrog") || strings.Contains("/"+p, "/_uploads/") },
	read:      images,
}

// layers are the names of blobs, and of the parts of images of Docker's first registry API.
var layers = regexp.MustCompile(`(^|/)sha256__[0-9a-f]{64}(\.marker)?$|^images/[0-9a-f]{64}/(ancestry|json|layer|checksum)$`)

// tag is what the storage shows of one.
type tag struct {
	image, name string
	roots       []item // its manifest and its index
	old, hollow bool
}

// images lists tags. What belongs to an image and is no tag gives no item of its own.
func images(ctx context.Context, w *walk, files []item) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		var tags []*tag
		byFolder := map[string]*tag{}
		for _, one := range files {
			t := byFolder[one.Folder]
			if t == nil {
				t = &tag{image: path.Dir(one.Folder), name: path.Base(one.Folder)}
				tags, byFolder[one.Folder] = append(tags, t), t
			}
			switch isTag := t.image != "." && !byDigest(t.name); {
			case one.Name == manifestFile, one.Name == indexFile:
				if isTag {
					t.roots = append(t.roots, one)
				}
			case one.Name == oldTagFile:
				t.old = isTag
			case layers.MatchString(one.at()):
				t.hollow = t.hollow || strings.HasSuffix(one.Name, marker)
			case !yield(w.skip(one, artifact.FileNameNotAllowed, "it is no part of an image"), nil):
				return
			}
		}
		tags = slices.DeleteFunc(tags, func(t *tag) bool { return len(t.roots) == 0 && !t.old })
		for read := range sources.Ahead(ctx, w.options.Listings, slices.Values(tags), w.tag) {
			if !yield(read.listed, read.err) {
				return
			}
		}
	}
}

// byDigest tells a folder that is called after a digest from one of a tag.
func byDigest(folder string) bool {
	return strings.HasPrefix(folder, "sha256:") || strings.HasPrefix(folder, "sha256__")
}

// readTag is a tag as it is listed, or why it can not be.
type readTag struct {
	listed sources.Listed
	err    error
}

func (w *walk) tag(ctx context.Context, t *tag) readTag {
	skip := func(why artifact.Reason, detail string) readTag {
		p := artifact.Package{Format: artifact.Container, Name: t.image, Version: t.name}
		return readTag{listed: sources.Listed{Package: p, Skip: why, Detail: detail}}
	}
	switch {
	case len(t.roots) == 0:
		return skip(artifact.Schema1Image, "it lies in the form of Docker's first registry, and can not be pulled by clients of today")
	case t.hollow:
		return skip(artifact.SourceUncached, "not all of its layers are cached")
	}
	m, err := w.root(ctx, t)
	if code := fault.CodeOf(err); code == string(artifact.SourceMissing) || code == string(artifact.NameNotAllowed) {
		return skip(artifact.Reason(code), err.Error())
	}
	if err != nil {
		return readTag{err: err}
	}
	p := oci.Image(t.image, t.name, m)
	p.Files[0].Modified = t.roots[0].Modified
	p.Files[0].Locator = locator{Repository: w.Key, Image: t.image}.String()
	p.Files[0].Properties = w.propertiesOf(t.roots...)
	return readTag{listed: sources.Listed{Package: p}}
}

// root is a tag's manifest. What the storage shows is enough where it is one file whose digests agree; else the registry says which one
// it serves. Of a listing of changes the storage shows only a part.
func (w *walk) root(ctx context.Context, t *tag) (oci.Manifest, error) {
	one := t.roots[0]
	m := oci.Manifest{Digest: one.property("docker.manifest.digest"), MediaType: one.property("docker.manifest.type"), Size: one.Size}
	stored := ""
	if one.Digests.SHA256 != "" {
		stored = "sha256:" + one.Digests.SHA256
	}
	if m.Digest == "" {
		m.Digest = stored
	}
	signed := strings.HasPrefix(m.MediaType, "application/vnd.docker.distribution.manifest.v1+") // its digest is that of a part of it
	if len(t.roots) == 1 && w.at.Window == nil && artifact.IsImageDigest(m.Digest) && (signed || m.Digest == stored) {
		return m, nil
	}
	registry, err := w.registry(w.Key)
	if err != nil {
		return m, err
	}
	return registry.Head(ctx, t.image, t.name)
}

// registry is the one that serves a repository.
func (s *Source) registry(repository string) (*oci.Registry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.registries[repository]; one != nil {
		return one, nil
	}
	one, err := oci.New(s.client, oci.Options{
		Prefix: "/api/docker/" + escape(repository, ""), Login: s.options.Login, Direct: s.options.Login != nil,
	})
	if err != nil {
		return nil, err
	}
	if s.registries == nil {
		s.registries = map[string]*oci.Registry{}
	}
	s.registries[repository] = one
	return one, nil
}
