package nexus

// What is under /_standin/: stats and dump for every stand-in alike, and mutate, whose body is a JSON array of Change.
// An empty body makes the ordinary changes of a working day.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

// Change is one thing that happens on the server.
type Change struct {
	// Op is put, delete, rebuild (the next read puts Body in place), lose (the content is gone from the disk),
	// offline, online, or drop (the repository).
	Op         string `json:"op"`
	Repository string `json:"repository"`
	Path       string `json:"path,omitempty"`
	Body       string `json:"body,omitempty"`
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
	repository := s.store.repositories[c.Repository]
	if repository == nil {
		return fmt.Errorf("there is no repository %q", c.Repository)
	}
	switch c.Op {
	case "put":
		s.store.put(repository, file(c.Path), []byte(c.Body))
		return nil
	case "offline", "online":
		repository.offline = c.Op == "offline"
		return nil
	case "drop":
		delete(s.store.repositories, c.Repository)
		return nil
	}
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

// ordinary are the changes of a working day: a new version, a new build of a snapshot, a replaced and a deleted file.
func (s *Server) ordinary() []Change {
	put := func(repository, path string, body []byte) Change {
		return Change{Op: "put", Repository: repository, Path: path, Body: string(body)}
	}
	c := fixture.Maven("com.example", "lib", "1.2")
	now := time.Now()
	b := fixture.Build{At: now, Number: 3}
	snapshot := nightly.Dir() + "/nightly-" + b.Version(nightly.Version)
	changes := []Change{
		put(Releases, c.Dir()+"/lib-1.2.jar", fixture.Jar(c, "new")), put(Releases, c.Dir()+"/lib-1.2.pom", fixture.POM(c, "jar")),
		put(Releases, "com/example/lib/maven-metadata.xml", fixture.MavenIndex("com.example", "lib", now, "1.0", "1.1", "1.2")),
		put(Snapshots, snapshot+".jar", fixture.Jar(nightly, "build "+b.Stamp())),
		put(Snapshots, snapshot+".pom", fixture.POM(nightly, "jar")),
		put(Snapshots, nightly.Dir()+"/maven-metadata.xml", fixture.SnapshotIndex(nightly, b)),
		put(Raw, "root.txt", []byte("replaced at "+b.Stamp()+"\n")),
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.store.repositories[Raw].at("docs/guide/index.html") != nil {
		changes = append(changes, Change{Op: "delete", Repository: Raw, Path: "docs/guide/index.html"})
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
	line := standin.DumpLine{
		Repository: r.name, Format: r.format, File: a.path, Size: int64(len(a.body)), SHA256: a.digests().SHA256,
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
	}
	return line
}

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
	return a.body, true
}
