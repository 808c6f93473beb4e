package gitlab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The registry's own API, from which GitLab reads: docs/spec/gitlab/api.md and registry/handlers/repositories.go in
// gitlab-org/container-registry. Without the database all of it is 404.

// v1 answers 404 where the database is off.
func v1(serve func(*Server, *call)) map[string]func(*Server, *call) {
	return map[string]func(*Server, *call){"GET": func(s *Server, c *call) {
		c.w.Header().Del("Docker-Distribution-Api-Version")
		if s.modes.get("registry.database") != "on" {
			c.w.Header().Set("Gitlab-Container-Registry-Version", registryVersion)
			c.empty(http.StatusNotFound)
			return
		}
		serve(s, c)
	}}
}

// timeV1 is how the registry writes times.
func timeV1(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Server) v1Repository(c *call) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	size := c.r.URL.Query().Get("size")
	one := s.images.find(c.repository)
	switch {
	case !slices.Contains([]string{"", "self", "self_with_descendants"}, size):
		c.wrong("INVALID_QUERY_PARAMETER_VALUE", "the 'size' query parameter must be set to one of: self, self_with_descendants")
		return
	case one == nil:
		c.wrong("NAME_UNKNOWN", nil)
		return
	}
	shown := map[string]any{"name": lastSegment(one.path), "path": one.path, "created_at": timeV1(one.created)}
	if !one.published.IsZero() {
		shown["last_published_at"] = timeV1(one.published)
	}
	if size != "" {
		shown["size_bytes"], shown["size_precision"] = s.images.size(one.path, size != "self"), "default"
	}
	c.shownV1(shown)
}

func (c *call) shownV1(value any) {
	c.w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(c.w).Encode(value)
}

// size is that of the layers that tagged images of a repository need, each once; below adds the repositories below it.
func (r *registry) size(path string, below bool) (bytes int64) {
	layers := map[string]bool{}
	for _, one := range r.repositories {
		if one.path != path && (!below || !strings.HasPrefix(one.path, path+"/")) {
			continue
		}
		for _, t := range one.tags {
			for _, m := range one.tree(t.manifest) {
				for _, layer := range m.parsed.Layers {
					layers[layer.Digest] = true
				}
			}
		}
	}
	for digest := range layers {
		if b := r.blobs[digest]; b != nil {
			bytes += b.body.size
		}
	}
	return bytes
}

// tree is a manifest with the manifests of an index.
func (r *repository) tree(m *imageManifest) []*imageManifest {
	all := []*imageManifest{m}
	for _, child := range m.parsed.Manifests {
		if one := r.manifests[child.Digest]; one != nil && one != m {
			all = append(all, r.tree(one)...)
		}
	}
	return all
}

// v1Tags lists tags with their details, in pages of n.
func (s *Server) v1Tags(c *call) {
	query := c.r.URL.Query()
	size := tagsPage
	if text := query.Get("n"); text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil:
			c.wrong("INVALID_QUERY_PARAMETER_TYPE", "the 'n' query parameter must be set to one of: int")
			return
		case n < 1 || n > 1000:
			c.wrong("INVALID_QUERY_PARAMETER_VALUE", "the 'n' query parameter must be set to a value between 1 and 1000")
			return
		}
		size = n
	}
	if !slices.Contains([]string{"", "name", "-name"}, query.Get("sort")) {
		c.wrong("INVALID_QUERY_PARAMETER_VALUE", "the 'sort' query parameter must be set to one of: -name, name")
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.images.find(c.repository)
	if one == nil {
		c.wrong("NAME_UNKNOWN", map[string]string{"name": c.repository})
		return
	}
	found := one.selected(query)
	if len(found) > size {
		found = found[:size]
		next := url.Values{"n": {strconv.Itoa(size)}, "last": {found[size-1].name}}
		for _, kept := range []string{"sort", "name", "referrers"} {
			if query.Has(kept) {
				next.Set(kept, query.Get(kept))
			}
		}
		c.w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, c.r.URL.EscapedPath(), next.Encode()))
	}
	shown := []any{}
	for _, t := range found {
		shown = append(shown, one.shownTag(t, query.Get("referrers") == "true"))
	}
	c.shownV1(shown)
}

// selected are the tags that a query asks for, after its last.
func (r *repository) selected(query url.Values) []*imageTag {
	all := r.sorted()
	last, backwards := query.Get("last"), query.Get("sort") == "-name"
	if backwards {
		slices.Reverse(all)
	}
	return slices.DeleteFunc(all, func(t *imageTag) bool {
		return last != "" && (!backwards && t.name <= last || backwards && t.name >= last) ||
			query.Has("name_exact") && t.name != query.Get("name_exact") || !strings.Contains(t.name, query.Get("name"))
	})
}

// shownTag is a tag as the registry tells it. An index has no size of its own.
func (r *repository) shownTag(t *imageTag, referrers bool) map[string]any {
	m := t.manifest
	shown := map[string]any{
		"name": t.name, "digest": m.digest, "media_type": m.parsed.MediaType, "size_bytes": m.totalSize(),
		"created_at": timeV1(t.created), "published_at": timeV1(t.created),
	}
	if m.parsed.Config.Digest != "" {
		shown["config_digest"] = m.parsed.Config.Digest
	}
	if !t.updated.IsZero() {
		shown["updated_at"], shown["published_at"] = timeV1(t.updated), timeV1(t.updated)
	}
	if referrers {
		found := []any{}
		for _, other := range r.manifests {
			if other.parsed.Subject != nil && other.parsed.Subject.Digest == m.digest {
				kind := other.parsed.ArtifactType
				if kind == "" {
					kind = other.parsed.Config.MediaType
				}
				found = append(found, map[string]string{"artifactType": kind, "digest": other.digest})
			}
		}
		if len(found) > 0 {
			shown["referrers"] = found
		}
	}
	return shown
}

// totalSize is what the manifest says of its parts, with itself.
func (m *imageManifest) totalSize() int64 {
	if m.parsed.index() {
		return 0
	}
	size := m.parsed.Config.Size + int64(len(m.payload))
	for _, layer := range m.parsed.Layers {
		size += layer.Size
	}
	return size
}
