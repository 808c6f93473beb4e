//go:build integration

package integration

// Real jars, POMs and signatures go from Nexus' stand-in to GitLab's, and the real Maven and curl fetch them there.

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/integration/standin"
	nexusstandin "pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/nexus"
	"pkgferry/sources/sourcetest"
)

// jar is one real file: where it lies in Maven's layout, and its name in the cache.
type jar struct{ name, version, file string }

func (j jar) path() string { return artifact.MavenDir(j.name, j.version) + "/" + j.file }

const junit, hamcrest, parent = "junit:junit", "org.hamcrest:hamcrest-core", "org.hamcrest:hamcrest-parent"

var realJars = []jar{
	{junit, "4.12", "junit-4.12.jar"},
	{junit, "4.12", "junit-4.12.pom"},
	{junit, "4.13.2", "junit-4.13.2-sources.jar"},
	{junit, "4.13.2", "junit-4.13.2.jar"},
	{junit, "4.13.2", "junit-4.13.2.jar.asc"},
	{junit, "4.13.2", "junit-4.13.2.pom"},
	{junit, "4.13.2", "junit-4.13.2.pom.asc"},
	{hamcrest, "1.3", "hamcrest-core-1.3.jar"},
	{hamcrest, "1.3", "hamcrest-core-1.3.pom"},
	{parent, "1.3", "hamcrest-parent-1.3.pom"},
}

// realRaw are files for the raw repository: real tarballs, by path.
var realRaw = map[string]string{
	"tools/cli/1.2.0/linux/is-odd+real.tgz": "is-odd-3.0.1.tgz",
	"archive/left-pad.tgz":                  "left-pad-1.3.0.tgz",
}

const metadata = `<?xml version="1.0" encoding="UTF-8"?>
<metadata><groupId>junit</groupId><artifactId>junit</artifactId><versioning><latest>4.13.2</latest><release>4.13.2</release>
<versions><version>4.12</version><version>4.13.2</version></versions><lastUpdated>20240503101112</lastUpdated></versioning></metadata>
`

