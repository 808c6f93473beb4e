package gitlab

import (
	"net/http"
	"slices"
	"strings"
)

// The newer way in which routes take tokens: GitLab's lib/gitlab/api_authentication/{token_locator,token_resolver}.rb and
// lib/api/helpers/authentication.rb. A route looks in its own places only; what it finds there must be a valid token of a
// kind that it takes, on public projects too, and there may be only one.

// places is where a route looks; 0 is the older way, in auth.go.
type places int

const (
	inBasic   places = 1 << iota // with any user name
	inUser                       // Basic, and the user name must be the token's own
	inAPIKey                     // NuGet's X-NuGet-ApiKey
	inHeaders                    // PRIVATE-TOKEN, DEPLOY-TOKEN, JOB-TOKEN
	inBearer                     // the last word of Authorization
)

var (
	acceptNuGet     = accepts{only: inUser, challenge: true}
	acceptHelm      = accepts{only: inBasic, challenge: true}
	acceptModule    = accepts{only: inUser, challenge: true}
	acceptModulePut = accepts{only: inHeaders, challenge: true}
	acceptModules   = accepts{only: inBearer, challenge: true}
	acceptNuGetPush = accepts{only: inUser | inAPIKey, challenge: true}
)

// found is a token where a route looked for it.
type found struct {
	text, user string
	kind       tokenKind
	any        bool // of any kind
}

func (p places) find(e *exchange) (all []found) {
	add := func(where places, f found) {
		if p&where != 0 && f.text != "" {
			all = append(all, f)
		}
	}
	h := e.r.Header
	if user, password, ok := e.r.BasicAuth(); ok && user != "" {
		add(inBasic|inUser, found{text: password, user: user, any: true})
	}
	add(inAPIKey, found{text: h.Get("X-NuGet-ApiKey"), any: true})
	add(inHeaders, found{text: h.Get("DEPLOY-TOKEN"), kind: deploy})
	add(inHeaders, found{text: h.Get("JOB-TOKEN"), kind: job})
	add(inHeaders, found{text: h.Get("PRIVATE-TOKEN"), kind: personal})
	authorization := h.Get("Authorization")
	add(inBearer, found{text: authorization[strings.LastIndexByte(authorization, ' ')+1:], any: true})
	return all
}

// strictly finds whose request it is; nil is anonymous, false means that it has answered.
func (e *exchange) strictly(a accepts) (*token, bool) {
	all := a.only.find(e)
	switch {
	case len(all) == 0:
		return nil, true
	case len(all) > 1:
		e.bad("Found more than one set of credentials")
		return nil, false
	}
	f := all[0]
	t := e.known(f.text)
	if t == nil || !f.any && t.kind != f.kind || a.only&inUser != 0 && f.user != "" && t.basicUser() != f.user {
		e.unauthorized(a)
		return nil, false
	}
	return t, e.usable(t, a)
}

// basicUser is whose token it is, as Basic names it.
func (t *token) basicUser() string {
	if t.kind == job {
		return "gitlab-ci-token"
	}
	return t.username()
}

// usable tells whether a token is valid still and has the scope that the request needs; false when it has answered.
func (e *exchange) usable(t *token, a accepts) bool {
	needed := []string{"api", "read_api"}
	if e.writes() && !a.query {
		needed = needed[:1]
	}
	scoped := slices.ContainsFunc(needed, func(scope string) bool { return slices.Contains(t.scopes, scope) })
	switch {
	case t.dead != "":
		e.json(http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": t.dead})
	case t.kind == personal && !scoped && !a.anyScope:
		e.json(http.StatusForbidden, map[string]string{
			"error":             "insufficient_scope",
			"error_description": "The request requires higher privileges than provided by the access token.",
			"scope":             strings.Join(needed, " "),
		})
	default:
		return true
	}
	return false
}
