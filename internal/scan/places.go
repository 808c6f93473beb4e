package scan

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Target is the GitLab that was copied to. Projects and groups stand in its addresses by their ids: GitLab's own answers name them
// so, and some of its endpoints take nothing else.
type Target struct {
	URL     *url.URL
	Group   int64            // the id of the target's group; 0 when GitLab does not show it
	Project map[string]int64 // by full path; without those that GitLab does not show
	// Registry is the host of the container registry, perhaps with a port; "" where there is none.
	Registry string
}

// project is the address of a project, which those of its packages begin with; or why there is none.
func (t Target) project(path string) (address, why string) {
	id, ok := t.Project[path]
	if !ok {
		return "", fmt.Sprintf("GitLab shows no project %s to this token", path)
	}
	return t.URL.JoinPath("api/v4/projects", strconv.FormatInt(id, 10)).String(), ""
}

// group is that of the target's group.
func (t Target) group() (address, why string) {
	if t.Group == 0 {
		return "", "GitLab does not show the target's group to this token"
	}
	return t.URL.JoinPath("api/v4/groups", strconv.FormatInt(t.Group, 10), "-").String(), ""
}

// images is what the names of a project's images begin with.
func (t Target) images(path string) (prefix, why string) {
	if t.Registry == "" {
		return "", "GitLab's container registry is off"
	}
	return t.Registry + "/" + strings.ToLower(path), ""
}
