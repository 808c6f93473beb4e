package nexus

// What is under /_standin/: stats and dump for every stand-in alike, and mutate, whose body is a JSON array of Change.
// An empty body makes the ordinary changes of a working day.

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/fixture"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
)

// Change is one thing that happens on the server.
type Change struct {
	// Op is put, delete, rebuild (the next read puts Body in place), lose (the content is gone from the disk),
	// offline, online, drop (the repository), freeze and thaw (the server, which needs no Repository), or policy (Body says what may be replaced: ALLOW, ALLOW_ONCE or DENY). With
	// Package: publish (a Version, in npm and Docker under a Tag), unpublish and deprecate (an npm Version; Body is the
	// message), tag (an npm dist-tag or a Docker tag, to a Version; of Docker an existing tag or a digest) and untag.
	Op         string `json:"op"`
	Repository string `json:"repository"`
	Path       string `json:"path,omitempty"`
	Body       string `json:"body,omitempty"`
	Package    string `json:"package,omitempty"`
	Version    string `json:"version,omitempty"`
	Tag        string `json:"tag,omitempty"`
}

const maxChanges = 64 << 20

func (s *Server) control(w http.ResponseWriter, r *http.Request, what string) {
	switch r.Method + " " + what {
	case "GET stats":
		s.stats.ServeHTTP(w, r)
	case "GET dump":
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = standin.WriteDump(w, s.Dump)
	case "POST mutate":
		var changes []Change
		err := json.NewDecoder(io.LimitReader(r.Body, maxChanges)).Decode(&changes)
		if errors.Is(err, io.EOF) {
			changes, err = s.ordinary(), nil
		}
		for i := 0; err == nil && i < len(changes); i++ {
			err = s.Change(changes[i])
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for i := range changes {
			changes[i].Body = "" // who made the changes knows the bytes
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"changes": changes})
	default:
		http.NotFound(w, r)
	}
}

// Change makes one change.
func (s *Server) Change(c Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Op == "freeze" || c.Op == "thaw" {
		s.frozen = c.Op == "freeze"
		return nil
	}
	repository := s.store.repositories[c.Repository]
	switch {
	case repository == nil:
		return fmt.Errorf("there is no repository %q", c.Repository)
	case s.frozen && !slices.Contains([]string{"lose", "offline", "online"}, c.Op):
		return errors.New("the server is frozen and takes no changes")
	}
	switch c.Op {
	case "put":
		if repository.policy != "ALLOW" && repository.at(file(c.Path)) != nil && path.Base(c.Path) != artifact.MavenMetadata {
			return fmt.Errorf("%s may not be replaced in %s: its policy is %s", c.Path, c.Repository, repository.policy)
		}
		s.store.put(repository, file(c.Path), []byte(c.Body))
		return nil
	case "offline", "online":
		repository.offline = c.Op == "offline"
		return nil
	case "drop":
		delete(s.store.repositories, c.Repository)
		return nil
	case "policy":
		repository.policy = c.Body
		return nil
	}
	if c.Package != "" {
		return s.changePackage(repository, c)
	}
	return s.changeFile(repository, c)
}

func (s *Server) changeFile(repository *repository, c Change) error {
	old := repository.at(file(c.Path))
	if old == nil {
		return fmt.Errorf("there is no %q in %s", c.Path, c.Repository)
	}
	changed := *old
	switch c.Op {
	case "delete":
		repository.remove(old.path)
		return nil
	case "rebuild":
		changed.next = []byte(c.Body)
	case "lose":
		changed.lost = true
	default:
		return fmt.Errorf("there is no change %q", c.Op)
	}
	repository.set(&changed)
	return nil
}

// changePackage makes a change as the clients of a format do.
func (s *Server) changePackage(r *repository, c Change) error {
	switch c.Op + " " + r.format {
	case "publish maven2":
		group, name, _ := strings.Cut(c.Package, ":")
		s.store.release(r, fixture.Maven(group, name, c.Version))
	case "publish npm":
		s.store.npmPublish(r, c.Package, c.Version, cmp.Or(c.Tag, "latest"))
	case "publish pypi":
		s.store.pypiPublish(r, c.Package, c.Version)
	case "publish nuget":
		s.store.nugetPublish(r, c.Package, c.Version)
	case "publish helm":
		s.store.helmPublish(r, c.Package, c.Version, false)
	case "tag npm":
		s.store.npmChange(r, c.Package, func(p *root) { p.Tags[c.Tag] = c.Version })
	case "untag npm":
		s.store.npmChange(r, c.Package, func(p *root) { delete(p.Tags, c.Tag) })
	case "deprecate npm":
		if r.npmRoot(c.Package).Versions[c.Version] == nil {
			return fmt.Errorf("there is no %s of %s in %s", c.Version, c.Package, c.Repository)
		}
		s.store.npmChange(r, c.Package, func(p *root) { p.Versions[c.Version].Deprecated = c.Body })
	case "unpublish npm":
		if !s.store.npmUnpublish(r, c.Package, c.Version) {
			return fmt.Errorf("there is no %s of %s in %s", c.Version, c.Package, c.Repository)
		}
	case "publish docker", "tag docker", "untag docker":
		return s.changeImage(r, c)
	default:
		return fmt.Errorf("there is no change %q in a repository of the format %s", c.Op, r.format)
	}
	return nil
}

