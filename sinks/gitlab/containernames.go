package gitlab

// What GitLab takes as the path and the tag of an image, and what its registry takes as an image at all, told before any
// byte is sent (GitLab: lib/container_registry/path.rb, lib/gitlab/regex.rb, doc/user/packages/container_registry/_index.md).

import (
	"fmt"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

const (
	imageLevels = 2  // below the project (LEVELS_SUPPORTED in path.rb counts the project)
	pathLevels  = 19 // of the whole path (Namespace::NUMBER_OF_ANCESTORS_ALLOWED is 20)
)

func (c *containers) allows(dst artifact.Destination, p artifact.Package) error {
	whole := strings.ToLower(dst.Project) + "/" + dst.Name
	switch {
	case strings.Count(dst.Name, "/") >= imageLevels:
		return refuse(artifact.PathTooDeep, "path", dst.Name,
			"GitLab takes two levels below a project: fold it by a route with rename, for example team/base/java into team/base-java")
	case strings.Count(whole, "/") >= pathLevels:
		return refuse(artifact.PathTooDeep, "path", whole, "GitLab takes 19 levels in all")
	case !artifact.ImageName(dst.Name):
		return refuse(artifact.NameNotAllowed, "path", dst.Name, "GitLab takes lower-case letters and digits, with . _ __ - and / between them")
	case !artifact.ImageName(whole):
		return refuse(artifact.NameNotAllowed, "path", whole,
			"with the project's own path GitLab takes 255 lower-case letters and digits, with . _ __ - and / between them")
	case !artifact.ImageTag(dst.Version):
		return refuse(artifact.VersionNotAllowed, "tag", dst.Version, "GitLab takes letters, digits and _ . - in it, 128 of them, and no . or - in front")
	}
	return c.allowsManifest(p)
}

func (c *containers) allowsManifest(p artifact.Package) error {
	if len(p.Files) != 1 {
		return fault.Errorf(artifact.TargetRejected, "an image's tag is one manifest, and this one has %d files", len(p.Files))
	}
	root := p.Files[0]
	if kind, _, ok := artifact.ParseImagePath(root.Path); !ok || kind != manifestPath {
		return refuse(artifact.FileNameNotAllowed, "file", root.Path, "an image is a manifest, named by its digest")
	}
	if root.Size > artifact.MaxManifest {
		return fault.Errorf(artifact.ManifestTooLarge, "the manifest has %d bytes; GitLab's registry takes %d", root.Size, artifact.MaxManifest)
	}
	switch mediaType := p.Metadata[artifact.ImageMediaType]; {
	case mediaType == artifact.DockerSchema1, mediaType == artifact.DockerSchema1Signed:
		return schema1(root.Path)
	case !c.takes(mediaType):
		return notStored(mediaType)
	}
	return nil
}

func schema1(what string) error {
	return fault.Because(artifact.Schema1Image, fmt.Errorf("%s is a manifest of Docker's schema 1, which GitLab's registry does not take", what))
}
