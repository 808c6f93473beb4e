package gitlab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// POST /_standin/mutate and /_standin/clock, as doc.go describes them.

func (s *Server) controlRoutes() []route {
	return []route{
		{"GET", "/_standin/stats", "", func(e *exchange) { s.stats.ServeHTTP(e.w, e.r) }},
		{"GET", "/_standin/dump", "", s.dump},
		{"POST", "/_standin/mutate", "", s.mutate},
		{"POST", "/_standin/clock", "", s.moveClock},
	}
}

// place names a package, and a file of it, in mutate requests.
type place struct {
	Project string `json:"project"`
	Format  string `json:"format"`
	Package string `json:"package"`
	Version string `json:"version"`
	File    string `json:"file"`
}

type projectChange struct {
	Project    string  `json:"project"`
	Archived   *bool   `json:"archived"`
	Registry   *bool   `json:"registry"`
	Visibility *string `json:"visibility"`
	Images     *string `json:"container_registry"` // disabled, private or enabled
	Renaming   *bool   `json:"renaming"`
}

type mutation struct {
	AddProject  string            `json:"add_project"`
	Set         *projectChange    `json:"set"`
	Mode        map[string]string `json:"mode"`
	Protect     *rule             `json:"protect"`
	ProtectTag  *tagProtection    `json:"protect_tag"`
	Corrupt     *place            `json:"corrupt"`
	Delete      *place            `json:"delete"`
	Fault       string            `json:"fault"`
	ClearFaults bool              `json:"clear_faults"`
}

func (s *Server) mutate(e *exchange) {
	var m mutation
	if !e.control(&m) {
		return
	}
	answer, err := s.apply(m)
	if err != nil {
		e.fail(http.StatusBadRequest, err.Error())
		return
	}
	e.json(http.StatusOK, answer)
}

// control reads a control request strictly; false when it has answered.
func (e *exchange) control(into any) bool {
	decoder := json.NewDecoder(io.LimitReader(e.r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		e.fail(http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func (s *Server) apply(m mutation) (any, error) {
	if m.ClearFaults {
		s.faults.Clear()
	}
	if m.Fault != "" {
		f, err := standin.ParseFault(m.Fault)
		if err != nil {
			return nil, err
		}
		s.faults.Add(f)
	}
	for key, value := range m.Mode {
		if err := s.modes.set(key, value); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m.AddProject != "":
		if !strings.Contains(m.AddProject, "/") || s.projectOf(m.AddProject) != nil {
			return nil, fmt.Errorf("project %q has no group or exists", m.AddProject)
		}
		return map[string]int{"id": s.addProject(m.AddProject, s.modes.get("visibility"), s.clock.now()).id}, nil
	case m.Set != nil:
		return nil, s.change(*m.Set)
	case m.Protect != nil:
		return nil, s.protect(*m.Protect)
	case m.ProtectTag != nil:
		return nil, s.protectTag(*m.ProtectTag)
	case m.Delete != nil && m.Delete.Format == string(artifact.Container):
		return nil, s.deleteImage(*m.Delete)
	case m.Delete != nil:
		one, err := s.at(*m.Delete)
		if err == nil {
			one.destroy()
		}
		return nil, err
	case m.Corrupt != nil && m.Corrupt.Format == string(artifact.Container):
		return nil, s.corruptImage(*m.Corrupt)
	case m.Corrupt != nil:
		return nil, s.corrupt(*m.Corrupt)
	}
	return nil, nil
}

func (s *Server) change(c projectChange) error {
	p := s.projectOf(c.Project)
	if p == nil {
		return fmt.Errorf("no project %q", c.Project)
	}
	if c.Archived != nil {
		p.archived = *c.Archived
	}
	if c.Registry != nil {
		p.registry = *c.Registry
	}
	if c.Visibility != nil {
		p.visibility = *c.Visibility
	}
	if c.Images != nil {
		if err := among(*c.Images, featureDisabled, featurePrivate, featureEnabled); err != nil {
			return fmt.Errorf("container_registry: %w", err)
		}
		p.images.level = *c.Images
	}
	if c.Renaming != nil {
		p.images.renaming = *c.Renaming
	}
	return nil
}

func (s *Server) protect(r rule) error {
	p := s.projectOf(r.Project)
	if p == nil {
		return fmt.Errorf("no project %q", r.Project)
	}
	if err := r.check(); err != nil {
		return err
	}
	if r.Format == string(artifact.Container) {
		p.images.rules = append(p.images.rules, &pathRule{id: s.nextID(), pattern: r.Pattern, push: r.Role, destroy: r.Role})
		return nil
	}
	r.id, r.Format = s.nextID(), packageType(artifact.Format(r.Format))
	p.rules = append(p.rules, r)
	return nil
}

func (s *Server) at(at place) (*pkg, error) {
	if p := s.projectOf(at.Project); p != nil {
		for _, one := range p.packages {
			if string(one.format) == at.Format && one.name == at.Package && one.version == at.Version && one.status != statusDestroyed {
				return one, nil
			}
		}
	}
	return nil, fmt.Errorf("no package %+v", at)
}

// corrupt changes a stored byte, as failing storage does: the API goes on telling the recorded digests, a dump the new one.
func (s *Server) corrupt(at place) error {
	one, err := s.at(at)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(one.files, func(f *file) bool { return shownName(one, f) == at.File })
	if i < 0 || one.files[i].body.size == 0 {
		return fmt.Errorf("no file with a byte to corrupt: %+v", at)
	}
	return s.flip(&one.files[i].body)
}

// flip changes a byte in the middle of a body.
func (s *Server) flip(stored *body) error {
	content, err := stored.open()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	half := stored.size / 2
	var b [1]byte
	if _, err := content.ReadAt(b[:], half); err != nil {
		return err
	}
	b[0] ^= 0x20
	changed, err := s.receive(io.MultiReader(
		io.NewSectionReader(content, 0, half), bytes.NewReader(b[:]), io.NewSectionReader(content, half+1, stored.size),
	), stored.size, 0)
	if err == nil {
		stored.path, stored.sha256 = changed.path, changed.sha256
	}
	return err
}

// shownName is a file's name as it is downloaded.
func shownName(p *pkg, f *file) string {
	if p.format == artifact.Generic {
		return decoded(f.name)
	}
	return f.name
}

// lines copies every file row of packages that are not marked for destruction. The caller holds the lock.
func (s *Server) lines() iter.Seq[standin.DumpLine] {
	var all []standin.DumpLine
	for _, p := range s.projects {
		for _, one := range p.packages {
			for _, f := range one.files {
				if one.status == statusDestroyed || f.status == statusDestroyed {
					continue
				}
				all = append(all, standin.DumpLine{
					Project: p.path, Format: string(one.format), Package: one.name, Version: one.version,
					File: shownName(one, f), Size: f.body.size, SHA256: f.body.sha256,
				})
			}
		}
	}
	return slices.Values(append(all, s.imageLines()...))
}

func (s *Server) moveClock(e *exchange) {
	var m struct {
		Advance string `json:"advance"`
		Stages  int    `json:"stages"`
	}
	if !e.control(&m) {
		return
	}
	by, err := time.ParseDuration(m.Advance)
	if m.Advance == "" {
		by, err = 0, nil
	}
	if err != nil || by < 0 || m.Stages < 0 {
		e.fail(http.StatusBadRequest, "advance is a duration such as 10m, stages a number")
		return
	}
	pending := s.clock.move(by, m.Stages)
	s.collect(s.clock.now())
	e.json(http.StatusOK, map[string]any{"now": s.clock.now().UTC().Format(timeFormat), "pending": pending})
}
