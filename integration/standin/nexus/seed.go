package nexus

// What the server holds at the start. The small seed has what real servers have: classifiers, signatures, snapshots,
// metadata, checksums, odd names, an empty file, and what no package manager would miss.

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/fixture"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
)

// epoch is when the content was made; every file comes a minute after the one before.
var epoch = time.Date(2024, 5, 3, 10, 11, 12, 345_000_000, time.UTC)

// The repositories. Beside them there is a hosted one of each format that GitLab has no place for; see others.
const (
	Releases   = "maven-releases"
	Snapshots  = "maven-snapshots"
	Cache      = "maven-proxy"
	Public     = "maven-public" // a group of the three above
	All        = "maven-all"    // a group of that group and the releases
	Raw        = "raw-hosted"
	RawPublic  = "raw-public" // a group
	Debian     = "apt-hosted"
	NPM        = "npm-hosted"
	NPMPublic  = "npm-public" // a group
	PyPI       = "pypi-hosted"
	NuGet      = "nuget-hosted"
	NuGetProxy = "nuget-proxy" // knows of what it never fetched
	Helm       = "helm-hosted"
	Docker     = "docker-hosted"
)

func (s *Server) seed(o standin.Options) error {
	st := s.store
	releases := st.repository(Releases, "maven2", hosted)
	releases.policy = "ALLOW_ONCE"
	snapshots := st.repository(Snapshots, "maven2", hosted)
	cache := st.repository(Cache, "maven2", proxy)
	cache.remote = "https://central.example/maven2/"
	st.repository(Public, "maven2", group).members = []string{Releases, Snapshots, Cache}
	files := st.repository(Raw, "raw", hosted)
	st.repository(RawPublic, "raw", group).members = []string{Raw}

	n, err := o.SeedCount(-1)
	if err != nil {
		return err
	}
	if n >= 0 {
		return s.seedMany(n, o.Mode("formats", ""))
	}
	now := epoch
	st.clock = func() time.Time { now = now.Add(time.Minute); return now }
	defer func() { st.clock = time.Now }()
	odd := o.Modes["odd"] == "true"
	st.seedReleases(releases)
	st.seedSnapshots(snapshots, nightly)
	st.seedCache(cache)
	st.seedRaw(files)
	st.repository(All, "maven2", group).members = []string{Public, Releases}
	st.seedNPM(st.repository(NPM, npmFormat, hosted))
	st.repository(NPMPublic, npmFormat, group).members = []string{NPM}
	st.seedPyPI(st.repository(PyPI, pypiFormat, hosted))
	st.seedNuGet(st.repository(NuGet, nugetFormat, hosted))
	known := st.repository(NuGetProxy, nugetFormat, proxy)
	known.remote = "https://nuget.example/api/v2/"
	st.seedNuGetCache(known)
	st.seedHelm(st.repository(Helm, helmFormat, hosted), odd)
	images := st.docker(Docker, hosted)
	registry.Seed(images.images, "team/")
	st.seedOthers()
	if odd {
		st.seedOdd(releases, snapshots, files)
		registry.SeedOdd(images.images, "odd/")
		images.images.Drop("odd/" + registry.Many) // a numeric seed makes many tags
	}
	st.reflect(images, s.manifests)
	return nil
}

// generators make the content of a repository of a format, with n packages.
var generators = map[string]struct {
	repository string
	make       func(n int, first int64) generated
}{
	"maven2":    {Releases, generatedMaven},
	"raw":       {Raw, generatedRaw},
	npmFormat:   {NPM, generatedNPM},
	pypiFormat:  {PyPI, generatedPyPI},
	nugetFormat: {NuGet, generatedNuGet},
	helmFormat:  {Helm, generatedHelm},
}

// seedMany spreads n packages over formats: evenly, or, where none are named, three quarters over Maven and the rest over raw
// files.
func (s *Server) seedMany(n int, formats string) error {
	names := strings.Split(formats, "+")
	share := func(at int) int { return (n + at) / len(names) }
	if formats == "" {
		names, share = []string{"maven2", "raw"}, func(at int) int { return []int{n - n/4, n / 4}[at] }
	}
	for at, format := range names {
		generator, ok := generators[format]
		if !ok && format != dockerFormat {
			return fmt.Errorf("mode formats=%s: %q is none of maven2, raw, npm, pypi, nuget, helm, docker", formats, format)
		}
		var r *repository
		var content generated
		switch r = s.store.repositories[generator.repository]; {
		case format == dockerFormat:
			r = s.store.docker(Docker, hosted)
			content = s.store.generateDocker(r, share(at), s.store.last+1)
		case r == nil:
			r = s.store.repository(generator.repository, format, hosted)
			fallthrough
		default:
			content = generator.make(share(at), s.store.last+1)
		}
		r.generated = content
		s.store.last += int64(content.n * content.per)
	}
	return nil
}

