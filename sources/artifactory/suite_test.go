package artifactory

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	art "pkgferry/integration/standin/artifactory"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/sourcetest"
)

// special are the files of the small seed of which the stand-in's dump knows no package: what they are, as their content, their
// neighbour or their path says.
var special = map[string]artifact.Package{
	art.NPM + "/late/-/late-1.0.0.tgz":                               one(artifact.NPM, "late", "1.0.0", "late-1.0.0.tgz"),
	art.NPM + "/broken/-/broken-1.0.0.tgz":                           one(artifact.NPM, "broken", "1.0.0", "broken-1.0.0.tgz"),
	art.Helm + "/web-1.0.0.tgz.prov":                                 one(artifact.Helm, "web", "1.0.0", "web-1.0.0.tgz.prov"),
	art.Helm + "/unindexed-1.0.0.tgz":                                one(artifact.Helm, "unindexed", "1.0.0", "unindexed-1.0.0.tgz"),
	"ivy-local/com.example/module/1.0/jar/module-1.0.jar":            {},
	"ivy-local/com.example/module/1.0/ivy/ivy-1.0.xml":               {},
	art.Releases + "/com/example/README.txt":                         {},
	art.Releases + "/.index/nexus-maven-repository-index.properties": {},
}

// foreign are the formats of the repositories that GitLab has no place for.
var foreign = map[string]artifact.Format{
	"rpm-local": "rpm", "debian-local": "deb", "conan-local": "conan", "gems-local": "gem", "go-local": "golang", "cargo-local": "cargo",
	"composer-local": "composer", "gitlfs-local": "gitlfs", "conda-local": "conda", "cran-local": "cran", "alpine-local": "apk", "swift-local": "swift",
	"pub-local": "pub", "puppet-local": "puppet", "chef-local": "chef", "vagrant-local": "vagrant", "bower-local": "bower", "cocoapods-local": "cocoapods",
	"p2-local": "p2", "opkg-local": "opkg", "huggingfaceml-local": "huggingface", "vcs-local": "vcs", "hex-local": "hex", "nix-local": "nix",
	"brandnew-local": "brandnew", "tfstate-local": "terraform-state", "terraform-providers-local": "terraform-provider",
}

// skips are the names of what the small seed has and no package is, with the repository.
var skips = map[string]artifact.Reason{
	art.Releases + " .index/nexus-maven-repository-index.properties": artifact.NotAPackage,
	art.Releases + " com/example/README.txt":                         artifact.FileNameNotAllowed,
	"ivy-local com.example/module/1.0/ivy/ivy-1.0.xml":               artifact.FileNameNotAllowed,
	"ivy-local com.example/module/1.0/jar/module-1.0.jar":            artifact.FileNameNotAllowed,
	art.NPM + " .npm/left/package.json":                              artifact.NotAPackage,
	art.NPM + " .npm/@acme/ui/package.json":                          artifact.NotAPackage,
	art.NPM + " @acme/ui/-/ui-1.2.0.tgz":                             artifact.NameCollision,
	art.PyPI + " .pypi/acme-tool.html":                               artifact.NotAPackage,
	art.PyPI + " acme-tool/NOTES.md":                                 artifact.FileNameNotAllowed,
	art.NuGet + " .nuGet/acme.core/index.json":                       artifact.NotAPackage,
	art.NuGet + " Acme.Web/1.2.3/Acme.Web.1.2.3.nupkg.sha512":        artifact.NotAPackage,
	art.NuGet + " tools/nuget.config":                                artifact.FileNameNotAllowed,
	art.NuGet + " broken/Acme.Broken.1.0.0.nupkg":                    artifact.PackageUnreadable,
	art.Helm + " index.yaml":                                         artifact.NotAPackage,
	art.Helm + " .charts/web.yaml":                                   artifact.NotAPackage,
	art.Helm + " stable/web-1.0.0.tgz":                               artifact.NameCollision,
	art.DockerV1 + " library/ancient":                                artifact.Schema1Image,
	art.Docker + " app/_uploads/0f1e2d3c-upload":                     artifact.NotAPackage,
	art.Docker + " .jfrog/repository.catalog":                        artifact.NotAPackage,
	art.Terraform + " acme/network/aws/versions.json":                artifact.NotAPackage,
	"rpm-local repodata/repomd.xml":                                  artifact.NotAPackage,
	"rpm-local repodata/primary.xml.gz":                              artifact.NotAPackage,
	"debian-local dists/stable/Release":                              artifact.NotAPackage,
	"debian-local dists/stable/main/binary-amd64/Packages.gz":        artifact.NotAPackage,
	"conan-local _/zlib/1.3/_/index.json":                            artifact.NotAPackage,
	"conan-local _/zlib/1.3/_/0/export/.timestamp":                   artifact.NotAPackage,
	"gems-local specs.4.8.gz":                                        artifact.NotAPackage,
	"gems-local quick/Marshal.4.8/acme-0.1.0.gemspec.rz":             artifact.NotAPackage,
	"gems-local gems/rubygems-update-3.0.0.gem":                      artifact.NotAPackage,
	"go-local example.test/!acme/mod/@v/list":                        artifact.NotAPackage,
	"cargo-local index/ac/me/acme":                                   artifact.NotAPackage,
	"cargo-local config.json":                                        artifact.NotAPackage,
	"composer-local .composer/packages.json":                         artifact.NotAPackage,
}

