package nexus

// Files that Maven accepts, made on the spot: POMs and jars with nothing but a manifest and a text in them, the
// metadata of artifacts and snapshots (https://maven.apache.org/ref/current/maven-repository-metadata/), and checksums.

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// coordinates are those of one Maven version.
type coordinates struct{ group, artifact, version string }

func (c coordinates) dir() string { return artifact.MavenDir(c.group+":"+c.artifact, c.version) }

// pom is a POM without a build; dependency may be the zero value.
func pom(c coordinates, packaging string, dependency coordinates) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>%s</groupId>
  <artifactId>%s</artifactId>
  <version>%s</version>
  <packaging>%s</packaging>
`, c.group, c.artifact, c.version, packaging)
	if dependency != (coordinates{}) {
		fmt.Fprintf(&b, `  <dependencies>
    <dependency>
      <groupId>%s</groupId>
      <artifactId>%s</artifactId>
      <version>%s</version>
    </dependency>
  </dependencies>
`, dependency.group, dependency.artifact, dependency.version)
	}
	b.WriteString("</project>\n")
	return []byte(b.String())
}

// jar is an archive with a manifest and one text.
func jar(c coordinates, text string) []byte {
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for _, entry := range [][2]string{
		{"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nImplementation-Title: " + c.artifact + "\r\n\r\n"},
		{c.artifact + ".txt", text},
	} {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: entry[0], Modified: epoch})
		if err == nil {
			_, err = w.Write([]byte(entry[1]))
		}
		if err != nil {
			panic(err) // memory does not fail to be written
		}
	}
	if err := archive.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// signature looks like one of OpenPGP; it signs nothing.
func signature(of []byte) []byte {
	return fmt.Appendf(nil, "-----BEGIN PGP SIGNATURE-----\n\n%s\n-----END PGP SIGNATURE-----\n", artifact.DigestsOf(string(of)).SHA256)
}

// sidecars are the checksum files that Maven deploys beside a file.
func sidecars(body []byte) map[string][]byte {
	h := artifact.NewHasher(artifact.Digests{MD5: "wanted"})
	_, _ = h.Write(body)
	d := h.Digests()
	return map[string][]byte{".md5": []byte(d.MD5), ".sha1": []byte(d.SHA1)}
}

const stampForm = "20060102150405"

// index is the metadata of an artifact: its versions, the newest last.
func index(group, name string, updated time.Time, versions ...string) []byte {
	var b strings.Builder
	newest := versions[len(versions)-1]
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<metadata>
  <groupId>%s</groupId>
  <artifactId>%s</artifactId>
  <versioning>
    <latest>%s</latest>
`, group, name, newest)
	if !artifact.IsSnapshot(newest) {
		fmt.Fprintf(&b, "    <release>%s</release>\n", newest)
	}
	b.WriteString("    <versions>\n")
	for _, version := range versions {
		fmt.Fprintf(&b, "      <version>%s</version>\n", version)
	}
	fmt.Fprintf(&b, "    </versions>\n    <lastUpdated>%s</lastUpdated>\n  </versioning>\n</metadata>\n", updated.UTC().Format(stampForm))
	return []byte(b.String())
}

// build is one build of a snapshot.
type build struct {
	at     time.Time
	number int
}

func (b build) stamp() string { return b.at.UTC().Format("20060102.150405") }

// version is the version in the file names of a build: 2.0-20240503.101112-1 of 2.0-SNAPSHOT.
func (b build) version(snapshot string) string {
	return fmt.Sprintf("%s%s-%d", strings.TrimSuffix(snapshot, "SNAPSHOT"), b.stamp(), b.number)
}

// snapshotIndex is the metadata of a snapshot whose newest build is b.
func snapshotIndex(c coordinates, b build) []byte {
	updated := b.at.UTC().Format(stampForm)
	var files strings.Builder
	for _, extension := range []string{"jar", "pom"} {
		fmt.Fprintf(&files, "      <snapshotVersion>\n        <extension>%s</extension>\n        <value>%s</value>\n"+
			"        <updated>%s</updated>\n      </snapshotVersion>\n", extension, b.version(c.version), updated)
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>%s</groupId>
  <artifactId>%s</artifactId>
  <version>%s</version>
  <versioning>
    <snapshot>
      <timestamp>%s</timestamp>
      <buildNumber>%d</buildNumber>
    </snapshot>
    <lastUpdated>%s</lastUpdated>
    <snapshotVersions>
%s    </snapshotVersions>
  </versioning>
</metadata>
`, c.group, c.artifact, c.version, b.stamp(), b.number, updated, files.String())
}
