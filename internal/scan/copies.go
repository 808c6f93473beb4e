package scan

import (
	"context"
	"slices"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// copies is what the checkpoint knows of what was copied.
type copies struct {
	store   *checkpoint.Store
	moved   []checkpoint.Moved
	virtual map[string][]string // see Options.Virtual
}

// declared tells that what a repository shows is known: it was copied, or stands for all that was.
func (c *copies) declared(source, repository string, format artifact.Format) bool {
	return repository == every || c.has(source, repository, format) || slices.Contains(c.virtual[source], repository)
}

// has tells whether packages of a repository go anywhere; of any format where none is named.
func (c *copies) has(source, repository string, format artifact.Format) bool {
	return slices.ContainsFunc(c.moved, func(m checkpoint.Moved) bool {
		return m.Source == source && m.Repository == repository && (format == "" || m.Format == format)
	})
}

// formats are those of a repository.
func (c *copies) formats(source, repository string) []artifact.Format {
	var all []artifact.Format
	for _, m := range c.moved {
		if m.Source == source && m.Repository == repository && !slices.Contains(all, m.Format) {
			all = append(all, m.Format)
		}
	}
	return all
}

// of are the rows of one repository, or of all of the source where the repository stands for all.
func (c *copies) of(source, repository string, format artifact.Format) []checkpoint.Moved {
	var all []checkpoint.Moved
	whole := repository == every || !c.has(source, repository, format) && slices.Contains(c.virtual[source], repository)
	for _, m := range c.moved {
		if m.Source == source && m.Format == format && (whole || m.Repository == repository) {
			all = append(all, m)
		}
	}
	return all
}

// repositories are those in which something of a repository may be: itself, or all of the source where it is none that was
// copied, such as a virtual one.
func (c *copies) repositories(source, repository string, format artifact.Format) []string {
	if c.has(source, repository, format) {
		return []string{repository}
	}
	var all []string
	for _, m := range c.of(source, every, format) {
		if !slices.Contains(all, m.Repository) {
			all = append(all, m.Repository)
		}
	}
	return all
}

// file finds the packages of that name and version that have arrived with the file, in all repositories that may be meant. An
// empty file stands for the only one that such a package has.
func (c *copies) file(ctx context.Context, p artifact.Package, file string) ([]checkpoint.Record, error) {
	var all []checkpoint.Record
	for _, repository := range c.repositories(p.Source, p.Repository, p.Format) {
		one := p
		one.Repository = repository
		r, ok, err := c.record(ctx, one)
		if err != nil {
			return nil, err
		}
		if ok && arrived(r) && (file == "" && len(r.Package.Files) == 1 || hasFile(r, file)) {
			all = append(all, r)
		}
	}
	return all, nil
}

// record finds a package by its name, or by another spelling of it.
func (c *copies) record(ctx context.Context, p artifact.Package) (checkpoint.Record, bool, error) {
	r, ok, err := c.store.Find(ctx, p)
	if err != nil || ok {
		return r, ok, err
	}
	for _, m := range c.of(p.Source, p.Repository, p.Format) {
		dst := artifact.Destination{Project: m.Project, Format: m.TargetFormat, Name: p.Name, Version: p.Version}
		if r, ok, err = c.store.Bound(ctx, p.Source, p.Repository, dst); err != nil || ok {
			return r, ok, err
		}
	}
	return r, false, nil
}

func arrived(r checkpoint.Record) bool {
	return r.Outcome == artifact.Published || r.Outcome == artifact.Present
}

func hasFile(r checkpoint.Record, file string) bool {
	return slices.ContainsFunc(r.Package.Files, func(f artifact.File) bool { return f.Path == file })
}

// names are the places at GitLab of all versions of a name that have arrived.
func (c *copies) names(ctx context.Context, source, repository string, format artifact.Format, name string) ([]artifact.Destination, error) {
	var all []artifact.Destination
	for _, one := range c.repositories(source, repository, format) {
		found, err := c.store.Destinations(ctx, artifact.Package{Source: source, Repository: one, Format: format, Name: name})
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return all, nil
}
