package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// What a selection leaves out is not read from the sources; what it lets through arrives whole; and the rest follows when it
// is wanted after all, to the same end as without a selection.
func TestSelection(t *testing.T) {
	nexus, npm := startStandin(t, "nexus"), startStandin(t, "npmjs")
	const repositories = "type: nexus\n    repositories: [maven-releases, raw-hosted]\n"
	undisturbed := startStandin(t, "gitlab")
	all := newMigration(t, undisturbed, nexus, npm)
	all.edit(t, "type: nexus\n", repositories)
	all.must(t, 0, "run")
	whole, read := undisturbed.dump(t), total(nexus.stats(t), reading)+total(npm.stats(t), reading)

	gitlab := startStandin(t, "gitlab")
	m := newMigration(t, gitlab, nexus, npm)
	m.edit(t, "type: nexus\n", repositories)
	without := m.text(t)
	m.write(t, "pkgferry.yaml", without+`select:
  exclude:
    - {repository: raw-hosted, version: 0.0.0}
    - {source: nexus, name: "com.example:app"}
  newest_versions: 1
`)
	if plan := m.must(t, 0, "plan", "--json"); !strings.Contains(plan.stdout, `"reason":"excluded"`) {
		t.Errorf("the plan tells nothing of what is left out: %s", plan.stdout)
	}
	m.must(t, 0, "run")
	wanted := slices.DeleteFunc(slices.Clone(whole), func(line standin.DumpLine) bool { return !newest[line.Package+"@"+line.Version] })
	holds(t, gitlab.dump(t), wanted)
	if now := total(nexus.stats(t), reading) + total(npm.stats(t), reading) - read; now != len(wanted) {
		t.Errorf("%d files were read and %d are wanted", now, len(wanted))
	}
	for _, row := range m.rows(t) {
		if !row.arrived() && row.Reason != string(artifact.Excluded) && row.Reason != string(artifact.NotAPackage) {
			t.Errorf("%s is %s %s", row.PURL, row.Outcome, row.Reason)
		}
	}
	m.must(t, 0, "verify")

	m.write(t, "pkgferry.yaml", without)
	m.must(t, 0, "run")
	holds(t, gitlab.dump(t), whole)
	account(t, whole, gitlab.dump(t), m.rows(t), func(standin.DumpLine) bool { return false })
}

// newest is what the selection lets through, by Maven's order and npm's. The index of a Maven name comes with its versions.
var newest = map[string]bool{
	"com/example/lib@1.1": true, "com/example/lib@": true, "com/example/parent@7": true, "com/example/parent@": true,
	"org/example/odd/lib_2.13@1.0+build.5": true, "tools.cli@1.3.0": true,
	"@acme/core@2.0.0-beta.1": true, "@acme/ui@1.10.0": true, "@acme/cli@0.3.0+build.7": true,
}

// Artifactory's properties route: what people note on one file decides about the version that it is part of, and a note that is made
// later brings what was left out.
func TestRoutesByProperty(t *testing.T) {
	source, gitlab := startStandin(t, "artifactory"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, source)
	m.edit(t, "type: artifactory\n", "type: artifactory\n    repositories: [libs-release-local]\n")
	without := m.text(t)
	routes := func(condition string) {
		m.write(t, "pkgferry.yaml", without+"routes:\n  - match: {properties: {"+condition+"}}\n    project: java-packages\n  - match: {}\n    skip: not yet\n")
	}
	arrived := func(want ...string) {
		t.Helper()
		var all []string
		for _, row := range m.rows(t) {
			if row.arrived() {
				all = append(all, row.PURL)
			}
		}
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(all))); diff != "" {
			t.Errorf("(-wanted +arrived)\n%s", diff)
		}
	}
	note := func(path, key, value string) {
		source.post(t, "mutate", fmt.Sprintf(`[{"op":"properties","repository":"libs-release-local","path":%q,"properties":[{"key":%q,"value":%q}]}]`, path, key, value))
	}
	note("com/example/lib/1.0/lib-1.0.jar", "stage", "released")
	routes(`stage: "rel*"`)
	m.ferry(t, "run")
	arrived("pkg:maven/com.example/lib", "pkg:maven/com.example/lib@1.0")
	note("com/example/lib/1.1/lib-1.1.pom", "stage", "released")
	m.ferry(t, "sync")
	arrived("pkg:maven/com.example/lib", "pkg:maven/com.example/lib@1.0", "pkg:maven/com.example/lib@1.1")

	// Another question is asked of what is listed already, too.
	note("com/example/app/2.0/app-2.0.jar", "owner", "team b")
	routes(`owner: "team *"`)
	m.ferry(t, "run")
	arrived("pkg:maven/com.example/app", "pkg:maven/com.example/app@2.0", "pkg:maven/com.example/lib", "pkg:maven/com.example/lib@1.0", "pkg:maven/com.example/lib@1.1")
}
