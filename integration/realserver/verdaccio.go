package realserver

// A real Verdaccio (https://verdaccio.org/docs/configuration): npm's registry protocol as its authors read it. It has
// no uplink, so it holds what was published to it and nothing else.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

const verdaccioConfig = `storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
    max_users: 100
uplinks: {}
packages:
  '@*/*':
    access: $authenticated
    publish: $authenticated
  '**':
    access: $all
    publish: $authenticated
middlewares:
  audit:
    enabled: false
security:
  api:
    legacy: true
log:
  type: stdout
  format: json
  level: warn
`

// Verdaccio starts a Verdaccio with an empty storage and one user. It ends with the test. Scoped packages are shown
// to the token only.
func Verdaccio(tb testing.TB) (url, token string) {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(verdaccioConfig), 0o600); err != nil {
		tb.Fatal(err)
	}
	address := freeAddress(tb)
	url = "http://" + address
	serve(tb, url+"/-/ping", dir, environment(nil, "HOME="+dir),
		Cache(tb, "verdaccio", "node_modules", ".bin", "verdaccio"), "-c", "config.yaml", "-l", address)
	return url, addUser(tb, url, "ferry", "correct horse")
}

// addUser signs a user up, as npm adduser does, and returns the token.
func addUser(tb testing.TB, url, name, password string) string {
	tb.Helper()
	body := fmt.Sprintf(`{"name":%q,"password":%q}`, name, password)
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPut, url+"/-/user/org.couchdb.user:"+name, bytes.NewReader([]byte(body)))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		tb.Fatalf("signing up at %s: %s, error %v", url, resp.Status, err)
	}
	return answer.Token
}