// npmIndexes are the tags and deprecations of the small seed.
var npmIndexes = []artifact.Package{
	{Name: "left", Files: []artifact.File{artifact.NPMTag("latest", "1.1.0"), artifact.NPMTag("next", "2.0.0-beta.1")}},
	{Name: "@acme/ui", Files: []artifact.File{artifact.NPMTag("latest", "1.2.0"), artifact.NPMTag("old", "1.0.0")}},
	{Name: "right", Files: []artifact.File{artifact.NPMDeprecation("0.1.0", "use left"), artifact.NPMTag("latest", "0.1.0")}},
	{Name: "stray", Files: []artifact.File{artifact.NPMTag("latest", "3.0.0")}},
}

func one(format artifact.Format, name, version, file string) artifact.Package {
	return artifact.Package{Format: format, Name: name, Version: version, Files: []artifact.File{{Path: file}}}
}

// left are the repositories that are not listed unless they are named: what is no local or federated one, and those of the server.
func left(repository string) bool {
	return slices.Contains([]string{art.Central, art.Central + "-cache", art.Trash, "jfrog-support-bundle", "_intransit", "artifactory-build-info", "release-bundles-v2",
		"jfrog-usage-logs", "artifactory-edge-uploads"}, repository) || strings.HasSuffix(repository, "-cache")
}

// expected are the packages that the dump has for a user, in the repositories that match says, each file alone.
func (s *server) expected(user string, match func(repository string) bool) (all []artifact.Package) {
	seen := map[string]bool{}
	for line := range s.Dump {
		if left(line.Repository) || !match(line.Repository) {
			continue
		}
		p := artifact.Package{Repository: line.Repository, Format: artifact.Format(line.Format), Name: line.Package, Version: line.Version}
		f := artifact.File{Path: line.File, Size: line.Size, Digests: artifact.Digests{SHA256: line.SHA256}}
		known, isSpecial := special[line.Repository+"/"+line.File]
		switch format, isForeign := foreign[line.Repository]; {
		case p.Format == artifact.Container && (!strings.HasPrefix(line.File, "manifests/") || strings.HasPrefix(line.Version, "sha256:")):
			continue
		case p.Format == artifact.Container:
			f.Digests.SHA256 = strings.TrimPrefix(line.File, "manifests/sha256:")
		case skips[line.Repository+" "+line.File] != "", line.Format == string(artifact.Maven) && artifact.IsSidecar(line.File):
			continue
		case isForeign:
			if line.Package != "" { // the dump takes a provider for a module
				line.File = line.Package + "/" + line.File
			}
			g := artifact.ParseGenericPath(line.Repository, line.File)
			p.Format, p.Name, p.Version, f.Path = format, g.Name, g.Version, g.Path
		case isSpecial:
			p.Name, p.Version, f.Path = known.Name, known.Version, known.Files[0].Path
		case p.Name == "acme-util":
			p.Name = "Acme.Util"
		case p.Format == artifact.NPM:
			f.Path = artifact.NPMTarball(p.Name, p.Version)
		case p.Format == artifact.Terraform:
			f.Path = strings.TrimSuffix(artifact.TerraformFile(p.Name, p.Version), ".tgz") + ".zip"
		}
		if !sees(user, line.Repository+"/"+placed(p, f)) {
			continue
		}
		if strings.Contains(f.Path, "relic") || strings.Contains(f.Path, "before-sha256") {
			f.Digests = artifact.Digests{}
		}
		p.Files = []artifact.File{f}
		if key := fmt.Sprint(p.Repository, p.Name, p.Version, f.Path); !seen[key] {
			seen[key] = true
			all = append(all, p)
		}
	}
	for _, p := range npmIndexes {
		if match(art.NPM) {
			p.Repository, p.Format = art.NPM, artifact.NPM
			all = append(all, p)
		}
	}
	return all
}

