package npmjs

// The change host: github.blog changelog 2025-02-26 "npm replication APIs" tells what is left of CouchDB's interface, and
// docs.couchdb.org api/database/{bulk-api,changes} what that was. It is about public packages alone, and anonymous.

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What the host gives at once.
const (
	usualPage   = 1000
	largestPage = 10_000
)

// changeHost answers with or without the database's name before a path.
func (s *Server) changeHost(w http.ResponseWriter, r *http.Request) {
	route, handler := "unknown", http.HandlerFunc(notFound)
	switch path := strings.TrimPrefix(r.URL.Path, "/registry"); {
	case r.Method != http.MethodGet:
		handler = func(w http.ResponseWriter, _ *http.Request) {
			send(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		}
	case path == "/" || path == "":
		route, handler = "changes info", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, s.info()) }
	case path == "/_changes":
		route, handler = "changes", s.changes
	case path == "/_all_docs":
		route, handler = "all docs", s.allDocs
	}
	s.stats.Request(r.Method, route)
	s.Faults.Wrap("list", handler).ServeHTTP(w, r)
}

func (s *Server) info() object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return object{"db_name": "registry", "engine": "postgres", "update_seq": s.head}
}

// badRequest is the whole answer to what the host does not know any more.
func badRequest(w http.ResponseWriter) { send(w, http.StatusBadRequest, "Bad Request") }

// limit is how many rows a request is given; 0 for a number that is none.
func (s *Server) limit(r *http.Request) int {
	text := r.URL.Query().Get("limit")
	if text == "" {
		text = strconv.Itoa(usualPage)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return min(n, largestPage, s.modes.number("changes.page"))
}

// public tells whether the change host has a package.
func (s *Server) public(name string) bool { return !s.isPrivate(name) && !s.vanished(name) }

// allDocs lists names in the order of their bytes, from startkey on, which is the first row. It can not skip.
func (s *Server) allDocs(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit := s.limit(r)
	start, fine := key(query.Get("startkey"))
	end, good := key(query.Get("endkey"))
	if limit == 0 || !fine || !good || query.Has("skip") || query.Has("include_docs") {
		badRequest(w)
		return
	}
	start = cmp.Or(start, query.Get("startkey_docid"))
	if s.modes.is("changes.endkey", "ignored") {
		end = ""
	}
	rows, total, before := []object{}, 0, 0
	for name := range s.documents {
		total++
		switch {
		case name < start:
			before++
		case len(rows) < limit && (end == "" || name <= end):
			rows = append(rows, object{"id": name, "key": name, "value": object{"rev": s.revision(name)}})
		}
	}
	send(w, http.StatusOK, object{"total_rows": total, "offset": before, "rows": rows})
}

// design is a document that is no package.
const design = "_design/scratch"

// documents yields the names of what the host has.
func (s *Server) documents(yield func(string) bool) {
	views := false
	for name := range s.names {
		if !views && name > design {
			views = true
			if !yield(design) {
				return
			}
		}
		if s.public(name) && !yield(name) {
			return
		}
	}
	if !views {
		yield(design)
	}
}

// key is a parameter of CouchDB's: JSON. It is fine when it is left out.
func key(text string) (value string, fine bool) {
	if text == "" {
		return "", true
	}
	err := json.Unmarshal([]byte(text), &value)
	return value, err == nil
}

// changes tells each package once, at its last change.
func (s *Server) changes(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	since, err := strconv.Atoi(cmp.Or(query.Get("since"), "0"))
	limit := s.limit(r)
	if err != nil || limit == 0 || query.Has("skip") || query.Has("include_docs") || query.Has("filter") || query.Has("feed") {
		badRequest(w)
		return
	}
	rows := s.changed(since, limit)
	last, _ := s.info()["update_seq"].(int)
	if len(rows) == limit {
		last, _ = rows[limit-1]["seq"].(int)
	}
	send(w, http.StatusOK, object{"results": rows, "last_seq": last})
}

// changed are the rows behind since: first what was never changed and is made on reading, then the rest.
func (s *Server) changed(since, limit int) []object {
	rows := []object{}
	for i := max(since/step, 0); i < bulkNames(s.bulk) && len(rows) < limit; i++ {
		if name := bulkName(i); s.public(name) && !s.stored(name) {
			rows = append(rows, object{"seq": step * (i + 1), "id": name, "changes": []object{{"rev": s.revision(name)}}})
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	kept := []*pack{}
	for name, p := range s.packs {
		if p.seq > since && !s.isPrivate(name) {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b *pack) int { return cmp.Or(a.seq-b.seq, strings.Compare(a.name, b.name)) })
	for _, p := range kept[:min(len(kept), limit-len(rows))] {
		one := object{"seq": p.seq, "id": p.name, "changes": []object{{"rev": p.rev()}}}
		if p.entombed && s.modes.is("tombstone", "404") {
			one["deleted"] = true
		}
		rows = append(rows, one)
	}
	return rows
}
