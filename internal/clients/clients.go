// Package clients writes what consumers need to read from GitLab what they read elsewhere: ready files for the clients of
// each ecosystem, for the group and for each project, for people, CI jobs and systems outside. Each ecosystem is a file of
// its own. A token is never written: the files name the environment variable that holds it, as each client's own syntax
// has it. Names are data and are escaped as the language of each file wants it.
package clients

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"text/template"

	"github.com/google/renameio/v2"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// ecosystem is the files of one, below its directory.
type ecosystem struct {
	dir, title string
	format     artifact.Format
	// howTo is the template of its part in the overview.
	howTo string
	// files are those for one place and audience.
	files func(site) []file
	// lists are those for all: what every old address has become.
	lists []list
}

// ecosystems are what there is, in the order of the overview.
var ecosystems = []ecosystem{npm, maven, pypi, nuget, terraform, container, helm, generic}

// site is one audience at one place: what a template is filled with.
type site struct {
	GitLab   *GitLab
	Who      audience
	Place    Place
	Project  bool // a project; else the group
	Endpoint string
	// Publish is where packages are published; "" when nobody does here.
	Publish string
	// Projects are those of the place that hold the format, Holding is what they hold together.
	Projects []Project
	Holding  Holding
}

// Publishes tells whether the files are also for publishing.
func (s site) Publishes() bool { return s.Publish != "" }

// file is one to write: what fills the template of that name.
type file struct {
	name, template string
	data           any
}

// list is a file with a row for each package, which is streamed.
type list struct {
	name  string
	write func(ctx context.Context, w io.Writer, o Options) error
}

// Options say what is written and from what.
type Options struct {
	GitLab *GitLab
	// Store is where it is read what arrived; nil before a run, when there are no lists.
	Store *checkpoint.Store
	// Origins are the sources by their names.
	Origins map[string]Origin
	// Notes are what the overview shall say is missing, beside what is found to be.
	Notes []string
}

// Result is what was written.
type Result struct {
	// Files are the paths, the overview first.
	Files []string
	// Notes are what is missing and why.
	Notes []string
}

//go:embed templates
var templates embed.FS

// Write writes the files into dir. Files of the same names are replaced; others stay.
func Write(ctx context.Context, dir string, o Options) (Result, error) {
	var result Result
	result.Notes = o.Notes
	err := each(ctx, o, func(name string, fill func(io.Writer) error) error {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := toFile(at, fill); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		result.Files = append(result.Files, at)
		return nil
	})
	return result, err
}

// toFile has fill make a file, which appears when it is whole.
func toFile(at string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
		return err
	}
	out, err := renameio.NewPendingFile(at, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer func() { _ = out.Cleanup() }()
	if err := fill(out); err != nil {
		return err
	}
	return out.CloseAtomicallyReplace()
}

// each makes every file, the overview first.
func each(ctx context.Context, o Options, write func(name string, fill func(io.Writer) error) error) error {
	parsed, err := template.New("").Option("missingkey=zero").Funcs(escapes).ParseFS(templates, "templates/*")
	if err != nil {
		return err
	}
	w := &writer{ctx: ctx, o: o, templates: parsed, write: write}
	for _, e := range ecosystems {
		if projects := o.GitLab.Having(e.format); len(projects) > 0 {
			w.chapters = append(w.chapters, chapter{e, projects, o.GitLab})
		}
	}
	if err := w.overview(); err != nil {
		return err
	}
	if err := w.pipeline(); err != nil {
		return err
	}
	for _, c := range w.chapters {
		if err := w.ecosystem(c); err != nil {
			return err
		}
	}
	return nil
}

// writer fills the templates.
type writer struct {
	ctx       context.Context
	o         Options
	templates *template.Template
	chapters  []chapter
	write     func(name string, fill func(io.Writer) error) error
}

func (w *writer) ecosystem(c chapter) error {
	for _, who := range audiences {
		if err := w.audience(c.ecosystem, who, c.Projects); err != nil {
			return err
		}
	}
	if w.o.Store == nil || w.o.GitLab.Planned || c.format == artifact.Container && w.o.GitLab.Registry == "" {
		return nil
	}
	for _, l := range c.lists {
		err := w.write(path.Join(c.dir, l.name), func(out io.Writer) error { return l.write(w.ctx, out, w.o) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) audience(e ecosystem, who audience, projects []Project) error {
	g := w.o.GitLab
	if address := g.GroupEndpoint(e.format); address != "" {
		s := site{GitLab: g, Who: who, Place: g.Group, Endpoint: address, Projects: projects, Holding: together(projects, e.format)}
		if err := w.site(e, s, "group"); err != nil {
			return err
		}
	}
	for _, p := range projects {
		s := site{GitLab: g, Who: who, Place: p.Place, Project: true, Endpoint: g.Endpoint(p.Place, e.format), Projects: []Project{p}, Holding: p.Holds[e.format]}
		if who.Publishes {
			s.Publish = g.PublishEndpoint(p.Place, e.format)
		}
		below, err := directory(g.Below(p.Place))
		if err == nil && s.Endpoint != "" {
			err = w.site(e, s, path.Join("projects", below))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// projectPath is what GitLab takes for one, below its group.
var projectPath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$`)

// directory is where the files of a project lie.
func directory(project string) (string, error) {
	if !projectPath.MatchString(project) {
		return "", fmt.Errorf("%q is not the path of a project: no files are written for it", project)
	}
	return project, nil
}

// site writes the files of one.
func (w *writer) site(e ecosystem, s site, below string) error {
	for _, f := range e.files(s) {
		name := path.Join(e.dir, s.Who.Dir, below, f.name)
		err := w.write(name, func(out io.Writer) error { return w.templates.ExecuteTemplate(out, f.template, f.data) })
		if err != nil {
			return err
		}
	}
	return nil
}
