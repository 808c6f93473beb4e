package artifactory

// What the server holds at the start. The small seed has a repository of every package type, and in them what real ones
// have: odd names, an empty file, files outside every layout, metadata that the server generates, and what belongs to no
// package at all.

import (
	"fmt"
	"slices"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
)

// epoch is when the small content was made; every file comes a minute after the one before.
var epoch = time.Date(2024, 3, 1, 10, 0, 0, 123_000_000, time.UTC)

// The repositories that a test may want to name. A seed of N files makes Releases and Files alone.
const (
	Releases  = "libs-release-local"
	Snapshots = "libs-snapshot-local"
	Federated = "libs-federated-local"
	Virtual   = "libs"           // of the three above and Central
	Central   = "central-remote" // a remote repository of Maven
	Files     = "files-local"
	NPM       = "npm-local"
	PyPI      = "pypi-local"
	NuGet     = "nuget-local"
	Helm      = "helm-local"
	Terraform = "terraform-modules-local"
	Docker    = "docker-local"
	OCI       = "oci-local"
	HelmOCI   = "helmoci-local"
	DockerV1  = "docker-v1-local"
	Secret    = "secret-local" // the reader may not see it
	Trash     = "auto-trashcan"
)

func (s *Server) seed(o standin.Options) error {
	s.content = newContent()
	n, err := o.SeedCount(-1)
	switch {
	case err != nil:
		return err
	case n > maxMade:
		return fmt.Errorf("seed %d: there are names for %d files", n, maxMade)
	case n >= 0:
		s.seedMade(n)
		return nil
	}
	d := &seeder{server: s, content: s.content, now: epoch}
	for _, one := range []func(){
		d.maven, d.files, d.npm, d.pypi, d.nuget, d.helm, d.terraform, d.images, d.others, d.system,
	} {
		one()
	}
	d.keep(s.modes.edition)
	return nil
}

// editionTypes are the package types of the editions that do not have all; current ones may have others (unverified).
var editionTypes = map[string][]string{
	"oss": {"maven", "gradle", "ivy", "sbt", "generic"}, "jcr": {"docker", "helm", "helmoci", "oci", "generic"},
}

// keep drops the repositories that an edition can not have.
func (d *seeder) keep(edition string) {
	types, limited := editionTypes[edition]
	for key, one := range d.content.repositories {
		if limited && !slices.Contains(types, one.packageType) {
			delete(d.content.repositories, key)
		}
	}
}

// maxMade is how many files the made trees have names for.
const maxMade = 50_000_000

// seedMade makes n files: six of ten in a tree of Maven releases, the others in folders of many thousand.
func (s *Server) seedMade(n int) {
	c, flat := s.content, n*4/10
	maven := storage.Maven(Releases, n-flat, 1<<20)
	files := storage.Flat(Files, flat, 1<<20+maven.IDs())
	if s.modes.noSHA256 != "" {
		maven.WithoutSHA256 = func(at string) bool { return matchesPattern(s.modes.noSHA256, Releases+"/"+at) }
		files.WithoutSHA256 = func(at string) bool { return matchesPattern(s.modes.noSHA256, Files+"/"+at) }
	}
	began := storage.Newest.AddDate(-1, 0, 0)
	c.add(&repository{key: Releases, class: local, packageType: "maven"}, maven, began)
	c.add(&repository{key: Files, class: local, packageType: "generic"}, files, began)
	c.last = 1<<20 + maven.IDs() + files.IDs()
}

// seeder fills a server, minute by minute.
type seeder struct {
	server  *Server
	content *content
	now     time.Time
}

// local makes a local repository.
func (d *seeder) local(key, packageType string, settings ...field) *repository {
	r := &repository{key: key, class: local, packageType: packageType, description: "made for tests", settings: settings}
	d.content.add(r, nil, d.now)
	return r
}

// put stores a file as a client deploys it that tells checksums and the date of its file, an hour earlier.
func (d *seeder) put(r *repository, at string, body []byte, properties ...storage.Property) *storage.Item {
	return d.store(r, at, storage.Bytes(body), properties...)
}

func (d *seeder) store(r *repository, at string, blob *storage.Blob, properties ...storage.Property) *storage.Item {
	d.now = d.now.Add(time.Minute)
	folder, name := storage.Split(at)
	item := &storage.Item{
		ID: d.content.id(), Path: folder, Name: name, CreatedBy: "ci", ModifiedBy: "ci", Blob: blob,
		Created: stamp(d.now), Modified: stamp(d.now.Add(-time.Hour).Truncate(time.Second)), Updated: stamp(d.now.Add(7 * time.Millisecond)),
		NoSHA256: d.server.modes.noSHA256 != "" && matchesPattern(d.server.modes.noSHA256, r.held.Key+"/"+at),
	}
	if len(properties) > 0 {
		item.Properties, item.PropsModified = properties, item.Updated
	}
	d.content.put(r, item)
	return item
}

// property is one property.
func property(key, value string) storage.Property { return storage.Property{Key: key, Value: value} }
