package oci

import (
	"context"
	"iter"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// Source is a registry as a source of its own: everything in its catalog, in the order of names and tags.
type Source struct {
	registry *Registry
	ahead    int
}

var _ sources.Source = (*Source)(nil)

// NewSource lists a registry, asking for up to ahead manifests at once.
func NewSource(registry *Registry, ahead int) *Source { return &Source{registry, ahead} }

// Check reads the catalog.
func (s *Source) Check(ctx context.Context) error {
	_, err := s.registry.Repositories(ctx)
	return fault.Stop(fault.At(fault.Source, err))
}

// Packages lists every tag of every repository. Listings of changes are whole ones: the digest that a HEAD tells costs no
// pull. A cursor is "repository:tag" of what was listed last.
func (s *Source) Packages(ctx context.Context, start sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		at, tag, _ := strings.Cut(string(start.Cursor), ":")
		repositories, err := s.registry.Repositories(ctx)
		if err != nil {
			yield(sources.Listed{}, fault.Stop(err))
			return
		}
		for _, repository := range repositories {
			if repository < at {
				continue
			}
			behind := ""
			if repository == at {
				behind = tag
			}
			for item, err := range s.registry.Images(ctx, repository, behind, s.ahead) {
				if err == nil {
					item.Cursor = sources.Cursor(repository + ":" + item.Package.Version)
				}
				for i := range item.Package.Files {
					item.Package.Files[i].Locator = repository
				}
				if !yield(item, err) || fault.IsStop(err) {
					return
				}
			}
			if ctx.Err() != nil {
				return // which Images has said
			}
		}
	}
}

// Open streams a file of an image from offset on.
func (s *Source) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	return s.registry.Open(ctx, f.Locator, f, offset)
}
