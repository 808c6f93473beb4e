package gitlab_test

import (
	"strings"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
)

// TestMissingRights shows what each role can not do, and that the rest is done.
func TestMissingRights(t *testing.T) {
	const group = standingitlab.Group
	projects := map[string][]artifact.Format{"java-packages": {artifact.Maven}, "tools": {artifact.Generic}}
	const fresh = "create project acme/artifact-management/tools: private, package registry on, no issues, merge requests, wiki or snippets"
	const jobs = "CI jobs of acme may use it"
	for _, c := range []struct {
		token string
		want  []string
	}{
		{"standin-maintainer", []string{
			"same group acme/artifact-management: private",
			"lacking settings of group acme/artifact-management: Maven duplicates allowed, which snapshots need | needs the role Owner in acme/artifact-management, also to be seen",
			"same project acme/artifact-management/java-packages: package registry on; " + jobs,
			fresh + "; " + jobs,
			"lacking deploy token package-consumption of group acme/artifact-management: read_package_registry | needs the role Owner in acme/artifact-management",
		}},
		{"standin-developer", []string{
			"same group acme/artifact-management: private",
			"lacking settings of group acme/artifact-management: Maven duplicates allowed, which snapshots need | needs the role Owner in acme/artifact-management, also to be seen",
			"same project acme/artifact-management/java-packages: package registry on",
			"lacking project acme/artifact-management/java-packages: " + jobs + " | needs the role Maintainer in acme/artifact-management/java-packages",
			fresh,
			"lacking project acme/artifact-management/tools: " + jobs + " | needs the role Maintainer in acme/artifact-management/tools",
			"lacking deploy token package-consumption of group acme/artifact-management: read_package_registry | needs the role Owner in acme/artifact-management, or Maintainer to be seen",
		}},
		{"standin-reporter", []string{
			"same group acme/artifact-management: private",
			"lacking settings of group acme/artifact-management: Maven duplicates allowed, which snapshots need | needs the role Owner in acme/artifact-management, also to be seen",
			"same project acme/artifact-management/java-packages: package registry on",
			"lacking project acme/artifact-management/java-packages: " + jobs + " | needs the role Maintainer in acme/artifact-management/java-packages",
			strings.Replace(fresh, "create", "lacking", 1) + " | needs the role Developer in acme/artifact-management",
			"lacking deploy token package-consumption of group acme/artifact-management: read_package_registry | needs the role Owner in acme/artifact-management, or Maintainer to be seen",
		}},
	} {
		t.Run(c.token, func(t *testing.T) {
			s := start(t, "", standin.Options{})
			steps := s.plan(t, c.token, wanted(group, projects))
			differ(t, "plan", c.want, lines(steps))
			apply(t, steps)
		})
	}
}

// TestGroupsThatCanNotBeMade: on GitLab.com, without the role, and below what is missing itself.
func TestGroupsThatCanNotBeMade(t *testing.T) {
	projects := map[string][]artifact.Format{"a": {artifact.Generic}}
	const rest = "private, package registry on, no issues, merge requests, wiki or snippets"
	for name, c := range map[string]struct {
		token, group string
		modes        map[string]string
		want         []string
	}{
		"top level": {token, "firm", map[string]string{"toplevel": "false"}, []string{
			"lacking group firm: private | needs a user who may create top-level groups",
			"lacking group firm: its CI jobs may use the projects | is not there, or the token can not see it",
			"lacking project firm/a: " + rest + " | needs the group firm",
			"lacking deploy token package-consumption of group firm: read_package_registry | needs the group firm",
		}},
		"below": {"standin-developer", "acme/novel/deep", nil, []string{
			"lacking group acme/novel: private | needs the role Maintainer in acme",
			"lacking group acme/novel/deep: private | needs the group acme/novel",
			"lacking project acme/novel/deep/a: " + rest + " | needs the group acme/novel/deep",
			"lacking deploy token package-consumption of group acme/novel/deep: read_package_registry | needs the group acme/novel/deep",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "", standin.Options{Modes: c.modes})
			steps := s.plan(t, c.token, wanted(c.group, projects))
			differ(t, "plan", c.want, lines(steps))
			apply(t, steps)
			if n := s.changes(t); n != 0 {
				t.Errorf("%d changes", n)
			}
		})
	}
}
