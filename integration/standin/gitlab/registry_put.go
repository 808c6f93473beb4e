package gitlab

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// Manifests as they are pushed: registry/handlers/manifests.go, registry/storage/validation/*.go and
// registry/datastore/manifest.go in gitlab-org/container-registry.

const (
	maxPayload     = 4 << 20
	maxTagPatterns = 5
)

func (s *Server) manifestPut(c *call) {
	tagged := !strings.Contains(c.reference, ":")
	if tagged {
		if code := c.claims.protection(c.repository, c.reference, "push"); code != "" {
			c.wrong(code, protectionDetail(code, c.reference))
			return
		}
	}
	payload, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxPayload))
	if err != nil {
		c.wrong("MANIFEST_INVALID", err.Error())
		return
	}
	parsed, err := parseManifest(c.r.Header.Get("Content-Type"), payload)
	if err != nil {
		c.wrong("MANIFEST_INVALID", err.Error())
		return
	}
	sum := sha256.Sum256(payload)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	if !tagged && digest != c.reference {
		c.wrong("DIGEST_INVALID", nil)
		return
	}
	if answered := s.storeManifest(c, parsed, payload, digest); answered {
		return
	}
	h := c.w.Header()
	h.Set("Location", c.base()+"/v2/"+c.repository+"/manifests/"+digest)
	h.Set("Docker-Content-Digest", digest)
	c.empty(http.StatusCreated)
}

