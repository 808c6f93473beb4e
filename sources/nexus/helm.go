// Helm repositories on Nexus, format "helm": charts and their provenance at the root (HelmHostedFacetImpl of the open 3.30),
// and index.yaml, which Nexus makes. What a chart calls itself inside is compared when it is published.

package nexus

import (
	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

func helm(r repository, a asset) (sources.Listed, bool) {
	p := a.path()
	if p == "index.yaml" {
		return skip(r, a, artifact.NotAPackage, "Nexus makes it itself"), true
	}
	name, version, ok := artifact.ParseHelmFile(p)
	if !ok {
		return skip(r, a, artifact.FileNameNotAllowed, "its path names no version of a chart"), true
	}
	return file(r, a, name, version, p), true
}
