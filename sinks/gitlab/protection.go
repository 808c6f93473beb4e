package gitlab

// Rules that keep names to higher roles (GitLab: doc/api/project_packages_protection_rules.md,
// doc/api/container_repository_protection_rules.md, doc/user/packages/container_registry/protected_container_tags.md;
// app/models/packages/protection/rule.rb, app/models/container_registry/protection/{rule,tag_rule}.rb). GitLab refuses such
// a package only when it is sent, an image's tag even after all its layers, so the rules are read once and the plan knows.

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// protection keeps the names, or the tags, that match it to a role and those above it.
type protection struct {
	format  artifact.Format
	pattern string // as GitLab has it
	match   *regexp.Regexp
	role    string // that publishing takes
	tag     bool
}

// roles are those that a rule can ask for.
var roles = map[string]gitlab.AccessLevelValue{
	"maintainer": gitlab.MaintainerPermissions, "owner": gitlab.OwnerPermissions, "admin": gitlab.AdminPermissions,
}

// readRules remembers which names of a project are kept from a token of this level. Only a Maintainer may read the rules:
// for others a refusal shows when the package is sent. Rules that make tags immutable are not shown to anybody.
func (s *Sink) readRules(ctx context.Context, path string, project int64, formats []artifact.Format, level gitlab.AccessLevelValue) error {
	if level < gitlab.MaintainerPermissions {
		s.tell("project "+path, "protection rules: only a Maintainer may read them; a name that they keep from the token fails when it is sent")
		return nil
	}
	all, err := s.api.protections(ctx, project, formats)
	if err != nil {
		return err
	}
	kept := map[artifact.Format][]protection{}
	for _, one := range all {
		if level < roles[one.role] {
			kept[one.format] = append(kept[one.format], one)
		}
	}
	if len(kept) > 0 {
		user, _, err := s.api.gitlab.Users.CurrentUser(gitlab.WithContext(ctx))
		if err != nil {
			return plain(err)
		}
		if user.IsAdmin { // whom no rule stops
			clear(kept)
		}
	}
	s.tellRules(path, all, kept)
	for _, f := range formats {
		s.protected.tell(place{path, f}, kept[f])
	}
	return nil
}

// protections are the rules of a project for these formats. A GitLab that is too old for a kind of rule has none of it.
func (a *api) protections(ctx context.Context, project int64, formats []artifact.Format) (all []protection, err error) {
	if len(packages(formats)) > 0 {
		rules, err := a.rules(ctx, project)
		if err != nil {
			return nil, err
		}
		for _, f := range packages(formats) {
			for _, r := range rules {
				if r.PackageType == packageType(f) {
					all = append(all, protection{f, r.PackageNamePattern, wildcard(r.PackageNamePattern), r.MinimumAccessLevelForPush, false})
				}
			}
		}
	}
	if len(packages(formats)) == len(formats) {
		return all, nil
	}
	paths, err := a.pathRules(ctx, project)
	if err != nil {
		return nil, err
	}
	for _, r := range paths {
		pattern := r.RepositoryPathPattern
		all = append(all, protection{artifact.Container, pattern, wildcard(pattern), string(r.MinimumAccessLevelForPush), false})
	}
	tags, _, err := a.gitlab.ContainerRegistryTagProtectionRules.ListContainerRegistryTagProtectionRules(project, gitlab.WithContext(ctx))
	if err = unlessAbsent(err); err != nil { // before GitLab 18.7
		return nil, err
	}
	for _, r := range tags {
		if match, err := regexp.Compile(r.TagNamePattern); err == nil { // both speak RE2
			all = append(all, protection{artifact.Container, r.TagNamePattern, match, string(r.MinimumAccessLevelForPush), true})
		}
	}
	return all, nil
}

// rules are those of a project's packages.
func (a *api) rules(ctx context.Context, project int64) ([]*gitlab.PackageProtectionRule, error) {
	rules, _, err := a.gitlab.ProtectedPackages.ListPackageProtectionRules(project, nil, gitlab.WithContext(ctx))
	return rules, unlessAbsent(err) // before GitLab 17.1
}

// pathRules are those of a project's images.
func (a *api) pathRules(ctx context.Context, project int64) ([]*gitlab.ContainerRegistryProtectionRule, error) {
	rules, _, err := a.gitlab.ContainerRegistryProtectionRules.ListContainerRegistryProtectionRules(project, gitlab.WithContext(ctx))
	return rules, unlessAbsent(err) // before GitLab 17.2
}

// unlessAbsent is no error when GitLab has no such thing.
func unlessAbsent(err error) error {
	if statusOf(err) == http.StatusNotFound {
		return nil
	}
	return plain(err)
}

// wildcard is a pattern whose only special character is *, in any case.
func wildcard(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?is)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
}

// allowsName tells whether a rule that was read keeps the token from publishing under this name.
func (s *Sink) allowsName(dst artifact.Destination) error {
	kept, _ := s.protected.peek(place{dst.Project, dst.Format})
	for _, rule := range kept {
		what, names := "name", protectedNames(dst)
		if rule.tag {
			what, names = "tag", []string{dst.Version}
		}
		for _, name := range names {
			if rule.match.MatchString(name) {
				return fault.Because(artifact.Protected, fmt.Errorf("%s %q: the rule %q of project %s lets only the role %s and higher publish it",
					what, name, rule.pattern, dst.Project, title(rule.role)))
			}
		}
	}
	return nil
}

// protectedNames are what GitLab compares with the pattern of a rule.
func protectedNames(dst artifact.Destination) []string {
	switch dst.Format {
	case artifact.Container:
		return []string{strings.ToLower(dst.Project) + "/" + dst.Name}
	case artifact.Maven:
		names := []string{artifact.MavenDir(dst.Name, "")}
		if group, _, ok := strings.Cut(dst.Name, ":"); ok && dst.Version == "" { // its directory is a name to GitLab, too
			names = append(names, strings.ReplaceAll(group, ".", "/"))
		}
		return names
	}
	return []string{dst.Name}
}

// title is a role as people write it.
func title(role string) string { return strings.ToUpper(role[:1]) + role[1:] }
