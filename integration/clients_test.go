//go:build integration

package integration

// Real clients with nothing but the files that "pkgferry clients" wrote, unchanged, and the variables that these name: each
// resolves from GitLab's stand-in what was migrated there, for the group and for a project, whoever reads.

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"pkgferry/integration/realserver"
	"pkgferry/integration/shelf"
	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// consumed is a migration whose consumers move.
type consumed struct {
	gitlab *server
	m      *migration
	dir    string // of the written files
	store  string
	digest string // of the image team/app:v1
}

// path is that of a written file.
func (c consumed) path(elements ...string) string {
	return filepath.Join(append([]string{c.dir}, elements...)...)
}

const oldRepository = "old-releases"

// shelved are the real packages that the consumers ask for.
var shelved = map[artifact.Format][]string{
	artifact.NPM:       {"chalk-4.1.2.tgz", "ansi-styles-4.3.0.tgz", "supports-color-7.2.0.tgz", "has-flag-4.0.0.tgz", "color-convert-2.0.1.tgz", "color-name-1.1.4.tgz", "types-estree-1.0.5.tgz"},
	artifact.PyPI:      {"six==1.17.0", "idna==3.6"},
	artifact.NuGet:     {"toastr.1.1.4.2.nupkg"},
	artifact.Helm:      {"sprocket-1.1.0.tgz"},
	artifact.Terraform: {"local-modules-tofu-1.12.6.tgz"},
}

