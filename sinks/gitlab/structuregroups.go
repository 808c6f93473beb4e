package gitlab

// The groups of a structure (GitLab: doc/api/groups.md, doc/api/members.md; who may make which: app/policies/group_policy.rb).

import (
	"context"
	"fmt"
	"net/http"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// group is one that was looked for.
type group struct {
	path    string
	id      int64 // 0: not there (yet)
	level   gitlab.AccessLevelValue
	planned bool   // a step makes it
	blocked string // why none does
	visible gitlab.VisibilityValue
	// creators and parents are who may make projects and groups in it, in GitLab's words.
	creators, parents string
}

// known tells whether the group is there, or will be.
func (g *group) known() bool { return g.id != 0 || g.planned }

// group looks for a group, once.
func (p *Provisioner) group(ctx context.Context, path string) (*group, error) {
	if g := p.groups[path]; g != nil {
		return g, nil
	}
	g := &group{path: path}
	found, _, err := p.api.gitlab.Groups.GetGroup(path, &gitlab.GetGroupOptions{WithProjects: gitlab.Ptr(false)}, gitlab.WithContext(ctx)) //nolint:staticcheck // deprecated with what it leaves out
	switch {
	case statusOf(err) == http.StatusNotFound:
	case err != nil:
		return nil, plain(err)
	default:
		g.id, g.visible = found.ID, found.Visibility
		g.creators, g.parents = string(found.ProjectCreationLevel), string(found.SubGroupCreationLevel)
		if g.level, err = p.levelIn(ctx, found.ID); err != nil {
			return nil, err
		}
	}
	p.groups[path] = g
	return g, nil
}

// levelIn is the token's level in a group, however it came to it.
func (p *Provisioner) levelIn(ctx context.Context, group int64) (gitlab.AccessLevelValue, error) {
	if p.user.IsAdmin {
		return gitlab.AdminPermissions, nil
	}
	member, _, err := p.api.gitlab.GroupMembers.GetInheritedGroupMember(group, p.user.ID, gitlab.WithContext(ctx))
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusForbidden:
		return gitlab.NoPermissions, nil
	}
	if err != nil {
		return gitlab.NoPermissions, plain(err)
	}
	return member.AccessLevel, nil
}

func (p *Provisioner) planGroups(ctx context.Context) error {
	for _, path := range p.parents() {
		g, err := p.ensure(ctx, path)
		if err != nil {
			return err
		}
		if g.id != 0 {
			p.steps = append(p.steps, Step{Mark: Same, What: "group " + path, Does: []string{string(g.visible)}})
		}
	}
	return nil
}

// ensure plans a group that is missing, after those above it.
func (p *Provisioner) ensure(ctx context.Context, path string) (*group, error) {
	g, err := p.group(ctx, path)
	if err != nil || g.known() || g.blocked != "" {
		return g, err
	}
	above := (*group)(nil)
	g.visible = gitlab.PrivateVisibility
	if parent := parentOf(path); parent != "" {
		if above, err = p.ensure(ctx, parent); err != nil {
			return nil, err
		}
		g.visible = above.visible
	}
	if g.blocked = p.mayNotMake(above); g.blocked != "" {
		p.lacking("group "+path, g.blocked, string(g.visible))
		return g, nil
	}
	g.planned, g.level = true, max(gitlab.OwnerPermissions, p.floor())
	g.creators, g.parents = string(gitlab.DeveloperProjectCreation), string(gitlab.MaintainerSubGroupCreationLevelValue)
	p.steps = append(p.steps, Step{
		Mark: Create, What: "group " + path, Does: []string{string(g.visible)},
		acts: []act{func(ctx context.Context) error { return p.createGroup(ctx, g, above) }},
	})
	return g, nil
}

// floor is the level that the token has everywhere.
func (p *Provisioner) floor() gitlab.AccessLevelValue {
	if p.user.IsAdmin {
		return gitlab.AdminPermissions
	}
	return gitlab.NoPermissions
}

// mayNotMake says why the token can not make a group in above (nil: at the top); "" when it can.
func (p *Provisioner) mayNotMake(above *group) string {
	switch {
	case above == nil && p.hosted:
		return "on GitLab.com a top-level group is made in the browser: https://gitlab.com/groups/new"
	case above == nil && !p.user.CanCreateGroup && !p.user.IsAdmin:
		return "needs a user who may create top-level groups"
	case above == nil:
		return ""
	case above.blocked != "":
		return "needs the group " + above.path
	case above.level >= gitlab.OwnerPermissions:
		return ""
	case above.parents == string(gitlab.MaintainerSubGroupCreationLevelValue):
		if above.level >= gitlab.MaintainerPermissions {
			return ""
		}
		return needs("maintainer", above.path)
	}
	return needs("owner", above.path)
}

func (p *Provisioner) createGroup(ctx context.Context, g, above *group) error {
	options := &gitlab.CreateGroupOptions{Name: gitlab.Ptr(lastOf(g.path)), Path: gitlab.Ptr(lastOf(g.path)), Visibility: &g.visible}
	if above != nil {
		if err := above.made(); err != nil {
			return err
		}
		options.ParentID = &above.id
	}
	made, _, err := p.api.gitlab.Groups.CreateGroup(options, gitlab.WithContext(ctx))
	if err == nil {
		g.id = made.ID
	}
	return err
}

// made is an error when the group is not there, because its step failed.
func (g *group) made() error {
	if g.id == 0 {
		return fmt.Errorf("the group %s is missing", g.path)
	}
	return nil
}
