package realserver

// python-gitlab (https://python-gitlab.readthedocs.io), the second well-known client of GitLab's API, as the system's own
// Python has it.

import (
	"path/filepath"
	"runtime"
	"testing"
)

// GitLabFiles publishes file as a generic package, reads it back, and lists every package file of the group's projects:
// a JSON object per line.
func GitLabFiles(tb testing.TB, url, token, group, file string) string {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), "testdata", "gitlab_client.py")
	out, err := program(tb, tb.TempDir(), environment([]string{"python", "gitlab_", "ci_"}, "GITLAB_URL="+url, "GITLAB_TOKEN="+token),
		"/usr/bin/python3", script, group, file)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
