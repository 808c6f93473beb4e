package gitlab

// What the registry asks for when it answers 401: a Bearer challenge (RFC 9110, section 11.6.1; RFC 6750, section 3;
// registry/auth/token/accesscontroller.go in gitlab-org/container-registry). Where tokens are had is known without it, so
// no address is taken from it.

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"pkgferry/internal/httpx"
)

// challenge is what a 401 asks for.
type challenge struct{ realm, reason string }

// readChallenge finds the Bearer challenge of an answer.
func readChallenge(header http.Header) (challenge, bool) {
	for _, line := range header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		var c challenge
		for rest != "" {
			var name, value string
			name, value, rest = readParameter(rest)
			switch strings.ToLower(name) {
			case "realm":
				c.realm = value
			case "error":
				c.reason = value
			}
		}
		return c, true
	}
	return challenge{}, false
}

// readParameter takes the first name=value off a list with commas; the value may be quoted.
func readParameter(list string) (name, value, rest string) {
	list = strings.TrimLeft(list, " \t,")
	end := strings.IndexAny(list, "=,")
	if end < 0 {
		return strings.TrimSpace(list), "", ""
	}
	name, rest = strings.TrimSpace(list[:end]), list[end+1:]
	if list[end] == ',' {
		return name, "", rest
	}
	quoted, isQuoted := strings.CutPrefix(strings.TrimLeft(rest, " \t"), `"`)
	if !isQuoted {
		value, rest, _ = strings.Cut(rest, ",")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch quoted[i] {
		case '"':
			return name, b.String(), quoted[i+1:]
		case '\\':
			i++
			if i == len(quoted) {
				return name, b.String(), ""
			}
		}
		b.WriteByte(quoted[i])
	}
	return name, b.String(), ""
}

// stale tells whether err is a 401 that a newer token may turn: one with a challenge. GitLab's registry sends none with
// the refusals that are for good.
func stale(err error) bool {
	e, ok := errors.AsType[*httpx.StatusError](err)
	if !ok || e.Status != http.StatusUnauthorized || complains(e, "PROTECTED_TAG", "IMMUTABLE_TAG", "PROTECTED_MANIFEST") {
		return false
	}
	_, challenged := readChallenge(e.Header)
	return challenged
}

// describe says what a 401's challenge tells the operator.
func describe(e *httpx.StatusError) string {
	c, ok := readChallenge(e.Header)
	if !ok || c == (challenge{}) {
		return ""
	}
	return fmt.Sprintf(" (%s; it takes tokens from %.200q)", cmp.Or(c.reason, "no reason given"), c.realm)
}
