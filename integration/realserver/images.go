package realserver

// The real clients of container registries: crane (https://github.com/google/go-containerregistry), skopeo
// (https://github.com/containers/skopeo) and podman (https://podman.io). Each knows the logins it is given and none of the
// machine's own.

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"testing"
)

// Logins are what a client may say, by the host and port of a registry.
type Logins map[string]Login

// file writes the logins as Docker keeps them (https://docs.docker.com/reference/cli/docker/login/) and returns its path.
func (l Logins) file(tb testing.TB, dir string) string {
	tb.Helper()
	auths := map[string]map[string]string{}
	for host, login := range l {
		auths[host] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(login.Username + ":" + login.Password))}
	}
	text, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, "config.json")
	write(tb, path, string(text))
	return path
}
