package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks/gitlab"
)

// TestHalfDone lets steps fail: what was done is told, and the next plan goes on from there.
func TestHalfDone(t *testing.T) {
	const group = standingitlab.Group
	s := start(t, "", standin.Options{})
	s.change(t, "POST", "/api/v4/groups", `{"name":"firm","path":"firm"}`)
	firm := s.groupID(t, "firm")
	s.mutate(t, `{"add_project":"`+group+`/more"}`)
	lost := errors.New("the disk is full")
	want := wanted(group, map[string][]artifact.Format{"fresh": {artifact.Generic}, "more": {artifact.Generic}})
	want.Jobs, want.Keep = []string{"acme", "firm"}, func(gitlab.Secret) error { return lost }
	steps := map[string]gitlab.Step{}
	for _, step := range s.plan(t, token, want) {
		steps[step.What] = step
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fresh, more := steps["project "+group+"/fresh"], steps["project "+group+"/more"]
	if done, err := fresh.Apply(ctx); done != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %d, %v", done, err)
	}

	// In the meantime somebody else makes the project, and admits firm to the other one.
	s.change(t, "POST", "/api/v4/projects", fmt.Sprintf(`{"path":"fresh","namespace_id":%d}`, s.groupID(t, group)))
	var there struct{ ID int }
	s.read(t, "/projects/"+url.PathEscape(group+"/more"), &there)
	s.change(t, "POST", fmt.Sprintf("/api/v4/projects/%d/job_token_scope/groups_allowlist", there.ID), fmt.Sprintf(`{"target_group_id":%d}`, firm))
	for _, c := range []struct {
		step gitlab.Step
		done int
		says string
	}{
		{fresh, 0, "project acme/artifact-management/fresh: private, package registry on, no issues, merge requests, wiki or snippets: the path or the name is taken, perhaps"},
		{more, 1, "project acme/artifact-management/more: CI jobs of firm may use it: "},
		{steps["deploy token package-consumption of group "+group], 0, "revoke gitlab+deploy-token-"},
	} {
		done, err := c.step.Apply(t.Context())
		if done != c.done || err == nil || !strings.Contains(err.Error(), c.says) || fault.SideOf(err) != fault.Sink {
			t.Errorf("%s: %d done, %v", c.step.What, done, err)
		}
	}
	differ(t, "next plan", []string{
		"change project acme/artifact-management/fresh: CI jobs of acme may use it; CI jobs of firm may use it",
		"same project acme/artifact-management/more: package registry on; CI jobs of acme may use it; CI jobs of firm may use it",
	}, only(lines(s.plan(t, token, want)), " project "))
}