// changeImage pushes an image that no repository has, or changes what a tag names.
func (s *Server) changeImage(r *repository, c Change) (err error) {
	switch c.Op {
	case "publish":
		r.images.PutArtifact(c.Package, c.Tag, registry.Artifact{
			Config: registry.Part{MediaType: "application/vnd.oci.image.config.v1+json", Content: []byte(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}`)},
			Layers: []registry.Part{{MediaType: "application/vnd.oci.image.layer.v1.tar", Content: []byte(fixture.Text(int(s.store.last), 500))}},
		})
	case "tag":
		m, ok := r.images.Manifest(c.Package, c.Version)
		if !ok {
			return fmt.Errorf("there is no %s of %s in %s", c.Version, c.Package, c.Repository)
		}
		err = r.images.SetTag(c.Package, c.Tag, m.Digest)
	case "untag":
		err = r.images.DeleteTag(c.Package, c.Tag)
	}
	if err == nil {
		s.store.reflect(r, s.manifests)
	}
	return err
}

// ordinary are the changes of a working day: a new version, a new build of a snapshot, a replaced and a deleted file.
func (s *Server) ordinary() []Change {
	put := func(repository, path string, body []byte) Change {
		return Change{Op: "put", Repository: repository, Path: path, Body: string(body)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days++
	minor := func(first int) string { return fmt.Sprintf("1.%d", first+s.days-1) }
	c := fixture.Maven("com.example", "lib", minor(2))
	now := time.Now()
	b := fixture.Build{At: now, Number: 3}
	snapshot := nightly.Dir() + "/nightly-" + b.Version(nightly.Version)
	changes := []Change{
		put(Releases, c.Stem()+".jar", fixture.Jar(c, "new")), put(Releases, c.Stem()+".pom", fixture.POM(c, "jar")),
		put(Releases, "com/example/lib/maven-metadata.xml", fixture.MavenIndex("com.example", "lib", now, "1.0", "1.1", c.Version)),
		put(Snapshots, snapshot+".jar", fixture.Jar(nightly, "build "+b.Stamp())),
		put(Snapshots, snapshot+".pom", fixture.POM(nightly, "jar")),
		put(Snapshots, nightly.Dir()+"/maven-metadata.xml", fixture.SnapshotIndex(nightly, b)),
		put(Raw, "root.txt", []byte("replaced at "+b.Stamp()+"\n")),
	}
	if s.store.repositories[Raw].at("docs/guide/index.html") != nil {
		changes = append(changes, Change{Op: "delete", Repository: Raw, Path: "docs/guide/index.html"})
	}
	for _, one := range []Change{
		{Op: "publish", Repository: NPM, Package: "@acme/ui", Version: minor(11) + ".0"},
		{Op: "tag", Repository: NPM, Package: "@acme/ui", Tag: "next", Version: minor(11) + ".0"},
		{Op: "deprecate", Repository: NPM, Package: "@acme/ui", Version: minor(11) + ".0", Body: "Use another one."},
		{Op: "publish", Repository: PyPI, Package: "Acme.UI", Version: minor(2)},
		{Op: "publish", Repository: NuGet, Package: "Acme.Tools", Version: minor(11) + ".0"},
		{Op: "publish", Repository: Helm, Package: "acme-web", Version: minor(2) + ".0"},
		{Op: "publish", Repository: Docker, Package: "team/app", Tag: minor(30)},
		{Op: "tag", Repository: Docker, Package: "team/app", Tag: "latest", Version: minor(30)},
	} {
		if s.store.repositories[one.Repository] != nil {
			changes = append(changes, one)
		}
	}
	return changes
}

// Dump yields every stored file of the hosted and proxy repositories, checksums included. What belongs to no package
// has no package name.
func (s *Server) Dump(yield func(standin.DumpLine) bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, name := range s.store.names() {
		r, more := s.store.repositories[name], true
		if r.kind == group {
			continue
		}
		if r.images != nil {
			for line := range r.images.Lines(name) {
				if !yield(line) {
					return
				}
			}
			continue
		}
		r.after(0, func(a *asset) bool {
			more = a.hollow || yield(dumpLine(r, a))
			return more
		})
		if !more {
			return
		}
	}
}

func dumpLine(r *repository, a *asset) standin.DumpLine {
	body := a.content()
	line := standin.DumpLine{
		Repository: r.name, Format: r.format, File: a.path, Size: int64(len(body)), SHA256: digestsOf(body).SHA256,
	}
	switch r.format {
	case "maven2":
		line.Format = string(artifact.Maven)
		p := a.path
		if artifact.IsSidecar(p) {
			p = strings.TrimSuffix(p, path.Ext(p))
		}
		if m, ok := artifact.ParseMavenPath(p); ok {
			line.Package, line.Version, line.File = m.Name, m.Version, m.File+strings.TrimPrefix(a.path, p)
		}
	case "raw":
		line.Format = string(artifact.Generic)
		g := artifact.ParseGenericPath(r.name, a.path)
		line.Package, line.Version, line.File = g.Name, g.Version, g.Path
	case npmFormat, pypiFormat, nugetFormat, helmFormat:
		if c, ok := componentOf(r.format, a.path); ok {
			line.Package, line.Version, line.File = c.name, c.version, path.Base(a.path)
		}
		switch {
		case line.Version == "":
		case r.format == npmFormat:
			line.Package, line.Version, _ = artifact.ParseNPMPath(a.path)
			line.File = artifact.NPMTarball(line.Package, line.Version)
		case r.format == nugetFormat:
			line.File = fixture.NuPkgFile(line.Package, line.Version)
		}
	}
	return line
}

// Stats counts what the server was asked so far.
func (s *Server) Stats() standin.Counts { return s.stats.Counts() }

// Body returns the content that is stored in a repository at a path; false when there is none.
func (s *Server) Body(repository, path string) ([]byte, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.store.repositories[repository]
	if r == nil {
		return nil, false
	}
	a := r.at(file(path))
	if a == nil || a.hollow {
		return nil, false
	}
	return a.content(), true
}
