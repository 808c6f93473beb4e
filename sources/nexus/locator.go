// What this source must remember to find its way back: where a file lies, as the Locator of a File, and where a listing
// goes on, as a Cursor. Both are kept in checkpoints, so that later releases must understand them too.

package nexus

import (
	"encoding/json"
	"fmt"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// locator says where a file lies.
type locator struct {
	// Text is the content itself, of an npm tag or deprecation.
	Text       *string `json:"text,omitempty"`
	Repository string  `json:"repository,omitempty"`
	// Hosted: the server's own file, whose ETag is the SHA-1 of its bytes. A proxy passes a foreign ETag on.
	Hosted bool `json:"hosted,omitempty"`
	// ID is the asset's id in the REST API.
	ID string `json:"id,omitempty"`
	// Path is where the file lies in its repository.
	Path string `json:"path,omitempty"`
	// Digest is that of the manifest that a tag named when it was listed.
	Digest string `json:"digest,omitempty"`
}

func (l locator) String() string {
	text, _ := json.Marshal(l) // strings and a bool always marshal
	return string(text)
}

func parseLocator(text string) (locator, error) {
	var l locator
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return l, fmt.Errorf("%q does not locate a file of a Nexus: %w", text, err)
	}
	return l, nil
}

// position is a place in a listing: the page of repository that token leads to, its first page when token is empty, or
// the end of it.
type position struct {
	repository, token string
	done              bool
}

// finished is the token of a repository that has been listed; no server's token looks like it.
const finished = "*"

// cursor is "repository:token".
func (p position) cursor() sources.Cursor {
	if p.done {
		p.token = finished
	}
	return sources.Cursor(p.repository + ":" + p.token)
}

func parseCursor(c sources.Cursor) position {
	repository, token, _ := strings.Cut(string(c), ":")
	if token == finished {
		return position{repository: repository, done: true}
	}
	return position{repository: repository, token: token}
}

// Address is where a file that was listed below base lies, for people who look for it there; "" when it is no file of its own.
func Address(base string, f artifact.File) string {
	l, err := parseLocator(f.Locator)
	if err != nil || l.Text != nil || l.Repository == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + contentPath(l)
}
