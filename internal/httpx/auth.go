// Credentials in requests: RFC 7617 (Basic), RFC 6750 (Bearer), and headers of a server's own such as GitLab's
// PRIVATE-TOKEN (GitLab: doc/api/rest/authentication.md).

package httpx

import "net/http"

// Auth sets the credentials of a request. It is called only for requests to the scheme, host and port of Options.Base.
type Auth func(req *http.Request)

// Basic sends a user name and a password (RFC 7617).
func Basic(user, password string) Auth {
	return func(req *http.Request) { req.SetBasicAuth(user, password) }
}

// Bearer sends a token (RFC 6750).
func Bearer(token string) Auth { return Header("Authorization", "Bearer "+token) }

// Header sends a credential in a header of its own, such as GitLab's PRIVATE-TOKEN.
func Header(name, value string) Auth {
	return func(req *http.Request) { req.Header.Set(name, value) }
}

// Anonymous sends none.
func Anonymous() Auth { return func(*http.Request) {} }
