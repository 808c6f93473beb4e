package gitlab

import (
	"testing"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// Who can make a group at the top, and who below another one.
func TestWhoMayMakeGroups(t *testing.T) {
	for name, c := range map[string]struct {
		hosted bool
		user   gitlab.User
		above  *group
		want   string
	}{
		"at the top":             {user: gitlab.User{CanCreateGroup: true}},
		"nobody at the top":      {want: "needs a user who may create top-level groups"},
		"an administrator":       {user: gitlab.User{IsAdmin: true}},
		"GitLab.com":             {hosted: true, user: gitlab.User{CanCreateGroup: true}, want: "on GitLab.com a top-level group is made in the browser: https://gitlab.com/groups/new"},
		"GitLab.com, below":      {hosted: true, above: &group{path: "a", id: 1, level: gitlab.OwnerPermissions}},
		"Maintainers may":        {above: &group{path: "a", id: 1, level: gitlab.MaintainerPermissions, parents: "maintainer"}},
		"Maintainers may not":    {above: &group{path: "a", id: 1, level: gitlab.MaintainerPermissions, parents: "owner"}, want: "needs the role Owner in a"},
		"Developers may not":     {above: &group{path: "a", id: 1, level: gitlab.DeveloperPermissions, parents: "maintainer"}, want: "needs the role Maintainer in a"},
		"below what is not made": {above: &group{path: "a", blocked: "x", level: gitlab.OwnerPermissions}, want: "needs the group a"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Provisioner{hosted: c.hosted, user: &c.user}
			if got := p.mayNotMake(c.above); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Who can make a project in a group, by the group's own setting.
func TestWhoMayMakeProjects(t *testing.T) {
	for _, c := range []struct {
		creators string
		level    gitlab.AccessLevelValue
		want     string
	}{
		{"developer", gitlab.DeveloperPermissions, ""},
		{"developer", gitlab.ReporterPermissions, "needs the role Developer in a"},
		{"maintainer", gitlab.DeveloperPermissions, "needs the role Maintainer in a"},
		{"owner", gitlab.OwnerPermissions, ""},
		{"owner", gitlab.MaintainerPermissions, "needs the role Owner in a"},
		{"administrator", gitlab.OwnerPermissions, "the group a lets only administrators create projects: change that in its settings"},
		{"administrator", gitlab.AdminPermissions, ""},
		{"noone", gitlab.AdminPermissions, "the group a lets nobody create projects: change that in its settings"},
		{"", gitlab.DeveloperPermissions, ""}, // GitLab does not say: it decides
	} {
		g := &group{path: "a", id: 1, creators: c.creators, level: c.level}
		if got := new(Provisioner).mayNotFill(g); got != c.want {
			t.Errorf("%s at level %d: %q, want %q", c.creators, c.level, got, c.want)
		}
	}
}
