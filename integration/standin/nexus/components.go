package nexus

// Components (org.sonatype.nexus.repository.rest.internal.resources.ComponentsResource): what has coordinates, each with all
// of its assets. What has none (indexes, package roots, layers) is in no component, so this is no inventory. A component is
// numbered here like the first of its assets.

import (
	"errors"
	"net/http"
	"path"
	"strings"

	"pkgferry/internal/artifact"
)

// component are the coordinates that Nexus gives to a file.
type component struct{ group, name, version string }

// componentOf is the component of an asset; false for one without.
func componentOf(format, p string) (component, bool) {
	switch format {
	case "maven2":
		return mavenComponent(p)
	case npmFormat:
		name, version, ok := artifact.ParseNPMPath(p)
		scope, base, scoped := strings.Cut(strings.TrimPrefix(name, "@"), "/")
		if !scoped {
			scope, base = "", name
		}
		return component{scope, base, version}, ok
	case pypiFormat:
		segments := strings.Split(p, "/")
		if segments[0] != "packages" || len(segments) != 4 {
			return component{}, false
		}
		return component{"", segments[1], segments[2]}, true
	case helmFormat:
		name, version, ok := artifact.ParseHelmFile(p)
		return component{"", name, version}, ok
	case nugetFormat:
		return component{"", path.Dir(p), path.Base(p)}, true
	case dockerFormat:
		image, tag, ok := strings.Cut(strings.TrimPrefix(p, "v2/"), "/manifests/")
		return component{"", image, tag}, ok && !strings.Contains(tag, ":")
	case "raw":
		return component{strings.TrimSuffix("/"+path.Dir(p), "/."), "/" + p, ""}, true
	case "apt":
		parts := strings.Split(strings.TrimSuffix(path.Base(p), ".deb"), "_")
		if len(parts) != 3 || path.Ext(p) != ".deb" {
			return component{}, false
		}
		return component{parts[2], parts[0], parts[1]}, true
	}
	return component{}, false
}

func mavenComponent(p string) (component, bool) {
	for artifact.IsSidecar(p) {
		p = strings.TrimSuffix(p, path.Ext(p))
	}
	shown := mavenAttributes(p)
	if len(shown) == 0 {
		return component{}, false
	}
	var c component
	for _, f := range shown {
		text, _ := f.value.(string)
		switch f.key {
		case "groupId":
			c.group = text
		case "artifactId":
			c.name = text
		case "version":
			c.version = text
		}
	}
	return c, true
}

// together are the assets of a component of a repository, and the lowest id among them.
func (r *repository) together(of *asset, c component) (all []*asset, first int64) {
	collect := func(a *asset) {
		if other, ok := componentOf(r.format, a.path); ok && other == c {
			all = append(all, a)
		}
	}
	if g := r.generated; g.holds(of.id) && g.per == 1 {
		return []*asset{of}, of.id
	} else if g.holds(of.id) {
		start := g.first + (of.id-g.first)/int64(g.per)*int64(g.per)
		for id := start; id < start+int64(g.per); id++ {
			if a := r.get(id); a != nil {
				collect(a)
			}
		}
	} else {
		for _, a := range r.stored {
			collect(a)
		}
	}
	if len(all) > 0 {
		first = all[0].id
	}
	return all, first
}

// found is a component in a repository.
type found struct {
	in     *repository
	what   component
	id     int64
	assets []*asset
}

// components yields what r shows after an id, ascending within each member.
func (s *store) components(r *repository, after int64, yield func(found) bool) {
	for _, member := range s.expand(r) {
		more := true
		member.after(after, func(a *asset) bool {
			c, ok := componentOf(member.format, a.path)
			if !ok {
				return true
			}
			if all, first := member.together(a, c); first == a.id {
				more = yield(found{member, c, first, all})
			}
			return more
		})
		if !more {
			return
		}
	}
}

func (s *Server) listComponents(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	repository := s.store.repositories[query.Get("repository")]
	switch {
	case query.Get("repository") == "":
		s.refuse(w, r, http.StatusUnprocessableEntity)
		return
	case repository == nil:
		s.refuse(w, r, http.StatusNotFound)
		return
	case !subjectOf(r).lists():
		s.forbid(w, r)
		return
	}
	after, err := s.release.after(query.Get("continuationToken"), query.Has("continuationToken"))
	if err != nil {
		unexpected(w, s.release.badToken(), err)
		return
	}
	items, token := list{}, any(nil)
	s.store.components(repository, after, func(c found) bool {
		items = append(items, s.describeComponent(r, repository, c))
		if len(items) == s.release.page {
			token = s.release.token(c.id)
		}
		return len(items) < s.release.page
	})
	answer(w, object{{"items", items}, {"continuationToken", token}})
}

func (s *Server) oneComponent(w http.ResponseWriter, r *http.Request, id string) {
	name, record, err := s.release.parseRestID(id)
	var status statusError
	if errors.As(err, &status) {
		s.refuse(w, r, int(status))
		return
	}
	repository, answered := s.store.repositories[name], false
	if repository != nil && subjectOf(r).lists() {
		s.store.components(repository, record-1, func(c found) bool {
			if c.id == record {
				answer(w, s.describeComponent(r, repository, c))
				answered = true
			}
			return false
		})
	}
	switch {
	case answered:
	case repository != nil && !subjectOf(r).lists():
		s.forbid(w, r)
	default:
		s.refuse(w, r, http.StatusNotFound)
	}
}

// describeComponent is a component as repository shows it.
func (s *Server) describeComponent(r *http.Request, repository *repository, c found) object {
	assets := list{}
	for _, a := range c.assets {
		assets = append(assets, s.render(r, repository, a))
	}
	all := object{
		{"id", s.release.restID(repository.name, c.id)}, {"repository", repository.name}, {"format", repository.format},
		{"group", s.release.absent(c.what.group)}, {"name", c.what.name}, {"version", s.release.absent(c.what.version)}, {"assets", assets},
	}
	if s.release.edition == "OSS" || s.release.edition == "PRO" {
		all = append(all, field{"tags", list{}})
	}
	return all
}
