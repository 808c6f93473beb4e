package dockerhub

import (
	"slices"
	"strings"
)

// The accounts. The organization Org belongs to Username.
const (
	Username = "standin"
	Password = "standin-hub-password"
	Org      = "acme"
	Outsider = "outsider"

	Token         = "dckr_pat_standin-read"
	TokenPublic   = "dckr_pat_standin-public"
	TokenOrg      = "dckr_oat_standin-acme"
	TokenOrgBlind = "dckr_oat_standin-blind"
	TokenOrgFew   = "dckr_oat_standin-few"
)

// code is what the second factor of mode 2fa is.
const code = "123456"

// subject is who asks. The zero value is anybody.
type subject struct {
	// Name is the account; "" is anonymous.
	Name string `json:"name,omitempty"`
	// Org: by an access token of an organization. Blind: it lists public repositories alone.
	Org   bool `json:"org,omitempty"`
	Blind bool `json:"blind,omitempty"`
	// Private: it may read private repositories of Org; Few: only those of few.
	Private bool `json:"private,omitempty"`
	Few     bool `json:"few,omitempty"`
}

// few are the repositories of TokenOrgFew.
var few = []string{"acme/app", "acme/chart"}

// account finds who a name and a secret belong to. password tells that the secret is one.
func account(name, secret string) (who subject, password, ok bool) {
	switch name = strings.ToLower(name); {
	case name == Username && secret == Password:
		return subject{Name: name, Private: true}, true, true
	case name == Username && secret == Token:
		return subject{Name: name, Private: true}, false, true
	case name == Username && secret == TokenPublic:
		return subject{Name: name}, false, true
	case name == Outsider && secret == Password:
		return subject{Name: name}, true, true
	case name == Org && secret == TokenOrg:
		return subject{Name: name, Org: true, Private: true}, false, true
	case name == Org && secret == TokenOrgBlind:
		return subject{Name: name, Org: true, Private: true, Blind: true}, false, true
	case name == Org && secret == TokenOrgFew:
		return subject{Name: name, Org: true, Private: true, Few: true}, false, true
	}
	return subject{}, false, false
}

// sees tells whether a subject may read what is in a repository.
func (s subject) sees(r *info) bool {
	return !r.private || s.Private && (!s.Few || slices.Contains(few, r.name))
}

// lists tells whether a listing shows a repository to a subject. What an organization's token may not list it leaves out
// without a word; what it lists it may not be able to read.
func (s subject) lists(r *info) bool { return !r.private || s.Private && !s.Blind }
