package dockerhub

// The token service: distribution's docs/content/spec/auth/{token,scope}.md as auth.docker.io speaks it. Rights that are
// missing are no error here: the token then grants less.

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"pkgferry/integration/standin"
)

// service is how the registry is called in challenges and tokens.
const service = "registry.docker.io"

func (s *Server) serveAuth(w http.ResponseWriter, r *http.Request) {
	s.count(r, "auth")
	switch {
	case r.URL.Path != "/token":
		http.NotFound(w, r)
	case r.Method != http.MethodGet:
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	default:
		s.Faults.Wrap(standin.Token, http.HandlerFunc(s.issue)).ServeHTTP(w, r)
	}
}

// issue answers with a token for the scopes of a request.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) {
	who := subject{}
	if r.Header.Get("Authorization") != "" {
		name, secret, basic := r.BasicAuth()
		if !basic {
			s.stats.Foreign() // a token of another role
		}
		password, ok := false, false
		if who, password, ok = account(name, secret); !ok || password && (s.modes.on("2fa") || s.modes.on("sso")) && who.Name == Username {
			badCredentials(w)
			return
		}
	}
	now := s.clock.now()
	c := claims{Audience: registryAudience, Subject: who}
	if r.URL.Query().Get("service") == service {
		for _, scope := range r.URL.Query()["scope"] {
			for _, one := range strings.Fields(scope) {
				c.Access = append(c.Access, s.granted(who, one)...)
			}
		}
	}
	token := s.keys.sign(c, now, s.modes.duration("token"))
	answer := object{"issued_at": now.UTC().Format(time.RFC3339Nano)}
	for _, field := range []string{"token", "access_token"} {
		if fields := s.modes.get("token.fields"); fields == "both" || fields == field {
			answer[field] = token
		}
	}
	if s.modes.on("token.expires") {
		answer["expires_in"] = int64(s.modes.duration("token").Seconds())
	}
	send(w, http.StatusOK, answer)
}

// badCredentials refuses a name and a secret, also for what anybody may pull.
func badCredentials(w http.ResponseWriter) {
	send(w, http.StatusUnauthorized, object{"details": "incorrect username or password"})
}

// repositoryName is what the registry takes for one: "library/" is not added.
var repositoryName = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$`)

// granted is what of a scope, such as "repository:acme/app:pull,push", a subject gets.
func (s *Server) granted(who subject, scope string) []access {
	kind, rest, _ := strings.Cut(scope, ":")
	at := strings.LastIndexByte(rest, ':')
	if kind != "repository" || at < 0 || !repositoryName.MatchString(rest[:at]) {
		return nil
	}
	one := access{Type: kind, Name: rest[:at], Actions: []string{}}
	if found := s.hub.find(one.Name); found != nil && who.sees(found) {
		for _, action := range strings.Split(rest[at+1:], ",") {
			if action == "pull" || action == "*" {
				one.Actions = []string{"pull"}
			}
		}
	}
	return []access{one}
}
