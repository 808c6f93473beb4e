package artifactory

// Maven repositories, and those of Gradle, sbt and Ivy (Artifactory's layouts maven-2-default and ivy-default): a snapshot that
// is asked for by its base version is answered with its newest build (org.artifactory.repo.snapshot); metadata is stored as
// files.

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

var buildForm = regexp.MustCompile(`^(\d{8}\.\d{6})-(\d+)([.-].+)$`)

// newestBuild returns the path of the newest build of a snapshot's file: …/1.0-SNAPSHOT/a-1.0-SNAPSHOT.jar; "" when at is
// no such path, or there is no build.
func newestBuild(at string, names func(folder string) []string) string {
	folder, name := path.Split(at)
	folder = strings.TrimSuffix(folder, "/")
	base, isSnapshot := strings.CutSuffix(path.Base(folder), "SNAPSHOT")
	stem, rest, found := strings.Cut(name, base+"SNAPSHOT")
	if !isSnapshot || !found {
		return ""
	}
	newest, stamp, number := "", "", 0
	for _, one := range names(folder) {
		build := buildForm.FindStringSubmatch(strings.TrimPrefix(one, stem+base))
		if !strings.HasPrefix(one, stem+base) || build == nil || build[3] != rest {
			continue
		}
		if n, _ := strconv.Atoi(build[2]); build[1] > stamp || build[1] == stamp && n > number {
			newest, stamp, number = one, build[1], n
		}
	}
	if newest == "" {
		return ""
	}
	return folder + "/" + newest
}

func (d *seeder) maven() {
	snapshots := field{"snapshotVersionBehavior", "unique"}
	releases := d.local(Releases, "maven", field{"handleReleases", true}, field{"handleSnapshots", false}, snapshots)
	d.releases(releases)
	d.snapshots(d.local(Snapshots, "maven", field{"handleReleases", false}, field{"handleSnapshots", true}, snapshots))

	federated := &repository{key: Federated, class: federated, packageType: "maven", description: "the same on every member"}
	d.content.add(federated, nil, d.now)
	d.version(federated, fixture.Maven("com.example", "shared", "3.0"))

	central := &repository{key: Central, class: remote, packageType: "maven", upstream: "https://central.example.test/maven2"}
	d.content.add(central, nil, d.now)
	cached := fixture.Maven("org.example", "cached", "3.1")
	d.version(central, cached)
	d.put(central, path.Dir(cached.Dir())+"/maven-metadata.xml", fixture.MavenIndex("org.example", "cached", epoch, "3.0", "3.1"))
	d.content.add(&repository{key: Virtual, class: virtual, packageType: "maven", members: []string{Releases, Snapshots, Federated, Central}}, nil, d.now)

	d.version(d.local("gradle-local", "gradle"), fixture.Maven("com.example.gradle", "plugin", "0.9"))
	sbt := d.local("sbt-local", "sbt")
	d.put(sbt, "com/example/sbt-lib_2.13/1.0/sbt-lib_2.13-1.0.jar", fixture.Jar(fixture.Maven("com.example", "sbt-lib_2.13", "1.0"), "sbt"))
	d.put(sbt, "com/example/sbt-lib_2.13/1.0/sbt-lib_2.13-1.0.pom", fixture.POM(fixture.Maven("com.example", "sbt-lib_2.13", "1.0"), "jar"))
	ivy := d.local("ivy-local", "ivy")
	d.put(ivy, "com.example/module/1.0/jar/module-1.0.jar", fixture.Jar(fixture.Maven("com.example", "module", "1.0"), "ivy"))
	d.put(ivy, "com.example/module/1.0/ivy/ivy-1.0.xml", []byte("<ivy-module version=\"2.0\"><info organisation=\"com.example\" module=\"module\" revision=\"1.0\"/></ivy-module>\n"))
}

// version stores a jar and a POM.
func (d *seeder) version(r *repository, c fixture.Coordinates, dependencies ...fixture.Coordinates) {
	d.put(r, c.Stem()+".jar", fixture.Jar(c, fixture.Text(int(d.content.last), 3000)))
	d.put(r, c.Stem()+".pom", fixture.POM(c, "jar", dependencies...))
}

