package realserver

// Servers as processes of their own, each on a loopback address and with a directory of its own.

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// serve starts a server and waits until it answers at url; it ends with the test, by its process id. What it printed is
// shown when the test fails.
func serve(tb testing.TB, url, dir string, env []string, name string, arg ...string) {
	tb.Helper()
	var out output
	cmd := exec.Command(name, arg...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, env, &out, &out, time.Second
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
			tb.Logf("%s printed:\n%s", name, out.String())
		}
	})
	awaitAnswer(tb, url, ended)
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

// onLocalhost is the URL of a loopback address with its name. go-containerregistry speaks plain HTTP there without being
// told, and lets a registry send it on to localhost, but to 127.0.0.1 it does not.
func onLocalhost(tb testing.TB, address string) string {
	tb.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		tb.Fatal(err)
	}
	return "http://localhost:" + port
}

// awaitAnswer asks until the server answers, if only that it wants a credential, or has ended.
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
	return resp.StatusCode < http.StatusInternalServerError
}