// placed is where a file of Maven's or of no format lies; the reader sees all of the others.
func placed(p artifact.Package, f artifact.File) string {
	switch {
	case p.Name == "":
		return f.Path
	case p.Format == artifact.Maven:
		return artifact.MavenDir(p.Name, p.Version) + "/" + f.Path
	case p.Version == artifact.Unversioned:
		return f.Path
	}
	return strings.ReplaceAll(p.Name, ".", "/") + "/" + p.Version + "/" + f.Path
}

// some are repositories with something of everything.
var some = []string{art.Releases, art.Files, art.NPM, art.Helm, art.OCI, "debian-local"}

func TestSuite(t *testing.T) {
	for _, c := range []struct {
		user, modes string
		page        int
	}{
		{art.Username, "edition=pro", 1000},
		{art.Username, "edition=pro redirect=1000 base=wrong zone=+02:00 aql-size=text aql-depth=on casing=upper", 4},
		{art.Username, "edition=pro version=6.20.0 redirect=1000 redirect-sums=off aql-limit=10 aql-notify=reached", 100},
		{art.Reader, "edition=pro hide-unauthorized=on aql-unsorted=id", 5},
		{art.Username, "edition=oss", 4},
		{art.Reader, "edition=oss redirect=0 casing=lower", 10},
		{art.Username, "edition=jcr context=none storageinfo=cached", 10},
		{art.Username, "edition=expired aql-limit=3", 3},
		{"", "edition=pro anonymous=on", 10},
		{"", "edition=oss anonymous=on list-size=text", 10},
	} {
		t.Run(c.user+" "+c.modes, func(t *testing.T) {
			s := start(t, "small", strings.Fields(c.modes)...)
			sourcetest.Run(t, s.suite(c.user, Options{Page: c.page, Repositories: some}))
		})
	}
}

