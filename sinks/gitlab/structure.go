package gitlab

// What has to stand at GitLab before packages can be published, and how the missing part of it is made (GitLab:
// doc/user/packages/workflows/artifact_management.md). It is computed first, without changing anything, and made
// afterwards step by step. Nothing is ever deleted or closed: what exists is changed only where a migration needs it.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// Structure is what a migration needs at GitLab, and what the consumers of its packages need afterwards.
type Structure struct {
	// Group is the full path of the group that holds everything.
	Group string
	// Projects are the full paths of the projects below it, each with the formats that go there.
	Projects map[string][]artifact.Format
	// Jobs are the full paths of the groups whose CI jobs may use the projects; none: the top-level group of Group.
	Jobs []string
	// Protect is the role that publishing a package shall take, maintainer, owner or admin; "" leaves that as it is.
	Protect string
	// Keep takes the secret of the deploy token when it is made: GitLab shows it only then.
	Keep func(Secret) error
}

// Secret is a deploy token as its users need it.
type Secret struct{ Name, Username, Token string }

// Mark says what becomes of a Step.
type Mark string

// The marks.
const (
	Create  Mark = "create"  // it is not there
	Change  Mark = "change"  // it is there and not as it must be
	Same    Mark = "same"    // there is nothing to do
	Lacking Mark = "lacking" // it can not be done, or not even seen, with this token
)

// Step is one thing at GitLab and what is to be done about it.
type Step struct {
	Mark Mark
	// What names the thing: "project acme/artifact-management/java-packages".
	What string
	// Does is what is done, in words and in order; of a Same step, what holds already.
	Does []string
	// Lacks is, of a Lacking step, what stands in the way: "needs the role Owner in acme".
	Lacks string

	acts []act // of a Create or Change step, one for each in Does
}

// act is one request that changes something.
type act func(context.Context) error

// Apply does what a Create or Change step says. It returns how many of Does are done, all of them without an error; the
// error is that of the next one, which may have worked nevertheless when the connection was lost.
func (s Step) Apply(ctx context.Context) (done int, err error) {
	for i, do := range s.acts {
		if err := do(ctx); err != nil {
			return i, fault.At(fault.Sink, fmt.Errorf("%s: %s: %w", s.What, s.Does[i], explained(err)))
		}
	}
	return len(s.acts), nil
}

// Provisioner computes and makes one Structure. It is for one goroutine.
type Provisioner struct {
	api    *api
	kind   TokenKind
	want   Structure
	hosted bool // on GitLab.com
	user   *gitlab.User
	groups map[string]*group
	jobs   []*group
	steps  []Step
}

// NewProvisioner makes one for the GitLab that client speaks to with a token of this kind. It sends nothing.
func NewProvisioner(client *httpx.Client, kind TokenKind, want Structure) (*Provisioner, error) {
	reach, err := newAPI(client, nil) // nothing here takes the token as a password
	if err != nil {
		return nil, err
	}
	if len(want.Jobs) == 0 {
		top, _, _ := strings.Cut(want.Group, "/")
		want.Jobs = []string{top}
	}
	return &Provisioner{api: reach, kind: kind, want: want, hosted: client.URL("", nil).Hostname() == hostedName}, nil
}

// Plan looks at GitLab and returns the steps in the order in which they must be applied. It changes nothing. Its error is
// marked fault.Stop.
func (p *Provisioner) Plan(ctx context.Context) ([]Step, error) {
	p.groups, p.jobs, p.steps = map[string]*group{}, nil, nil
	for _, look := range []func(context.Context) error{
		p.identify, p.planGroups, p.planJobs, p.planSettings, p.planProjects, p.planToken,
	} {
		if err := look(ctx); err != nil {
			return nil, fault.At(fault.Sink, fault.Stop(err))
		}
	}
	return p.steps, nil
}

// identify proves the token and learns whose it is.
func (p *Provisioner) identify(ctx context.Context) error {
	if _, err := p.api.checkToken(ctx, p.kind); err != nil {
		return err
	}
	user, _, err := p.api.gitlab.Users.CurrentUser(gitlab.WithContext(ctx))
	p.user = user
	return plain(err)
}

// parents are the groups that hold the projects directly, and Group, sorted.
func (p *Provisioner) parents() []string {
	all := []string{p.want.Group}
	for path := range p.want.Projects {
		all = append(all, parentOf(path))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// formats are those that go to the projects for which it holds, in the order of artifact.Formats.
func (p *Provisioner) formats(holds func(project string) bool) []artifact.Format {
	return slices.DeleteFunc(artifact.Formats(), func(f artifact.Format) bool {
		for path, formats := range p.want.Projects {
			if holds(path) && slices.Contains(formats, f) {
				return false
			}
		}
		return true
	})
}

// lacking adds a step that can not be done.
func (p *Provisioner) lacking(what, lacks string, does ...string) {
	p.steps = append(p.steps, Step{Mark: Lacking, What: what, Does: does, Lacks: lacks})
}

// parentOf is the path of the group that a path lies in; "" for a top-level group.
func parentOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// needs is what lacks when a role in a group or project is too low.
func needs(role, path string) string { return "needs the role " + title(role) + " in " + path }

// explained says what an operator can do about a refusal of something that has to do with structure (GitLab:
// lib/api/{groups,projects}.rb, app/services/projects/create_service.rb).
func explained(err error) error {
	err = plain(err)
	switch {
	case says(err, "has already been taken"):
		return fmt.Errorf("the path or the name is taken, perhaps by something that the token can not see: give it access, or choose another path: %w", err)
	case says(err, "is a reserved name"), says(err, "can only include"), says(err, "can contain only"):
		return fmt.Errorf("GitLab takes no such path: choose another one: %w", err)
	case says(err, `"namespace":["is not valid"]`):
		return fmt.Errorf("the token may not create projects in this group: %w", err)
	}
	return err
}