func cached(t *testing.T, elements ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(realserver.Cache(t, elements...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// realNexus is Nexus' stand-in with nothing but real content, and the packages that a source must list.
func realNexus(t *testing.T) (*server, []artifact.Package) {
	t.Helper()
	s, err := nexusstandin.New(standin.Options{Seed: "0", Modes: map[string]string{"page": "10"}})
	if err != nil {
		t.Fatal(err)
	}
	url := standintest.Start(t, s)
	var want []artifact.Package
	put := func(repository, path string, content []byte, p artifact.Package) {
		hasher := artifact.NewHasher(artifact.Digests{MD5: "wanted"})
		_, _ = hasher.Write(content)
		digests := hasher.Digests()
		for extension, text := range map[string]string{"": string(content), ".sha1": digests.SHA1, ".md5": digests.MD5} {
			if extension != "" && p.Format != artifact.Maven {
				continue
			}
			if err := s.Change(nexusstandin.Change{Op: "put", Repository: repository, Path: path + extension, Body: text}); err != nil {
				t.Fatal(err)
			}
		}
		p.Repository = repository
		p.Files[0].Size, p.Files[0].Digests = int64(len(content)), artifact.Digests{SHA1: digests.SHA1, SHA256: digests.SHA256}
		want = append(want, p)
	}
	for _, j := range realJars {
		put(nexusstandin.Releases, j.path(), cached(t, "jars", j.file),
			artifact.Package{Format: artifact.Maven, Name: j.name, Version: j.version, Files: []artifact.File{{Path: j.file}}})
	}
	put(nexusstandin.Releases, "junit/junit/maven-metadata.xml", []byte(metadata),
		artifact.Package{Format: artifact.Maven, Name: junit, Files: []artifact.File{{Path: artifact.MavenMetadata}}})
	for p, file := range realRaw {
		g := artifact.ParseGenericPath(nexusstandin.Raw, p)
		put(nexusstandin.Raw, p, cached(t, "npm", file),
			artifact.Package{Format: artifact.Generic, Name: g.Name, Version: g.Version, Files: []artifact.File{{Path: g.Path}}})
	}
	return &server{s.Ready(url)}, want
}

func TestRealJarsInNexus(t *testing.T) {
	server, want := realNexus(t)
	open := func(password string) func(*testing.T) sources.Source {
		return func(t *testing.T) sources.Source {
			return nexus.New("nexus", httpClient(t, "source nexus", server.URL, httpx.Basic(server.Username, password)), nexus.Options{})
		}
	}
	sourcetest.Run(t, sourcetest.Case{
		New: open(server.Password), Want: want, Token: server.Password, Rejected: open("a-wrong-password"),
		Content: func(t *testing.T, p artifact.Package, f artifact.File) []byte {
			for _, j := range realJars {
				if p.Name == j.name && f.Path == j.file {
					return cached(t, "jars", j.file)
				}
			}
			for at, file := range realRaw {
				if strings.HasSuffix(at, f.Path) {
					return cached(t, "npm", file)
				}
			}
			return []byte(metadata)
		},
	})
}

func TestMavenAndCurlFetchWhatWasMigrated(t *testing.T) {
	source, _ := realNexus(t)
	gitlab := startStandin(t, "gitlab")
	m := newMigration(t, gitlab, source)
	m.must(t, 0, "run")
	m.must(t, 0, "verify", "--read-back", "all")

	maven := realserver.NewMaven(t, gitlab.projectURL(t, gitlab.Group+"/java-packages")+"/maven", realserver.Login{Header: "Private-Token", Value: gitlab.Token})
	for _, j := range realJars {
		if _, err := os.Stat(filepath.Join(maven.Local, filepath.FromSlash(j.path()))); err == nil {
			t.Fatalf("Maven has %s before it fetched anything", j.path())
		}
	}
	maven.Get(t, "junit:junit:LATEST")
	maven.Get(t, "junit:junit:4.13.2:jar:sources")
	maven.Get(t, "junit:junit:4.13.2:jar.asc")
	maven.Get(t, "junit:junit:4.12")
	for _, j := range realJars {
		if j.file == "junit-4.13.2.pom.asc" {
			continue // nobody asked for it
		}
		got, err := os.ReadFile(filepath.Join(maven.Local, filepath.FromSlash(j.path())))
		if err != nil {
			t.Errorf("Maven did not fetch it: %v", err)
		} else if !bytes.Equal(got, cached(t, "jars", j.file)) {
			t.Errorf("Maven fetched other bytes of %s", j.path())
		}
	}

	generic := gitlab.projectURL(t, gitlab.Group+"/generic-packages") + "/generic"
	for p, file := range realRaw {
		g := artifact.ParseGenericPath(nexusstandin.Raw, p)
		got := realserver.Curl(t, generic+"/"+path.Join(g.Name, g.Version, g.Path), "PRIVATE-TOKEN: "+gitlab.Token)
		if !bytes.Equal(got, cached(t, "npm", file)) {
			t.Errorf("curl got %d other bytes of %s", len(got), p)
		}
	}
}

// What Maven itself deploys is what a migration leaves on GitLab, but for the index that Maven writes anew.
func TestMavenDeploysTheSame(t *testing.T) {
	source, _ := realNexus(t)
	migrated, deployed := startStandin(t, "gitlab"), startStandin(t, "gitlab")
	newMigration(t, migrated, source).must(t, 0, "run")

	maven := realserver.NewMaven(t, deployed.projectURL(t, deployed.Group+"/java-packages")+"/maven", realserver.Login{Header: "Private-Token", Value: deployed.Token})
	jars := realserver.Cache(t, "jars")
	at := func(file string) string { return filepath.Join(jars, file) }
	maven.Deploy(t, realserver.Artifact{File: at("junit-4.13.2.jar"), POM: at("junit-4.13.2.pom"), Attached: []realserver.Attached{
		{File: at("junit-4.13.2-sources.jar"), Classifier: "sources", Type: "jar"},
		{File: at("junit-4.13.2.jar.asc"), Type: "jar.asc"}, {File: at("junit-4.13.2.pom.asc"), Type: "pom.asc"},
	}})
	maven.Deploy(t, realserver.Artifact{File: at("junit-4.12.jar"), POM: at("junit-4.12.pom")})
	maven.Deploy(t, realserver.Artifact{File: at("hamcrest-core-1.3.jar"), POM: at("hamcrest-core-1.3.pom")})
	maven.Deploy(t, realserver.Artifact{File: at("hamcrest-parent-1.3.pom"), POM: at("hamcrest-parent-1.3.pom")})
	holds(t, versions(deployed.dump(t)), versions(migrated.dump(t)))
}

// versions leaves out what belongs to a name, and what is not Maven's.
func versions(dump []standin.DumpLine) []standin.DumpLine {
	var kept []standin.DumpLine
	for _, line := range dump {
		if line.Format == string(artifact.Maven) && path.Base(line.File) != artifact.MavenMetadata {
			kept = append(kept, line)
		}
	}
	return kept
}

// The cache holds exactly the jars that the tests know, so that none is forgotten.
func TestEveryRealJarIsUsed(t *testing.T) {
	files, err := fs.Glob(os.DirFS(realserver.Cache(t, "jars")), "*")
	if err != nil || len(files) != len(realJars) {
		t.Errorf("the cache holds %d jars, the tests know %d: %v, %v", len(files), len(realJars), files, err)
	}
}
