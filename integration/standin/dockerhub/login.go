package dockerhub

// How one signs in to the API: the current way and the older one, with a second factor.

import (
	"encoding/json"
	"io"
	"net/http"
)

const maxBody = 1 << 20

// read decodes a body; false when it has answered.
func (c *call) read(into any) bool {
	if err := json.NewDecoder(io.LimitReader(c.r.Body, maxBody)).Decode(into); err != nil {
		detail(c.w, http.StatusBadRequest, "JSON parse error")
		return false
	}
	return true
}

// authToken exchanges a name and a secret for a token.
func (s *Server) authToken(c *call) {
	var body struct{ Identifier, Secret string }
	if c.read(&body) {
		s.enter(c, body.Identifier, body.Secret, "access_token")
	}
}

// login is the older way, for users alone.
func (s *Server) login(c *call) {
	var body struct{ Username, Password string }
	if !c.read(&body) {
		return
	}
	if who, _, _ := account(body.Username, body.Password); who.Org {
		incorrect(c.w)
		return
	}
	s.enter(c, body.Username, body.Password, "token")
}

func (s *Server) enter(c *call, name, secret, field string) {
	who, password, ok := account(name, secret)
	switch {
	case !ok, password && who.Name == Username && s.modes.on("sso"):
		incorrect(c.w)
	case password && who.Name == Username && s.modes.on("2fa"):
		send(c.w, http.StatusUnauthorized, struct {
			Detail string `json:"detail"`
			Token  string `json:"login_2fa_token"`
		}{"Require secondary authentication on MFA enabled account", s.token(who, "2fa")})
	default:
		s.admit(c, who, field)
	}
}

func incorrect(w http.ResponseWriter) {
	detail(w, http.StatusUnauthorized, "Incorrect authentication credentials")
}

// token is one of the API's for an audience.
func (s *Server) token(who subject, audience string) string {
	return s.keys.sign(claims{Audience: audience, Subject: who}, s.clock.now(), s.modes.duration("jwt"))
}

// admit answers with a token.
func (s *Server) admit(c *call, who subject, field string) {
	answer := object{field: s.token(who, hubAudience)}
	if c.r.URL.Query().Get("refresh_token") == "true" {
		answer["refresh_token"] = s.token(who, "refresh")
	}
	send(c.w, http.StatusOK, answer)
}

// secondFactor ends a login that began with a password.
func (s *Server) secondFactor(c *call) {
	var body struct {
		Token string `json:"login_2fa_token"`
		Code  string `json:"code"`
	}
	if !c.read(&body) {
		return
	}
	begun, err := s.keys.verify(body.Token, "2fa", s.clock.now())
	if err != nil || body.Code != code {
		incorrect(c.w)
		return
	}
	s.admit(c, begun.Subject, "token")
}
