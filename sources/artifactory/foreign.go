// Repositories of types that GitLab has no place for (docs.jfrog.com, "Supported Package Types"). Their files are packages of that
// format with the coordinates of plain files: a route may take them to a generic registry, and else they are told as left behind.
// What Artifactory makes itself in such a repository stays in any case.

package artifactory

import (
	"path"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// foreignFormats are the formats of Artifactory's types, where these are called otherwise.
var foreignFormats = map[string]artifact.Format{
	"alpine": "apk", "debian": "deb", "gems": "gem", "go": "golang", "huggingfaceml": "huggingface", "terraformbackend": "terraform-state",
	"yum": "rpm",
}

// foreignGenerated are what Artifactory makes itself, by format.
var foreignGenerated = map[artifact.Format]func(p string) bool{
	"cargo":    func(p string) bool { return within(p, "index", ".cargo") || p == "config.json" },
	"composer": func(p string) bool { return within(p, ".composer") || p == "packages.json" },
	"conan":    func(p string) bool { return within(p, ".conan") || named(p, "index.json", ".timestamp", "latest.json") },
	"deb": func(p string) bool {
		return within(p, "dists") || strings.Contains(p, "/by-hash/") || debianIndex(path.Base(p))
	},
	"gem":    gemGenerated,
	"golang": func(p string) bool { return strings.HasSuffix(p, "/@v/list") || strings.HasSuffix(p, "/@latest") },
	"rpm":    func(p string) bool { return strings.HasPrefix(p, "repodata/") || strings.Contains(p, "/repodata/") },
}

func foreignLayout(packageType string) layout {
	format, ok := foreignFormats[packageType]
	switch {
	case packageType == "":
		format = "unknown"
	case !ok:
		format = artifact.Format(packageType)
	}
	return layout{format: format, generated: foreignGenerated[format], read: each(generic)}
}

// named tells whether a path ends with one of some file names.
func named(p string, files ...string) bool { return slices.Contains(files, path.Base(p)) }

func debianIndex(file string) bool {
	stem, _, _ := strings.Cut(file, ".")
	return stem == "InRelease" || stem == "Release" || stem == "Packages"
}

func gemGenerated(p string) bool {
	file := path.Base(p)
	index := strings.HasPrefix(file, "specs.") || strings.HasPrefix(file, "latest_specs") || strings.HasPrefix(file, "prerelease_specs")
	return within(p, "quick", "api") || index && !strings.Contains(p, "/") || strings.HasPrefix(p, "gems/rubygems-update-")
}
