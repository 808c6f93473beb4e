package storage

// The shapes of made trees: signed Maven releases in small folders, and builds in folders of many thousand files.

import (
	"fmt"
	"strings"
)

const (
	filesPerVersion = 8
	versionsPerLib  = 12
	filesPerLib     = 1 + versionsPerLib*filesPerVersion // with its maven-metadata.xml
	libsPerArea     = 40
	areasPerTeam    = 25
)

// the files of a version, in the order of their names
var mavenFiles = [filesPerVersion]string{
	"-javadoc.jar", "-javadoc.jar.asc", "-sources.jar", "-sources.jar.asc", ".jar", ".jar.asc", ".pom", ".pom.asc",
}

// Maven is a tree of n files: com/example/team000/area00/lib00/1.10.0/lib00-1.10.0.jar and what belongs to it, below a
// maven-metadata.xml for each lib.
func Maven(repo string, n int, firstID int64) *Tree {
	libs := divideUp(n, filesPerLib)
	versions := 0
	if last := n - (libs-1)*filesPerLib; libs > 0 {
		versions = (libs-1)*versionsPerLib + divideUp(last-1, filesPerVersion)
	}
	areas := divideUp(libs, libsPerArea)
	one := min(1, libs)
	t := &Tree{repo: repo, files: n, first: firstID, levels: []level{
		{prefix: "com", fan: 1, count: one},
		{prefix: "example", fan: 1, count: one},
		{prefix: "team", width: 3, fan: 1000, count: divideUp(areas, areasPerTeam)},
		{prefix: "area", width: 2, fan: areasPerTeam, count: areas},
		{prefix: "lib", width: 2, fan: libsPerArea, count: libs, holds: func(lib int) (int, int) { return lib * filesPerLib, 1 }},
		{prefix: "1.", suffix: ".0", from: 10, width: 2, fan: versionsPerLib, count: versions, holds: func(version int) (int, int) {
			first := version/versionsPerLib*filesPerLib + 1 + version%versionsPerLib*filesPerVersion
			return first, max(0, min(filesPerVersion, n-first))
		}},
	}}
	t.name = func(file int) string {
		lib, version, which := mavenFile(file)
		if which < 0 {
			return "maven-metadata.xml"
		}
		return t.levels[4].nameOf(lib) + "-" + t.levels[5].nameOf(version) + mavenFiles[which]
	}
	group := func(lib int) string {
		return fmt.Sprintf("com.example.%s.%s", t.levels[2].nameOf(lib/libsPerArea/areasPerTeam), t.levels[3].nameOf(lib/libsPerArea))
	}
	t.blob = func(file int) *Blob {
		lib, version, which := mavenFile(file)
		switch {
		case which < 0:
			from := lib * versionsPerLib
			return Written(func() []byte { return t.mavenMetadata(group(lib), lib, from, min(from+versionsPerLib, versions)) })
		case mavenFiles[which] == ".pom":
			return Written(func() []byte { return mavenPOM(group(lib), t.levels[4].nameOf(lib), t.levels[5].nameOf(version)) })
		}
		return Made(uint64(file), 40+int64(file%97))
	}
	return t
}

// mavenFile is the lib, the version (both numbered through) and the kind of a file; −1 is the metadata.
func mavenFile(file int) (lib, version, which int) {
	lib, which = file/filesPerLib, file%filesPerLib-1
	if which < 0 {
		return lib, 0, -1
	}
	return lib, lib*versionsPerLib + which/filesPerVersion, which % filesPerVersion
}

func mavenPOM(group, name, version string) []byte {
	return fmt.Appendf(nil, `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>%s</groupId>
  <artifactId>%s</artifactId>
  <version>%s</version>
</project>
`, group, name, version)
}

func (t *Tree) mavenMetadata(group string, lib, from, to int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<metadata>\n  <groupId>%s</groupId>\n  <artifactId>%s</artifactId>\n  <versioning>\n    <versions>\n",
		group, t.levels[4].nameOf(lib))
	for version := from; version < to; version++ {
		fmt.Fprintf(&b, "      <version>%s</version>\n", t.levels[5].nameOf(version))
	}
	fmt.Fprintf(&b, "    </versions>\n    <lastUpdated>%s</lastUpdated>\n  </versioning>\n</metadata>\n",
		t.created(lib*filesPerLib).UTC().Format("20060102150405"))
	return []byte(b.String())
}

// filesPerBuild is how many files one folder of Flat holds.
const filesPerBuild = 25_000

// Flat is a tree of n files in folders of 25,000: nightly/app/1.100.0/part-00000.bin.
func Flat(repo string, n int, firstID int64) *Tree {
	builds := divideUp(n, filesPerBuild)
	one := min(1, builds)
	return &Tree{repo: repo, files: n, first: firstID, levels: []level{
		{prefix: "nightly", fan: 1, count: one},
		{prefix: "app", fan: 1, count: one},
		{prefix: "1.", suffix: ".0", from: 100, width: 3, fan: 900, count: builds, holds: func(build int) (int, int) {
			first := build * filesPerBuild
			return first, max(0, min(filesPerBuild, n-first))
		}},
	},
		name: func(file int) string { return fmt.Sprintf("part-%05d.bin", file%filesPerBuild) },
		blob: func(file int) *Blob { return Made(1<<40+uint64(file), 40+int64(file%61)) },
	}
}
