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
	"strings"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// Check implements sinks.Sink. What does not stand against publishing but should be known goes to Options.Notice. It also
// reads the rules that protect names, where the token may, so that Allows knows them.
func (s *Sink) Check(ctx context.Context, projects map[string][]artifact.Format) error {
	if err := s.checkToken(ctx); err != nil {
		return fault.At(fault.Sink, fault.Stop(err))
	}
	s.tellServer(ctx, projects)
	var problems []error
	var missing sinks.NoProject
	for _, path := range slices.Sorted(maps.Keys(projects)) {
		err := s.checkProject(ctx, path, projects[path])
		if errors.Is(err, errNoProject) {
			missing.Projects = append(missing.Projects, path)
		} else if err != nil {
			problems = append(problems, err)
		}
	}
	if len(missing.Projects) > 0 {
		problems = append(problems, &missing, s.api.seesOneProject(ctx))
	}
	return fault.At(fault.Sink, fault.Stop(errors.Join(problems...)))
}

// soon is the time in which a token's end is worth a word.
const soon = 14 * 24 * time.Hour

func (s *Sink) checkToken(ctx context.Context) error {
	ends, err := s.api.checkToken(ctx, s.token)
	if err == nil && !ends.IsZero() && time.Until(ends) < soon {
		s.notice(fmt.Sprintf("the token expires on %s: what a migration has not done by then needs a new one", ends.Format(time.DateOnly)))
	}
	return err
}

// checkToken proves that GitLab accepts the token for all that is needed, and returns when it expires: zero for never, or
// when it does not say.
func (a *api) checkToken(ctx context.Context, kind TokenKind) (ends time.Time, err error) {
	if err := kind.refusal(); err != nil {
		return ends, err
	}
	with := gitlab.WithContext(ctx)
	_, _, err = a.gitlab.Metadata.GetMetadata(with)
	if statusOf(err) == http.StatusNotFound { // before GitLab 15.2
		_, _, err = a.gitlab.Version.GetVersion(with)
	}
	switch statusOf(err) {
	case 0:
	case http.StatusUnauthorized:
		return ends, fmt.Errorf("GitLab does not accept the token: set a personal, project or group access token with the scope api; "+
			"a deploy token or a CI job's token is not enough: %w", plain(err))
	case http.StatusForbidden:
		return ends, fmt.Errorf("the token has not the scope api: make one that has it: %w", plain(err))
	}
	if err != nil {
		return ends, plain(err)
	}
	token, _, err := a.gitlab.PersonalAccessTokens.GetSinglePersonalAccessToken(with)
	switch statusOf(err) {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
		return ends, nil // a token that tells nothing about itself, such as OAuth's
	}
	switch {
	case err != nil:
		return ends, plain(err)
	case !token.Active || token.Revoked:
		return ends, fmt.Errorf("the token %q has expired or was revoked: make a new one with the scope api", token.Name)
	case !slices.Contains(token.Scopes, "api"):
		return ends, fmt.Errorf("the token %q has the scopes %v: make one with the scope api, which publishing needs", token.Name, token.Scopes)
	case token.ExpiresAt != nil:
		ends = time.Time(*token.ExpiresAt)
	}
	return ends, nil
}

// seesOneProject is an error when the token belongs to a project, whose tokens see no other: its user's name says so
// (GitLab: app/services/resource_access_tokens/create_service.rb).
func (a *api) seesOneProject(ctx context.Context) error {
	user, _, err := a.gitlab.Users.CurrentUser(gitlab.WithContext(ctx))
	if err != nil || !strings.HasPrefix(user.Username, "project_") || !strings.Contains(user.Username, "_bot") {
		return nil //nolint:nilerr // only the missing projects matter
	}
	return errors.New("the token is a project access token, which sees its own project alone: make a group access token of the target's group")
}

var errNoProject = errors.New("no such project")

func (s *Sink) checkProject(ctx context.Context, path string, formats []artifact.Format) error {
	p, _, err := s.api.gitlab.Projects.GetProject(path, nil, gitlab.WithContext(ctx))
	images := slices.Contains(formats, artifact.Container)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return errNoProject
	case err != nil:
		return plain(err)
	case p.Archived:
		return fmt.Errorf("project %s is archived: unarchive it, as nothing can be published to it", path)
	case len(packages(formats)) > 0 && !takesPackages(p):
		return fmt.Errorf("the package registry of project %s is off: turn it on in its settings, or let pkgferry provision do it", path)
	case images && !takesImages(p):
		return fmt.Errorf("the container registry of project %s is off: turn it on in its settings, or let pkgferry provision do it", path)
	case images && p.ContainerRegistryImagePrefix == "":
		return fmt.Errorf("images can not go to project %s, since this GitLab has no container registry: an administrator can turn it on", path)
	}
	level, err := s.api.accessLevel(ctx, p)
	switch {
	case err != nil:
		return err
	case level < gitlab.DeveloperPermissions:
		return fmt.Errorf("the token's access to project %s is too low: give its user the role Developer at least, or Maintainer to deprecate npm versions", path)
	case images && cleansUp(p):
		s.notice(fmt.Sprintf("project %s has a cleanup policy that deletes tags of images, and to GitLab an imported tag is as old as its "+
			"push: turn it off until the migration is verified, or let pkgferry provision do it", path))
	}
	s.tellProject(p, formats, level)
	if images {
		if err := s.images.check(ctx, path, imagesOf(p)); err != nil {
			return err
		}
	}
	return s.readRules(ctx, path, p.ID, formats, level)
}

// packages are those of the formats that lie in the package registry.
func packages(formats []artifact.Format) []artifact.Format {
	return slices.DeleteFunc(slices.Clone(formats), func(f artifact.Format) bool { return f == artifact.Container })
}

func takesPackages(p *gitlab.Project) bool {
	return p.PackageRegistryAccessLevel != gitlab.DisabledAccessControl
}

func takesImages(p *gitlab.Project) bool {
	return p.ContainerRegistryAccessLevel != gitlab.DisabledAccessControl
}

// cleansUp tells whether tags of images are deleted by rules.
func cleansUp(p *gitlab.Project) bool {
	return p.ContainerExpirationPolicy != nil && p.ContainerExpirationPolicy.Enabled
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
		return gitlab.AdminPermissions, nil
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
