package gitlab

// What a group lets happen to the packages in its projects. Only GraphQL reads and changes it, and only for an Owner (GitLab:
// app/graphql/types/namespace/package_settings_type.rb, app/graphql/mutations/namespace/package_settings/update.rb).

import (
	"context"
	"errors"
	"fmt"
	"slices"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
)

// readSettings asks for the settings of a format. Each is asked for alone, since releases differ in which they know.
const readSettings = `query($path: ID!) {
  group(fullPath: $path) { packageSettings { allowed: %[1]sDuplicatesAllowed except: %[1]sDuplicateExceptionRegex } }
}`

const allowDuplicates = `mutation($path: ID!) {
  updateNamespacePackageSettings(input: {namespacePath: $path, mavenDuplicatesAllowed: true, mavenDuplicateExceptionRegex: ""}) { errors }
}`

// planSettings sees to it that Maven's duplicates are allowed: else GitLab takes the second build of a snapshot, and its
// second maven-metadata.xml, for one and refuses it. The group that holds a project directly decides, those above have
// no say. A group that is made has GitLab's defaults, which are right.
func (p *Provisioner) planSettings(ctx context.Context) error {
	for _, path := range p.parents() {
		g := p.groups[path]
		directly := func(project string) bool { return parentOf(project) == path }
		if g.id == 0 || !slices.Contains(p.formats(directly), artifact.Maven) {
			continue
		}
		step := Step{Mark: Same, What: "settings of group " + path, Does: []string{"Maven duplicates allowed, which snapshots need"}}
		if g.level < gitlab.OwnerPermissions {
			p.lacking(step.What, needs("owner", path)+", also to be seen", step.Does...)
			continue
		}
		allowed, err := p.api.duplicatesAllowed(ctx, path, artifact.Maven)
		if err != nil {
			return err
		}
		if !allowed {
			step.Mark = Change
			step.acts = []act{func(ctx context.Context) error { return p.allowDuplicates(ctx, path) }}
		}
		p.steps = append(p.steps, step)
	}
	return nil
}

// duplicatesAllowed tells whether they are, without exceptions: while duplicates are allowed, GitLab refuses those of
// the names that match the exception (app/models/namespace/package_setting.rb).
func (a *api) duplicatesAllowed(ctx context.Context, path string, f artifact.Format) (bool, error) {
	var answer struct {
		Group *struct {
			PackageSettings *struct {
				Allowed bool
				Except  string
			}
		}
	}
	word := string(f)
	if f == artifact.Terraform {
		word = "terraformModule"
	}
	if err := a.ask(ctx, fmt.Sprintf(readSettings, word), path, &answer); err != nil {
		return false, err
	}
	if answer.Group == nil || answer.Group.PackageSettings == nil {
		return false, errors.New("GitLab does not show the package settings of the group " + path)
	}
	settings := answer.Group.PackageSettings
	return settings.Allowed && settings.Except == "", nil
}

func (p *Provisioner) allowDuplicates(ctx context.Context, path string) error {
	var answer struct {
		Changed struct{ Errors []string } `json:"updateNamespacePackageSettings"`
	}
	err := p.api.ask(ctx, allowDuplicates, path, &answer)
	for _, text := range answer.Changed.Errors {
		err = errors.Join(err, errors.New(text))
	}
	return err
}

// ask sends a GraphQL request about a path and fills data in.
func (a *api) ask(ctx context.Context, query, path string, data any) error {
	answer := struct {
		Data   any
		Errors []struct{ Message string }
	}{Data: data}
	q := gitlab.GraphQLQuery{Query: query, Variables: map[string]any{"path": path}}
	if _, err := a.gitlab.GraphQL.Do(q, &answer, gitlab.WithContext(ctx)); err != nil {
		return plain(err)
	}
	var failed []error
	for _, one := range answer.Errors {
		failed = append(failed, errors.New(one.Message))
	}
	return errors.Join(failed...)
}
