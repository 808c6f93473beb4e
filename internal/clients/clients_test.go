package clients

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"pkgferry/internal/artifact"
)

var update = flag.Bool("update", false, "write the golden file anew")

func parsed(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// lab is a GitLab with a project for each format, and two for Maven.
func lab(t testing.TB) *GitLab {
	t.Helper()
	const group = "acme/artifact-management"
	g := &GitLab{URL: parsed(t, "https://gitlab.example.com"), Registry: "registry.example.com", Group: Place{group, 2}}
	for i, p := range []struct {
		name   string
		format artifact.Format
		holds  Holding
	}{
		{"docker-images", artifact.Container, Holding{}},
		{"generic-packages", artifact.Generic, Holding{}},
		{"helm-charts", artifact.Helm, Holding{Channels: []string{"next", "stable"}}},
		{"java/releases", artifact.Maven, Holding{Releases: true, Repositories: []string{"libs-release", "*"}}},
		{"java/snapshots", artifact.Maven, Holding{Snapshots: true, Repositories: []string{"central", "libs-snapshot"}}},
		{"node-packages", artifact.NPM, Holding{Scopes: []string{"@acme", "@tools"}, Unscoped: true}},
		{"nuget-packages", artifact.NuGet, Holding{}},
		{"python-packages", artifact.PyPI, Holding{}},
		{"terraform-modules", artifact.Terraform, Holding{}},
	} {
		g.Projects = append(g.Projects, Project{Place{group + "/" + p.name, int64(10 + i)}, map[artifact.Format]Holding{p.format: p.holds}})
	}
	return g
}

// written are the files that are written for g, by their paths.
func written(t testing.TB, o Options) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := each(t.Context(), o, func(name string, fill func(io.Writer) error) error {
		var text strings.Builder
		err := fill(&text)
		found[name] = text.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Write puts on the disk what there is, the overview first, and tells it.
func TestWrite(t *testing.T) {
	dir, want := t.TempDir(), written(t, Options{GitLab: lab(t)})
	for range 2 { // the second time over the first
		result, err := Write(t.Context(), dir, Options{GitLab: lab(t), Notes: []string{"a note"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Files) != len(want) || result.Files[0] != filepath.Join(dir, "README.md") || len(result.Notes) != 1 {
			t.Errorf("%d files of %d, the first is %s; notes %q", len(result.Files), len(want), result.Files[0], result.Notes)
		}
		for _, at := range result.Files[1:] {
			name, _ := filepath.Rel(dir, at)
			if text, err := os.ReadFile(at); err != nil || string(text) != want[filepath.ToSlash(name)] {
				t.Errorf("%s: %v", at, err)
			}
		}
	}
}

// alike are the files of which one audience's stand for the others' in the golden file.
var alike = regexp.MustCompile(`^[a-z]+/(ci|external)/.*(pom-part\.xml|settings-virtual-registry\.xml|gitlab\.gradle|publish-config\.json|chart-part\.yaml|pip\.conf|\.pypirc|run\.sh|(push|upload|publish)\.sh)$`)

func TestGoldenFiles(t *testing.T) {
	const golden = "testdata/clients.txtar"
	var archive txtar.Archive
	files := written(t, Options{GitLab: lab(t)})
	for _, path := range sortedKeys(files) {
		if !alike.MatchString(path) {
			archive.Files = append(archive.Files, txtar.File{Name: path, Data: []byte(files[path])})
		}
	}
	got := string(txtar.Format(&archive))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the files are others (-golden +got):\n%s", diff)
	}
}

func sortedKeys(files map[string]string) []string {
	var keys []string
	for key := range files {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Endpoints are those that GitLab has, and no others: no group address for plain files, charts, modules and images.
func TestEndpoints(t *testing.T) {
	g := lab(t)
	p := Place{"acme/artifact-management/x", 17}
	for format, want := range map[artifact.Format][2]string{
		artifact.Maven:     {"https://gitlab.example.com/api/v4/projects/17/packages/maven", "https://gitlab.example.com/api/v4/groups/2/-/packages/maven"},
		artifact.NPM:       {"https://gitlab.example.com/api/v4/projects/17/packages/npm/", "https://gitlab.example.com/api/v4/groups/2/-/packages/npm/"},
		artifact.PyPI:      {"https://gitlab.example.com/api/v4/projects/17/packages/pypi/simple", "https://gitlab.example.com/api/v4/groups/2/-/packages/pypi/simple"},
		artifact.NuGet:     {"https://gitlab.example.com/api/v4/projects/17/packages/nuget/index.json", "https://gitlab.example.com/api/v4/groups/2/-/packages/nuget/index.json"},
		artifact.Helm:      {"https://gitlab.example.com/api/v4/projects/17/packages/helm", ""},
		artifact.Generic:   {"https://gitlab.example.com/api/v4/projects/17/packages/generic", ""},
		artifact.Terraform: {"https://gitlab.example.com/api/v4/projects/17/packages/terraform/modules", ""},
		artifact.Container: {"registry.example.com/acme/artifact-management/x", ""},
	} {
		if got := [2]string{g.Endpoint(p, format), g.GroupEndpoint(format)}; got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
	g.Group.ID, g.Registry, p.ID = 0, "", 0
	for format, want := range map[artifact.Format][2]string{
		artifact.Maven:     {"https://gitlab.example.com/api/v4/projects/acme%2Fartifact-management%2Fx/packages/maven", "https://gitlab.example.com/api/v4/groups/acme%2Fartifact-management/-/packages/maven"},
		artifact.NuGet:     {"", ""}, // by number alone
		artifact.Container: {"", ""},
	} {
		if got := [2]string{g.Endpoint(p, format), g.GroupEndpoint(format)}; got != want {
			t.Errorf("%s without numbers: %q, want %q", format, got, want)
		}
	}
	g.URL = parsed(t, "https://example.com/gitlab/")
	if got, want := g.GroupEndpoint(artifact.Maven), "https://example.com/gitlab/api/v4/groups/acme%2Fartifact-management/-/packages/maven"; got != want {
		t.Errorf("below a path: %s, want %s", got, want)
	}
}

// Nobody outside publishes, so nothing there says how.
func TestExternalSystemsOnlyRead(t *testing.T) {
	for path := range written(t, Options{GitLab: lab(t)}) {
		if strings.Contains(path, "/external/") && regexp.MustCompile(`publish|upload|push|pypirc`).MatchString(path) {
			t.Errorf("%s is for publishing", path)
		}
	}
	if text := written(t, Options{GitLab: lab(t)})["maven/external/projects/java/releases/pom-part.xml"]; text == "" || strings.Contains(text, "distributionManagement") {
		t.Errorf("it tells where to publish:\n%s", text)
	}
}

func TestOldReferences(t *testing.T) {
	image := artifact.Package{Repository: "docker-local", Format: artifact.Container, Name: "acme/app"}
	at := func(address string) *url.URL { return parsed(t, address) }
	for want, o := range map[string]Origin{
		"artifacts.example.com/docker-local/acme/app":  {Type: "artifactory", URL: at("https://artifacts.example.com/artifactory")},
		"nexus.example.com:8443/docker-local/acme/app": {Type: "nexus", URL: at("https://nexus.example.com:8443")},
		"acme/app":                      {Type: "dockerhub"},
		"registry.example.com/acme/app": {Type: "dockerhub", Registry: at("https://registry.example.com")},
		"":                              {Type: "npmjs", URL: at("https://npm.example.com")},
	} {
		if got, _ := o.Image(image); got != want {
			t.Errorf("%s: %q, want %q", o.Type, got, want)
		}
	}
	g := lab(t)
	for version, want := range map[string]string{
		"1.0": "registry.example.com/acme/docker-images/base/app:1.0", "": "registry.example.com/acme/docker-images/base/app",
		"sha256:00": "registry.example.com/acme/docker-images/base/app@sha256:00",
	} {
		if got := g.Image(artifact.Destination{Project: "Acme/Docker-Images", Name: "base/app", Version: version}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestTokenVariables(t *testing.T) {
	for host, want := range map[string]string{
		"gitlab.example.com": "TF_TOKEN_gitlab_example_com", "git-lab.example.com": "TF_TOKEN_git__lab_example_com",
		"127.0.0.1:8443": "TF_TOKEN_127_0_0_1:8443",
	} {
		if got := tokenVariable(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

// hostile is what a name may be that somebody chose to break a file.
var hostile = []string{
	`plain`, `a"b`, `a'b`, "a`b", `a$(id)b`, `${HOME}`, `a&b`, `a<b>c`, `]]>`, `--><x/>`, `a\b`, "a\nb", "a\r\nregistry=https://evil.example.com/\n", `{{.}}`, `=1+1`,
	`@x/y`, `%PATH%`, `; rm -rf x`, `# x`, "a\tb", "\u202eabc", "é", `' || true '`, `*,!x`, "\x1b[31m",
}

// A name wherever a foreign one may stand leaves every file with the shape that a plain name gives it.
func FuzzNamesAreData(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if diff := cmp.Diff(shapes(t, world(t, "plain")), shapes(t, world(t, name))); diff != "" {
			t.Errorf("%q changes the files (-plain +got):\n%s", name, diff)
		}
	})
}

// world has one name that stands for all foreign ones, beside one that is as usual.
func world(t *testing.T, name string) map[string]string {
	t.Helper()
	g := lab(t)
	for i, p := range g.Projects {
		for format, h := range p.Holds {
			h.Repositories = []string{name, "usual"}
			switch format {
			case artifact.NPM:
				h.Scopes = []string{"@usual", "@ " + name}
			case artifact.Helm:
				h.Channels = []string{"usual", " " + name}
			}
			g.Projects[i].Holds[format] = h
		}
	}
	g.Registry = "r" + strings.Join(strings.Fields(name), "") // a host, as GitLab tells it; without one there are no files of images
	return written(t, Options{GitLab: g, Notes: []string{name}})
}

// shapes are the files without the texts in them, by the parsers of their languages.
func shapes(t *testing.T, files map[string]string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for path, text := range files {
		switch filepath.Ext(path) {
		case ".xml", ".config":
			found[path] = elements(t, path, text)
		case ".yml", ".yaml":
			found[path] = members(t, path, text, yaml.Unmarshal)
		case ".json":
			found[path] = members(t, path, text, json.Unmarshal)
		case ".sh", ".npmrc", ".conf", ".txt", ".gradle", ".pypirc":
			found[path] = starts(text)
		}
	}
	return found
}

func elements(t *testing.T, path, text string) (names []string) {
	t.Helper()
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatalf("%s is no XML: %v\n%s", path, err, text)
		}
		if start, ok := token.(xml.StartElement); ok {
			names = append(names, start.Name.Local)
		}
	}
}

func members(t *testing.T, path, text string, parse func([]byte, any) error) []string {
	t.Helper()
	var whole map[string]any
	if err := parse([]byte(text), &whole); err != nil {
		t.Fatalf("%s can not be read: %v\n%s", path, err, text)
	}
	var keys []string
	for key := range whole {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// starts is the first word of each line.
func starts(text string) (words []string) {
	for line := range strings.Lines(text) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		words = append(words, word)
	}
	return words
}

// The shell's own reading of what is quoted for it.
func TestShellWords(t *testing.T) {
	var script strings.Builder
	for _, name := range hostile {
		script.WriteString("printf '%s\\0' " + shell(name) + "\n")
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script.String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hostile, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")); diff != "" {
		t.Errorf("the shell reads other words (-meant +read):\n%s", diff)
	}
}

// Every script is one that the shell reads.
func TestScripts(t *testing.T) {
	for path, text := range written(t, Options{GitLab: lab(t)}) {
		if filepath.Ext(path) != ".sh" {
			continue
		}
		check := exec.CommandContext(t.Context(), "sh", "-n")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", path, err, out, text)
		}
	}
}

func TestQuoting(t *testing.T) {
	for _, name := range hostile {
		text, err := jsonText(name)
		var back string
		if err != nil || yaml.Unmarshal([]byte(text), &back) != nil || back != name {
			t.Errorf("%q is %s for YAML, which reads %q", name, text, back)
		}
		escaped, err := xmlText(name)
		var element struct {
			Text string `xml:",chardata"`
		}
		if err != nil || xml.Unmarshal([]byte("<a>"+escaped+"</a>"), &element) != nil || element.Text != strings.ReplaceAll(name, "\x1b", "\ufffd") {
			t.Errorf("%q is %s for XML, which reads %q", name, escaped, element.Text)
		}
	}
	if got, want := groovy("a'b\\c\n$d"), `'a\'b\\c\n$d'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRowsAreNoFormulas(t *testing.T) {
	var out strings.Builder
	err := rows(&out, []string{"name"}, func(row func(...string) error) error {
		for _, name := range hostile {
			if err := row(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(lines) != 1+len(hostile) {
		t.Fatalf("%d rows, %v", len(lines), err)
	}
	for _, line := range lines {
		if strings.ContainsAny(line[0][:1], "=+-@") {
			t.Errorf("a spreadsheet runs %s", line[0])
		}
	}
}

// A project whose path is none of GitLab's is no path on our disk.
func TestPathsStayInside(t *testing.T) {
	for _, project := range []string{"..", "../x", "a/../../x", "/etc", "", "a//b", "a\x00", ".git", "a/.."} {
		if at, err := directory(project); err == nil {
			t.Errorf("%q may be written to %s", project, at)
		}
	}
	g := lab(t)
	g.Projects[0].Path = "acme/artifact-management/../../../x"
	if _, err := Write(context.Background(), t.TempDir(), Options{GitLab: g}); err == nil {
		t.Error("it was written")
	}
}
