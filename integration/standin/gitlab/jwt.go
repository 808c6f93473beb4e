package gitlab

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"pkgferry/integration/standin"
)

// GET /jwt/auth, where a client of the container registry gets its token: GitLab's app/controllers/jwt_controller.rb. It
// answers in the words of GitLab 18.9.

func (s *Server) jwtRoutes() []route {
	return []route{
		{"GET", jwtPath, "jwt", s.faulty(s.jwt, standin.Token)},
		{"GET", "/_standin/registry.crt", "", s.registryCertificate},
	}
}

const jwtPath = "/jwt/auth"

// refuseJWT answers with GitLab's code and message; the status is in the body too, except for a wrong password.
func (e *exchange) refuseJWT(status int, code, message string) {
	body := map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}}
	if status != http.StatusUnauthorized {
		body["http_status"] = status
	}
	e.json(status, body)
}

// accessDenied is the answer to a wrong password.
func (e *exchange) accessDenied() {
	e.refuseJWT(http.StatusUnauthorized, "UNAUTHORIZED", "HTTP Basic: Access denied. If a password was provided for Git "+
		"authentication, the password was incorrect or you're required to use a token instead of a password. If a token was "+
		"provided, it was either incorrect, expired, or improperly scoped. See "+e.base()+
		"/help/user/profile/account/two_factor_authentication_troubleshooting.md"+
		"#error-http-basic-access-denied-if-a-password-was-provided-for-git-authentication-")
}

// gitCredential finds whose user name and password came; nil is anonymous, false means that they are wrong.
func (s *Server) gitCredential(e *exchange) (*token, bool) {
	user, password, ok := e.r.BasicAuth()
	if !ok {
		return nil, true
	}
	t := s.tokenOf(password)
	switch {
	case t == nil || t.dead != "":
		return nil, false
	case t.kind == deploy:
		return t, user == t.name
	case t.kind == job:
		return t, user == "gitlab-ci-token"
	}
	return t, true // any name does
}

func (s *Server) jwt(e *exchange) {
	who, ok := s.gitCredential(e)
	query := e.r.URL.Query()
	switch {
	case !ok:
		e.accessDenied()
		return
	case query.Get("service") != registryService:
		e.empty(http.StatusNotFound)
		return
	case !s.modes.on("registry"):
		e.refuseJWT(http.StatusNotFound, "UNAVAILABLE", "registry not enabled")
		return
	case who.abilities().none():
		e.refuseJWT(http.StatusForbidden, "DENIED", "access forbidden")
		return
	}
	scopes, ok := parseScopes(query["scope"])
	if !ok {
		e.text(http.StatusInternalServerError, "500 Internal Server Error\n")
		return
	}
	if given, ok := s.grants(e, who, scopes); ok {
		s.issue(e, who, given)
	}
}

// grants is what of the scopes who is granted; false when it has answered.
func (s *Server) grants(e *exchange, who *token, scopes []scope) (given []access, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	given = []access{}
	for _, want := range scopes {
		if slices.Contains(want.actions, "push") && s.modes.get("storage") == "full" {
			e.refuseJWT(http.StatusForbidden, "DENIED", "Your action has been rejected because the namespace storage limit has "+
				"been reached. For more information, visit "+e.base()+"/help/user/storage_usage_quotas.md.")
			return nil, false
		}
		if one := s.granted(who, want); one != nil {
			given = append(given, *one)
		}
	}
	if len(given) == 0 && who == nil {
		e.refuseJWT(http.StatusForbidden, "DENIED", "access forbidden")
		return nil, false
	}
	for _, one := range given {
		changes := slices.Contains(one.Actions, "push") || slices.Contains(one.Actions, "*")
		if p := s.imageProject(one.Name); changes && p.protectsPath(one.Name, "push", who) {
			e.refuseJWT(http.StatusForbidden, "DENIED", "Pushing to protected repository path forbidden")
			return nil, false
		}
	}
	return given, true
}

// issue answers with a token. Mode registry.token.json=docker adds what other token servers tell (distribution:
// docs/content/spec/auth/token.md).
func (s *Server) issue(e *exchange, who *token, given []access) {
	now := s.clock.now()
	life := s.modes.duration("registry.token")
	c := claims{
		ID: newID(), Audience: registryService, Issuer: registryIssuer, AuthType: who.authType(), Access: given,
		IssuedAt: now.Unix(), NotBefore: now.Add(-5 * time.Second).Unix(), Expires: now.Add(life).Unix(),
	}
	if who != nil && who.kind != deploy {
		c.Subject = who.username()
	}
	key, err := theSigner()
	if err == nil && who != nil {
		c.User, err = key.sign(userInfo(who, now))
	}
	var text string
	if err == nil {
		text, err = key.sign(c)
	}
	if err != nil {
		e.text(http.StatusInternalServerError, "500 Internal Server Error\n")
		return
	}
	answer := map[string]any{"token": text}
	if s.modes.get("registry.token.json") == "docker" {
		answer["access_token"], answer["expires_in"] = text, int(life.Seconds())
		answer["issued_at"] = now.UTC().Format(time.RFC3339)
	}
	e.json(http.StatusOK, answer)
}

// userInfo are the claims of the token inside a token, which the registry only logs.
func userInfo(who *token, now time.Time) map[string]any {
	info := map[string]any{"token_type": who.authType(), "username": who.username()}
	if who.kind == deploy {
		info["deploy_token_id"] = who.id
	} else {
		info["user_id"] = who.id
	}
	return map[string]any{
		"jti": newID(), "iat": now.Unix(), "nbf": now.Unix() - 5, "exp": now.Unix() + 60, "user_info": info,
	}
}

// username is the name behind a token; a deploy token's is its own.
func (t *token) username() string {
	if t.kind == deploy {
		return t.name
	}
	return strings.TrimPrefix(t.name, "standin-")
}

// newID is a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// registryCertificate answers with what a real registry needs to trust the tokens: the rootcertbundle of its configuration.
func (s *Server) registryCertificate(e *exchange) {
	key, err := theSigner()
	if err != nil {
		e.fail(http.StatusInternalServerError, err.Error())
		return
	}
	e.w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = e.w.Write(key.bundle())
}
