package realserver

// crane (https://github.com/google/go-containerregistry/blob/main/cmd/crane/doc/crane.md).

import (
	"path/filepath"
	"testing"
)

// Crane runs a command of crane and returns what it printed.
func Crane(tb testing.TB, logins Logins, arg ...string) (string, error) {
	tb.Helper()
	home := tb.TempDir()
	env := environment([]string{"docker_", "registry_"}, "HOME="+home, "DOCKER_CONFIG="+filepath.Dir(logins.file(tb, home)))
	return program(tb, home, env, Cache(tb, "bin", "crane"), arg...)
}