func (d *seeder) releases(r *repository) {
	lib := func(version string) fixture.Coordinates { return fixture.Maven("com.example", "lib", version) }
	for _, version := range []string{"1.0", "1.1"} {
		c := lib(version)
		d.version(r, c)
		d.put(r, c.Stem()+"-sources.jar", fixture.Jar(c, "the sources"))
		d.put(r, c.Stem()+"-javadoc.jar", fixture.Jar(c, "the documentation"))
		for _, signed := range []string{".jar", ".pom"} {
			d.put(r, c.Stem()+signed+".asc", fixture.Signature([]byte(c.Stem()+signed)))
		}
	}
	d.put(r, "com/example/lib/maven-metadata.xml", fixture.MavenIndex("com.example", "lib", epoch, "1.0", "1.1"))
	d.version(r, fixture.Maven("com.example", "app", "2.0"), lib("1.1"))
	d.put(r, "com/example/app/maven-metadata.xml", fixture.MavenIndex("com.example", "app", epoch, "2.0"))
	parent := fixture.Maven("com.example", "parent", "7")
	d.put(r, parent.Stem()+".pom", fixture.POM(parent, "pom"))
	d.put(r, "com/example/parent/maven-metadata.xml", fixture.MavenIndex("com.example", "parent", epoch, "7"))
	d.version(r, fixture.Maven("com.example.secret", "hidden", "1.0"))
	d.version(r, fixture.Maven("org.example.odd", "lib_2.13", "1.0+build.5"))
	// What some client stored beside a file, and what an indexer left.
	for _, extension := range []string{".md5", ".sha1"} {
		d.put(r, lib("1.0").Stem()+".pom"+extension, fixture.Sidecars(fixture.POM(lib("1.0"), "jar"))[extension])
	}
	d.put(r, ".index/nexus-maven-repository-index.properties", []byte("nexus.index.id=example\n"))
	d.put(r, "com/example/README.txt", []byte("Somebody put this here by hand.\n"))
	// Deployed before the server computed SHA-256, and by a client that sent no checksums.
	d.version(r, fixture.Maven("com.example.old", "relic", "0.1"))
	for _, at := range []string{"com/example/old/relic/0.1/relic-0.1.jar", "com/example/old/relic/0.1/relic-0.1.pom"} {
		old := *r.held.Get(at)
		old.NoSHA256, old.Untold = true, true
		old.Created = time.Date(2016, 2, 3, 4, 5, 6, 0, time.UTC)
		old.Modified, old.Updated = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC), old.Created
		d.content.put(r, &old)
	}
}

// nightly is built again every hour; mixed has also been deployed without a time in its name.
var (
	nightly = fixture.Maven("com.example", "nightly", "2.0-SNAPSHOT")
	mixed   = fixture.Maven("com.example", "mixed", "1.0-SNAPSHOT")
	plain   = fixture.Maven("com.example", "plain", "3.0-SNAPSHOT")
)

func (d *seeder) snapshots(r *repository) {
	for _, c := range []fixture.Coordinates{nightly, mixed} {
		for number := 1; number <= 2; number++ {
			build := fixture.Build{At: epoch.Add(time.Duration(number) * time.Hour), Number: number}
			stem := c.Dir() + "/" + c.Artifact + "-" + build.Version(c.Version)
			d.put(r, stem+".jar", fixture.Jar(c, "build "+build.Stamp()))
			d.put(r, stem+".pom", fixture.POM(c, "jar"))
			d.put(r, c.Dir()+"/maven-metadata.xml", fixture.SnapshotIndex(c, build))
		}
	}
	d.version(r, mixed)
	d.version(r, plain)
	for _, c := range []fixture.Coordinates{nightly, mixed, plain} {
		d.put(r, path.Dir(c.Dir())+"/maven-metadata.xml", fixture.MavenIndex(c.Group, c.Artifact, epoch, c.Version))
	}
}

// mavenLine names the package of a file in Maven's layout.
func mavenLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.Maven)
	if m, ok := artifact.ParseMavenPath(item.At()); ok {
		line.Package, line.Version, line.File = m.Name, m.Version, m.File
	}
}
