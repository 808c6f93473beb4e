package artifactory

// Who may do what. Credentials are looked at in a fixed order (org.artifactory.security's AuthenticationFilterUtils): an API
// key's header goes before Bearer, and that before Basic, so that a stale key defeats a good token.

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// The accounts. All sign in with the same password, and each has a key and a token of its own.
const (
	Username = "admin"  // an administrator
	Reader   = "reader" // reads what the mode reader.denied leaves
	Outsider = "outsider"
	Password = "artifactory-standin-password"
)

// APIKey is the API key of an account.
func APIKey(user string) string { return "AKCp" + strings.Repeat("8", 60) + user }

// ReferenceToken is the reference token of an account: 64 characters that begin with "cmVmd".
func ReferenceToken(user string) string {
	return ("cmVmdGtuOjAx" + user + strings.Repeat("Zz9", 20))[:64]
}

// AccessToken is the access token of an account, which looks like a JSON Web Token.
func AccessToken(user string) string {
	return "eyJ2ZXIiOiIyIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1c2Vycy8i" + user + ".c3RhbmRpbg"
}

// account is who sent a request; the zero value is the anonymous user.
type account struct {
	name  string
	admin bool
}

const (
	unauthorized = "Unauthorized"
	badLogin     = "Bad credentials"
	revoked      = "Props Authentication Token not found"
)

type accountKey struct{}

func accountOf(r *http.Request) account {
	who, _ := r.Context().Value(accountKey{}).(account)
	return who
}

func (a account) anonymous() bool { return a.name == "" }

// byUser finds the account that a user name and a secret belong to.
func byUser(user, secret string) (account, bool) {
	if !slices.Contains([]string{Username, Reader, Outsider}, user) {
		return account{}, false
	}
	known := []string{Password, APIKey(user), ReferenceToken(user), AccessToken(user)}
	return account{user, user == Username}, slices.Contains(known, secret)
}

// bySecret finds the account that a token belongs to.
func bySecret(secret string, of ...func(user string) string) (account, bool) {
	for _, user := range []string{Username, Reader, Outsider} {
		for _, one := range of {
			if one(user) == secret {
				return account{user, user == Username}, true
			}
		}
	}
	return account{}, false
}

// authenticated finds out who sends a request. Without credentials it goes on as the anonymous user.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreign(r.Header) {
			s.stats.Foreign()
		}
		who, status, message := s.identify(r)
		switch {
		case status == http.StatusForbidden:
			refuse(w, status, message)
			return
		case status != 0:
			challenge(w, message)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), accountKey{}, who)))
	})
}

func (s *Server) identify(r *http.Request) (who account, status int, message string) {
	key := r.Header.Get("X-JFrog-Art-Api")
	if key == "" {
		key = r.Header.Get("X-Api-Key")
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	user, secret, basic := r.BasicAuth()
	known := false
	switch {
	case key != "":
		who, known = bySecret(key, APIKey, ReferenceToken)
		status, message = s.modes.badKey, badLogin
	case bearer && token == s.registryToken(""):
		known = s.modes.anonymous
	case bearer:
		who, known = bySecret(token, AccessToken, ReferenceToken, s.registryToken)
		status, message = http.StatusUnauthorized, revoked
	case basic:
		who, known = byUser(user, secret)
		status, message = http.StatusUnauthorized, badLogin
	case r.Header.Get("Authorization") != "":
		status, message = http.StatusUnauthorized, unauthorized
	}
	switch {
	case known && s.expired():
		return who, http.StatusUnauthorized, revoked
	case known:
		return who, 0, ""
	}
	return who, status, message
}

// expired counts a request with good credentials, and tells whether they have ended: mode token-expires.
func (s *Server) expired() bool {
	n := s.modes.tokenExpires
	return n > 0 && s.signedIn.Add(1) > int64(n)
}

// foreign tells credentials that were meant for another server.
func foreign(h http.Header) bool {
	return slices.ContainsFunc([]string{"Private-Token", "Job-Token", "Deploy-Token", "Cookie"}, func(name string) bool { return h.Get(name) != "" })
}

func challenge(w http.ResponseWriter, message string) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Artifactory Realm"`)
	refuse(w, http.StatusUnauthorized, message)
}

// reads tells whether an account may read a path of a repository; "" is its root.
func (s *Server) reads(who account, repo, at string) bool {
	switch {
	case who.admin:
		return true
	case who.anonymous():
		return s.modes.anonymous && !s.denied(repo, at)
	case who.name == Reader:
		return !s.denied(repo, at)
	}
	return false
}

// denied tells whether the reader may not read a path: one of the patterns REPOSITORY/PATH matches it.
func (s *Server) denied(repo, at string) bool {
	full := repo
	if at != "" {
		full += "/" + at
	}
	return slices.ContainsFunc(s.modes.denied, func(pattern string) bool {
		matched, _ := doublestar.Match(pattern, full)
		return matched
	})
}

// matchesPattern tells whether a path is one that a repository's pattern names.
func matchesPattern(pattern, at string) bool {
	matched, _ := doublestar.Match(pattern, at)
	return matched
}

// registryToken is what the token service of the container registry gives an account.
func (s *Server) registryToken(user string) string { return AccessToken("registry-" + user) }

// forbid answers a request for what the account may not read.
func (s *Server) forbid(w http.ResponseWriter, who account, repo, at string) {
	hidden := s.modes.hide && (s.modes.anonymous || !who.anonymous())
	switch {
	case who.anonymous() && !hidden:
		challenge(w, unauthorized)
	case hidden:
		refuse(w, http.StatusNotFound, "Resource not found")
	default:
		refuse(w, http.StatusForbidden, "Request for '"+repo+":"+at+"' is forbidden for user: '"+who.name+"'.")
	}
}
