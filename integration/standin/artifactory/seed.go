package artifactory

// What the server holds at the start.

import (
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
)

// epoch is when the small content was made; every file comes a minute after the one before.
var epoch = time.Date(2024, 3, 1, 10, 0, 0, 123_000_000, time.UTC)

// The repositories that a seed of N files makes.
const (
	Releases = "libs-release-local"
	Files    = "files-local"
)

func (s *Server) seed(o standin.Options) error {
	s.content = newContent()
	n, err := o.SeedCount(-1)
	if err != nil {
		return err
	}
	if n >= 0 {
		s.seedMade(n)
		return nil
	}
	s.seedSmall()
	return nil
}

// seedMade makes n files: six of ten in a tree of Maven releases, the others in folders of many thousand.
func (s *Server) seedMade(n int) {
	c, flat := s.content, n*4/10
	maven := storage.Maven(Releases, n-flat, 1<<20)
	files := storage.Flat(Files, flat, 1<<20+maven.IDs())
	began := storage.Newest.AddDate(-1, 0, 0)
	c.add(&repository{key: Releases, class: local, packageType: "maven"}, maven, began)
	c.add(&repository{key: Files, class: local, packageType: "generic"}, files, began)
	c.last = 1<<20 + maven.IDs() + files.IDs()
}

// seedSmall fills the server with what real ones have.
func (s *Server) seedSmall() {
	c := s.content
	c.add(&repository{key: Releases, class: local, packageType: "maven"}, nil, epoch)
	c.add(&repository{key: Files, class: local, packageType: "generic"}, nil, epoch)
}

// ordinary are the changes of a working day.
func (s *Server) ordinary() []Change { return nil }
