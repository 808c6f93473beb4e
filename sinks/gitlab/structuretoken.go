package gitlab

// The deploy token that consumers share (GitLab: doc/user/packages/workflows/artifact_management.md, doc/api/deploy_tokens.md).

import (
	"context"
	"fmt"
	"slices"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
)

// shared is the name of the deploy token for all consumers, the one that GitLab recommends.
const shared = "package-consumption"

// planToken looks for the deploy token. A Maintainer sees it, an Owner makes it (app/policies/group_policy.rb; GitLab 12.9.0
// let a Maintainer, by mistake). One that may too little can not be changed: another one joins it.
func (p *Provisioner) planToken(ctx context.Context) error {
	g := p.groups[p.want.Group]
	scopes := p.scopes()
	what, text := "deploy token "+shared+" of group "+g.path, strings.Join(scopes, ", ")
	switch {
	case g.blocked != "":
		p.lacking(what, "needs the group "+g.path, text)
		return nil
	case g.level < gitlab.MaintainerPermissions:
		p.lacking(what, needs("owner", g.path)+", or Maintainer to be seen", text)
		return nil
	}
	if g.id != 0 {
		tokens, err := gitlab.ScanAndCollect(func(page gitlab.PaginationOptionFunc) ([]*gitlab.DeployToken, *gitlab.Response, error) {
			options := &gitlab.ListGroupDeployTokensOptions{ListOptions: gitlab.ListOptions{PerPage: perPage}}
			return p.api.gitlab.DeployTokens.ListGroupDeployTokens(g.id, options, page, gitlab.WithContext(ctx))
		})
		if err != nil {
			return plain(err)
		}
		if slices.ContainsFunc(tokens, func(t *gitlab.DeployToken) bool { return serves(t, scopes) }) {
			p.steps = append(p.steps, Step{Mark: Same, What: what, Does: []string{text}})
			return nil
		}
	}
	if g.level < gitlab.OwnerPermissions {
		p.lacking(what, needs("owner", g.path), text)
		return nil
	}
	p.steps = append(p.steps, Step{Mark: Create, What: what, Does: []string{text}, acts: []act{
		func(ctx context.Context) error { return p.createToken(ctx, g, scopes) },
	}})
	return nil
}

// scopes are what consumers need to read.
func (p *Provisioner) scopes() []string {
	all := p.formats(func(string) bool { return true })
	var scopes []string
	if len(packages(all)) > 0 {
		scopes = append(scopes, "read_package_registry")
	}
	if slices.Contains(all, artifact.Container) {
		scopes = append(scopes, "read_registry")
	}
	return scopes
}

// serves tells whether a deploy token is the one that consumers share.
func serves(t *gitlab.DeployToken, scopes []string) bool {
	if t.Name != shared || t.Revoked || t.Expired {
		return false
	}
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(t.Scopes, s) })
}

func (p *Provisioner) createToken(ctx context.Context, g *group, scopes []string) error {
	if err := g.made(); err != nil {
		return err
	}
	made, _, err := p.api.gitlab.DeployTokens.CreateGroupDeployToken(g.id, &gitlab.CreateGroupDeployTokenOptions{
		Name: gitlab.Ptr(shared), Scopes: &scopes,
	}, gitlab.WithContext(ctx))
	if err != nil {
		return err
	}
	if err := p.want.Keep(Secret{Name: made.Name, Username: made.Username, Token: made.Token}); err != nil {
		return fmt.Errorf("it is made, but its secret is lost: revoke %s in the settings of the group and run again: %w", made.Username, err)
	}
	return nil
}
