//go:build integration

package integration

// The clients of every ecosystem read at GitLab's stand-in what was migrated there.

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
)

// clientsRead installs real packages, all of which the stand-in holds.
func clientsRead(t *testing.T, gitlab *server) {
	t.Helper()
	registry := func(project, rest string) string {
		t.Helper()
		return gitlab.projectURL(t, gitlab.Group+"/"+project) + rest
	}
	for name, read := range map[string]func(t *testing.T){
		"pip": func(t *testing.T) { pipConsumers(t, registry("python-packages", "/pypi/simple"), gitlab.Token) },
		"nuget.exe": func(t *testing.T) {
			nugetConsumers(t, realserver.NewNuGet(t, registry("nuget-packages", "/nuget/index.json"), nugetOwner, gitlab.Token))
		},
		"helm": func(t *testing.T) { helmConsumers(t, registry("helm-charts", "/helm/stable"), gitlab.Token) },
		"tofu": func(t *testing.T) { tofuConsumers(t, gitlab) },
		"npm":  func(t *testing.T) { npmConsumers(t, registry("node-packages", "/npm"), gitlab.Token) },
		"mvn":  func(t *testing.T) { mavenConsumers(t, registry("java-packages", "/maven"), gitlab.Token) },
	} {
		t.Run(name, read)
	}
}

// npmConsumers installs packages with what they depend on. The files of every tarball must lie where npm puts them. None of
// them bundles others: GitLab forgets that, and npm then looks for them in the registry.
func npmConsumers(t *testing.T, registry, token string) {
	t.Helper()
	npm := realserver.NewNPM(t, registry, token)
	npm.Run(t, "install", "chalk@4", "cliui", "js-yaml@^4.0.0", "minimatch@3", "date-fns@4.1.0", "@types/estree")
	for at, file := range map[string]string{
		"chalk": "chalk-4.1.2.tgz", "ansi-styles": "ansi-styles-4.3.0.tgz", "color-name": "color-name-1.1.4.tgz",
		"cliui": "cliui-8.0.1.tgz", "emoji-regex": "emoji-regex-8.0.0.tgz", "js-yaml": "js-yaml-4.1.0.tgz", "argparse": "argparse-2.0.1.tgz",
		"minimatch": "minimatch-3.1.2.tgz", "brace-expansion": "brace-expansion-1.1.11.tgz", "concat-map": "concat-map-0.0.1.tgz",
		"date-fns": "date-fns-4.1.0.tgz", "@types/estree": "types-estree-1.0.5.tgz",
	} {
		want := map[string]string{}
		for path, text := range untar(t, cached(t, "packages", "npm", file)) {
			_, path, _ = strings.Cut(path, "/")
			want[path] = text
		}
		got := files(t, filepath.Join(npm.Dir, "node_modules", filepath.FromSlash(at)))
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("npm installed other files of %s (-packed +installed):\n%s", file, diff)
			continue
		}
		for path, text := range want {
			if got[path] != text {
				t.Errorf("npm installed another %s of %s", path, file)
			}
		}
	}
}

// mavenConsumers gets artifacts with their parents, of several types, versions that look like times, and a classifier.
func mavenConsumers(t *testing.T, registry, token string) {
	t.Helper()
	maven := realserver.NewMaven(t, registry, realserver.Login{Header: "Private-Token", Value: token})
	for artifact, file := range map[string]string{
		"org.slf4j:slf4j-api:1.7.36":                                        "org/slf4j/slf4j-api/1.7.36/slf4j-api-1.7.36.jar",
		"org.opentest4j:opentest4j:1.3.0:module":                            "org/opentest4j/opentest4j/1.3.0/opentest4j-1.3.0.module",
		"com.fasterxml.jackson.core:jackson-annotations:2.16.1:jar:sources": "com/fasterxml/jackson/core/jackson-annotations/2.16.1/jackson-annotations-2.16.1-sources.jar",
		"commons-io:commons-io:20030203.000550":                             "commons-io/commons-io/20030203.000550/commons-io-20030203.000550.jar",
		"org.yaml:snakeyaml:2.2":                                            "org/yaml/snakeyaml/2.2/snakeyaml-2.2.pom",
	} {
		maven.Get(t, artifact)
		got, err := os.ReadFile(filepath.Join(maven.Local, filepath.FromSlash(file)))
		if err != nil || !bytes.Equal(got, cached(t, "packages", "maven", filepath.FromSlash(file))) {
			t.Errorf("Maven got another %s: %v", file, err)
		}
	}
}
