// Docker repositories on Nexus, formats "docker" and "oci": the asset of a tag lies at v2/IMAGE/manifests/TAG and is the
// manifest, so its SHA-256 is the digest and its content type the media type: a page of assets tells a hundred tags and no
// manifest is pulled. Layers and configurations lie at v2/-/blobs/DIGEST, and manifests that are named by their digest
// alone, such as the platforms of an index, at v2/IMAGE/manifests/DIGEST; they come with the image that they belong to.

package nexus

import (
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

func isDocker(r repository) bool { return r.Format == "docker" || r.Format == "oci" }

// imagePath takes the path of a manifest apart.
func imagePath(p string) (image, reference string, ok bool) {
	rest, ok := strings.CutPrefix(p, "v2/")
	at := strings.LastIndex(rest, "/manifests/")
	if !ok || at <= 0 {
		return "", "", false
	}
	image, reference = rest[:at], rest[at+len("/manifests/"):]
	return image, reference, image != "-" && reference != "" && !strings.Contains(reference, "/")
}

// untagged counts the manifests that are named by their digest alone.
func untagged(r repository, assets []asset) (n int) {
	if !isDocker(r) {
		return 0
	}
	for _, a := range assets {
		if _, reference, ok := imagePath(a.path()); ok && artifact.IsImageDigest(reference) {
			n++
		}
	}
	return n
}

func docker(r repository, a asset) (sources.Listed, bool) {
	image, reference, ok := imagePath(a.path())
	switch {
	case strings.HasPrefix(a.path(), "v2/-/"), ok && artifact.IsImageDigest(reference):
		return sources.Listed{}, false
	case !ok:
		return skip(r, a, artifact.FileNameNotAllowed, "its path names neither a manifest nor a blob"), true
	case !a.hollow() && digest(a.Checksum.SHA256, 32) == "":
		return sources.Listed{}, false // the registry is asked; see digestless
	}
	p := artifact.Package{Name: image, Version: reference}
	if strings.Contains(a.ContentType, "docker.distribution.manifest.v1+") {
		p.Metadata = map[string]string{artifact.ImageMediaType: a.ContentType}
	}
	p.Files = []artifact.File{rootOf(a.file(r, a.path()))}
	return sources.Listed{Package: p}, true
}

// digestless are the tags whose records do not tell the digest.
func digestless(r repository, assets []asset) (all []asset) {
	for _, a := range assets {
		_, reference, ok := imagePath(a.path())
		if isDocker(r) && ok && !artifact.IsImageDigest(reference) && !a.hollow() && digest(a.Checksum.SHA256, 32) == "" {
			all = append(all, a)
		}
	}
	return all
}

// rootOf is the root of an image whose tag's asset is f.
func rootOf(f artifact.File) artifact.File {
	l, _ := parseLocator(f.Locator) // we made it
	l.Digest = "sha256:" + f.Digests.SHA256
	root := artifact.ImageManifest(l.Digest, f.Size, l.String())
	root.Modified, root.Downloaded = f.Modified, f.Downloaded
	return root
}