// shelfOfConsumers holds them, with jars, a snapshot, a plain file and an image.
func shelfOfConsumers(t *testing.T) (from *shelf.Shelf, digest string) {
	t.Helper()
	from = shelf.New()
	put := func(p artifact.Package, files map[string]shelf.Bytes) {
		t.Helper()
		p.Repository = oldRepository
		if err := from.Put(p, files); err != nil {
			t.Fatal(err)
		}
	}
	for format, read := range map[artifact.Format]func(*testing.T, string) (artifact.Package, string){
		artifact.NPM: npmFile, artifact.PyPI: pypiFile, artifact.NuGet: nugetFile, artifact.Helm: helmFile, artifact.Terraform: terraformFile,
	} {
		for _, name := range shelved[format] {
			paths := []string{realserver.Cache(t, "packages", string(format), name)}
			if format == artifact.PyPI {
				paths, _ = filepath.Glob(filepath.Join(paths[0], "*"))
			}
			files := map[string]shelf.Bytes{}
			var p artifact.Package
			for _, path := range paths {
				var file string
				p, file = read(t, path)
				files[file] = shelf.Disk(path)
			}
			p.Format = format
			put(p, files)
		}
	}
	for version, files := range map[string][]string{"4.12": {"junit-4.12.jar", "junit-4.12.pom"}} {
		shelved := map[string]shelf.Bytes{}
		for _, file := range files {
			shelved[file] = shelf.Disk(realserver.Cache(t, "jars", file))
		}
		put(artifact.Package{Format: artifact.Maven, Name: junit, Version: version}, shelved)
	}
	put(artifact.Package{Format: artifact.Maven, Name: hamcrest, Version: "1.3"}, map[string]shelf.Bytes{
		"hamcrest-core-1.3.jar": shelf.Disk(realserver.Cache(t, "jars", "hamcrest-core-1.3.jar")), "hamcrest-core-1.3.pom": shelf.Disk(realserver.Cache(t, "jars", "hamcrest-core-1.3.pom")),
	})
	put(artifact.Package{Format: artifact.Maven, Name: parent, Version: "1.3"}, map[string]shelf.Bytes{"hamcrest-parent-1.3.pom": shelf.Disk(realserver.Cache(t, "jars", "hamcrest-parent-1.3.pom"))})
	put(artifact.Package{Format: artifact.Maven, Name: "com.acme:tool", Version: "1.0-SNAPSHOT"}, snapshot())
	put(artifact.Package{Format: artifact.Generic, Name: "tools.cli", Version: "1.2.0"}, map[string]shelf.Bytes{"linux/cli.tgz": shelf.Text([]byte("a tool"))})
	image, err := random.Image(4<<10, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := from.PutImage("team/app", "v1", image); err != nil {
		t.Fatal(err)
	}
	sum, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return from, sum.String()
}

// snapshot are the files of one build.
func snapshot() map[string]shelf.Bytes {
	const build = "1.0-20240501.101112-1"
	pom := `<project><modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>tool</artifactId><version>1.0-SNAPSHOT</version></project>`
	metadata := `<metadata><groupId>com.acme</groupId><artifactId>tool</artifactId><version>1.0-SNAPSHOT</version><versioning>
<snapshot><timestamp>20240501.101112</timestamp><buildNumber>1</buildNumber></snapshot><lastUpdated>20240501101112</lastUpdated><snapshotVersions>
<snapshotVersion><extension>jar</extension><value>` + build + `</value><updated>20240501101112</updated></snapshotVersion>
<snapshotVersion><extension>pom</extension><value>` + build + `</value><updated>20240501101112</updated></snapshotVersion></snapshotVersions></versioning></metadata>`
	return map[string]shelf.Bytes{
		"tool-" + build + ".jar": shelf.Text([]byte("a jar")), "tool-" + build + ".pom": shelf.Text([]byte(pom)), artifact.MavenMetadata: shelf.Text([]byte(metadata)),
	}
}

// consume migrates the shelf and writes the files of its consumers.
func consume(t *testing.T) consumed {
	t.Helper()
	from, digest := shelfOfConsumers(t)
	c := consumed{gitlab: startStandin(t, "gitlab", "--mode", "settle=immediate"), digest: digest}
	c.gitlab.URL = onLocalhost(c.gitlab.URL)
	c.gitlab.mutate(t, `{"add_project":"acme/artifact-management/java-snapshots"}`)
	rules := append([]mapping.Rule{{Match: mapping.Match{Version: []string{"*-SNAPSHOT"}, Format: []string{"maven"}}, Project: "java-snapshots", Position: "snapshots"}}, mapping.Defaults()...)
	c.store = filepath.Join(t.TempDir(), "pkgferry.db")
	for purl, r := range arrivals(t, ferryWith(t, c.store, from, c.gitlab, rules...)) {
		if r.Outcome != artifact.Published {
			t.Fatalf("%s: %s %s %s", purl, r.Outcome, r.Reason, r.Error)
		}
	}
	c.m = &migration{dir: t.TempDir(), env: environment()}
	c.m.secret("GITLAB_TOKEN", c.gitlab.Token)
	c.write(t, c.gitlab.URL, "")
	return c
}

// write runs pkgferry clients for the GitLab at address.
func (c *consumed) write(t *testing.T, address, more string) {
	t.Helper()
	c.m.write(t, "pkgferry.yaml", fmt.Sprintf(`sources:
  - name: shelf
    type: artifactory
    url: https://artifactory.example.com/artifactory
target:
  url: %s
  token: ${GITLAB_TOKEN}
  group: %s
%s`, address, c.gitlab.Group, more))
	e := c.m.must(t, 0, "clients", "--checkpoint", c.store, "--out", "clients", "--json")
	var written struct{ Files, Notes []string }
	if err := json.Unmarshal([]byte(e.stdout), &written); err != nil || len(written.Files) == 0 || len(written.Notes) != 0 {
		t.Fatalf("%v: %v", err, e)
	}
	c.dir = filepath.Join(c.m.dir, "clients")
	for _, path := range written.Files {
		if _, err := os.Stat(filepath.Join(c.m.dir, path)); err != nil {
			t.Error(err)
		}
	}
}

// deployToken makes one that reads packages and images of the group, and returns its user and secret.
func (s *server) deployToken(t testing.TB) (user, secret string) {
	t.Helper()
	top, _, _ := strings.Cut(s.Group, "/")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v4/groups/"+top+"/deploy_tokens",
		strings.NewReader(`{"name":"readers","scopes":["read_package_registry","read_registry"]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("PRIVATE-TOKEN", s.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var made struct{ Username, Token string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.Token == "" {
		t.Fatalf("no deploy token: %s, %v", resp.Status, err)
	}
	return made.Username, made.Token
}

// mavenReads is what Maven, which is slow, reads for each audience.
var mavenReads = map[string]string{"local": "group", "ci": "group", "external": "project"}

func TestGeneratedSettings(t *testing.T) {
	c := consume(t)
	user, secret := c.gitlab.deployToken(t)
	for audience, variables := range map[string][]string{
		"local":    {"GITLAB_USER=" + nugetOwner, "GITLAB_TOKEN=" + c.gitlab.Token},
		"ci":       {"CI_JOB_TOKEN=standin-job"},
		"external": {"GITLAB_DEPLOY_USER=" + user, "GITLAB_DEPLOY_TOKEN=" + secret},
	} {
		t.Run(audience, func(t *testing.T) {
			for client, reads := range map[string]func(*testing.T, *realserver.Person, string, string){
				"npm": c.npm, "mvn": c.maven, "pip": c.pip, "uv": c.uv, "poetry": c.poetry, "nuget.exe": c.nuget,
			} {
				for _, place := range []string{"group", "project"} {
					if client == "mvn" && mavenReads[audience] != place {
						continue
					}
					t.Run(client+" "+place, func(t *testing.T) { reads(t, realserver.NewPerson(t, variables...), audience, place) })
				}
			}
			for client, reads := range map[string]func(*testing.T, *realserver.Person, string){"helm": c.helm, "crane": c.crane, "curl": c.curl} {
				t.Run(client, func(t *testing.T) { reads(t, realserver.NewPerson(t, variables...), audience) })
			}
			if audience != "external" { // who may read alone
				t.Run("twine", func(t *testing.T) { c.twine(t, realserver.NewPerson(t, variables...), audience) })
			}
		})
	}
	for audience, variable := range map[string]string{"local": "GITLAB_TOKEN=" + c.gitlab.Token, "ci": "CI_JOB_TOKEN=standin-job", "external": "GITLAB_DEPLOY_TOKEN=" + secret} {
		t.Run("tofu "+audience, func(t *testing.T) { c.tofu(t, audience, variable) })
	}
}

// at is the directory of a place: the group's, or that of a project.
func (c consumed) at(ecosystem, audience, place, project string) string {
	if place == "group" {
		return c.path(ecosystem, audience, "group")
	}
	return c.path(ecosystem, audience, "projects", project)
}

func (c consumed) npm(t *testing.T, p *realserver.Person, audience, place string) {
	copyFile(t, filepath.Join(c.at("npm", audience, place, "node-packages"), ".npmrc"), filepath.Join(p.Home, ".npmrc"))
	run(t, p, "npm", "install", "--prefix", p.Home, "chalk@4", "@types/estree")
	for at, file := range map[string]string{"chalk": "chalk-4.1.2.tgz", "color-name": "color-name-1.1.4.tgz", "@types/estree": "types-estree-1.0.5.tgz"} {
		want := untar(t, cached(t, "packages", "npm", file))
		got := files(t, filepath.Join(p.Home, "node_modules", filepath.FromSlash(at)))
		if len(got) == 0 || len(got) != len(want) {
			t.Errorf("npm installed %d files of %s instead of %d", len(got), at, len(want))
		}
	}
}

func (c consumed) maven(t *testing.T, p *realserver.Person, audience, place string) {
	get := func(project string, arg ...string) string {
		t.Helper()
		local, err := p.Maven(t, filepath.Join(c.at("maven", audience, place, project), "settings.xml"), arg...)
		if err != nil {
			t.Fatal(err)
		}
		return local
	}
	// A build that names the repository as it was called before reads GitLab.
	old := "-DremoteRepositories=" + oldRepository + "::default::http://127.0.0.1:9/old"
	local := get("java-packages", append(realserver.GetArtifact("junit:junit:4.12"), old)...)
	for _, file := range []string{"junit/junit/4.12/junit-4.12.jar", "org/hamcrest/hamcrest-core/1.3/hamcrest-core-1.3.jar"} {
		if got, err := os.ReadFile(filepath.Join(local, filepath.FromSlash(file))); err != nil || !bytes.Equal(got, cached(t, "jars", filepath.Base(file))) {
			t.Errorf("Maven got another %s: %v", file, err)
		}
	}
	if audience == "ci" {
		return // the project of the snapshots admits no job, and that is another matter
	}
	get("java-snapshots", realserver.GetArtifact("com.acme:tool:1.0-SNAPSHOT")...)
	if got, err := os.ReadFile(filepath.Join(local, "com/acme/tool/1.0-SNAPSHOT/tool-1.0-SNAPSHOT.jar")); err != nil || string(got) != "a jar" {
		t.Errorf("Maven got another snapshot: %q, %v", got, err)
	}
}

const six = "six-1.17.0-py2.py3-none-any.whl"

// sixIn compares the module that a client unpacked somewhere with the one in the wheel.
func sixIn(t *testing.T, dir string) {
	t.Helper()
	want := unzipped(t, cached(t, "packages", "pypi", "six==1.17.0", six), "six.py")
	if got, err := os.ReadFile(filepath.Join(dir, "six.py")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("another six.py is in %s: %v", dir, err)
	}
}

func unzipped(t *testing.T, archive []byte, name string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := fs.ReadFile(r, name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (c consumed) uv(t *testing.T, p *realserver.Person, audience, place string) {
	at := c.at("pypi", audience, place, "python-packages")
	run(t, p, "sh", "-euc", `. "$1"; uv pip install --python python3 --target by-uv six`, "sh", filepath.Join(at, "env.sh"))
	sixIn(t, filepath.Join(p.Home, "by-uv"))
}

// poetry follows the line in env.sh that names the index, as one who reads it would.
func (c consumed) poetry(t *testing.T, p *realserver.Person, audience, place string) {
	at := c.at("pypi", audience, place, "python-packages")
	project := "[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = \">=3.9\"\n"
	if err := os.WriteFile(filepath.Join(p.Home, "pyproject.toml"), []byte(project), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, p, "sh", "-euc", `. "$1"; sed -n 's/^# \(poetry source add\)/\1/p' "$1" | sh -eu; poetry add --no-interaction six`, "sh", filepath.Join(at, "env.sh"))
	found, err := filepath.Glob(filepath.Join(p.Home, ".venv", "lib", "python*", "site-packages"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	sixIn(t, found[0])
}

// twine publishes by each of the files that are for it.
func (c consumed) twine(t *testing.T, p *realserver.Person, audience string) {
	at := c.at("pypi", audience, "project", "python-packages")
	token := map[string]string{"local": "$GITLAB_TOKEN", "ci": "$CI_JOB_TOKEN"}[audience]
	with := map[string]string{
		"env.sh":  `. "$1/env.sh"; twine upload --non-interactive --disable-progress-bar "$2"`,
		".pypirc": `TWINE_PASSWORD=` + token + ` twine upload --non-interactive --disable-progress-bar --config-file "$1/.pypirc" --repository gitlab "$2"`,
	}
	wheels := map[string]string{
		"local env.sh": "click==8.1.7/click-8.1.7-py3-none-any.whl", "local .pypirc": "toml==0.10.2/toml-0.10.2-py2.py3-none-any.whl",
		"ci env.sh": "tomli==2.0.1/tomli-2.0.1-py3-none-any.whl", "ci .pypirc": "zipp==3.17.0/zipp-3.17.0-py3-none-any.whl",
	}
	for file, command := range with {
		wheel := wheels[audience+" "+file]
		run(t, p, "sh", "-euc", command, "sh", at, realserver.Cache(t, "packages", "pypi", filepath.FromSlash(wheel)))
		sum := artifact.DigestsOf(string(cached(t, "packages", "pypi", filepath.FromSlash(wheel)))).SHA256
		if !slices.ContainsFunc(c.gitlab.dump(t), func(line standin.DumpLine) bool { return line.SHA256 == sum }) {
			t.Errorf("%s: GitLab does not hold %s", file, wheel)
		}
	}
}

func (c consumed) pip(t *testing.T, p *realserver.Person, audience, place string) {
	at := c.at("pypi", audience, place, "python-packages")
	for into, command := range map[string][]string{
		"by-index": {"pip", "download", "--no-deps", "--dest", "by-index", "--requirement", filepath.Join(at, "index.txt"), "six"},
		"by-env":   {"sh", "-c", `set -eu; . "$1"; pip download --no-deps --dest by-env six`, "sh", filepath.Join(at, "env.sh")},
	} {
		run(t, p, command[0], command[1:]...)
		if got, err := os.ReadFile(filepath.Join(p.Home, into, six)); err != nil || !bytes.Equal(got, cached(t, "packages", "pypi", "six==1.17.0", six)) {
			t.Errorf("pip got another %s %s: %v", six, into, err)
		}
	}
	// pip.conf takes user and token from ~/.netrc.
	p.Netrc(t, "localhost", anybody, c.gitlab.Token)
	run(t, p, "sh", "-euc", "PIP_CONFIG_FILE=$1 pip install --target by-conf idna", "sh", filepath.Join(at, "pip.conf"))
	if _, err := os.Stat(filepath.Join(p.Home, "by-conf", "idna", "core.py")); err != nil {
		t.Error(err)
	}
}

func (c consumed) nuget(t *testing.T, p *realserver.Person, audience, place string) {
	config := filepath.Join(c.at("nuget", audience, place, "nuget-packages"), "nuget.config")
	packages := `<packages><package id="toastr" version="1.1.4.2" /></packages>`
	if err := os.WriteFile(filepath.Join(p.Home, "packages.config"), []byte(packages), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.NuGet(t, "restore", "packages.config", "-PackagesDirectory", "packages", "-ConfigFile", config); err != nil {
		t.Fatal(err)
	}
	const id = "toastr.1.1.4.2"
	if got, err := os.ReadFile(filepath.Join(p.Home, "packages", id, id+".nupkg")); err != nil || !bytes.Equal(got, cached(t, "packages", "nuget", id+".nupkg")) {
		t.Errorf("nuget.exe got another %s: %v", id, err)
	}
}

func (c consumed) helm(t *testing.T, p *realserver.Person, audience string) {
	run(t, p, "sh", c.path("helm", audience, "projects", "helm-charts", "add-repositories.sh"))
	run(t, p, "helm", "pull", "gitlab-helm-charts/sprocket", "--version", "1.1.0")
	if got, err := os.ReadFile(filepath.Join(p.Home, "sprocket-1.1.0.tgz")); err != nil || !bytes.Equal(got, cached(t, "packages", "helm", "sprocket-1.1.0.tgz")) {
		t.Errorf("helm pulled another chart: %v", err)
	}
}

// crane finds the image under the reference that the list of renamed ones has for it.
func (c consumed) crane(t *testing.T, p *realserver.Person, audience string) {
	run(t, p, "sh", c.path("container", audience, "projects", "docker-images", "login.sh"), "crane", "auth", "login")
	row := table(t, c.path("container", "images.csv"))[0]
	if want := "artifactory.example.com/images/team/app:v1"; row["old"] != want {
		t.Errorf("it was called %s, not %s", want, row["old"])
	}
	if digest := strings.TrimSpace(run(t, p, "crane", "digest", row["new"])); digest != c.digest {
		t.Errorf("crane finds %s at %s, not %s", digest, row["new"], c.digest)
	}
	run(t, p, "crane", "pull", row["new"], filepath.Join(p.Home, "image.tar"))
}

// curl gets the file by its name, and the list has its address.
func (c consumed) curl(t *testing.T, p *realserver.Person, audience string) {
	at := c.path("generic", audience, "projects", "generic-packages", "download.sh")
	run(t, p, "sh", at, "tools.cli/1.2.0/linux/cli.tgz")
	if got, err := os.ReadFile(filepath.Join(p.Home, "cli.tgz")); err != nil || string(got) != "a tool" {
		t.Errorf("curl got %q: %v", got, err)
	}
	row := table(t, c.path("generic", "files.csv"))[0]
	if got := realserver.Curl(t, row["new"], "PRIVATE-TOKEN: "+c.gitlab.Token); string(got) != "a tool" || row["file"] != "linux/cli.tgz" {
		t.Errorf("the list says %v, where curl got %q", row, got)
	}
	if _, err := p.Run(t, "sh", at, "tools.cli/1.2.0/linux/absent.tgz"); err == nil {
		t.Error("a file that is not there is no error")
	}
}

// tofu finds a host's registry by TLS alone, so GitLab stands behind a certificate.
func (c consumed) tofu(t *testing.T, audience string, variables ...string) {
	authority := newAuthority(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	authority.serve(t, listener, c.gitlab.URL)
	c.write(t, "https://"+listener.Addr().String(), "  ca_file: "+authority.file+"\n")
	row := table(t, c.path("terraform", "modules.csv"))[0]
	if want := "artifactory.example.com/" + oldRepository + "__acme/local-modules/tofu"; row["old"] != want {
		t.Errorf("it was called %s, not %s", want, row["old"])
	}
	p := realserver.NewPerson(t, append(variables, "SSL_CERT_FILE="+authority.file)...)
	config := fmt.Sprintf("module \"one\" {\n  source  = %q\n  version = \"~> 1.12.0\"\n}\nmodule \"two\" {\n  source = %q\n}\n", row["new"], row["project"]+"/1.12.6")
	if err := os.WriteFile(filepath.Join(p.Home, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Netrc(t, listener.Addr().String(), nugetOwner, c.gitlab.Token) // for the address in the project: tofu looks for host and port
	run(t, p, "sh", c.path("terraform", audience, "projects", "terraform-modules", "run.sh"), "tofu", "init", "-no-color")
	want := untar(t, cached(t, "packages", "terraform", "local-modules-tofu-1.12.6.tgz"))
	for _, name := range []string{"one", "two"} {
		if got := files(t, filepath.Join(p.Home, ".terraform", "modules", name)); len(got) == 0 || len(got) != len(want) {
			t.Errorf("tofu installed %d files instead of %d", len(got), len(want))
		}
	}
}

// run runs a client, which must work.
func run(t *testing.T, p *realserver.Person, name string, arg ...string) string {
	t.Helper()
	out, err := p.Run(t, name, arg...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// table reads a CSV file, of which there must be a row.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%s has no row: %v", path, err)
	}
	var rows []map[string]string
	for _, cells := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}
