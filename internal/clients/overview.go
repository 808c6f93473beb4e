package clients

import "io"

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

// place is a directory of files, and the address that they are for.
type place struct{ Dir, Address string }

// Places are those of the group and of the projects.
func (c chapter) Places() []place {
	var places []place
	if address := c.Group(); address != "" {
		places = append(places, place{"group", address})
	}
	for _, p := range c.Projects {
		if address := c.GitLab.Endpoint(p.Place, c.format); address != "" {
			places = append(places, place{"projects/" + c.GitLab.Below(p.Place), address})
		}
	}
	return places
}

// overview writes what to copy where.
func (w *writer) overview() error {
	return w.write("README.md", func(out io.Writer) error {
		err := w.templates.ExecuteTemplate(out, "readme.md", struct {
			GitLab    *GitLab
			Audiences []audience
			Notes     []string
		}{w.o.GitLab, audiences, w.o.Notes})
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
}
