package npmjs

// Who asks: github.com/npm/registry docs/user/authentication.md, and what npm/npm-registry-fetch lib/check-response.js
// knows of refusals. Verdaccio treats a wrong token as none, and answers whoami with {} then.

import (
	"net/http"
	"strings"
)

// scope is the organisation that exists; the user jane has packages of her own scope.
const scope = "acme"

// right tells whether a request brings the account's credentials, be they still good or not.
func right(r *http.Request) bool {
	if name, password, ok := r.BasicAuth(); ok {
		return name == Username && password == Password
	}
	return r.Header.Get("Authorization") == "Bearer "+Token
}

// valid tells whether the account is let in.
func (s *Server) valid(r *http.Request) bool {
	return right(r) && !s.expired() && s.modes.is("token", "ok")
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

// readable tells whether a request may see a package, or might if it were there.
func (s *Server) readable(r *http.Request, name string) bool {
	return !s.isPrivate(name) || s.valid(r) && !s.revoked(name)
}

func (s *Server) whoami(w http.ResponseWriter, r *http.Request) {
	mode := s.modes.get("whoami")
	switch {
	case s.valid(r) && mode == "missing":
		send(w, http.StatusNotFound, object{"code": "ResourceNotFound", "message": "/-/whoami does not exist"})
	case s.valid(r) && mode == "page":
		page(w, http.StatusOK, "One moment, please")
	case s.valid(r) && mode == "empty", !s.valid(r) && s.verdaccio:
		send(w, http.StatusOK, object{})
	case s.valid(r) && mode == "ok":
		send(w, http.StatusOK, object{"username": Username})
	default:
		s.unauthorized(w, r)
	}
}

// unauthorized refuses a request, and tells a right token why it is not taken.
func (s *Server) unauthorized(w http.ResponseWriter, r *http.Request) {
	why := s.modes.get("token")
	if !right(r) {
		why = ""
	}
	refuseLogin(w, why)
}

func refuseLogin(w http.ResponseWriter, why string) {
	text := `Missing "Bearer" header.`
	switch why {
	case "ip":
		w.Header().Set("WWW-Authenticate", "Bearer, ipaddress")
		text = "Unable to authenticate: this token may not be used from your address."
	case "otp":
		w.Header().Set("WWW-Authenticate", "OTP")
		text = "You must provide a one-time pass."
	case "onetime":
		text = "You must provide a one-time pass. Upgrade your client to npm@latest in order to use 2FA."
	}
	send(w, http.StatusUnauthorized, object{"error": text})
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

// granted tells whether a request may ask what an organisation, its teams or a user have, and answers it when it may not.
func (s *Server) granted(w http.ResponseWriter, r *http.Request, mode string) bool {
	switch {
	case s.verdaccio || mode == "404":
		send(w, http.StatusNotFound, object{"error": "Not found"})
	case !s.valid(r):
		s.unauthorized(w, r)
	case mode == "401" || mode == "otp":
		refuseLogin(w, mode)
	case mode == "403":
		send(w, http.StatusForbidden, object{"message": "this kind of token may not list an organisation"})
	case mode == "page":
		page(w, http.StatusOK, "Packages for everybody")
	default:
		return true
	}
	return false
}

// page answers with a page for people.
func page(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<!DOCTYPE html>\n<html><head><title>" + text + "</title></head><body>" + text + "</body></html>\n"))
}

// owns tells whose a name is: the organisation's scope, users' own scopes, and what has none.
func owns(owner, name string) bool {
	return strings.HasPrefix(name, "@"+owner+"/") || owner == Username && !strings.HasPrefix(name, "@")
}
