package clients

// Images (GitLab: doc/user/packages/container_registry/authenticate_with_container_registry.md): a login to the registry's
// host, and what each reference has become. Docker, podman, skopeo and crane take the same login.

import (
	"context"
	"io"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

var container = ecosystem{
	dir: "container", title: "Docker, podman, crane", format: artifact.Container, howTo: "container.md", files: containerFiles,
	lists: []list{{"images.csv", imageList}, {"repositories.csv", repositoryList}},
}

func containerFiles(s site) []file {
	return []file{{"login.sh", "login.sh", s}}
}

// imageList is every tag: what it was called, and what it is called now.
func imageList(ctx context.Context, w io.Writer, o Options) error {
	return images(w, o, []string{"tag"}, func(each func(checkpoint.Record) error) error {
		for record, err := range o.Store.Arrived(ctx, artifact.Container, false) {
			if err != nil {
				return err
			}
			if err := each(record); err != nil {
				return err
			}
		}
		return nil
	})
}

// repositoryList is every image, without its tags.
func repositoryList(ctx context.Context, w io.Writer, o Options) error {
	return images(w, o, nil, func(each func(checkpoint.Record) error) error {
		for record, err := range o.Store.ArrivedNames(ctx, artifact.Container) {
			if err != nil {
				return err
			}
			if err := each(record); err != nil {
				return err
			}
		}
		return nil
	})
}

func images(w io.Writer, o Options, tag []string, all func(func(checkpoint.Record) error) error) error {
	head := append([]string{"source", "repository", "image"}, append(tag, "old", "new")...)
	return rows(w, head, func(row func(...string) error) error {
		return all(func(r checkpoint.Record) error {
			p, dst := r.Package, r.Destination
			old, known := o.Origins[p.Source].Image(p)
			if known {
				old += tagged(p.Version)
			}
			cells := []string{p.Source, p.Repository, p.Name}
			if tag != nil {
				cells = append(cells, p.Version)
			}
			return row(append(cells, old, o.GitLab.Image(dst))...)
		})
	})
}

// Image is the reference of an image at its destination: "registry.example.com/acme/docker-images/base/java:21".
func (g *GitLab) Image(dst artifact.Destination) string {
	name := strings.ToLower(dst.Project)
	if dst.Name != "" {
		name += "/" + dst.Name
	}
	return g.Registry + "/" + name + tagged(dst.Version)
}

// tagged is what stands behind the name of an image.
func tagged(version string) string {
	switch {
	case version == "":
		return ""
	case strings.Contains(version, ":"): // a digest
		return "@" + version
	}
	return ":" + version
}
