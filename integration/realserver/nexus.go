package realserver

// Nexus' own API as its makers describe it: a client generated from the description that a real Nexus 3.96 serves at
// /service/rest/swagger.json (npm: @sonatype/nexus-repo-api-client), run by Node.

import (
	"path/filepath"
	"runtime"
	"testing"
)

// NexusAssets lists the assets of repositories with that client: a JSON object per line. It fails the test when the
// server answers with a key that Nexus' description does not have.
func NexusAssets(tb testing.TB, url, username, password string, repository ...string) string {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), "testdata", "nexus-client.cjs")
	env := environment([]string{"node_"}, "NODE_PATH="+Cache(tb, "nexus-client", "node_modules"),
		"NEXUS_URL="+url, "NEXUS_USERNAME="+username, "NEXUS_PASSWORD="+password)
	out, err := program(tb, tb.TempDir(), env, "node", append([]string{script}, repository...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
