package integration

// Stand-ins as processes: "standin KIND --listen ADDRESS", whose first line on stdout says how to reach it.

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pkgferry/integration/standin"
)

// patience is how long a process may take for what it does at once on an idle machine.
const patience = 2 * time.Minute

// few is a seed that GitLab takes without exception; the seed "small" holds what it has no place for, too.
const few = "24"

// server is a running stand-in.
type server struct{ standin.Ready }

// startStandin starts a stand-in; it ends with the test.
func startStandin(t testing.TB, kind string, arg ...string) *server {
	t.Helper()
	arg = append([]string{kind, "--listen", "127.0.0.1:0"}, arg...)
	cmd := exec.Command(filepath.Join(binaries, "standin"), arg...)
	cmd.Stderr, cmd.WaitDelay = os.Stderr, time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slow := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("standin %s: %v", strings.Join(arg, " "), err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	slow.Stop()
	s := &server{}
	if err == nil {
		err = json.Unmarshal(line, &s.Ready)
	}
	if err != nil || s.URL == "" {
		t.Fatalf("standin %s: no line that says it is ready, but %q, %v", strings.Join(arg, " "), line, err)
	}
	return s
}

// get asks the stand-in itself: "stats", "dump".
func (s *server) get(t testing.TB, what string) io.ReadCloser {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/_standin/"+what, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", s.Kind, what, resp.Status)
	}
	return resp.Body
}

func (s *server) stats(t testing.TB) standin.Counts {
	t.Helper()
	body := s.get(t, "stats")
	defer func() { _ = body.Close() }()
	var counts standin.Counts
	if err := json.NewDecoder(body).Decode(&counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// dump is every file row that the stand-in holds.
func (s *server) dump(t testing.TB) []standin.DumpLine {
	t.Helper()
	body := s.get(t, "dump")
	defer func() { _ = body.Close() }()
	var lines []standin.DumpLine
	for decoder := json.NewDecoder(body); ; {
		var line standin.DumpLine
		switch err := decoder.Decode(&line); err {
		case nil:
			lines = append(lines, line)
		case io.EOF:
			return lines
		default:
			t.Fatal(err)
		}
	}
}

// total is the number of requests so far whose key keep accepts.
func total(counts standin.Counts, keep func(key string) bool) int {
	n := 0
	for key, count := range counts.Requests {
		if keep(key) {
			n += count
		}
	}
	return n
}

// writing tells whether a request's key, such as "PUT maven", is one that changes something. GitLab's GraphQL is asked
// by POST; pkgferry only queries it.
func writing(key string) bool {
	if key == "POST graphql" {
		return false
	}
	method, _, _ := strings.Cut(key, " ")
	return method != http.MethodGet && method != http.MethodHead
}

// reading tells whether a request's key is a file's download rather than a listing.
func reading(key string) bool {
	_, route, _ := strings.Cut(key, " ")
	return slices.Contains([]string{"content", "tarball"}, route)
}
