package nexus

// Content that is made when it is read, the same every time: as many packages as wanted cost no memory.

import (
	"fmt"
	"path"
	"strings"
	"time"

	"pkgferry/integration/standin/fixture"
)

const versionsPerName = 5

// generated are the assets of n packages, with consecutive ids from first on.
type generated struct {
	n, per int   // packages, and assets of each
	first  int64 // 0: nothing is generated
	files  func(i int) []generatedFile
	index  func(p string) (i int, ok bool) // which package a path may belong to
}

type generatedFile struct {
	path  string
	body  func() []byte
	media string
	shown object // see asset.attributes
}

func (g generated) holds(id int64) bool {
	return g.first > 0 && id >= g.first && id < g.first+int64(g.n*g.per)
}

func (g generated) asset(id int64) *asset {
	at := int(id - g.first)
	f := g.files(at / g.per)[at%g.per]
	created := epoch.Add(time.Duration(at) * time.Second)
	return &asset{id: id, path: f.path, made: f.body, media: f.media, attributes: f.shown, created: created, updated: created}
}

// find returns the id of the asset at p.
func (g generated) find(p string) (int64, bool) {
	if g.first == 0 {
		return 0, false
	}
	i, ok := g.index(p)
	if !ok || i < 0 || i >= g.n {
		return 0, false
	}
	for at, f := range g.files(i) {
		if f.path == p {
			return g.first + int64(i*g.per+at), true
		}
	}
	return 0, false
}

// generatedMaven are Maven versions of a jar and a POM, each with its SHA-1 beside it.
func generatedMaven(n int, first int64) generated {
	return generated{n: n, per: 4, first: first, files: mavenFiles, index: func(p string) (int, bool) {
		return number(path.Base(path.Dir(path.Dir(p))), "lib", path.Base(path.Dir(p)))
	}}
}

func mavenFiles(i int) []generatedFile {
	name, version := fmt.Sprintf("lib%d", i/versionsPerName), fmt.Sprintf("1.%d.0", i%versionsPerName)
	c := fixture.Maven(fmt.Sprintf("com.example.made%d", i/versionsPerName/20), name, version)
	stem := c.Dir() + "/" + name + "-" + version
	theJar := func() []byte { return fixture.Jar(c, fixture.Text(i, 900)) }
	thePOM := func() []byte { return fixture.POM(c, "jar") }
	sha1 := func(body func() []byte) func() []byte {
		return func() []byte { return fixture.Sidecars(body())[".sha1"] }
	}
	return []generatedFile{
		{path: stem + ".jar", body: theJar}, {path: stem + ".jar.sha1", body: sha1(theJar)},
		{path: stem + ".pom", body: thePOM}, {path: stem + ".pom.sha1", body: sha1(thePOM)},
	}
}

// generatedRaw are versions of tools, one file each.
func generatedRaw(n int, first int64) generated {
	return generated{n: n, per: 1, first: first, files: rawFiles, index: func(p string) (int, bool) {
		return number(path.Base(path.Dir(path.Dir(p))), "tool", path.Base(path.Dir(p)))
	}}
}

func rawFiles(i int) []generatedFile {
	name := fmt.Sprintf("tool%d", i/versionsPerName)
	p := fmt.Sprintf("tools/%s/1.%d.0/%s.bin", name, i%versionsPerName, name)
	return []generatedFile{{path: p, body: func() []byte { return []byte(fixture.Text(-1-i, 2000)) }}}
}

// number is the inverse of how names and versions are counted.
func number(name, prefix, version string) (int, bool) {
	var which, minor int
	digits, ok := strings.CutPrefix(name, prefix)
	if _, err := fmt.Sscanf(digits+" "+version, "%d 1.%d.0", &which, &minor); !ok || err != nil || which > 1<<32 {
		return 0, false
	}
	return which*versionsPerName + minor, true
}
