package gitlab

// The projects of a structure (GitLab: doc/api/projects.md, lib/api/helpers/projects_helpers.rb).

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
)

// building is a project and what it shall be like.
type building struct {
	path    string
	id      int64 // 0: not there (yet)
	formats []artifact.Format
	level   gitlab.AccessLevelValue
	wishes  []wish
}

// wish is one thing that a project shall have.
type wish struct {
	text  string
	held  bool
	lacks string // why it can not be fulfilled; "" when it can
	do    act
}

func (p *Provisioner) planProjects(ctx context.Context) error {
	for _, path := range slices.Sorted(maps.Keys(p.want.Projects)) {
		found, _, err := p.api.gitlab.Projects.GetProject(path, nil, gitlab.WithContext(ctx))
		b := &building{path: path, formats: p.want.Projects[path]}
		switch {
		case statusOf(err) == http.StatusNotFound:
			p.planNew(b)
		case err != nil:
			return plain(err)
		case found.Archived:
			p.lacking("project "+path, "is archived: unarchive it, which takes an Owner", "publishing")
		default:
			if err := p.planExisting(ctx, b, found); err != nil {
				return err
			}
		}
	}
	return nil
}

// planNew plans a project that is missing.
func (p *Provisioner) planNew(b *building) {
	g := p.groups[parentOf(b.path)]
	options, text := b.fresh(g.visible)
	if lacks := p.mayNotFill(g); lacks != "" {
		p.lacking("project "+b.path, lacks, text)
		return
	}
	b.level = g.level
	b.wishes = append(b.wishes, wish{text: text, do: func(ctx context.Context) error {
		if err := g.made(); err != nil {
			return err
		}
		options.NamespaceID = &g.id
		made, _, err := p.api.gitlab.Projects.CreateProject(options, gitlab.WithContext(ctx))
		if err == nil {
			b.id = made.ID
		}
		return err
	}})
	for _, jobs := range p.jobs {
		p.admit(b, jobs, false)
	}
	p.protect(b, nil)
	p.finish(b, Create)
}

// fresh is what a new project is like, and that in words. What it does not need is off, so that nobody looks for code in
// it. CI/CD stays on, although nothing runs there: without it GitLab hides the page that says which jobs may use the
// project (app/controllers/projects/settings/ci_cd_controller.rb).
func (b *building) fresh(visible gitlab.VisibilityValue) (*gitlab.CreateProjectOptions, string) {
	off := gitlab.Ptr(gitlab.DisabledAccessControl)
	o := &gitlab.CreateProjectOptions{
		Name: gitlab.Ptr(lastOf(b.path)), Path: gitlab.Ptr(lastOf(b.path)), Visibility: &visible,
		PackageRegistryAccessLevel: off, ContainerRegistryAccessLevel: off,
		IssuesAccessLevel: off, MergeRequestsAccessLevel: off, WikiAccessLevel: off, SnippetsAccessLevel: off,
	}
	words := []string{string(visible)}
	if len(packages(b.formats)) > 0 {
		o.PackageRegistryAccessLevel = gitlab.Ptr(gitlab.EnabledAccessControl)
		words = append(words, packageRegistryOn)
	}
	if slices.Contains(b.formats, artifact.Container) {
		o.ContainerRegistryAccessLevel = gitlab.Ptr(gitlab.EnabledAccessControl)
		o.ContainerExpirationPolicyAttributes = &gitlab.ContainerExpirationPolicyAttributes{Enabled: gitlab.Ptr(false)}
		words = append(words, containerRegistryOn, cleanupOff)
	}
	return o, strings.Join(append(words, "no issues, merge requests, wiki or snippets"), ", ")
}

const (
	packageRegistryOn   = "package registry on"
	containerRegistryOn = "container registry on"
	cleanupOff          = "cleanup policy off" // an imported tag is as old as its push, and a policy may delete it at once
)

// mayNotFill says why the token can not make projects in a group; "" when it can.
func (p *Provisioner) mayNotFill(g *group) string {
	const elsewhere = ": change that in its settings"
	least := map[string]gitlab.AccessLevelValue{
		"developer": gitlab.DeveloperPermissions, "maintainer": gitlab.MaintainerPermissions,
		"owner": gitlab.OwnerPermissions, "administrator": gitlab.AdminPermissions,
	}
	switch level := least[g.creators]; {
	case g.blocked != "":
		return "needs the group " + g.path
	case g.creators == "noone":
		return "the group " + g.path + " lets nobody create projects" + elsewhere
	case g.level >= level:
		return ""
	case level == gitlab.AdminPermissions:
		return "the group " + g.path + " lets only administrators create projects" + elsewhere
	}
	return needs(g.creators, g.path)
}

// planExisting plans what is to be changed of a project that is there. What it does not need is left alone: others may.
func (p *Provisioner) planExisting(ctx context.Context, b *building, found *gitlab.Project) error {
	var err error
	b.id = found.ID
	if b.level, err = p.api.accessLevel(ctx, found); err != nil {
		return err
	}
	on := gitlab.Ptr(gitlab.EnabledAccessControl)
	set := func(text string, held bool, options *gitlab.EditProjectOptions) {
		b.wishes = append(b.wishes, wish{text: text, held: held, lacks: b.below("maintainer"), do: func(ctx context.Context) error {
			_, _, err := p.api.gitlab.Projects.EditProject(b.id, options, gitlab.WithContext(ctx))
			return err
		}})
	}
	if len(packages(b.formats)) > 0 {
		set(packageRegistryOn, takesPackages(found), &gitlab.EditProjectOptions{PackageRegistryAccessLevel: on})
	}
	if slices.Contains(b.formats, artifact.Container) {
		set(containerRegistryOn, takesImages(found), &gitlab.EditProjectOptions{ContainerRegistryAccessLevel: on})
		set(cleanupOff, !cleansUp(found), &gitlab.EditProjectOptions{
			ContainerExpirationPolicyAttributes: &gitlab.ContainerExpirationPolicyAttributes{Enabled: gitlab.Ptr(false)},
		})
	}
	if err := p.planAdmission(ctx, b); err != nil {
		return err
	}
	if err := p.planProtection(ctx, b); err != nil {
		return err
	}
	p.finish(b, Change)
	return nil
}

// below is what lacks when the token's role in the project is lower; "" when it is not.
func (b *building) below(role string) string {
	if b.level < roles[role] {
		return needs(role, b.path)
	}
	return ""
}

// finish makes steps of the wishes: one that does what can be done, one for each thing that lacks.
func (p *Provisioner) finish(b *building, mark Mark) {
	step := Step{Mark: mark, What: "project " + b.path}
	same := Step{Mark: Same, What: step.What}
	var lacking []Step
	for _, w := range b.wishes {
		at := slices.IndexFunc(lacking, func(s Step) bool { return s.Lacks == w.lacks })
		switch {
		case w.held:
			same.Does = append(same.Does, w.text)
		case w.lacks == "":
			step.Does, step.acts = append(step.Does, w.text), append(step.acts, w.do)
		case at < 0:
			lacking = append(lacking, Step{Mark: Lacking, What: step.What, Does: []string{w.text}, Lacks: w.lacks})
		default:
			lacking[at].Does = append(lacking[at].Does, w.text)
		}
	}
	switch {
	case len(step.acts) > 0:
		p.steps = append(p.steps, step)
	case len(same.Does) > 0:
		p.steps = append(p.steps, same)
	}
	p.steps = append(p.steps, lacking...)
}