// storeManifest checks what a manifest refers to, stores it, and sets its tag; true when it has answered.
func (s *Server) storeManifest(c *call, parsed parsedManifest, payload []byte, digest string) (answered bool) {
	database := s.modes.get("registry.database") == "on"
	if database && parsed.cache {
		var err error
		if parsed, err = parsed.buildkit(); err != nil {
			c.wrong("UNKNOWN", map[string]any{})
			return true
		}
	}
	if parsed.SchemaVersion != 2 {
		c.wrong("UNKNOWN", map[string]any{})
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if problems := s.validate(c.repository, parsed, database); problems != nil {
		c.wrongs(problems)
		return true
	}
	now := s.clock.now()
	one := s.images.ensure(c.repository, now)
	m := one.manifests[digest]
	if m == nil {
		if problem, ok := s.databaseRefuses(c.repository, parsed); database && ok {
			c.wrongs([]wrong{problem})
			return true
		}
		m = &imageManifest{digest: digest, parsed: parsed, payload: payload, created: now, review: now.Add(gcDelay)}
		one.manifests[digest] = m
	}
	tagged := c.reference != digest
	if tagged && one.tags[c.reference] != nil && database && c.claims.fixed(c.repository, c.reference) {
		c.wrong("IMMUTABLE_TAG", protectionDetail("IMMUTABLE_TAG", c.reference))
		return true
	}
	if tagged {
		one.tag(c.reference, m, now)
	}
	s.stats.Wrote(s.imageKey(c.repository, c.reference, "manifests/"+digest))
	return false
}

// tag sets a tag. One that moves leaves a manifest behind for the garbage collector.
func (r *repository) tag(name string, m *imageManifest, now time.Time) {
	r.published = now
	t := r.tags[name]
	switch {
	case t == nil:
		r.tags[name] = &imageTag{name: name, manifest: m, created: now}
	case t.manifest != m:
		t.manifest.review = now.Add(gcDelay)
		t.manifest, t.updated = m, now
	}
}

// databaseRefuses tells why a manifest can not become rows: a media type that has none, or a blob that must have one.
func (s *Server) databaseRefuses(repository string, m parsedManifest) (wrong, bool) {
	if m.index() {
		return wrong{}, false
	}
	for _, kind := range []string{m.ArtifactType, m.Config.MediaType} {
		if kind != "" && !artifact.ImageMediaTypeKnown(kind) || kind == "" && m.Config.MediaType == "" {
			return newWrong("MANIFEST_INVALID", "unknown media type: "+kind), true
		}
	}
	for _, digest := range m.blobs() {
		if s.images.blob(repository, digest) == nil {
			return newWrong("UNKNOWN", map[string]any{}), true
		}
	}
	return wrong{}, false
}

// validate looks for what a manifest refers to in its repository. Where nothing was ever pushed to, the database has no
// repository to look in, which it takes for a failure of its own.
func (s *Server) validate(repository string, m parsedManifest, database bool) (problems []wrong) {
	nowhere := database && s.images.find(repository) == nil
	for _, one := range m.references() {
		_, _, wellFormed := parseDigest(one.Digest)
		coerced := one.manifest && !m.index() // any failure means that it is missing
		switch {
		case one.foreign() && !one.validURLs(), !one.elsewhere() && nowhere && !coerced:
			problems = append(problems, newWrong("UNKNOWN", map[string]any{}))
		case one.elsewhere():
			continue
		case !wellFormed && !coerced:
			problems = append(problems, newWrong("DIGEST_INVALID", nil))
		case one.manifest && s.images.manifest(repository, one.Digest) != nil,
			!one.manifest && s.images.blob(repository, one.Digest) != nil:
			continue
		}
		problems = append(problems, newWrong("MANIFEST_BLOB_UNKNOWN", one.Digest))
	}
	return problems
}

// reference is what a manifest refers to: a manifest, or else a blob.
type reference struct {
	descriptor
	manifest bool
	docker   bool // of a schema 2 manifest
}

func (m *parsedManifest) references() (all []reference) {
	if m.index() {
		for _, one := range m.Manifests {
			all = append(all, reference{descriptor: one, manifest: !m.cache})
		}
		return all
	}
	direct := append([]descriptor{m.Config}, m.Layers...)
	if m.Subject != nil {
		direct = append(direct, *m.Subject)
	}
	for _, one := range direct {
		docker := m.MediaType == typeSchema2
		kind := !docker && slices.Contains([]string{typeManifest, typeSchema2, typeIndex, typeList}, one.MediaType)
		all = append(all, reference{descriptor: one, manifest: kind, docker: docker})
	}
	return all
}

// ociLayers are the types whose addresses are looked at.
var ociLayers = []string{
	"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
}

// foreign layers name addresses that must be good. Docker's manifests tell them by their type, others by having addresses.
func (r reference) foreign() bool {
	if r.docker {
		return r.MediaType == typeForeign
	}
	return slices.Contains(ociLayers, r.MediaType) && len(r.URLs) > 0
}

// elsewhere is what need not be in the registry.
func (r reference) elsewhere() bool { return !r.manifest && len(r.URLs) > 0 }

func (r reference) validURLs() bool {
	return len(r.URLs) > 0 && !slices.ContainsFunc(r.URLs, func(text string) bool {
		u, err := url.Parse(text)
		return err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != ""
	})
}

// protection is the code of the rule that keeps a token from changing a tag; "" when none does.
func (c claims) protection(repository, tag, action string) string {
	grant := c.grant(repository)
	if grant == nil || grant.Meta == nil {
		return ""
	}
	denied, fixed := grant.Meta.DenyPatterns[action], grant.Meta.FixedPatterns
	switch {
	case len(denied)+len(fixed) > maxTagPatterns:
		return "TAG_PATTERN_COUNT_LIMIT_EXCEEDED"
	case anyMatches(denied, tag):
		return "PROTECTED_TAG"
	case action == "delete" && anyMatches(fixed, tag):
		return "IMMUTABLE_TAG"
	}
	return ""
}

// fixed tells whether a tag that exists may not be pushed again, not even with what it has.
func (c claims) fixed(repository, tag string) bool {
	grant := c.grant(repository)
	return grant != nil && grant.Meta != nil && anyMatches(grant.Meta.FixedPatterns, tag)
}

func anyMatches(patterns []string, tag string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		re, err := regexp.Compile(pattern)
		return err == nil && re.MatchString(tag)
	})
}

func protectionDetail(code, tag string) any {
	switch code {
	case "PROTECTED_TAG":
		return `tag "` + tag + `" is protected`
	case "IMMUTABLE_TAG":
		return `tag "` + tag + `" is immutable`
	}
	return map[string]any{}
}
