package npmjs

// What is under /_standin/: statistics, the dump of everything held, and changes as a publisher would make them.

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"net/http"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /_standin/stats":
		s.stats.ServeHTTP(w, r)
	case "GET /_standin/dump":
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = standin.WriteDump(w, s.dump())
	case "POST /_standin/mutate":
		s.mutate(w, r)
	case "POST /_standin/clock":
		w.WriteHeader(http.StatusNoContent) // nothing here depends on the time
	default:
		notFound(w, r)
	}
}

// dump yields every tarball that can be read.
func (s *Server) dump() iter.Seq[standin.DumpLine] {
	return func(yield func(standin.DumpLine) bool) {
		for name := range s.names {
			for _, r := range s.snapshot(name).releases {
				if r.body == nil {
					continue
				}
				body, err := r.body()
				if err != nil {
					continue
				}
				sum := sha256.Sum256(body)
				line := standin.DumpLine{
					Repository: "npm", Format: string(artifact.NPM), Package: name, Version: r.version,
					File: artifact.NPMTarball(name, r.version), Size: int64(len(body)), SHA256: hex.EncodeToString(sum[:]),
				}
				if !yield(line) {
					return
				}
			}
		}
	}
}

type target struct{ Name, Version, Tag, Message string }

// mutate makes one change of each kind that the body names.
func (s *Server) mutate(w http.ResponseWriter, r *http.Request) {
	var change struct{ Publish, Tag, Deprecate, Unpublish, Revoke *target }
	if !receive(w, r, &change) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	done := true
	if t := change.Publish; t != nil {
		done = s.release(t)
	}
	if t := change.Tag; t != nil {
		done = done && s.amend(t, func(p *pack, r *release) { p.tags[t.Tag] = r.version })
	}
	if t := change.Deprecate; t != nil {
		done = done && s.amend(t, func(p *pack, r *release) { p.deprecated[r.version] = t.Message })
	}
	if t := change.Unpublish; t != nil {
		done = done && s.unpublish(t)
	}
	if t := change.Revoke; t != nil {
		p := s.owned(t.Name)
		if done = done && p != nil; done {
			p.revoked = true
		}
	}
	if !done {
		send(w, http.StatusConflict, object{"error": "there is no such version, or it is there already"})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// release publishes a version, of a package that may be new.
func (s *Server) release(t *target) bool {
	p := s.owned(t.Name)
	if p == nil {
		p = s.put(t.Name)
		p.young = true
	}
	if p.release(t.Version) != nil {
		return false
	}
	s.change(p, func() { p.add(s.build(t.Name, t.Version, nil), t.Tag) })
	p.entombed = false
	return true
}

// amend changes what is said of a version.
func (s *Server) amend(t *target, apply func(*pack, *release)) bool {
	p := s.owned(t.Name)
	if p == nil || p.release(t.Version) == nil {
		return false
	}
	s.change(p, func() { apply(p, p.release(t.Version)) })
	return true
}

// unpublish takes one version away, or all of them.
func (s *Server) unpublish(t *target) bool {
	p := s.owned(t.Name)
	if p == nil || t.Version != "" && p.release(t.Version) == nil {
		return false
	}
	s.change(p, func() { p.withdraw(t.Version) })
	return true
}

// withdraw takes a version away; all of them when it is "".
func (p *pack) withdraw(version string) {
	kept := []*release{}
	for _, r := range p.releases {
		if version != "" && r.version != version {
			kept = append(kept, r)
			continue
		}
		p.withdrawn[r.version] = r.at.Truncate(time.Millisecond)
		maps.DeleteFunc(p.tags, func(_, number string) bool { return number == r.version })
	}
	p.releases, p.entombed = kept, len(kept) == 0
}
