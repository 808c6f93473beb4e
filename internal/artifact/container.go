package artifact

import (
	"regexp"
	"strings"
)

// An image is addressed as in the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md). A tag is a Package (the repository is its Name,
// the tag its Version) with one File, the root manifest by digest. What that manifest leads to is opened by path:
//
//	manifests/sha256:…   a manifest or an index
//	blobs/sha256:…       a layer or a configuration
//	referrers/sha256:…   the index of what refers to that digest (signatures, SBOMs)

// The kinds of path.
const (
	imageManifests = "manifests"
	imageBlobs     = "blobs"
	imageReferrers = "referrers"
)

// The limits of GitLab's registry (reference/reference.go and reference/regexp.go in gitlab-org/container-registry).
const (
	// MaxManifest is the most bytes that a manifest may have.
	MaxManifest = 4 << 20
	// maxImageName is the most characters of a repository's whole path.
	maxImageName = 255
)

// ImageMediaType is the key of Package.Metadata under which a source that knows without a pull says what an image is: the
// media type of its root where that is a schema 1 manifest, else its artifactType, else the type of its config.
const ImageMediaType = "mediaType"

var (
	imageDigest = regexp.MustCompile(`^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)
	// imageName is container_repository_name_regex of lib/gitlab/regex.rb in gitlabhq/gitlabhq.
	imageName = regexp.MustCompile(`^[a-z0-9]+(?:(?:[._/]|__|-*)[a-z0-9])*$`)
	imageTag  = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}$`)
)

// ImageManifest is a manifest of an image by its digest, "sha256:<hex>" or "sha512:<hex>"; size is -1 when unknown.
// Every file of an image has the locator of its root, which only the image's source understands.
func ImageManifest(digest string, size int64, locator string) File {
	return imageFile(imageManifests, digest, size, locator)
}

// ImageBlob is a layer or a configuration of an image by its digest; size is -1 when unknown.
func ImageBlob(digest string, size int64, locator string) File {
	return imageFile(imageBlobs, digest, size, locator)
}

// ImageReferrers is the OCI index of the manifests whose subject is digest. A source always has one, empty when nothing
// refers to digest; where the source has the FallbackTag, it is that tag's bytes. Its size and digest are unknown.
func ImageReferrers(digest, locator string) File {
	return File{Path: imageReferrers + "/" + digest, Size: -1, Locator: locator}
}

func imageFile(kind, digest string, size int64, locator string) File {
	f := File{Path: kind + "/" + digest, Size: size, Locator: locator}
	if value, ok := strings.CutPrefix(digest, "sha256:"); ok {
		f.Digests.SHA256 = value
	}
	if value, ok := strings.CutPrefix(digest, "sha512:"); ok {
		f.Digests.SHA512 = value
	}
	return f
}

// ParseImagePath takes a file's path apart: kind is "manifests", "blobs" or "referrers". It is false for any other path and
// for a digest that IsImageDigest refuses.
func ParseImagePath(path string) (kind, digest string, ok bool) {
	kind, digest, _ = strings.Cut(path, "/")
	switch kind {
	case imageManifests, imageBlobs, imageReferrers:
		if IsImageDigest(digest) {
			return kind, digest, true
		}
	}
	return "", "", false
}

// IsImageDigest tells whether digest is a well-formed sha256 or sha512 digest, the two that OCI registers.
func IsImageDigest(digest string) bool { return imageDigest.MatchString(digest) }

// FallbackTag is the tag under which a registry without the referrers API keeps the index of what refers to digest
// (distribution specification, "Referrers Tag Schema"): "sha256-<hex>".
func FallbackTag(digest string) string {
	algorithm, value, _ := strings.Cut(digest, ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + value[:min(len(value), 64)]
}

// ImageName tells whether path, or a part of one between slashes, is a repository name that GitLab and its registry take.
// How many levels it may have is the project's matter.
func ImageName(path string) bool { return len(path) <= maxImageName && imageName.MatchString(path) }

// ImageTag tells whether tag is one that registries take.
func ImageTag(tag string) bool { return imageTag.MatchString(tag) }

var containerLosses = []Loss{
	{"Pull counts, stars and descriptions of repositories", "GitLab has no place for them.", true, always},
	{"The referrers API", "GitLab's registry has none: signatures and attestations are found by the fallback tag, which carries the source's own bytes.", true, always},
}
