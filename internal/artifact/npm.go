package artifact

import (
	"fmt"
	"net/url"
	"strings"
)

// An npm version is a Package with one File, its tarball. What belongs to the name is its index package, whose files are
// short texts with the digests of the text: "dist-tags/<tag>" holds the version that the tag points to, and
// "deprecated/<version>" the message of a deprecated version. So each of them is compared, published and proven alone.
const (
	npmTagDir        = "dist-tags/"
	npmDeprecatedDir = "deprecated/"

	// NPMDeprecated is the Metadata key of a version's deprecation message.
	NPMDeprecated = "deprecated"

	// NPMAttestations is the Metadata key of a version's attestations: the locator of the JSON document that holds them.
	NPMAttestations = "attestations"
)

// NPMTag is the index file of a dist-tag; version is its content.
func NPMTag(tag, version string) File { return npmText(npmTagDir+tag, version) }

// NPMDeprecation is the index file of a deprecated version; message is its content.
func NPMDeprecation(version, message string) File { return npmText(npmDeprecatedDir+version, message) }

func npmText(path, text string) File {
	return File{Path: path, Size: int64(len(text)), Digests: DigestsOf(text), Locator: text}
}

// NPMIndexFile takes an index file's path apart: exactly one of tag and version is set, or neither for another path.
func NPMIndexFile(path string) (tag, version string) {
	if tag, ok := strings.CutPrefix(path, npmTagDir); ok {
		return tag, ""
	}
	version, _ = strings.CutPrefix(path, npmDeprecatedDir)
	if version == path {
		return "", ""
	}
	return "", version
}

// IndexedVersion is the version that a file of an index package is about, and nothing else of the index: the one that an npm
// dist-tag points to, or the deprecated one. Empty for a file that is about the whole name, as Maven's is.
func IndexedVersion(format Format, f File) string {
	if format != NPM {
		return ""
	}
	tag, version := NPMIndexFile(f.Path)
	if tag != "" {
		return f.Locator // see npmText
	}
	return version
}

// NPMEscape is a package name as one URL segment: "@acme/ui" becomes "@acme%2fui", as the npm client sends it.
func NPMEscape(name string) string { return strings.ReplaceAll(url.PathEscape(name), "%2F", "%2f") }

// NPMTarball is the file name that GitLab and npm's publish document give a version's tarball, scope included.
func NPMTarball(name, version string) string { return fmt.Sprintf("%s-%s.tgz", name, version) }

// ParseNPMPath reads the path of a tarball as npm's registries have it, "name/-/name-1.0.0.tgz" or
// "@scope/name/-/name-1.0.0.tgz", with or without a leading slash. Some file names have the scope again. False for another
// path.
func ParseNPMPath(p string) (name, version string, ok bool) {
	name, file, ok := strings.Cut(strings.TrimPrefix(p, "/"), "/-/")
	if !ok || !IsNPMName(name) {
		return "", "", false
	}
	_, base, scoped := strings.Cut(name, "/")
	if !scoped {
		base = name
	}
	stem, ok := strings.CutSuffix(file, ".tgz")
	for _, prefix := range []string{name + "-", base + "-"} {
		if version, is := strings.CutPrefix(stem, prefix); is && ok && version != "" && !strings.Contains(version, "/") {
			return name, version, true
		}
	}
	return "", "", false
}

// IsNPMName tells whether name has the form of an npm name, "name" or "@scope/name", and so is no other address of a
// registry such as "-/all". npm's own rules are stricter, its history is not.
func IsNPMName(name string) bool {
	scope, base, scoped := strings.Cut(name, "/")
	if !scoped {
		scope, base = "@-", name
	}
	if !strings.HasPrefix(scope, "@") || len(scope) == 1 || strings.Contains(base, "/") || base == "" || base == "." || base == ".." {
		return false
	}
	if !scoped && strings.ContainsAny(base[:1], "_-@") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
}

var npmLosses = []Loss{
	{"dist.integrity and the registry's signatures", "npm compares with the SHA-1 in dist.shasum. Lock files that hold integrity stay valid, since the bytes are the same.", false, versions},
	{"os, cpu, optionalDependencies, bundleDependencies in the registry's metadata", "They stay inside the tarball; npm looks for what a package bundles in the registry.", true, versions},
	{"Provenance attestations", "They are saved beside the report, in attestations/.", false, func(p Package, _ Destination) bool {
		return p.Metadata[NPMAttestations] != ""
	}},
}
