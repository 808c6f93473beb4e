package npmjs

// The lists of names beside the organisation's: search (npm/registry docs/REGISTRY-API.md), which shows anonymous callers
// a part of what there is, and Verdaccio's own (packages/web and packages/api).

import (
	"net/http"
	"strconv"
	"strings"
)

// search finds public, not deprecated packages. npm's public registry gives at most 250 at once; Verdaccio takes "from"
// for the page's begin and "size" for its end, and calls the length of the page the total.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	text := query.Get("text")
	switch {
	case s.limited():
		refuse(w, r, http.StatusTooManyRequests)
		return
	case s.verdaccio:
	case text == "":
		send(w, http.StatusBadRequest, object{"error": "'text' query parameter is required", "code": "ERR_TEXT_MISSING"})
		return
	case len(text) < 2 || len(text) > 64:
		send(w, http.StatusBadRequest, object{"error": "'text' query parameter must be between 2 and 64 characters", "code": "ERR_TEXT_LENGTH"})
		return
	}
	size, err := strconv.Atoi(query.Get("size"))
	if err != nil {
		size = 20
	}
	from, _ := strconv.Atoi(query.Get("from"))
	word := text
	if !s.verdaccio {
		size = min(size, 250)
		word = strings.TrimPrefix(text, "scope:")
	}
	found := []object{}
	for name := range s.names {
		if strings.Contains(name, word) && s.readable(s.searcher(r), name) {
			if one := s.hit(name); one != nil {
				found = append(found, one)
			}
		}
	}
	total := len(found)
	to := min(from+size, total)
	if s.verdaccio {
		to = min(size, total)
	}
	from = min(max(from, 0), total)
	found = found[from:max(from, to)]
	if s.verdaccio {
		total = len(found)
	}
	send(w, http.StatusOK, object{"objects": found, "total": total, "time": born.Format(timeForm)})
}

// searcher is who searches: nobody, at npm's public registry.
func (s *Server) searcher(r *http.Request) *http.Request {
	if s.verdaccio {
		return r
	}
	return &http.Request{Header: http.Header{}}
}

// hit is a package as search shows it; nil when search leaves it out.
func (s *Server) hit(name string) object {
	p := s.snapshot(name)
	newest := p.newest()
	if newest == nil || (p.deprecated[newest.version] != nil || p.young) && !s.verdaccio {
		return nil
	}
	return object{
		"package": object{
			"name": name, "version": newest.version, "description": newest.manifest["description"], "date": newest.at.Format(timeForm),
			"keywords": []string{}, "links": object{}, "maintainers": []object{{"username": Username}}, "publisher": object{"username": Username},
		},
		"score":       object{"final": 1, "detail": object{"quality": 1, "popularity": 1, "maintenance": 1}},
		"searchScore": 1,
		"flags":       object{"insecure": 0},
	}
}

// web is the list of Verdaccio's web interface.
func (s *Server) web(w http.ResponseWriter, r *http.Request) {
	mode := s.modes.get("web")
	if mode == "off" || mode == "hidden" && s.valid(r) {
		send(w, http.StatusNotFound, object{"error": "File not found"})
		return
	}
	manifests := []object{}
	for name := range s.names {
		if s.readable(r, name) {
			p := s.snapshot(name)
			if newest := p.newest(); newest != nil {
				manifests = append(manifests, s.manifest(p, newest, s.tarballs(r), false))
			}
		}
	}
	send(w, http.StatusOK, manifests)
}

// all is the old list of everything.
func (s *Server) all(w http.ResponseWriter, r *http.Request) {
	if s.modes.is("all", "off") {
		send(w, http.StatusNotFound, object{"error": "not found"})
		return
	}
	packages := object{"_updated": 99999}
	for name := range s.names {
		if s.readable(r, name) {
			packages[name] = object{"name": name, "dist-tags": s.snapshot(name).tags}
		}
	}
	send(w, http.StatusOK, packages)
}
