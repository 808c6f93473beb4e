package gitlab

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What GitLab tells of images: lib/api/{project_container_repositories,group_container_repositories,
// container_repositories}.rb, lib/api/entities/container_registry.rb and lib/container_registry/tag.rb. It asks its registry
// for everything but the rows of repositories.

func (s *Server) imageRoutes() []route {
	const one = "/api/v4/projects/:id/registry/repositories"
	return []route{
		{"GET", one, "repositories", s.listing(s.listImages)},
		{"DELETE", one + "/:item", "repository", s.deleteImages},
		{"GET", one + "/:item/tags", "repository tags", s.listing(s.listTags)},
		{"DELETE", one + "/:item/tags", "repository tags", s.deleteTags},
		{"GET", one + "/:item/tags/*", "repository tag", s.oneTag},
		{"DELETE", one + "/:item/tags/*", "repository tag", s.deleteTag},
		{"GET", "/api/v4/registry/repositories/:item", "repository", s.oneImage},
		{"GET", "/api/v4/groups/:id/registry/repositories", "group repositories", s.listing(s.listGroupImages)},
	}
}

// enterImages is enter for a project's images.
func (s *Server) enterImages(e *exchange, need imageAbility) (*project, *token, bool) {
	return s.enterWhere(e, acceptInventory, func(who *token, p *project) bool { return who.mayImages(need, p) }, projectNotFound)
}

// imageRow finds the repository of a request; nil when it has answered. The caller holds the lock.
func (p *project) imageRow(e *exchange) *imageRow {
	id, err := strconv.Atoi(e.item)
	if err != nil {
		e.invalid("repository_id is invalid")
		return nil
	}
	i := slices.IndexFunc(p.images.rows, func(r *imageRow) bool { return r.id == id })
	if i < 0 {
		e.fail(http.StatusNotFound, "404 Not found")
		return nil
	}
	return p.images.rows[i]
}

func (r *imageRow) path() string {
	return strings.TrimSuffix(r.project.imagePrefix()+"/"+r.name, "/")
}

func (s *Server) shownImage(e *exchange, r *imageRow) map[string]any {
	shown := map[string]any{
		"id": r.id, "name": r.name, "path": r.path(), "project_id": r.project.id, "location": s.registryHost(e) + "/" + r.path(),
		"created_at": r.created.Format(timeFormat), "cleanup_policy_started_at": nil, "status": nil,
	}
	query, tags := e.r.URL.Query(), s.images.find(r.path()).sorted()
	if query.Get("tags_count") == "true" {
		shown["tags_count"] = len(tags)
	}
	if query.Get("tags") == "true" {
		shown["tags"] = s.shownTags(e, r, tags)
	}
	return shown
}

func (s *Server) shownTags(e *exchange, r *imageRow, tags []*imageTag) []any {
	all := []any{}
	for _, t := range tags {
		all = append(all, s.shownTag(e, r, t.name))
	}
	return all
}

func (s *Server) shownTag(e *exchange, r *imageRow, name string) map[string]any {
	path := r.path() + ":" + name
	return map[string]any{"name": name, "path": path, "location": s.registryHost(e) + "/" + path}
}

func (s *Server) listImages(e *exchange) {
	p, _, ok := s.enterImages(e, readImages)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.answerImages(e, p.images.rows)
}

func (s *Server) listGroupImages(e *exchange) {
	g, who, ok := s.findGroup(e, acceptAPI)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if who.roleInGroup(g) < reporter {
		e.fail(http.StatusForbidden, "403 Forbidden")
		return
	}
	var rows []*imageRow
	for _, p := range s.inGroup(g) {
		if p.images.level != featureDisabled {
			rows = append(rows, p.images.rows...)
		}
	}
	query := e.r.URL.Query() // a group's listing has neither
	query.Del("tags")
	query.Del("tags_count")
	e.r.URL.RawQuery = query.Encode()
	s.answerImages(e, rows)
}

func (s *Server) answerImages(e *exchange, rows []*imageRow) {
	from, to, ok := e.page(len(rows))
	if !ok {
		return
	}
	shown := []any{}
	for _, r := range rows[from:to] {
		shown = append(shown, s.shownImage(e, r))
	}
	e.json(http.StatusOK, shown)
}

// oneImage is a repository by its number alone.
func (s *Server) oneImage(e *exchange) {
	who, ok := s.account(e)
	if !ok {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, _ := strconv.Atoi(e.item)
	for _, p := range s.projects {
		for _, r := range p.images.rows {
			if r.id != id {
				continue
			}
			if !who.mayImages(readImages, p) {
				e.fail(http.StatusForbidden, "403 Forbidden")
				return
			}
			shown := s.shownImage(e, r)
			if who.mayImages(adminImages, p) {
				shown["delete_api_path"] = e.base() + "/api/v4/projects/" + strconv.Itoa(p.id) + "/registry/repositories/" + e.item
			}
			if e.r.URL.Query().Get("size") == "true" {
				shown["size"] = any(nil)
				if s.modes.get("registry.database") == "on" {
					shown["size"] = s.images.size(r.path(), false)
				}
			}
			e.json(http.StatusOK, shown)
			return
		}
	}
	e.fail(http.StatusNotFound, "404 Not found")
}

// onImages serves a request for one repository of a project, for those who may do what it needs. The lock is held meanwhile.
func (s *Server) onImages(e *exchange, need imageAbility, serve func(p *project, who *token, r *imageRow)) {
	p, who, ok := s.enterImages(e, need)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := p.imageRow(e); r != nil {
		serve(p, who, r)
	}
}

func (s *Server) listTags(e *exchange) {
	s.onImages(e, readImages, func(_ *project, _ *token, r *imageRow) {
		one := s.images.find(r.path())
		if e.r.URL.Query().Get("pagination") == "keyset" {
			s.keysetTags(e, r, one)
			return
		}
		all := one.sorted()
		if from, to, ok := e.page(len(all)); ok {
			e.json(http.StatusOK, s.shownTags(e, r, all[from:to]))
		}
	})
}

// keysetTags is the cheap form of the listing: a page is one question to the registry's database.
func (s *Server) keysetTags(e *exchange, r *imageRow, one *repository) {
	if s.modes.get("registry.database") != "on" {
		e.fail(http.StatusMethodNotAllowed, "405 Method Not Allowed")
		return
	}
	query := e.r.URL.Query()
	size, ok := e.positive(query, "per_page", 20)
	if !ok {
		return
	}
	ask := url.Values{"last": {query.Get("last")}, "sort": {"name"}}
	if query.Get("sort") == "desc" {
		ask.Set("sort", "-name")
	}
	var all []*imageTag
	if one != nil {
		all = one.selected(ask)
	}
	if len(all) > size {
		all = all[:size]
		query.Set("per_page", strconv.Itoa(size))
		query.Set("last", all[size-1].name)
		query.Set("sort", map[string]string{"name": "asc", "-name": "desc"}[ask.Get("sort")])
		query.Set("id", e.id)
		query.Set("repository_id", e.item)
		e.w.Header().Set("Link", "<"+e.base()+e.r.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`)
	}
	e.json(http.StatusOK, s.shownTags(e, r, all))
}

func (s *Server) oneTag(e *exchange) {
	s.onImages(e, readImages, func(_ *project, _ *token, r *imageRow) {
		name, _ := url.PathUnescape(e.rest)
		one := s.images.find(r.path())
		var t *imageTag
		if one != nil {
			t = one.tags[name]
		}
		if t == nil {
			e.fail(http.StatusNotFound, "404 Tag Not Found")
			return
		}
		shown := s.shownTag(e, r, name)
		if s.modes.get("registry.database") == "on" {
			m := t.manifest
			_, revision, _ := strings.Cut(m.parsed.Config.Digest, ":")
			shown["digest"], shown["revision"], shown["short_revision"] = m.digest, revision, revision[:min(len(revision), 9)]
			shown["created_at"], shown["total_size"] = timeFormatted(t.created), m.totalSize()
		} else if !s.detailWithout(shown, one, t.manifest) {
			e.fail(http.StatusNotFound, "404 Tag Not Found")
			return
		}
		e.json(http.StatusOK, shown)
	})
}

func timeFormatted(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+00:00") }

// detailWithout tells of a tag what GitLab finds out where the registry has no database: it reads the manifest, of a
// Docker list that of linux/amd64, and knows no OCI index, which is false.
func (s *Server) detailWithout(shown map[string]any, one *repository, m *imageManifest) bool {
	if m.parsed.MediaType == typeList {
		i := slices.IndexFunc(m.parsed.Manifests, func(d descriptor) bool {
			return d.Platform.Architecture == "amd64" && d.Platform.OS == "linux"
		})
		if i < 0 || one.manifests[m.parsed.Manifests[i].Digest] == nil {
			return false
		}
		m = one.manifests[m.parsed.Manifests[i].Digest]
	}
	if m.parsed.index() {
		return false
	}
	_, revision, _ := strings.Cut(m.parsed.Config.Digest, ":")
	size := int64(0)
	for _, layer := range m.parsed.Layers {
		size += layer.Size
	}
	shown["digest"], shown["revision"], shown["short_revision"] = m.digest, revision, revision[:min(len(revision), 9)]
	shown["created_at"], shown["total_size"] = s.imageCreated(m), size
	return true
}

// imageCreated is when an image says that it was made; nil when it does not.
func (s *Server) imageCreated(m *imageManifest) any {
	b := s.images.blobs[m.parsed.Config.Digest]
	if b == nil {
		return nil
	}
	content, err := b.body.open()
	if err != nil {
		return nil
	}
	defer func() { _ = content.Close() }()
	var config struct {
		Created time.Time `json:"created"`
	}
	if json.NewDecoder(io.LimitReader(content, maxPayload)).Decode(&config) != nil || config.Created.IsZero() {
		return nil
	}
	return timeFormatted(config.Created)
}
