package scan

// Gradle's build files, settings, init scripts and properties (https://docs.gradle.org/current/userguide/declaring_repositories.html),
// and what its wrapper downloads.

import (
	"regexp"

	"pkgferry/internal/artifact"
)

var gradleFiles = []kind{
	{name: "gradle", files: []string{"gradle-wrapper.properties"}},
	{name: "gradle", format: artifact.Maven, files: []string{"*.gradle", "*.gradle.kts", "gradle.properties", "libs.versions.toml"}, publishes: gradlePublishes},
}

var gradleBlock = regexp.MustCompile(`(?m)^([ \t]*)(\w+)[^\n{}]*\{`)

// gradlePublishes: the address stands in a block "publishing", or "uploadArchives" of old.
func gradlePublishes(d *document, a address) bool {
	var open []string // the blocks around the address
	depth := 0
	text := d.text[:a.start]
	names := map[int]string{}
	for _, m := range gradleBlock.FindAllSubmatchIndex(text, -1) {
		names[m[1]-1] = string(text[m[4]:m[5]])
	}
	for i, c := range text {
		switch c {
		case '{':
			open, depth = append(open[:depth], names[i]), depth+1
		case '}':
			depth = max(depth-1, 0)
		}
	}
	for _, name := range open[:depth] {
		if name == "publishing" || name == "uploadArchives" {
			return true
		}
	}
	return false
}
