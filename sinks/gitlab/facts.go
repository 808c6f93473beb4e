package gitlab

// What Check found out, for those who approve a plan (GitLab: doc/api/metadata.md, doc/api/personal_access_tokens.md,
// doc/api/users.md, doc/api/projects.md). None of it stands against publishing, so what can not be asked is left out.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
)

func (s *Sink) tell(about, format string, args ...any) {
	if s.told != nil {
		s.told(artifact.Fact{About: about, Text: fmt.Sprintf(format, args...)})
	}
}

// tellServer tells of the instance, the token and its user, and of what the instance takes.
func (s *Sink) tellServer(ctx context.Context, projects map[string][]artifact.Format) {
	if s.told == nil {
		return
	}
	with := gitlab.WithContext(ctx)
	if m, _, err := s.api.gitlab.Metadata.GetMetadata(with); err == nil {
		edition := "Community Edition"
		if m.Enterprise {
			edition = "Enterprise Edition"
		}
		s.tell("server", "GitLab %s, %s", m.Version, edition)
	}
	if t, _, err := s.api.gitlab.PersonalAccessTokens.GetSinglePersonalAccessToken(with); err == nil {
		ends := "never expires"
		if t.ExpiresAt != nil {
			ends = "expires on " + time.Time(*t.ExpiresAt).Format(time.DateOnly)
		}
		s.tell("token", "scopes %s, %s", strings.Join(t.Scopes, " "), ends) // its name is its owner's to choose, and may be anything
	} else {
		s.tell("token", "it tells nothing about itself")
	}
	if u, _, err := s.api.gitlab.Users.CurrentUser(with); err == nil {
		s.tell("user", "%s%s", u.Username, kindOfUser(u))
	}
	s.tell("file sizes", "%s", s.sizes(projects))
	s.tellDuplicates(ctx, projects)
	s.tellStorage(ctx, projects)
}

// kindOfUser is whose token a user's is (GitLab: app/services/resource_access_tokens/create_service.rb).
func kindOfUser(u *gitlab.User) string {
	bot := strings.Contains(u.Username, "_bot")
	switch {
	case u.IsAdmin:
		return ", an administrator"
	case bot && strings.HasPrefix(u.Username, "group_"):
		return ", of a group access token"
	case bot && strings.HasPrefix(u.Username, "project_"):
		return ", of a project access token"
	}
	return ", of a personal access token"
}

// sizes are the limits of the formats that may go to the projects.
func (s *Sink) sizes(projects map[string][]artifact.Format) string {
	var all []string
	for _, f := range artifact.Formats() {
		used := false
		for _, formats := range projects {
			used = used || slices.Contains(formats, f)
		}
		if limit, ok := s.limits[f]; ok && used {
			all = append(all, string(f)+" "+humanize.IBytes(uint64(limit)))
		}
	}
	if len(all) == 0 {
		return "no limit is known"
	}
	return "less than " + strings.Join(all, ", ") + " (GitLab's defaults, where max_file_size says nothing else; it tells administrators alone)"
}

// tellProject tells what stands for and against publishing in a project.
func (s *Sink) tellProject(p *gitlab.Project, formats []artifact.Format, level gitlab.AccessLevelValue) {
	says := []string{"role " + roleName(level)}
	if len(packages(formats)) > 0 {
		says = append(says, "package registry on")
	}
	if slices.Contains(formats, artifact.Container) {
		cleanup := "no cleanup policy"
		if cleansUp(p) {
			cleanup = "a cleanup policy that deletes tags"
		}
		says = append(says, "container registry on", cleanup)
	}
	s.tell("project "+p.PathWithNamespace, "%s", strings.Join(says, ", "))
}

// tellRules tells of the rules of a project, and of those that keep names from the token.
func (s *Sink) tellRules(path string, all []protection, kept map[artifact.Format][]protection) {
	if len(all) == 0 {
		s.tell("project "+path, "no protection rule")
		return
	}
	var against []string
	for _, f := range artifact.Formats() {
		for _, rule := range kept[f] {
			against = append(against, fmt.Sprintf("%s %q takes the role %s", f, rule.pattern, title(rule.role)))
		}
	}
	if len(against) == 0 {
		s.tell("project "+path, "protection rules: %d, none of them keeps anything from the token", len(all))
		return
	}
	const most = 10
	if more := len(against) - most; more > 0 {
		against = append(against[:most], fmt.Sprintf("and %d more", more))
	}
	s.tell("project "+path, "protection rules against the token: %s", strings.Join(against, "; "))
}

func roleName(level gitlab.AccessLevelValue) string {
	names := map[gitlab.AccessLevelValue]string{
		gitlab.DeveloperPermissions: "Developer", gitlab.MaintainerPermissions: "Maintainer", gitlab.OwnerPermissions: "Owner",
		gitlab.AdminPermissions: "administrator",
	}
	if name, ok := names[level]; ok {
		return name
	}
	return fmt.Sprint(int(level))
}
