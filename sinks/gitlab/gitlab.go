// Package gitlab publishes packages to GitLab's package registry (GitLab: doc/api/packages.md and the pages of the
// formats under doc/api/packages/). The formats stand in one table; each is a file of its own. What all share is how
// GitLab is reached (client.go, send.go), what its refusals mean (errors.go), what it is known to hold (inventory.go,
// processing.go) and what it takes at all (names.go, limits.go).
package gitlab

import (
	"context"
	"iter"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
)

// Options are what an operator may set.
type Options struct {
	// MaxFileSize replaces GitLab's default limit of a format, in bytes; 0 is no limit.
	MaxFileSize map[artifact.Format]int64
	// Spool is the directory for files that are looked into before they are sent; "" is the system's.
	Spool string
	// Token is the kind of token that the client sends.
	Token TokenKind
	// Notice is told what does not stop a migration but should be known; nil: nobody.
	Notice func(string)
	// Told is told by Check what it found; nil: nobody, and nothing is asked for it.
	Told func(artifact.Fact)
	// Password signs in with the token as a user's password (RFC 7617), which is how GitLab's container registry, NuGet and
	// Helm take it. Nil: nobody, which reads what is public.
	Password func(user string) httpx.Auth
	// PlainHTTP lets the container registry be spoken to by http where GitLab is.
	PlainHTTP bool
	// Settle is for how long the answer that GitLab is still at work on something is believed; 0: one second.
	Settle time.Duration
}

// Sink is one GitLab.
type Sink struct {
	api         *api
	limits      map[artifact.Format]int64
	settle      time.Duration
	spool       string
	formats     map[artifact.Format]format
	images      *containers
	inventories memo[place, *inventory]
	token       TokenKind
	notice      func(string)
	told        func(artifact.Fact)
	protected   memo[place, []protection]
}

var _ sinks.Sink = (*Sink)(nil)

// place is a project's part for one format.
type place struct {
	project string
	format  artifact.Format
}

// format is all that is particular about one.
type format struct {
	// statuses are what the inventory lists: "" is GitLab's own choice. A package moves from an earlier to a later one.
	statuses []string
	// names translates GitLab's name of a package into the ecosystem's; nil where they are the same.
	names func(string) string
	// indexed tells that every name with a version has an index package that GitLab does not list.
	indexed bool

	// loose tells that the files of a package stand for themselves, so that one may be left out.
	loose bool
	// packages lists a project where GitLab's package registry does not know the format; nil where it does.
	packages func(context.Context, target) iter.Seq2[artifact.Destination, error]

	allows     func(artifact.Destination, artifact.Package) error // its name and version
	allowsFile func(dst artifact.Destination, p artifact.Package, file string) error
	stat       statFunc
	publish    func(context.Context, target, artifact.Package, []artifact.File, artifact.Opener) error
}

// statFunc is a format's part of sinks.Sink.Stat.
type statFunc func(context.Context, target, artifact.Package) (sinks.Holding, error)

// target is a destination with all that is needed to reach it.
type target struct {
	artifact.Destination
	api     *api
	project int64
	images  string // where the project's images lie: "registry.example.com/acme/docker-images"; "" for nowhere
	held    *inventory
	spool   string // the directory for spooled files
}

