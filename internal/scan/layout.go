package scan

// How the paths of the old registries name repositories. Artifactory: "REPOSITORY/PATH", or "api/TYPE/REPOSITORY/…" for the
// clients of a type (https://jfrog.com/help/r/jfrog-artifactory-documentation). Nexus: "repository/REPOSITORY/PATH", and
// "content/repositories/REPOSITORY/PATH" in its second generation (https://help.sonatype.com/en/repositories.html).

import (
	"strings"

	"pkgferry/internal/artifact"
)

// The types of registries, by their names in the configuration.
const (
	artifactory = "artifactory"
	nexus       = "nexus"
	npmjs       = "npmjs"
	dockerhub   = "dockerhub"
)

// layoutOf reads what stands below a registry's own address; false when that is none of packages.
var layoutOf = map[string]func(a address, rest string) (address, bool){
	artifactory: artifactoryPath, nexus: nexusPath,
	npmjs: func(a address, rest string) (address, bool) {
		a.format, a.rest = artifact.NPM, rest
		return a, true
	},
}

// artifactoryTypes are the words behind "api/" that are followed by a repository, with our names for them.
var artifactoryTypes = map[string]artifact.Format{
	"npm": artifact.NPM, "pypi": artifact.PyPI, "nuget": artifact.NuGet, "helm": artifact.Helm, "docker": artifact.Container, "terraform": artifact.Terraform,
	"gems": "gem", "go": "golang", "conan": "conan", "composer": "composer", "cargo": "cargo", "deb": "deb", "rpm": "rpm", "conda": "conda",
	"cran": "cran", "bower": "bower", "vcs": "vcs", "chef": "chef", "puppet": "puppet", "pub": "pub", "swift": "swift", "huggingfaceml": "huggingface",
}

func artifactoryPath(a address, rest string) (address, bool) {
	if rest == "" {
		return a, false
	}
	first, below, _ := strings.Cut(rest, "/")
	if first != "api" {
		a.repository, a.rest = first, below
		return a, first != "webapp" && first != "ui"
	}
	word, below, _ := strings.Cut(below, "/")
	if word == "nuget" {
		below = strings.TrimPrefix(below, "v3/")
	}
	a.format = artifactoryTypes[word]
	a.repository, a.rest, _ = strings.Cut(below, "/")
	a.api = a.format == "" || a.repository == ""
	return a, true
}

func nexusPath(a address, rest string) (address, bool) {
	for _, prefix := range []string{"repository/", "content/repositories/", "content/groups/"} {
		if below, ok := strings.CutPrefix(rest, prefix); ok {
			a.repository, a.rest, _ = strings.Cut(below, "/")
			return a, a.repository != ""
		}
	}
	a.api = strings.HasPrefix(rest, "service/")
	return a, a.api
}