// seedOdd adds what no target takes as it is: files with names that GitLab refuses, a file outside Maven's layout, and a
// name that has an index in two repositories.
func (s *store) seedOdd(releases, snapshots, files *repository) {
	s.put(releases, "notes/README.txt", []byte("Somebody put this here by hand.\n"))
	s.seedSnapshots(snapshots, fixture.Maven("com.example", "lib", "2.0-SNAPSHOT"))
	for _, f := range [][2]string{
		{"docs/with space/read me.txt", "a space\n"},
		{"docs/größe/日本.txt", "beyond ASCII\n"},
		{"docs/a+b%20c;d.txt", "a plus, a percent sign and a semicolon\n"},
		{"docs/[x]#y?.txt", "what ends a path\n"},
	} {
		s.put(files, f[0], []byte(f[1]))
	}
}

// deploy stores a file with its checksums beside it, as Maven does.
func (s *store) deploy(r *repository, path string, body []byte) {
	s.put(r, path, body)
	beside := fixture.Sidecars(body)
	for _, extension := range slices.Sorted(maps.Keys(beside)) {
		s.put(r, path+extension, beside[extension])
	}
}

// release stores a version with a jar.
func (s *store) release(r *repository, c fixture.Coordinates, dependencies ...fixture.Coordinates) {
	stem := c.Stem()
	s.deploy(r, stem+".jar", fixture.Jar(c, fixture.Text(len(r.stored), 4000)))
	s.deploy(r, stem+".pom", fixture.POM(c, "jar", dependencies...))
}

func (s *store) seedReleases(r *repository) {
	lib := func(version string) fixture.Coordinates { return fixture.Maven("com.example", "lib", version) }
	for _, version := range []string{"1.0", "1.1"} {
		c := lib(version)
		s.release(r, c)
		stem := c.Dir() + "/lib-" + version
		s.deploy(r, stem+"-sources.jar", fixture.Jar(c, "the sources"))
		s.deploy(r, stem+"-javadoc.jar", fixture.Jar(c, "the documentation"))
		for _, signed := range []string{".jar", ".pom"} {
			s.deploy(r, stem+signed+".asc", fixture.Signature(r.at(stem+signed).body))
		}
	}
	s.deploy(r, "com/example/lib/maven-metadata.xml", fixture.MavenIndex("com.example", "lib", epoch, "1.0", "1.1"))

	s.release(r, fixture.Maven("com.example", "app", "2.0"), lib("1.1"))
	s.deploy(r, "com/example/app/maven-metadata.xml", fixture.MavenIndex("com.example", "app", epoch, "2.0"))

	parent := fixture.Maven("com.example", "parent", "7")
	s.deploy(r, parent.Dir()+"/parent-7.pom", fixture.POM(parent, "pom"))
	s.deploy(r, "com/example/parent/maven-metadata.xml", fixture.MavenIndex("com.example", "parent", epoch, "7"))

	s.release(r, fixture.Maven("org.example.odd", "lib_2.13", "1.0+build.5"))
	s.deploy(r, "archetype-catalog.xml", []byte("<archetype-catalog/>\n"))
	s.put(r, ".index/nexus-maven-repository-index.properties", []byte("nexus.index.id=example\n"))
}

// nightly is built again every hour.
var nightly = fixture.Maven("com.example", "nightly", "2.0-SNAPSHOT")

func (s *store) seedSnapshots(r *repository, c fixture.Coordinates) {
	s.snapshot(r, c, fixture.Build{At: epoch, Number: 1})
	s.snapshot(r, c, fixture.Build{At: epoch.Add(time.Hour), Number: 2})
	path := strings.TrimSuffix(c.Dir(), c.Version) + "maven-metadata.xml"
	s.deploy(r, path, fixture.MavenIndex(c.Group, c.Artifact, epoch.Add(time.Hour), c.Version))
}

// snapshot stores a build and makes it the newest.
func (s *store) snapshot(r *repository, c fixture.Coordinates, b fixture.Build) {
	stem := c.Dir() + "/" + c.Artifact + "-" + b.Version(c.Version)
	s.deploy(r, stem+".jar", fixture.Jar(c, "build "+b.Stamp()))
	s.deploy(r, stem+".pom", fixture.POM(c, "jar"))
	s.deploy(r, c.Dir()+"/maven-metadata.xml", fixture.SnapshotIndex(c, b))
}

func (s *store) seedCache(r *repository) {
	s.release(r, fixture.Maven("org.example", "cached", "3.1"))
	s.last++
	known := fixture.Maven("org.example", "known", "4.0")
	r.set(&asset{id: s.last, path: known.Dir() + "/known-4.0.jar", hollow: true, created: epoch, updated: time.Time{}})
}

func (s *store) seedRaw(r *repository) {
	tool := []byte(fixture.Text(1, 70_000))
	for _, f := range []struct {
		path string
		body []byte
	}{
		{"tools/cli/1.2.0/linux/cli.tgz", tool},
		{"tools/cli/1.2.0/linux/cli.tgz.sha256", []byte(artifact.DigestsOf(string(tool)).SHA256 + "\n")},
		{"tools/cli/1.3.0/linux/cli.tgz", []byte(fixture.Text(2, 5000))},
		{"docs/guide/index.html", []byte("<h1>Guide</h1>\n")},
		{"docs/with space+größe/read-me.txt", []byte("a directory may have any name\n")},
		{"docs/empty.bin", nil},
		{"root.txt", []byte("at the root\n")},
	} {
		s.put(r, f.path, f.body)
	}
}
