package gitlab

// What the registry asks for when it answers 401: a Bearer challenge (RFC 9110, section 11.6.1; RFC 6750, section 3;
// registry/auth/token/accesscontroller.go in gitlab-org/container-registry). Where tokens are had is known without it, so
// no address is taken from it.

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"pkgferry/internal/httpx"
)

// stale tells whether err is a 401 that a newer token may turn: one with a challenge. GitLab's registry sends none with
// the refusals that are for good.
func stale(err error) bool {
	e, ok := errors.AsType[*httpx.StatusError](err)
	if !ok || e.Status != http.StatusUnauthorized || complains(e, "PROTECTED_TAG", "IMMUTABLE_TAG", "PROTECTED_MANIFEST") {
		return false
	}
	_, challenged := httpx.BearerChallenge(e.Header)
	return challenged
}

// describe says what a 401's challenge tells the operator.
func describe(e *httpx.StatusError) string {
	c, ok := httpx.BearerChallenge(e.Header)
	if !ok || c["error"] == "" && c["realm"] == "" {
		return ""
	}
	return fmt.Sprintf(" (%s; it takes tokens from %.200q)", cmp.Or(c["error"], "no reason given"), c["realm"])
}
