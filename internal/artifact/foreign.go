package artifact

import "slices"

// A source may hold formats that GitLab has no place for. They are called as package URLs call them
// (https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst), or, where these have no name, as registries do. Their
// packages have the coordinates of plain files (ParseGenericPath), so that a route can take them to a generic registry.
var foreignFormats = []Format{
	"alpm", "ansible", "apk", "bower", "cargo", "chef", "cocoapods", "composer", "conan", "conda", "cpan", "cran", "deb", "gem", "gitlfs",
	"golang", "hex", "huggingface", "nix", "opkg", "p2", "pub", "puppet", "rpm", "swift", "terraform-provider",
	"terraform-registry", "terraform-state", "vagrant", "vcs",
}

// ForeignFormats lists the formats that have no place of their own on GitLab, as far as they are known.
func ForeignFormats() []Format { return slices.Clone(foreignFormats) }

// Foreign tells a format that GitLab has no place for, known or not.
func (f Format) Foreign() bool { return !slices.Contains(Formats(), f) }
