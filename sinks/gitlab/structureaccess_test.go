package gitlab_test

import (
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
)

// TestProtect asks for a role to publish; a rule that asks for more stays.
func TestProtect(t *testing.T) {
	const group = standingitlab.Group
	s := start(t, "", standin.Options{})
	s.mutate(t, `{"protect":{"project":"`+group+`/java-packages","format":"maven","pattern":"*","role":"admin"}}`)
	s.mutate(t, `{"protect":{"project":"`+group+`/node-packages","format":"npm","pattern":"*","role":"maintainer"}}`)
	s.change(t, "POST", "/api/v4/projects/"+url.PathEscape(group+"/docker-images")+"/registry/protection/repository/rules",
		`{"repository_path_pattern":"`+group+`/docker-images*","minimum_access_level_for_push":"maintainer"}`)
	want := wanted(group, map[string][]artifact.Format{
		"java-packages": {artifact.Maven}, "node-packages": {artifact.NPM}, "mixed": {artifact.Generic, artifact.Container, artifact.Terraform},
		"docker-images": {artifact.Container},
	})
	want.Protect = "owner"
	differ(t, "who is no Owner", []string{
		"lacking project acme/artifact-management/mixed: generic published by the role Owner or higher alone; container published by the role Owner or higher alone | " +
			"needs the role Owner in acme/artifact-management/mixed, since this token could not publish any more",
	}, only(lines(s.plan(t, "standin-maintainer", want)), "lacking project acme/artifact-management/mixed"))
	steps := s.plan(t, token, want)
	differ(t, "plan", []string{
		"change project acme/artifact-management/docker-images: container published by the role Owner or higher alone",
		"same project acme/artifact-management/java-packages: package registry on; CI jobs of acme may use it; maven published by the role Owner or higher alone",
		"create project acme/artifact-management/mixed: private, package registry on, container registry on, cleanup policy off, no issues, merge requests, wiki or snippets; " +
			"CI jobs of acme may use it; generic published by the role Owner or higher alone; container published by the role Owner or higher alone",
		"change project acme/artifact-management/node-packages: npm published by the role Owner or higher alone",
	}, only(lines(steps), " project "))
	apply(t, steps)
	for _, line := range only(lines(s.plan(t, token, want)), " project ") {
		if !strings.HasPrefix(line, "same ") {
			t.Errorf("second time: %s", line)
		}
	}
	for path, role := range map[string]string{
		"java-packages/packages/protection/rules": "admin", "node-packages/packages/protection/rules": "owner",
		"mixed/packages/protection/rules": "owner", "mixed/registry/protection/repository/rules": "owner",
		"docker-images/registry/protection/repository/rules": "owner",
	} {
		var rules []map[string]any
		project, rest, _ := strings.Cut(path, "/")
		s.read(t, "/projects/"+url.PathEscape(group+"/"+project)+"/"+rest, &rules)
		if len(rules) != 1 || rules[0]["minimum_access_level_for_push"] != role {
			t.Errorf("%s: %v, want %s", path, rules, role)
		}
	}
}

// TestJobGroups: a group above an admitted one needs no entry; a group that is not there is said.
func TestJobGroups(t *testing.T) {
	const group = standingitlab.Group
	s := start(t, "", standin.Options{})
	want := wanted(group, map[string][]artifact.Format{"java-packages": {artifact.Maven}})
	want.Jobs = []string{group, "absent"}
	got := lines(s.plan(t, token, want))
	differ(t, "plan", []string{
		"lacking group absent: its CI jobs may use the projects | is not there, or the token can not see it",
		"same project acme/artifact-management/java-packages: package registry on; CI jobs of acme/artifact-management may use it",
	}, append(only(got, "absent"), only(got, " project ")...))
	s.change(t, "PATCH", "/api/v4/projects/"+url.PathEscape(group+"/java-packages")+"/job_token_scope", `{"enabled":false}`)
	want.Jobs = nil
	if got := only(lines(s.plan(t, token, want)), " project "); len(got) != 1 || !strings.HasPrefix(got[0], "same ") {
		t.Errorf("where every job may: %v", got)
	}
}
