package gitlab

// Rules that keep names to higher roles (GitLab: doc/api/project_packages_protection_rules.md,
// app/models/packages/protection/rule.rb). GitLab refuses such a package only when it is sent, so the rules are read once
// and the plan knows.

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// protection keeps the names that match it from the token.
type protection struct {
	pattern string // as GitLab has it
	match   *regexp.Regexp
	role    string // that publishing takes
}

// roles are those that a rule can ask for.
var roles = map[string]gitlab.AccessLevelValue{
	"maintainer": gitlab.MaintainerPermissions, "owner": gitlab.OwnerPermissions, "admin": gitlab.AdminPermissions,
}

// readRules remembers which names of a project are kept from a token of this level. Only a Maintainer may read the rules:
// for others a refusal shows when the package is sent.
func (s *Sink) readRules(ctx context.Context, path string, project int64, formats []artifact.Format, level gitlab.AccessLevelValue) error {
	if level < gitlab.MaintainerPermissions || len(formats) == 0 {
		return nil
	}
	rules, err := s.api.rules(ctx, project)
	if err != nil {
		return err
	}
	kept := map[artifact.Format][]protection{}
	for _, f := range formats {
		for _, r := range rules {
			if r.PackageType == packageType(f) && level < roles[r.MinimumAccessLevelForPush] {
				kept[f] = append(kept[f], protection{r.PackageNamePattern, wildcard(r.PackageNamePattern), r.MinimumAccessLevelForPush})
			}
		}
	}
	if len(kept) > 0 && level < gitlab.AdminPermissions {
		user, _, err := s.api.gitlab.Users.CurrentUser(gitlab.WithContext(ctx))
		if err != nil {
			return plain(err)
		}
		if user.IsAdmin { // whom no rule stops
			clear(kept)
		}
	}
	for _, f := range formats {
		s.protected.tell(place{path, f}, kept[f])
	}
	return nil
}

// rules are a project's; none where GitLab knows no such thing.
func (a *api) rules(ctx context.Context, project int64) ([]*gitlab.PackageProtectionRule, error) {
	rules, _, err := a.gitlab.ProtectedPackages.ListPackageProtectionRules(project, nil, gitlab.WithContext(ctx))
	if statusOf(err) == http.StatusNotFound { // before GitLab 17.1
		return nil, nil
	}
	return rules, plain(err)
}

// wildcard is a pattern whose only special character is *, in any case.
func wildcard(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?is)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
}

// allowsName tells whether a rule that was read keeps the token from publishing under this name.
func (s *Sink) allowsName(dst artifact.Destination) error {
	kept, _ := s.protected.peek(place{dst.Project, dst.Format})
	if len(kept) == 0 {
		return nil
	}
	names := []string{dst.Name}
	if dst.Format == artifact.Maven {
		names = []string{artifact.MavenDir(dst.Name, "")}
		if group, _, ok := strings.Cut(dst.Name, ":"); ok && dst.Version == "" { // GitLab also takes its directory for a name
			names = append(names, strings.ReplaceAll(group, ".", "/"))
		}
	}
	for _, rule := range kept {
		for _, name := range names {
			if rule.match.MatchString(name) {
				return fault.Errorf(artifact.Protected, "name %q: the rule %q of project %s lets only the role %s and higher publish it",
					name, rule.pattern, dst.Project, title(rule.role))
			}
		}
	}
	return nil
}

// title is a role as people write it.
func title(role string) string { return strings.ToUpper(role[:1]) + role[1:] }
