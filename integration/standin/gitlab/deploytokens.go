package gitlab

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// Deploy tokens of a group: GitLab's lib/api/deploy_tokens.rb and app/models/deploy_token.rb. A Maintainer lists them, an
// Owner makes them (app/policies/group_policy.rb).

func (s *Server) deployTokenRoutes() []route {
	return []route{
		{"GET", "/api/v4/groups/:id/deploy_tokens", "deploy tokens", s.listDeployTokens},
		{"POST", "/api/v4/groups/:id/deploy_tokens", "deploy tokens", s.createDeployToken},
	}
}

// deployToken is a row of a group's tokens.
type deployToken struct {
	id             int
	name, username string
	scopes         []string
	expires        time.Time // zero: never
}

var (
	deployScopes = []string{
		"read_repository", "read_registry", "write_registry", "read_package_registry", "write_package_registry",
		"read_virtual_registry", "write_virtual_registry",
	}
	deployUser = regexp.MustCompile(`^[a-zA-Z0-9.+_-]+$`)
)

func (t deployToken) expired(now time.Time) bool {
	return !t.expires.IsZero() && !now.Before(t.expires)
}

func (t deployToken) shown(now time.Time) map[string]any {
	expires := any(nil)
	if !t.expires.IsZero() {
		expires = t.expires.UTC().Format(timeFormat)
	}
	return map[string]any{
		"id": t.id, "name": t.name, "username": t.username, "expires_at": expires, "scopes": t.scopes,
		"revoked": false, "expired": t.expired(now),
	}
}

// groupFor finds the group of a request whose sender needs a role there; false when it has answered.
func (s *Server) groupFor(e *exchange, role int) (*group, bool) {
	who, ok := s.account(e)
	if !ok {
		return nil, false
	}
	g, _, ok := s.findGroup(e, acceptAPI)
	if !ok {
		return nil, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if who.roleInGroup(g) < role {
		e.fail(http.StatusForbidden, "403 Forbidden")
		return nil, false
	}
	return g, true
}

func (s *Server) listDeployTokens(e *exchange) {
	g, ok := s.groupFor(e, maintainer)
	if !ok {
		return
	}
	now := s.clock.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := slices.Clone(g.tokens)
	if e.r.URL.Query().Get("active") == "true" {
		all = slices.DeleteFunc(all, func(t deployToken) bool { return t.expired(now) })
	}
	from, to, ok := e.page(len(all))
	if !ok {
		return
	}
	shown := []any{}
	for _, t := range all[from:to] {
		shown = append(shown, t.shown(now))
	}
	e.json(http.StatusOK, shown)
}

func (s *Server) createDeployToken(e *exchange) {
	g, ok := s.groupFor(e, owner)
	if !ok {
		return
	}
	in, ok := e.parameters()
	if !ok || !in.required(e, "name", "scopes") {
		return
	}
	made := deployToken{name: in.text("name"), username: in.text("username"), scopes: in.list("scopes")}
	for _, scope := range made.scopes {
		if !slices.Contains(deployScopes, scope) {
			e.invalid("scopes does not have a valid value")
			return
		}
	}
	switch expires, err := expiry(in.text("expires_at")); {
	case err != nil:
		e.invalid("expires_at is invalid")
		return
	case len(made.scopes) == 0:
		e.fail(http.StatusBadRequest, "Scopes can't be blank")
		return
	case made.username != "" && !deployUser.MatchString(made.username):
		e.fail(http.StatusBadRequest, "Username can contain only letters, digits, '_', '-', '+', and '.'")
		return
	default:
		made.expires = expires
	}
	secret := "gldt-" + rand.Text()[:20]
	s.mu.Lock()
	made.id = s.nextID()
	made.username = cmp.Or(made.username, fmt.Sprintf("gitlab+deploy-token-%d", made.id))
	g.tokens = append(g.tokens, made)
	if s.issued == nil {
		s.issued = map[string]*token{}
	}
	s.issued[secret] = &token{id: made.id, kind: deploy, name: made.username, scopes: made.scopes, group: g, expires: made.expires}
	s.mu.Unlock()
	shown := made.shown(s.clock.now())
	shown["token"] = secret
	e.json(http.StatusCreated, shown)
}

// expiry reads a date or a time; zero for an empty text.
func expiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}