// Every repository of the small seed, as each kind of user sees it in each edition: what is listed is what is there, and what is no
// package is told.
func TestEveryRepository(t *testing.T) {
	for _, edition := range []string{"pro", "oss", "jcr", "expired"} {
		for _, user := range []string{art.Username, art.Reader, ""} {
			for _, page := range []int{3, 10_000} {
				t.Run(fmt.Sprint(edition, " ", user, " ", page), func(t *testing.T) {
					s := start(t, "small", "edition="+edition, "anonymous=on")
					c := s.suite(user, Options{Page: page})
					items, errs := list(t, c.New(t).(*Source), sources.Start{})
					if len(errs) > 0 {
						t.Error(errs)
					}
					got, skipped := map[string]int{}, map[string]artifact.Reason{}
					for _, item := range items {
						if item.Skip != "" {
							skipped[item.Package.Name] = item.Skip
							continue
						}
						for _, f := range item.Package.Files {
							got[fmt.Sprint(item.Package.Repository, " ", item.Package.PURL(), " ", f.Path)]++
						}
					}
					want := map[string]int{}
					for _, p := range c.Want {
						for _, f := range p.Files {
							want[fmt.Sprint(p.Repository, " ", p.PURL(), " ", f.Path)] = 1
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("(-there +listed):\n%s", diff)
					}
					if diff := cmp.Diff(c.Skipped, skipped); diff != "" {
						t.Errorf("skipped (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

// closed are the repositories whose files can not all be read.
var closed = []string{"blackedout-local", "excluding-local"}

// suite is the case of a user in the repositories of o that there are, all of them when it names none.
func (s *server) suite(user string, o Options) sourcetest.Case {
	there := map[string]bool{}
	for line := range s.Dump {
		there[line.Repository] = !slices.Contains(closed, line.Repository)
	}
	var chosen []string
	for repository, readable := range there {
		if readable && !left(repository) && sees(user, repository) && (o.Repositories == nil || slices.Contains(o.Repositories, repository)) {
			chosen = append(chosen, repository)
		}
	}
	o.Repositories = chosen
	is := func(repository string) bool { return slices.Contains(chosen, repository) }
	skipped := map[string]artifact.Reason{}
	for name, reason := range skips {
		if repository, path, _ := strings.Cut(name, " "); is(repository) && sees(user, repository+"/"+path) {
			skipped[path] = reason
		}
	}
	accounts := func(password string) func(t *testing.T) sources.Source {
		return func(*testing.T) sources.Source {
			o := o
			if user != "" {
				o.Login = httpx.Basic(user, password)
			}
			source := New("old", s.client(user, password), o)
			source.recounts = []time.Duration{0}
			return source
		}
	}
	c := sourcetest.Case{
		New: accounts(art.Password), Want: s.expected(user, is), Skipped: skipped, Content: s.content, Requests: s.reads,
		Token: art.Password, Cut: s.cut, Absent: absent,
	}
	if user != "" {
		c.Rejected = accounts("not-the-password")
		c.Change = s.work
	}
	return c
}

func (s *server) content(t *testing.T, p artifact.Package, f artifact.File) []byte {
	t.Helper()
	l, err := parseLocator(f.Locator)
	if err != nil {
		t.Fatal(err)
	}
	if l.Text != nil {
		return []byte(*l.Text)
	}
	reader := s.Body(l.Repository, l.Path)
	for _, file := range []string{manifestFile, indexFile} {
		if there := s.Body(l.Repository, l.Image+"/"+p.Version+"/"+file); l.Image != "" && there != nil {
			reader = there
		}
	}
	if reader == nil {
		t.Fatalf("the stand-in does not hold %s/%s", l.Repository, l.Path)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (s *server) cut(on bool) {
	s.Faults.Clear()
	for _, stage := range []string{standin.Read, standin.Blob} {
		if on {
			s.Faults.Add(standin.Fault{Kind: standin.Cut, Stage: stage, Rate: 1000})
		}
	}
}

func absent(t *testing.T, f artifact.File) artifact.File {
	t.Helper()
	l, err := parseLocator(f.Locator)
	if err != nil {
		t.Fatal(err)
	}
	l.Path = "absent/" + l.Path
	f.Locator = l.String()
	return f
}

// work is a day's work on the server, in a repository that every edition has and one that has properties.
func (s *server) work(t *testing.T) []artifact.Package {
	t.Helper()
	s.change(
		art.Change{Op: "deploy", Repository: art.Files, Path: "tools/cli/1.4.0/linux/cli.tgz", Body: "a new version"},
		art.Change{Op: "deploy", Repository: art.Files, Path: "root.txt", Body: "other bytes at the root"},
	)
	changed := func(name, version, path, body string) artifact.Package {
		f := artifact.File{Path: path, Size: int64(len(body)), Digests: artifact.Digests{SHA256: artifact.DigestsOf(body).SHA256}}
		return artifact.Package{Repository: art.Files, Format: artifact.Generic, Name: name, Version: version, Files: []artifact.File{f}}
	}
	return []artifact.Package{
		changed("tools.cli", "1.4.0", "linux/cli.tgz", "a new version"),
		changed(art.Files, artifact.Unversioned, "root.txt", "other bytes at the root"),
	}
}
