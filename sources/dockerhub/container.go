package dockerhub

// How a tag of Docker Hub is an image as internal/artifact/container.go has it.

import (
	"pkgferry/internal/artifact"
	"pkgferry/sources"
	"pkgferry/sources/oci"
)

// configTypes are those media types of a tag that can only be its configuration's: what the API calls a tag's media type is
// that of its manifest at times, and that of the configuration at others.
var configTypes = map[string]bool{
	"application/vnd.docker.container.image.v1+json": true,
	"application/vnd.docker.plugin.v1+json":          true,
	"application/vnd.oci.image.config.v1+json":       true,
	"application/vnd.cncf.helm.config.v1+json":       true,
}

// pkg is a tag with its manifest. The name is the repository's as it is pulled, with the namespace: old references become
// new ones by a change of prefix, and GitLab has room for two levels.
func (s *Source) pkg(repository string, t tag, m oci.Manifest) artifact.Package {
	path := s.path(repository)
	p := oci.Image(path, t.Name, m)
	p.Source, p.Repository = s.name, repository
	if configTypes[t.MediaType] && p.Metadata == nil {
		p.Metadata = map[string]string{artifact.ImageMediaType: t.MediaType}
	}
	f := &p.Files[0]
	f.Locator, f.Downloaded = path, t.Pulled.Time
	if f.Modified = t.Pushed.Time; f.Modified.IsZero() {
		f.Modified = t.Updated.Time
	}
	return p
}

// left is a repository of which nothing is copied.
func (s *Source) left(repository string, why artifact.Reason, detail string) sources.Listed {
	p := artifact.Package{Source: s.name, Repository: repository, Format: artifact.Container, Name: s.path(repository)}
	return sources.Listed{Package: p, Skip: why, Detail: detail}
}

// lost is a tag that is listed and has no manifest.
func (s *Source) lost(repository, tag string) sources.Listed {
	item := s.left(repository, artifact.SourceMissing, "Docker Hub lists the tag and its registry has no manifest for it")
	item.Package.Version = tag
	return item
}
