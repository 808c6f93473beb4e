package gitlab_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks/gitlab"
)

// wanted is a structure whose deploy token goes nowhere.
func wanted(group string, projects map[string][]artifact.Format) gitlab.Structure {
	full := map[string][]artifact.Format{}
	for path, formats := range projects {
		full[group+"/"+path] = formats
	}
	return gitlab.Structure{Group: group, Projects: full, Keep: func(gitlab.Secret) error { return nil }}
}

func (s server) plan(t *testing.T, secret string, want gitlab.Structure) []gitlab.Step {
	t.Helper()
	p, err := gitlab.NewProvisioner(s.client(t, secret), gitlab.KindOf(secret), want)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// lines are steps as one line each.
func lines(steps []gitlab.Step) (all []string) {
	for _, s := range steps {
		line := fmt.Sprintf("%s %s: %s", s.Mark, s.What, strings.Join(s.Does, "; "))
		if s.Lacks != "" {
			line += " | " + s.Lacks
		}
		all = append(all, line)
	}
	return all
}

func apply(t *testing.T, steps []gitlab.Step) {
	t.Helper()
	for _, s := range steps {
		if done, err := s.Apply(t.Context()); err != nil || (s.Mark == gitlab.Create || s.Mark == gitlab.Change) && done != len(s.Does) {
			t.Errorf("%s: %d of %d done, %v", s.What, done, len(s.Does), err)
		}
	}
}

// read asks GitLab's API as the owner.
func (s server) read(t *testing.T, path string, into any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+"/api/v4"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("PRIVATE-TOKEN", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// changes counts the requests that changed something.
func (s server) changes(t *testing.T) int {
	sum := 0
	for name, n := range s.requests(t) {
		method, route, _ := strings.Cut(name, " ")
		if method != "GET" && route != "graphql" { // which is only asked in these tests
			sum += n
		}
	}
	return sum
}

func differ(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", what, diff)
	}
}

// TestStructureIsMade makes everything from nothing: the plan changes nothing, the steps make what they say, the second
// plan has nothing left, and the new projects take packages.
func TestStructureIsMade(t *testing.T) {
	s := start(t, "", standin.Options{})
	var kept []gitlab.Secret
	want := wanted("firm/artifacts", map[string][]artifact.Format{
		"java/releases": {artifact.Maven}, "images": {artifact.Container}, "misc": {artifact.Generic, artifact.Container},
	})
	want.Keep = func(secret gitlab.Secret) error { kept = append(kept, secret); return nil }
	steps := s.plan(t, token, want)
	const plain = "no issues, merge requests, wiki or snippets; CI jobs of firm may use it"
	const all = "private, container registry on, cleanup policy off, " + plain
	differ(t, "plan", []string{
		"create group firm: private",
		"create group firm/artifacts: private",
		"create group firm/artifacts/java: private",
		"create project firm/artifacts/images: " + all,
		"create project firm/artifacts/java/releases: private, package registry on, " + plain,
		"create project firm/artifacts/misc: private, package registry on, container registry on, cleanup policy off, " + plain,
		"create deploy token package-consumption of group firm/artifacts: read_package_registry, read_registry",
	}, lines(steps))
	if n := s.changes(t); n != 0 {
		t.Errorf("the plan made %d changes", n)
	}
	apply(t, steps)
	if len(kept) != 1 || kept[0].Name != "package-consumption" || !strings.HasPrefix(kept[0].Token, "gldt-") || kept[0].Username == "" {
		t.Fatalf("kept %+v", kept)
	}
	done := s.changes(t)
	again := s.plan(t, token, want)
	differ(t, "second plan", []string{
		"same group firm/artifacts: private",
		"same group firm/artifacts/java: private",
		"same settings of group firm/artifacts/java: Maven duplicates allowed, which snapshots need",
		"same project firm/artifacts/images: container registry on; cleanup policy off; CI jobs of firm may use it",
		"same project firm/artifacts/java/releases: package registry on; CI jobs of firm may use it",
		"same project firm/artifacts/misc: package registry on; container registry on; cleanup policy off; CI jobs of firm may use it",
		"same deploy token package-consumption of group firm/artifacts: read_package_registry, read_registry",
	}, lines(again))
	apply(t, again)
	if n := s.changes(t); n != done {
		t.Errorf("the second time made %d changes", n-done)
	}

	var images map[string]any
	s.read(t, "/projects/firm%2Fartifacts%2Fimages", &images)
	for name, level := range map[string]string{
		"visibility": "private", "package_registry_access_level": "disabled", "container_registry_access_level": "enabled",
		"issues_access_level": "disabled", "merge_requests_access_level": "disabled", "wiki_access_level": "disabled",
		"snippets_access_level": "disabled", "builds_access_level": "enabled",
	} {
		if images[name] != level {
			t.Errorf("%s is %v, want %s", name, images[name], level)
		}
	}
	fresh := server{s.Server, s.url, "firm/artifacts/java/releases"}
	one := makeMaven(t, 1, "a")
	if err := fresh.publish(t, fresh.sink(t), one); err != nil {
		t.Fatal(err)
	}
	file := "/api/v4/projects/firm%2Fartifacts%2Fjava%2Freleases/packages/maven/" + artifact.MavenDir(one.Name, one.Version) + "/" + one.Files[0].Path
	req, _ := http.NewRequest(http.MethodGet, s.url+file, nil)
	req.SetBasicAuth(kept[0].Username, kept[0].Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || len(text) != int(one.Files[0].Size) {
		t.Errorf("a consumer reads %s, %d bytes", resp.Status, len(text))
	}
}

// TestStructureIsMended finds what is there but not as it must be, and leaves the rest alone.
func TestStructureIsMended(t *testing.T) {
	const group = standingitlab.Group
	s := start(t, "", standin.Options{})
	images := "/api/v4/projects/" + url.PathEscape(group+"/docker-images")
	s.change(t, "PUT", images, `{"container_registry_access_level":"disabled","container_expiration_policy_attributes":{"enabled":true}}`)
	s.mutate(t, `{"set":{"project":"`+group+`/java-packages","registry":false}}`)
	s.mutate(t, `{"set":{"project":"`+group+`/node-packages","archived":true}}`)
	s.mutate(t, `{"add_project":"`+group+`/more"}`)
	s.mutate(t, `{"mode":{"maven.duplicates.except":"com/.*"}}`)
	s.change(t, "POST", "/api/v4/groups/"+url.PathEscape(group)+"/deploy_tokens", `{"name":"package-consumption","scopes":["read_registry"]}`)
	s.change(t, "POST", "/api/v4/groups/"+url.PathEscape(group)+"/deploy_tokens", `{"name":"package-consumption","scopes":["read_package_registry","read_registry"],"expires_at":"2024-01-01"}`)
	want := wanted(group, map[string][]artifact.Format{
		"docker-images": {artifact.Container}, "java-packages": {artifact.Maven}, "node-packages": {artifact.NPM}, "more": {artifact.Generic},
	})
	steps := s.plan(t, token, want)
	differ(t, "plan", []string{
		"same group acme/artifact-management: private",
		"change settings of group acme/artifact-management: Maven duplicates allowed, which snapshots need",
		"change project acme/artifact-management/docker-images: container registry on; cleanup policy off",
		"change project acme/artifact-management/java-packages: package registry on",
		"change project acme/artifact-management/more: CI jobs of acme may use it",
		"lacking project acme/artifact-management/node-packages: publishing | is archived: unarchive it, which takes an Owner",
		"create deploy token package-consumption of group acme/artifact-management: read_package_registry, read_registry",
	}, lines(steps))
	apply(t, steps)
	differ(t, "second plan", []string{
		"same group acme/artifact-management: private",
		"same settings of group acme/artifact-management: Maven duplicates allowed, which snapshots need",
		"same project acme/artifact-management/docker-images: container registry on; cleanup policy off; CI jobs of acme may use it",
		"same project acme/artifact-management/java-packages: package registry on; CI jobs of acme may use it",
		"same project acme/artifact-management/more: package registry on; CI jobs of acme may use it",
		"lacking project acme/artifact-management/node-packages: publishing | is archived: unarchive it, which takes an Owner",
		"same deploy token package-consumption of group acme/artifact-management: read_package_registry, read_registry",
	}, lines(s.plan(t, token, want)))
	var p map[string]any
	s.read(t, "/projects/"+url.PathEscape(group+"/docker-images"), &p)
	if p["issues_access_level"] != "enabled" || p["package_registry_access_level"] != "enabled" {
		t.Errorf("what others may need was turned off: %v", p)
	}
}

// TestVisibilityIsInherited: what is made is as open as the group above it.
func TestVisibilityIsInherited(t *testing.T) {
	s := start(t, "", standin.Options{})
	s.change(t, "POST", "/api/v4/groups", `{"name":"open","path":"open","visibility":"internal"}`)
	steps := s.plan(t, token, wanted("open/artifacts", map[string][]artifact.Format{"a": {artifact.Generic}}))
	apply(t, steps)
	for _, path := range []string{"/groups/open%2Fartifacts", "/projects/open%2Fartifacts%2Fa"} {
		var made struct{ Visibility string }
		if s.read(t, path, &made); made.Visibility != "internal" {
			t.Errorf("%s is %s", path, made.Visibility)
		}
	}
}

func only(lines []string, part string) (kept []string) {
	for _, line := range lines {
		if strings.Contains(line, part) {
			kept = append(kept, line)
		}
	}
	return kept
}

func (s server) groupID(t *testing.T, path string) int {
	t.Helper()
	var g struct{ ID int }
	s.read(t, "/groups/"+url.PathEscape(path), &g)
	return g.ID
}

// TestRefusedTokensPlanNothing: the plan refuses what the preflight refuses.
func TestRefusedTokensPlanNothing(t *testing.T) {
	s := start(t, "", standin.Options{})
	for secret, says := range map[string]string{
		"gldt-x": "this is a deploy token", "nobody": "does not accept the token", "standin-read": "scope api",
	} {
		p, err := gitlab.NewProvisioner(s.client(t, secret), gitlab.KindOf(secret), wanted("acme", nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), says) || !fault.IsStop(err) || fault.SideOf(err) != fault.Sink {
			t.Errorf("%s: %v", secret, err)
		}
	}
}
