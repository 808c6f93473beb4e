package realserver

// A real Verdaccio (https://verdaccio.org/docs/configuration): npm's registry protocol as its authors read it. It has
// no uplink, so it holds what was published to it and nothing else.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
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
	var out output
	cmd := exec.Command(Cache(tb, "verdaccio", "node_modules", ".bin", "verdaccio"), "-c", "config.yaml", "-l", address)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, &out, &out, time.Second
	cmd.Env = environment(nil, "HOME="+dir)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-ended
		}
		if tb.Failed() {
			tb.Logf("verdaccio printed:\n%s", out.String())
		}
	})
	awaitAnswer(tb, url+"/-/ping", ended)
	return url, addUser(tb, url, "ferry", "correct horse")
}

// output is a buffer that a process writes and a test reads.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// freeAddress is one that nobody listens on now; the server is told to listen there at once.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// awaitAnswer asks until the server answers 200, or has ended.
func awaitAnswer(tb testing.TB, url string, ended <-chan struct{}) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if answers(ctx, url) {
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			tb.Fatalf("the server at %s ended before it answered", url)
		case <-ctx.Done():
			tb.Fatalf("the server at %s does not answer", url)
		}
	}
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
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
