package npmjs

// Who asks, and what an account may list: npm/cli workspaces/libnpmaccess for the organisation's lists; Verdaccio treats
// a wrong token as none, and answers whoami with {} then.

import (
	"net/http"
	"strings"
)

// scope is the organisation that exists; user is a user with packages of his own scope.
const (
	scope = "acme"
	user  = "jane"
)

func valid(r *http.Request) bool {
	if name, password, ok := r.BasicAuth(); ok {
		return name == Username && password == Password
	}
	return r.Header.Get("Authorization") == "Bearer "+Token
}

// hidden tells whether a package is not there for this request, and answers so.
func (s *Server) hidden(w http.ResponseWriter, r *http.Request, name string) bool {
	if s.readable(r, name) {
		return false
	}
	if s.verdaccio {
		send(w, http.StatusUnauthorized, object{"error": "authorization required to access package " + name})
	} else {
		notFound(w, r)
	}
	return true
}

func (s *Server) readable(r *http.Request, name string) bool {
	return s.o.Mode("private", "") != "yes" || !strings.HasPrefix(name, "@"+scope+"/") || valid(r)
}

func (s *Server) whoami(w http.ResponseWriter, r *http.Request) {
	switch {
	case valid(r):
		send(w, http.StatusOK, object{"username": Username})
	case s.verdaccio:
		send(w, http.StatusOK, object{})
	default:
		unauthorized(w)
	}
}

func unauthorized(w http.ResponseWriter) {
	send(w, http.StatusUnauthorized, object{"error": `Missing "Bearer" header.`})
}

// login is npm's PUT /-/user/org.couchdb.user:NAME.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var account struct{ Name, Password string }
	if !receive(w, r, &account) {
		return
	}
	if account.Name != Username || account.Password != Password {
		send(w, http.StatusUnauthorized, object{"error": "unauthorized"})
		return
	}
	send(w, http.StatusCreated, object{"ok": "you are authenticated as '" + Username + "'", "token": Token})
}

// access lists what an organisation, a team or a user can reach: an object from name to permission.
func (s *Server) access(w http.ResponseWriter, r *http.Request, kind, owner string) {
	refusal := s.o.Mode("org", "ok")
	switch {
	case s.verdaccio:
		notFound(w, r)
		return
	case !valid(r) || refusal == "401":
		unauthorized(w)
		return
	case refusal == "403":
		send(w, http.StatusForbidden, object{"error": "this kind of token may not list an organisation"})
		return
	}
	names := object{}
	permissions := [2]string{"read-only", "read-write"}
	if s.o.Mode("permissions", "read-write") == "write" {
		permissions = [2]string{"read", "write"}
	}
	for name := range s.names() {
		if owns(kind, owner, name) {
			names[name] = permissions[len(name)%2]
		}
	}
	if len(names) == 0 {
		send(w, http.StatusNotFound, object{"error": "Scope not found"})
		return
	}
	send(w, http.StatusOK, names)
}

// owns tells who reaches a name: the organisation and its teams its scope, users theirs and what has none.
func owns(kind, owner, name string) bool {
	scoped := strings.HasPrefix(name, "@"+owner+"/")
	if kind == "user" {
		return owner != scope && scoped || owner == Username && !strings.HasPrefix(name, "@")
	}
	return owner == scope && scoped
}
