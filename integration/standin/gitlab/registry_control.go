package gitlab

import (
	"fmt"
	"slices"
	"strings"
)

// What POST /_standin/mutate does to images, as Help describes it.

// tagProtection is a rule that mutate makes; without roles it makes tags immutable.
type tagProtection struct {
	Project string `json:"project"`
	Pattern string `json:"pattern"`
	Push    string `json:"push"`
	Delete  string `json:"delete"`
}

func (s *Server) protectTag(r tagProtection) error {
	p := s.projectOf(r.Project)
	if p == nil {
		return fmt.Errorf("no project %q", r.Project)
	}
	for _, role := range []string{r.Push, r.Delete} {
		if role != "" && roles[role] == 0 || (r.Push == "") != (r.Delete == "") {
			return fmt.Errorf("push and delete are maintainer, owner or admin, or both are left out: %+v", r)
		}
	}
	p.images.tagRules = append(p.images.tagRules, &tagRule{id: s.nextID(), pattern: r.Pattern, push: r.Push, destroy: r.Delete})
	return nil
}

// imageRepository is the registry's repository that a place names.
func (s *Server) imageRepository(at place) (*repository, error) {
	if p := s.projectOf(at.Project); p != nil {
		if one := s.images.find(strings.TrimSuffix(p.imagePrefix()+"/"+at.Package, "/")); one != nil {
			return one, nil
		}
	}
	return nil, fmt.Errorf("no repository %+v", at)
}

// deleteImage deletes a tag; with a digest, a manifest; with a file that is a blob, the blob wherever it is linked.
func (s *Server) deleteImage(at place) error {
	one, err := s.imageRepository(at)
	if err != nil {
		return err
	}
	now := s.clock.now()
	digest, isBlob := strings.CutPrefix(at.File, "blobs/")
	switch {
	case isBlob && one.blobs[digest]:
		s.images.forget(s.images.blobs[digest])
	case one.tags[at.Version] != nil:
		one.untag(at.Version, now)
	case one.manifests[at.Version] != nil:
		s.deleteManifest(one, one.manifests[at.Version], now)
	default:
		return fmt.Errorf("nothing there: %+v", at)
	}
	return nil
}

// corruptImage changes a byte of a blob or of a manifest as it is served; what it is called stays.
func (s *Server) corruptImage(at place) error {
	one, err := s.imageRepository(at)
	if err != nil {
		return err
	}
	kind, digest, _ := strings.Cut(at.File, "/")
	switch m, b := one.manifests[digest], s.images.blob(one.path, digest); {
	case kind == "blobs" && b != nil && b.body.size > 0:
		return s.flip(&b.body)
	case kind == "manifests" && m != nil:
		m.payload = slices.Clone(m.payload)
		m.payload[len(m.payload)/2] ^= 0x20
		return nil
	}
	return fmt.Errorf("no file with a byte to corrupt: %+v", at)
}
