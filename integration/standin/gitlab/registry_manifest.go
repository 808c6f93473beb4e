package gitlab

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Manifests as they are read and deleted: registry/handlers/manifests.go in gitlab-org/container-registry.

func (s *Server) manifestGet(c *call) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	tagged := !strings.Contains(c.reference, ":")
	found := s.images.manifest(c.repository, c.reference)
	if digest := c.reference; !tagged && c.matches(digest) || found != nil && c.matches(found.digest) {
		c.empty(http.StatusNotModified)
		return
	}
	switch {
	case found == nil && tagged:
		c.wrong("MANIFEST_UNKNOWN", map[string]string{"Tag": c.reference})
		return
	case found == nil:
		c.wrong("MANIFEST_UNKNOWN", map[string]string{"Name": c.repository, "Revision": c.reference})
		return
	case found.parsed.MediaType == typeManifest && !c.accepts(typeManifest):
		c.unacceptable("OCI manifest found, but accept header does not support OCI manifests")
		return
	case found.parsed.MediaType == typeIndex && !c.accepts(typeIndex):
		c.unacceptable("OCI index found, but accept header does not support OCI indexes")
		return
	case tagged && found.parsed.MediaType == typeList && !c.accepts(typeList):
		if found = s.rewritten(c, found); found == nil {
			return
		}
	}
	h := c.w.Header()
	h.Set("Content-Type", found.parsed.MediaType)
	h.Set("Content-Length", strconv.Itoa(len(found.payload)))
	h.Set("Docker-Content-Digest", found.digest)
	h.Set("Etag", `"`+found.digest+`"`)
	if c.r.Method == http.MethodGet {
		_, _ = c.w.Write(found.payload)
	}
}

// rewritten is the manifest of linux/amd64 that stands for a list, for clients that know no lists; nil when it has answered.
func (s *Server) rewritten(c *call, list *imageManifest) *imageManifest {
	i := slices.IndexFunc(list.parsed.Manifests, func(d descriptor) bool {
		return d.Platform.Architecture == "amd64" && d.Platform.OS == "linux"
	})
	if i < 0 {
		c.wrong("MANIFEST_UNKNOWN", map[string]any{})
		return nil
	}
	digest := list.parsed.Manifests[i].Digest
	found := s.images.manifest(c.repository, digest)
	if found == nil {
		c.wrong("MANIFEST_UNKNOWN", map[string]string{"Name": c.repository, "Revision": digest})
	}
	return found
}

func (e *exchange) unacceptable(message string) {
	e.wrongs([]wrong{{Code: "MANIFEST_UNKNOWN", Message: message}})
}

// matches tells whether the client says that it has digest already.
func (e *exchange) matches(digest string) bool {
	return slices.ContainsFunc(e.r.Header["If-None-Match"], func(v string) bool { return strings.Trim(v, `"`) == digest })
}

// accepts tells whether the client names a media type; what it says of any type does not count.
func (e *exchange) accepts(mediaType string) bool {
	for _, line := range e.r.Header["Accept"] {
		for _, one := range strings.Split(line, ",") {
			if kind, _, err := mime.ParseMediaType(one); err == nil && kind == mediaType {
				return true
			}
		}
	}
	return false
}

// manifestDelete deletes a tag, or a manifest with the tags that name it.
func (s *Server) manifestDelete(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.images.find(c.repository)
	if !strings.Contains(c.reference, ":") {
		if code := c.claims.protection(c.repository, c.reference, "delete"); code != "" {
			c.wrong(code, protectionDetail(code, c.reference))
			return
		}
		switch {
		case one == nil:
			c.wrong("NAME_UNKNOWN", nil)
		case one.tags[c.reference] == nil:
			c.wrong("MANIFEST_UNKNOWN", nil)
		default:
			one.untag(c.reference, s.clock.now())
			c.empty(http.StatusAccepted)
		}
		return
	}
	grant := c.claims.grant(c.repository)
	switch {
	case grant != nil && grant.Meta != nil && len(grant.Meta.DenyPatterns["delete"])+len(grant.Meta.FixedPatterns) > 0:
		c.wrong("PROTECTED_MANIFEST", nil)
	case one == nil || one.manifests[c.reference] == nil:
		c.wrong("MANIFEST_UNKNOWN", nil)
	case one.child(c.reference):
		c.wrong("MANIFEST_REFERENCED", nil)
	default:
		s.deleteManifest(one, one.manifests[c.reference], s.clock.now())
		c.empty(http.StatusAccepted)
	}
}

// child tells whether an index of the repository has a manifest.
func (r *repository) child(digest string) bool {
	for _, m := range r.manifests {
		if slices.ContainsFunc(m.parsed.Manifests, func(d descriptor) bool { return d.Digest == digest }) {
			return true
		}
	}
	return false
}
