package gitlab

import (
	"net/http"
	"strings"
)

// Who may do what at the registry: registry/auth/token/accesscontroller.go and registry/handlers/app.go
// (appendAccessRecords) in gitlab-org/container-registry. It believes only the tokens of /jwt/auth.

// accessRecord is an action that a request needs, as the registry spells it in its answer.
type accessRecord struct {
	Type, Class, Name, ProjectPath, Action string
}

// needed are the actions of a request; mounting needs pull on the other repository as well.
func (c *call) needed(r *registryRoute) (records []accessRecord) {
	add := func(name string, actions ...string) {
		for _, action := range actions {
			records = append(records, accessRecord{Type: "repository", Name: name, Action: action})
		}
	}
	switch {
	case r.name == "catalog":
		return []accessRecord{{Type: "registry", Name: "catalog", Action: "*"}}
	case c.repository == "":
		return nil
	}
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		add(c.repository, "pull")
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		add(c.repository, "pull", "push")
	case http.MethodDelete:
		add(c.repository, "delete")
	}
	if from := c.r.URL.Query().Get("from"); from != "" {
		add(from, "pull")
	}
	return records
}

// registryAuthorized checks a request's token; false when it has answered.
func (s *Server) registryAuthorized(r *registryRoute, c *call) bool {
	if r.name == "upload" && s.onUploadHost(c.exchange) {
		return true // the address itself is signed
	}
	records := c.needed(r)
	bearer, sent := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	failure := ""
	if sent {
		key, err := theSigner()
		if err == nil {
			c.claims, err = key.verify(bearer, s.clock.now(), s.modes.duration("registry.leeway"))
		}
		if err != nil {
			failure = "invalid_token"
		}
	}
	if sent && failure == "" {
		for _, one := range records {
			if !c.claims.allows(one.Type, one.Name, one.Action) {
				failure = "insufficient_scope"
			}
		}
		if failure == "" {
			return true
		}
	}
	s.challenge(c.exchange, records, failure)
	c.wrong("UNAUTHORIZED", records)
	return false
}

// challenge tells where the token is to be had, and for what.
func (s *Server) challenge(e *exchange, records []accessRecord, failure string) {
	text := `Bearer realm="` + s.base(e) + `` + jwtPath + `",service="` + registryService + `"`
	var scopes []string
	for i, one := range records {
		if i > 0 && records[i-1].Name == one.Name {
			scopes[len(scopes)-1] += "," + one.Action
			continue
		}
		scopes = append(scopes, one.Type+":"+one.Name+":"+one.Action)
	}
	if scopes != nil {
		text += `,scope="` + strings.Join(scopes, " ") + `"`
	}
	if failure != "" {
		text += `,error="` + failure + `"`
	}
	e.w.Header().Set("WWW-Authenticate", text)
}

// base is GitLab's address, which the registry may not share.
func (s *Server) base(e *exchange) string {
	if external := s.modes.get("external_url"); external != "" {
		return external
	}
	return e.base()
}

// onUploadHost tells whether a request came to the host that mode registry.upload.host names.
func (s *Server) onUploadHost(e *exchange) bool {
	host := s.modes.get("registry.upload.host")
	return host != "" && host == e.r.Host
}

// foreignCredential tells whether a request to the registry carries what is meant for GitLab.
func (e *exchange) foreignCredential() bool {
	h := e.r.Header
	_, _, basic := e.r.BasicAuth()
	return basic || h.Get("PRIVATE-TOKEN") != "" || h.Get("JOB-TOKEN") != "" || h.Get("DEPLOY-TOKEN") != ""
}

// registryToken tells whether a request to GitLab carries a token of its registry.
func (e *exchange) registryToken() bool {
	bearer, sent := strings.CutPrefix(e.r.Header.Get("Authorization"), "Bearer ")
	return sent && strings.Count(bearer, ".") == 2
}
