package gitlab

// Whether GitLab can be published to, before anything is sent (GitLab: doc/api/metadata.md,
// doc/api/personal_access_tokens.md, doc/api/projects.md, doc/api/members.md).

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// Check implements sinks.Sink.
func (s *Sink) Check(ctx context.Context, projects map[string][]artifact.Format) error {
	if err := s.api.checkToken(ctx); err != nil {
		return fault.At(fault.Sink, fault.Stop(err))
	}
	var problems []error
	var missing sinks.NoProject
	for _, path := range slices.Sorted(maps.Keys(projects)) {
		err := s.api.checkProject(ctx, path)
		if errors.Is(err, errNoProject) {
			missing.Projects = append(missing.Projects, path)
		} else if err != nil {
			problems = append(problems, err)
		}
	}
	if len(missing.Projects) > 0 {
		problems = append(problems, &missing)
	}
	return fault.At(fault.Sink, fault.Stop(errors.Join(problems...)))
}

func (a *api) checkToken(ctx context.Context) error {
	with := gitlab.WithContext(ctx)
	_, _, err := a.gitlab.Metadata.GetMetadata(with)
	if statusOf(err) == http.StatusNotFound { // before GitLab 15.2
		_, _, err = a.gitlab.Version.GetVersion(with)
	}
	switch statusOf(err) {
	case 0:
	case http.StatusUnauthorized:
		return fmt.Errorf("GitLab does not accept the token: set a personal, project or group access token with the scope api: %w", plain(err))
	case http.StatusForbidden:
		return fmt.Errorf("the token has not the scope api: make one that has it: %w", plain(err))
	}
	if err != nil {
		return plain(err)
	}
	token, _, err := a.gitlab.PersonalAccessTokens.GetSinglePersonalAccessToken(with)
	switch statusOf(err) {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
		return nil // a job's token or another that tells nothing about itself
	}
	switch {
	case err != nil:
		return plain(err)
	case !token.Active || token.Revoked:
		return fmt.Errorf("the token %q has expired or was revoked: make a new one with the scope api", token.Name)
	case !slices.Contains(token.Scopes, "api"):
		return fmt.Errorf("the token %q has the scopes %v: make one with the scope api, which publishing needs", token.Name, token.Scopes)
	}
	return nil
}

var errNoProject = errors.New("no such project")

func (a *api) checkProject(ctx context.Context, path string) error {
	p, _, err := a.gitlab.Projects.GetProject(path, nil, gitlab.WithContext(ctx))
	switch {
	case statusOf(err) == http.StatusNotFound:
		return errNoProject
	case err != nil:
		return plain(err)
	case p.Archived:
		return fmt.Errorf("project %s is archived: unarchive it, as nothing can be published to it", path)
	case p.PackageRegistryAccessLevel == gitlab.DisabledAccessControl:
		return fmt.Errorf("the package registry of project %s is off: turn it on in its settings", path)
	}
	level, err := a.accessLevel(ctx, p)
	if err == nil && level < gitlab.DeveloperPermissions {
		err = fmt.Errorf("the token's access to project %s is too low: give its user the role Developer at least, or Maintainer to deprecate npm versions", path)
	}
	return err
}

// accessLevel is what the token may do in a project. The project's own answer tells nothing of a membership by way of an
// invited group, nor of administrators.
func (a *api) accessLevel(ctx context.Context, p *gitlab.Project) (gitlab.AccessLevelValue, error) {
	level := gitlab.NoPermissions
	if p.Permissions != nil {
		if own := p.Permissions.ProjectAccess; own != nil {
			level = max(level, own.AccessLevel)
		}
		if group := p.Permissions.GroupAccess; group != nil {
			level = max(level, group.AccessLevel)
		}
	}
	if level >= gitlab.DeveloperPermissions {
		return level, nil
	}
	user, _, err := a.gitlab.Users.CurrentUser(gitlab.WithContext(ctx))
	switch {
	case err != nil:
		return level, nil // a token without a user: the project's answer stands
	case user.IsAdmin:
		return gitlab.OwnerPermissions, nil
	}
	member, _, err := a.gitlab.ProjectMembers.GetInheritedProjectMember(p.ID, user.ID, gitlab.WithContext(ctx))
	switch {
	case statusOf(err) == http.StatusNotFound:
		return level, nil
	case err != nil:
		return level, plain(err)
	}
	return max(level, member.AccessLevel), nil
}
