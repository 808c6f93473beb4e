package clients

// An example of GitLab CI/CD (GitLab: doc/ci/yaml/_index.md) that reads with the job's own token.

import (
	"io"
	"path"
)

// pipeline is the example: a job for each ecosystem, which uses the files that lie beside it.
func (w *writer) pipeline() error {
	jobs := map[string]string{}
	for _, c := range w.chapters {
		if places := c.Places(); len(places) > 0 {
			jobs[c.dir] = path.Join(c.dir, "ci", places[0].Dir)
		}
	}
	return w.write("gitlab-ci.yml", func(out io.Writer) error { return w.templates.ExecuteTemplate(out, "gitlab-ci.yml", jobs) })
}
