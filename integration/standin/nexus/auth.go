package nexus

// Who may do what (org.sonatype.nexus.security.authc.NexusBasicHttpAuthenticationFilter): without credentials a request
// goes on as the anonymous user, or as nobody; wrong ones are refused everywhere, even where none are needed.

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// signin blocks a user after more than three failed sign-ins, the right password included.
type signin struct {
	mu     sync.Mutex
	failed map[string]int
}

// blocked counts a sign-in that failed, and tells whether the user is blocked.
func (s *signin) blocked(user string, right bool) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed[user] > 3 {
		return true
	}
	if !right {
		s.failed[user]++
	}
	return false
}

// subject is who sent a request: a user name, anonymous, or nobody.
type subject string

const (
	anonymous subject = "anonymous"
	nobody    subject = ""
)

type subjectKey struct{}

func subjectOf(r *http.Request) subject {
	who, _ := r.Context().Value(subjectKey{}).(subject)
	return who
}

// right is a privilege on every repository.
type right int

const (
	toBrowse right = iota
	toRead
	toAdminister
)

// may tells whether the subject has a privilege.
func (s subject) may(what right) bool {
	switch s {
	case Username:
		return true
	case Reader, anonymous:
		return what != toAdminister
	case Blind:
		return what == toRead
	}
	return false
}

// lists tells whether the subject may list content, for which either privilege is enough.
func (s subject) lists() bool { return s.may(toBrowse) || s.may(toRead) }

func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := nobody
		if s.anonymous {
			who = anonymous
		}
		if foreign(r.Header) {
			s.stats.Foreign()
		}
		if r.Header.Get("Authorization") == "Bearer "+dockerToken && strings.HasPrefix(r.URL.Path, s.context+"/repository/") {
			who = Reader
		}
		user, password, given := r.BasicAuth()
		if given && user+password != "" {
			right := password == Password && slices.Contains([]string{Username, Reader, Blind, Outsider}, user)
			if s.signin.blocked(user, right) {
				w.Header().Set("Retry-After", "30")
				page(w, r, http.StatusTooManyRequests, "Too many authentication attempts")
				return
			}
			if !right {
				challenge(w, r)
				return
			}
			who = subject(user)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), subjectKey{}, who)))
	})
}

// foreign tells credentials that were meant for another server.
func foreign(h http.Header) bool {
	for _, name := range []string{"Private-Token", "Job-Token", "Deploy-Token", "Cookie", "X-Jfrog-Art-Api"} {
		if h.Get(name) != "" {
			return true
		}
	}
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	return token != dockerToken && scheme != "" && !strings.EqualFold(scheme, "Basic")
}

func challenge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `BASIC realm="Sonatype Nexus Repository Manager"`)
	page(w, r, http.StatusUnauthorized, "Unauthorized")
}
