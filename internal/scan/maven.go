package scan

// Maven's settings and POMs (https://maven.apache.org/settings.html, https://maven.apache.org/pom.html): an address stands for
// a repository to read, one to publish to, or a mirror of others. GitLab: doc/user/packages/maven_repository/_index.md.

import (
	"bytes"
	"regexp"

	"pkgferry/internal/artifact"
)

var mavenFiles = []kind{
	{name: "maven", format: artifact.Maven, files: []string{"pom.xml", "*.pom", "settings.xml", "settings-*.xml", "*-settings.xml", ".mvn/*.xml"}, judge: mavenMirror, publishes: mavenPublishes, then: "the <server> of its id must have a token of GitLab"},
	{name: "maven", format: artifact.Maven, files: []string{"maven-wrapper.properties", "maven.config", "jvm.config", "ivysettings.xml", "ivy.xml", "build.sbt", "*.sbt"}},
}

var mavenFormat = format{
	group:    true,
	registry: func(scope, _ string) string { return scope + "/packages/maven" },
	root:     func(rest string) bool { return rest == "" },
	below:    func(string) bool { return true }, // Maven's layout is the same everywhere
	file: func(_, rest string) (name, version, file string, ok bool) {
		f, ok := artifact.ParseMavenPath(rest)
		return f.Name, f.Version, f.File, ok
	},
	address: func(d artifact.Destination, f artifact.File) string {
		return "packages/maven/" + artifact.MavenDir(d.Name, d.Version) + "/" + f.Path
	},
}

// within tells whether offset lies inside an element of that name.
func within(text []byte, offset int, element string) bool {
	return bytes.LastIndex(text[:offset], []byte("<"+element+">")) > bytes.LastIndex(text[:offset], []byte("</"+element+">"))
}

func mavenPublishes(d *document, a address) bool {
	return within(d.text, a.start, "distributionManagement")
}

var mirrorOf = regexp.MustCompile(`<mirrorOf>\s*([^<]*?)\s*</mirrorOf>`)

// mavenMirror: a mirror of public repositories is asked for what GitLab does not have.
func mavenMirror(d *document, a address) string {
	if !within(d.text, a.start, "mirror") {
		return ""
	}
	start := bytes.LastIndex(d.text[:a.start], []byte("<mirror>"))
	end := len(d.text)
	if n := bytes.Index(d.text[a.start:], []byte("</mirror>")); n >= 0 {
		end = a.start + n
	}
	of := "others"
	if m := mirrorOf.FindSubmatch(d.text[start:end]); m != nil {
		of = string(m[1])
	}
	return "it is a mirror of " + of + ", and GitLab's registry would not have what comes from there: use a virtual registry of GitLab with that upstream, or take the mirror out and name the repositories"
}
