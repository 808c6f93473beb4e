package clients

// Plain files, with curl (https://curl.se/docs/manpage.html; GitLab: doc/user/packages/generic_packages/_index.md): by project
// alone. The token goes as a password, which curl does not send on to the object storage that GitLab may redirect to, and
// stands on no command line, which others on the machine could read.

import (
	"context"
	"io"
	"net/url"
	"strings"

	"pkgferry/internal/artifact"
)

var generic = ecosystem{
	dir: "generic", title: "Plain files", format: artifact.Generic, howTo: "generic.md", files: genericFiles,
	lists: []list{{"files.csv", genericList}},
}

func genericFiles(s site) []file {
	files := []file{{"download.sh", "download.sh", s}}
	if s.Publishes() {
		files = append(files, file{"upload.sh", "upload.sh", s})
	}
	return files
}

// genericList is every file: where it was, and its address now.
func genericList(ctx context.Context, w io.Writer, o Options) error {
	ids := o.GitLab.byPath()
	return rows(w, []string{"source", "repository", "package", "version", "file", "new"}, func(row func(...string) error) error {
		for record, err := range o.Store.Arrived(ctx, artifact.Generic, true) {
			if err != nil {
				return err
			}
			p, dst := record.Package, record.Destination
			base := o.GitLab.Endpoint(ids[dst.Project].Place, artifact.Generic)
			for _, f := range p.Files {
				if err := row(p.Source, p.Repository, p.Name, p.Version, f.Path, base+"/"+escaped(dst.Name+"/"+dst.Version+"/"+f.Path)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// escaped is a path in an address.
func escaped(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/")
}
