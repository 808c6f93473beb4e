package gitlab

// Who may use a project: the CI jobs of other projects (GitLab: doc/api/project_job_token_scopes.md), and publishers by
// their role (doc/api/project_packages_protection_rules.md, doc/api/container_repository_protection_rules.md).

import (
	"context"
	"fmt"

	"slices"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
)

// planJobs looks for the groups whose jobs may use the projects.
func (p *Provisioner) planJobs(ctx context.Context) error {
	for _, path := range p.want.Jobs {
		g, err := p.group(ctx, path)
		if err != nil {
			return err
		}
		if !g.known() {
			p.lacking("group "+path, "is not there, or the token can not see it", "its CI jobs may use the projects")
			continue
		}
		p.jobs = append(p.jobs, g)
	}
	return nil
}

// planAdmission looks which groups' jobs a project admits already. Only a Maintainer sees that.
func (p *Provisioner) planAdmission(ctx context.Context, b *building) error {
	if b.below("maintainer") != "" || len(p.jobs) == 0 {
		for _, g := range p.jobs {
			p.admit(b, g, false)
		}
		return nil
	}
	scope, _, err := p.api.gitlab.JobTokenScope.GetProjectJobTokenAccessSettings(b.id, gitlab.WithContext(ctx))
	if err != nil {
		return plain(err)
	}
	var admitted []*gitlab.Group
	if scope.InboundEnabled { // else every project's jobs are
		admitted, err = gitlab.ScanAndCollect(func(page gitlab.PaginationOptionFunc) ([]*gitlab.Group, *gitlab.Response, error) {
			options := &gitlab.GetJobTokenAllowlistGroupsOptions{ListOptions: gitlab.ListOptions{PerPage: perPage}}
			return p.api.gitlab.JobTokenScope.GetJobTokenAllowlistGroups(b.id, options, page, gitlab.WithContext(ctx))
		})
	}
	if err != nil {
		return plain(err)
	}
	for _, g := range p.jobs {
		held, err := p.admitted(ctx, g, admitted)
		if err != nil {
			return err
		}
		p.admit(b, g, held || !scope.InboundEnabled)
	}
	return nil
}

// admitted tells whether a group, or one above it, is among those.
func (p *Provisioner) admitted(ctx context.Context, g *group, those []*gitlab.Group) (bool, error) {
	for g.id != 0 && len(those) > 0 {
		if slices.ContainsFunc(those, func(one *gitlab.Group) bool { return one.ID == g.id }) {
			return true, nil
		}
		parent := parentOf(g.path)
		if parent == "" {
			break
		}
		var err error
		if g, err = p.group(ctx, parent); err != nil {
			return false, err
		}
	}
	return false, nil
}

// admit wishes that jobs of a group's projects may use the project.
func (p *Provisioner) admit(b *building, jobs *group, held bool) {
	b.wishes = append(b.wishes, wish{
		text: "CI jobs of " + jobs.path + " may use it", held: held, lacks: b.below("maintainer"),
		do: func(ctx context.Context) error {
			if err := jobs.made(); err != nil {
				return err
			}
			options := &gitlab.AddGroupToJobTokenAllowlistOptions{TargetGroupID: &jobs.id}
			_, _, err := p.api.gitlab.JobTokenScope.AddGroupToJobTokenAllowlist(b.id, options, gitlab.WithContext(ctx))
			return err
		},
	})
}

// held is a rule for everything that is there already.
type held struct {
	id   int64
	role string // that it asks for
}

// planProtection looks at the rules of a project. Only a Maintainer sees them.
func (p *Provisioner) planProtection(ctx context.Context, b *building) error {
	found := map[artifact.Format]held{}
	if p.want.Protect == "" || b.below("maintainer") != "" {
		p.protect(b, found)
		return nil
	}
	rules, err := p.api.rules(ctx, b.id)
	if err != nil {
		return err
	}
	for _, f := range packages(b.formats) {
		for _, r := range rules {
			if r.PackageType == packageType(f) && r.PackageNamePattern == everything {
				found[f] = held{r.ID, r.MinimumAccessLevelForPush}
			}
		}
	}
	var paths []*gitlab.ContainerRegistryProtectionRule
	if slices.Contains(b.formats, artifact.Container) {
		if paths, err = p.api.pathRules(ctx, b.id); err != nil {
			return err
		}
	}
	for _, r := range paths {
		if r.RepositoryPathPattern == everyImage(b.path) {
			found[artifact.Container] = held{r.ID, string(r.MinimumAccessLevelForPush)}
		}
	}
	p.protect(b, found)
	return nil
}

// protect wishes that publishing takes the role that Structure.Protect names, except of Terraform modules, for which
// GitLab has no such rules. A role that the token itself has not would shut it out.
func (p *Provisioner) protect(b *building, found map[artifact.Format]held) {
	role := p.want.Protect
	if role == "" {
		return
	}
	lacks := b.below(role)
	if lacks != "" && role != "maintainer" {
		lacks += ", since this token could not publish any more"
	}
	for _, f := range b.formats {
		if f == artifact.Terraform {
			continue
		}
		there, known := found[f]
		b.wishes = append(b.wishes, wish{
			text: fmt.Sprintf("%s published by the role %s or higher alone", f, title(role)), lacks: lacks,
			held: known && roles[there.role] >= roles[role],
			do:   func(ctx context.Context) error { return p.setRule(ctx, b, f, there.id, role) },
		})
	}
}

// everything is the pattern of every name, everyImage that of every image of a project.
const everything = "*"

func everyImage(project string) string { return strings.ToLower(project) + everything }

// setRule makes a rule for everything, or changes the one with this id.
func (p *Provisioner) setRule(ctx context.Context, b *building, f artifact.Format, id int64, role string) error {
	with, least := gitlab.WithContext(ctx), gitlab.ProtectionRuleAccessLevel(role)
	pattern, kind, push := gitlab.Ptr(everything), gitlab.Ptr(packageType(f)), gitlab.NewNullableWithValue(least)
	images := p.api.gitlab.ContainerRegistryProtectionRules
	var err error
	switch {
	case f == artifact.Container && id != 0:
		_, _, err = images.UpdateContainerRegistryProtectionRule(b.id, id, &gitlab.UpdateContainerRegistryProtectionRuleOptions{
			MinimumAccessLevelForPush: &least,
		}, with)
	case f == artifact.Container:
		_, _, err = images.CreateContainerRegistryProtectionRule(b.id, &gitlab.CreateContainerRegistryProtectionRuleOptions{
			RepositoryPathPattern: gitlab.Ptr(everyImage(b.path)), MinimumAccessLevelForPush: &least,
		}, with)
	case id != 0:
		_, _, err = p.api.gitlab.ProtectedPackages.UpdatePackageProtectionRules(b.id, id, &gitlab.UpdatePackageProtectionRulesOptions{
			PackageNamePattern: pattern, PackageType: kind, MinimumAccessLevelForPush: push,
		}, with)
	default:
		_, _, err = p.api.gitlab.ProtectedPackages.CreatePackageProtectionRules(b.id, &gitlab.CreatePackageProtectionRulesOptions{
			PackageNamePattern: pattern, PackageType: kind, MinimumAccessLevelForPush: push,
		}, with)
	}
	return err
}
