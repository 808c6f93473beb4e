package clients

import (
	"io"
	"slices"
)

// chapter is an ecosystem's part of the overview.
type chapter struct {
	ecosystem
	Projects []Project
	GitLab   *GitLab
}

// Title is the chapter's.
func (c chapter) Title() string { return c.title }

// Dir is where the ecosystem's files lie.
func (c chapter) Dir() string { return c.dir }

// Group is the address of the group; "" when the format has none.
func (c chapter) Group() string { return c.GitLab.GroupEndpoint(c.format) }

// Endpoint is the address of a project; "" when it is not known.
func (c chapter) Endpoint(p Project) string { return c.GitLab.Endpoint(p.Place, c.format) }

// Places are the directories of the group and of the projects that files were written for.
func (c chapter) Places() []string {
	var places []string
	if c.Group() != "" {
		places = append(places, "group")
	}
	for _, p := range c.Projects {
		if c.Endpoint(p) != "" {
			places = append(places, "projects/"+c.GitLab.Below(p.Place))
		}
	}
	return places
}

// overview writes what to copy where.
func (w *writer) overview() error {
	err := w.write("README.md", func(out io.Writer) error {
		err := w.templates.ExecuteTemplate(out, "readme.md", struct {
			GitLab    *GitLab
			Audiences []audience
			Notes     []string
		}{w.o.GitLab, audiences, w.result.Notes})
		for _, c := range w.chapters {
			if err == nil {
				err = w.templates.ExecuteTemplate(out, "chapter.md", c)
			}
			if err == nil {
				err = w.templates.ExecuteTemplate(out, c.howTo, c)
			}
		}
		return err
	})
	// What was written last is read first.
	n := len(w.result.Files)
	if err == nil {
		w.result.Files = slices.Insert(w.result.Files[:n-1:n-1], 0, w.result.Files[n-1])
	}
	return err
}
