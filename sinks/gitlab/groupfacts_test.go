package gitlab_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sinks/gitlab"
)

// What GitLab shows of groups is told, and what it hides is told to be hidden.
func TestFactsOfGroups(t *testing.T) {
	const group = "group acme/artifact-management: "
	hidden := "storage of acme: GitLab shows it to an Owner of an Enterprise Edition's group alone: see that there is room for what is listed"
	for name, c := range map[string]struct {
		token   string
		modes   map[string]string
		formats []artifact.Format
		want    []string
		left    int64 // of the storage; -1: not known
	}{
		"as GitLab is": {token, nil, []artifact.Format{artifact.Maven, artifact.NuGet, artifact.Generic, artifact.NPM}, []string{
			group + "Maven duplicates are allowed, which snapshots need",
			group + "NuGet duplicates are allowed",
			group + "generic duplicates are allowed",
			"storage of acme: 0 B in use, and no limit",
		}, -1},
		"modules": {token, nil, []artifact.Format{artifact.Terraform}, []string{
			group + "Terraform duplicates are refused: a module fails whose name another project of the root group has already",
			"storage of acme: 0 B in use, and no limit",
		}, -1},
		"a group above": {token, nil, []artifact.Format{artifact.Terraform}, []string{
			group + "Terraform duplicates are allowed",
			"storage of acme: 0 B in use, and no limit",
		}, -1},
		"refused": {token, map[string]string{"maven.duplicates": "false", "generic.duplicates.except": "x.*", "nuget.duplicates": "false", "terraform.duplicates": "true", "quota": "5000000"},
			[]artifact.Format{artifact.Maven, artifact.NuGet, artifact.Terraform, artifact.Generic}, []string{
				group + "Maven duplicates are refused: second builds of snapshots will fail until they are allowed, as provision does",
				group + "NuGet duplicates are refused: what arrives damaged can not be sent again",
				group + "Terraform duplicates are allowed",
				group + "generic duplicates are refused: what arrives damaged can not be sent again",
				"storage of acme: 0 B of 4.8 MiB in use",
			}, 5000000},
		"the Community Edition": {token, map[string]string{"version": "18.9.0"}, []artifact.Format{artifact.NPM}, []string{hidden}, -1},
		"no owner": {"standin-maintainer", map[string]string{"quota": "5000000"}, []artifact.Format{artifact.Maven, artifact.Terraform}, []string{
			group + "Maven duplicates: only an Owner sees the setting; where they are off, second builds of snapshots will fail until they are allowed, as provision does",
			group + "Terraform duplicates: only an Owner sees the setting; where they are off, a module fails whose name another project of the root group has already",
			hidden,
		}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "java-packages", standin.Options{Modes: c.modes})
			if name == "a group above" {
				s.change(t, "POST", "/api/graphql", `{"query":"mutation{updateNamespacePackageSettings(input:{namespacePath:\"acme\",terraformModuleDuplicatesAllowed:true}){errors}}"}`)
			}
			var told []string
			left := int64(-1)
			sink, err := gitlab.New(s.client(t, c.token), gitlab.Options{
				Token: gitlab.KindOf(c.token), Password: func(user string) httpx.Auth { return httpx.Basic(user, c.token) },
				Told: func(f artifact.Fact) {
					if strings.HasPrefix(f.About, "group ") || strings.HasPrefix(f.About, "storage ") {
						told = append(told, f.About+": "+f.Text)
					}
					if f.Quota != nil && f.Quota.What == artifact.StoredBytes {
						left = f.Quota.Left
					}
				},
			})
			if err == nil {
				err = sink.Check(t.Context(), map[string][]artifact.Format{s.project: c.formats})
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, told); diff != "" || left != c.left {
				t.Errorf("%d bytes left (-want +told)\n%s", left, diff)
			}
		})
	}
}
