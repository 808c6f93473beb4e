// What this source must remember to find its way back: where a file lies, as the Locator of a File, and where a listing
// goes on, as a Cursor. Both are kept in checkpoints, so that later releases must understand them too.

package artifactory

import (
	"encoding/json"
	"fmt"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// locator says where a file lies, or which image it belongs to; or it is the file, when that is a short text.
type locator struct {
	Repository string  `json:"repository,omitempty"`
	Path       string  `json:"path,omitempty"`
	Image      string  `json:"image,omitempty"`
	Text       *string `json:"text,omitempty"`
}

func (l locator) String() string {
	text, _ := json.Marshal(l) // strings always marshal
	return string(text)
}

func parseLocator(text string) (locator, error) {
	var l locator
	if err := json.Unmarshal([]byte(text), &l); err != nil || l.Text == nil && (l.Repository == "" || l.Path == "" && l.Image == "") {
		return l, fmt.Errorf("%.200q does not locate a file of an Artifactory", text)
	}
	return l, nil
}

// position is a place in a listing. The folders of a repository are listed each before those in it, so a folder is a place:
// what comes before it has been listed.
type position struct {
	Repository string `json:"repository"`
	// Done: the repository has been listed.
	Done bool `json:"done,omitempty"`
	// Began is the server's time when the listing of the repository began, in seconds since 1970; 0 when it was not told.
	Began int64 `json:"began,omitempty"`
	// Failed: something in the repository could not be listed.
	Failed bool `json:"failed,omitempty"`
	// Count is how many files have been listed in the repository.
	Count int64 `json:"count,omitempty"`

	// Folder is the folder that was reached. Files: those that lie in it have been listed.
	Folder string `json:"folder,omitempty"`
	Files  bool   `json:"files,omitempty"`
	// Page is where the files of a big folder, or what changed, go on.
	Page *mark `json:"page,omitempty"`
	// Above are the marks of the big folders on the way to Folder: how far their sub-folders have been listed.
	Above map[string]mark `json:"above,omitempty"`

	// Window is what is asked for in a listing of changes.
	Window *window `json:"window,omitempty"`
}

// mark is a place in pages that are sorted by the server: how many rows come before it, and the last one of these.
type mark struct {
	Offset int    `json:"offset"`
	Last   string `json:"last,omitempty"`
}

// under tells that a walk has begun.
func (p position) under() bool { return p.Folder != "" || p.Files || p.Page != nil || p.Above != nil }

func (p position) cursor() sources.Cursor {
	text, _ := json.Marshal(p) // texts, numbers and flags always marshal
	return sources.Cursor(text)
}

// parseCursor reads a cursor; one that is none of ours begins anew.
func parseCursor(c sources.Cursor) position {
	var p position
	if err := json.Unmarshal([]byte(c), &p); err != nil {
		return position{}
	}
	return p
}

// Address is where a file that was listed below base lies, for people who look for it there; "" when it is no file of its own.
func Address(base string, f artifact.File) string {
	l, err := parseLocator(f.Locator)
	base = strings.TrimSuffix(base, "/")
	switch {
	case err != nil || l.Text != nil:
		return ""
	case l.Image != "":
		return base + "/api/docker/" + escape(l.Repository, "v2/"+l.Image+"/"+f.Path)
	}
	return base + "/" + escape(l.Repository, l.Path)
}