// New makes the sink of the GitLab that client speaks to. It sends nothing.
func New(client *httpx.Client, o Options) (*Sink, error) {
	reach, err := newAPI(client, o.Password)
	if err != nil {
		return nil, err
	}
	if o.Settle == 0 {
		o.Settle = time.Second
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	images, err := newContainers(client, o)
	if err != nil {
		return nil, err
	}
	s := &Sink{
		api: reach, settle: o.Settle, spool: o.Spool, limits: limits(client.URL("", nil).Hostname(), o.MaxFileSize),
		images: images, token: o.Token, notice: o.Notice, told: o.Told,
	}
	npm := &npm{}
	npm.packuments.limit = 64
	pypi := &pypi{}
	pypi.pages.limit = maxPages
	s.formats = map[artifact.Format]format{
		artifact.Maven: {
			statuses: []string{""}, names: fromMavenPath,
			allows: allowsMaven, allowsFile: allowsMavenFile, stat: statMaven, publish: publishMaven,
		},
		artifact.NPM: {
			statuses: []string{"processing", ""}, indexed: true,
			allows: allowsNPM, allowsFile: anyFile, stat: npm.stat, publish: npm.publish,
		},
		artifact.PyPI: {
			statuses: []string{""},
			allows:   allowsPyPI, allowsFile: allowsPyPIFile, stat: pypi.stat, publish: pypi.publish,
		},
		artifact.Terraform: {
			statuses: []string{""},
			allows:   allowsTerraform, allowsFile: allowsTerraformFile, stat: statTerraform, publish: publishTerraform,
		},
		artifact.Generic: {
			statuses: []string{"hidden", ""}, loose: true,
			allows: allowsGeneric, allowsFile: allowsGenericFile, stat: statGeneric, publish: publishGeneric,
		},
		artifact.Container: {
			packages: images.packages,
			allows:   images.allows, allowsFile: anyFile, stat: images.stat, publish: images.publish,
		},
		artifact.NuGet: {
			statuses: []string{"processing", ""}, loose: true,
			allows: allowsNuGet, allowsFile: s.allowsNuGetFile, stat: statNuGet, publish: publishNuGet,
		},
		artifact.Helm: {
			statuses: []string{"processing", ""}, loose: true,
			allows: allowsHelm, allowsFile: allowsHelmFile, stat: statHelm, publish: publishHelm,
		},
	}
	return s, nil
}

// Allows implements sinks.Sink.
func (s *Sink) Allows(dst artifact.Destination, p artifact.Package) error {
	f, err := s.format(dst.Format)
	if err != nil {
		return err
	}
	if err := f.allows(dst, p); err != nil {
		return fault.At(fault.Sink, err)
	}
	if err := s.allowsName(dst); err != nil {
		return fault.At(fault.Sink, err)
	}
	refused := map[string]error{}
	for _, file := range p.Files {
		err := s.allowsFile(f, dst, p, file)
		if err != nil && !f.loose {
			return fault.At(fault.Sink, err)
		}
		if err != nil {
			refused[file.Path] = err
		}
	}
	if len(refused) > 0 {
		return fault.At(fault.Sink, &sinks.Refused{Files: refused})
	}
	return nil
}

func (s *Sink) allowsFile(f format, dst artifact.Destination, p artifact.Package, file artifact.File) error {
	if err := f.allowsFile(dst, p, file.Path); err != nil || p.Index() {
		return err
	}
	return s.tooLarge(dst, file)
}

func (s *Sink) format(name artifact.Format) (format, error) {
	f, ok := s.formats[name]
	if !ok {
		return format{}, fault.At(fault.Sink, fault.Errorf(artifact.FormatUnsupported, "pkgferry can not publish the format %q to GitLab", name))
	}
	return f, nil
}

// Stat implements sinks.Sink.
func (s *Sink) Stat(ctx context.Context, dst artifact.Destination, p artifact.Package) (sinks.Holding, error) {
	f, t, err := s.target(ctx, dst)
	if err != nil {
		return sinks.Holding{}, err
	}
	return f.stat(ctx, t, p)
}

// Publish implements sinks.Sink.
func (s *Sink) Publish(ctx context.Context, dst artifact.Destination, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	f, t, err := s.target(ctx, dst)
	if err != nil {
		return err
	}
	return f.publish(ctx, t, p, missing, open)
}

func (s *Sink) target(ctx context.Context, dst artifact.Destination) (format, target, error) {
	f, err := s.format(dst.Format)
	if err != nil {
		return format{}, target{}, err
	}
	project, err := s.api.project(ctx, dst.Project)
	if err != nil {
		return format{}, target{}, err
	}
	held, err := s.inventories.get(ctx, place{dst.Project, dst.Format}, func(context.Context) (*inventory, error) {
		return newInventory(s.api, project.id, dst.Format, s.settle, f.statuses...), nil
	})
	if err != nil {
		return format{}, target{}, err
	}
	return f, target{Destination: dst, api: s.api, project: project.id, images: project.images, held: held, spool: s.spool}, nil
}

// Packages implements sinks.Sink.
func (s *Sink) Packages(ctx context.Context, project string, name artifact.Format) iter.Seq2[artifact.Destination, error] {
	return func(yield func(artifact.Destination, error) bool) {
		f, t, err := s.target(ctx, artifact.Destination{Project: project, Format: name})
		if err != nil {
			yield(artifact.Destination{}, err)
			return
		}
		if f.packages != nil {
			f.packages(ctx, t)(yield)
			return
		}
		names := make(map[key]bool) // whose index was yielded
		for _, status := range f.statuses {
			if status == "processing" {
				continue // nothing that could be installed
			}
			more := true
			err := s.api.list(ctx, t.project, query{format: name, status: status}, func(page []*gitlab.Package) bool {
				for _, dst := range f.destinations(project, name, page, names) {
					if more = more && yield(dst, nil); !more {
						return false
					}
				}
				return true
			})
			if err != nil {
				yield(artifact.Destination{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// destinations are what a page of rows stands for.
func (f format) destinations(project string, name artifact.Format, page []*gitlab.Package, names map[key]bool) []artifact.Destination {
	var all []artifact.Destination
	for _, p := range page {
		if p.Status == "error" {
			continue
		}
		dst := artifact.Destination{Project: project, Format: name, Name: p.Name, Version: p.Version}
		if f.names != nil {
			dst.Name = f.names(p.Name)
		}
		all = append(all, dst)
		if index := keyOf(name, p.Name, ""); f.indexed && !names[index] {
			names[index] = true
			dst.Version = ""
			all = append(all, dst)
		}
	}
	return all
}
