package gitlab

// Who may use a project: the CI jobs of other projects (GitLab: doc/api/project_job_token_scopes.md), and publishers by
// their role (doc/api/project_packages_protection_rules.md).

import (
	"context"
	"fmt"

	"slices"

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

// planProtection looks at the rules of a project. Only a Maintainer sees them.
func (p *Provisioner) planProtection(ctx context.Context, b *building) error {
	var rules []*gitlab.PackageProtectionRule
	if p.want.Protect != "" && b.below("maintainer") == "" {
		var err error
		if rules, err = p.api.rules(ctx, b.id); err != nil {
			return err
		}
	}
	p.protect(b, rules)
	return nil
}

// protect wishes that publishing a package takes the role that Structure.Protect names. It is not for Terraform modules,
// which have no such rules, nor for images, whose rules are others. A role that the token itself has not would shut it out.
func (p *Provisioner) protect(b *building, rules []*gitlab.PackageProtectionRule) {
	role := p.want.Protect
	if role == "" {
		return
	}
	lacks := b.below(role)
	if lacks != "" && role != "maintainer" {
		lacks += ", since this token could not publish any more"
	}
	for _, f := range packages(b.formats) {
		if f == artifact.Terraform {
			continue
		}
		at := slices.IndexFunc(rules, func(r *gitlab.PackageProtectionRule) bool {
			return r.PackageType == packageType(f) && r.PackageNamePattern == everything
		})
		w := wish{text: fmt.Sprintf("%s published by the role %s or higher alone", f, title(role)), lacks: lacks}
		if at < 0 {
			w.do = func(ctx context.Context) error { return p.addRule(ctx, b.id, f, role) }
		} else {
			w.held = roles[rules[at].MinimumAccessLevelForPush] >= roles[role]
			w.do = func(ctx context.Context) error { return p.raiseRule(ctx, rules[at], role) }
		}
		b.wishes = append(b.wishes, w)
	}
}

// everything is the pattern of every name.
const everything = "*"

func (p *Provisioner) addRule(ctx context.Context, project int64, f artifact.Format, role string) error {
	_, _, err := p.api.gitlab.ProtectedPackages.CreatePackageProtectionRules(project, &gitlab.CreatePackageProtectionRulesOptions{
		PackageNamePattern: gitlab.Ptr(everything), PackageType: gitlab.Ptr(packageType(f)),
		MinimumAccessLevelForPush: gitlab.NewNullableWithValue(gitlab.ProtectionRuleAccessLevel(role)),
	}, gitlab.WithContext(ctx))
	return err
}

func (p *Provisioner) raiseRule(ctx context.Context, rule *gitlab.PackageProtectionRule, role string) error {
	_, _, err := p.api.gitlab.ProtectedPackages.UpdatePackageProtectionRules(rule.ProjectID, rule.ID, &gitlab.UpdatePackageProtectionRulesOptions{
		PackageNamePattern: &rule.PackageNamePattern, PackageType: &rule.PackageType,
		MinimumAccessLevelForPush: gitlab.NewNullableWithValue(gitlab.ProtectionRuleAccessLevel(role)),
	}, gitlab.WithContext(ctx))
	return err
}
