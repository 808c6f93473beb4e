package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/httpx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newRun is a run on an empty checkpoint, and where its socket belongs.
func newRun(t *testing.T) (*Run, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.db")
	store, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	hosts := httpx.NewHosts()
	for name, base := range map[string]string{"target gitlab": "https://lab.example.com", "source hub": "https://hub.example.com"} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		limits := httpx.Limits{RequestsPerSecond: 10, Bandwidth: 1 << 20}
		if _, err := httpx.New(httpx.Options{Name: name, Base: u, Hosts: hosts, Limits: limits, Secrets: []string{"s3cret"}}); err != nil {
			t.Fatal(err)
		}
	}
	return &Run{
		Command: "run", Version: "1.2.3", Store: store, Crew: engine.NewCrew(8), Hosts: hosts, Meter: NewMeter(),
		Servers: map[string]string{Target: "target gitlab", "hub": "source hub"},
	}, Path(path)
}

func serve(t *testing.T, run *Run, path string) *Server {
	t.Helper()
	s, err := Serve(t.Context(), path, run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestAskAndTell(t *testing.T) {
	run, path := newRun(t)
	serve(t, run, path)
	run.Meter.Event(engine.Event{Kind: engine.Started, Record: checkpoint.Record{ID: 1, Package: artifact.Package{
		Source: "hub", Format: artifact.Generic, Name: "tool", Version: "1.0", Files: []artifact.File{{Size: 70}, {Size: -1}},
	}, Destination: artifact.Destination{Project: "g/p"}}})
	s, err := Ask(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if s.PID != os.Getpid() || s.Command != "run" || s.Version != "1.2.3" || s.Workers != (Workers{Size: 8}) || len(s.Hosts) != 2 {
		t.Errorf("%+v", s)
	}
	if h := s.Hosts[1]; h.Host != "lab.example.com:443" || h.Rate != 10 || h.Bandwidth != 1<<20 || cmp.Diff(h.Servers, []string{Target}) != "" {
		t.Errorf("%+v", h)
	}
	want := []Item{{PURL: "pkg:generic/tool@1.0", Source: "hub", Project: "g/p", Size: 70}}
	if len(s.Hand) == 1 {
		want[0].Seconds = s.Hand[0].Seconds
	}
	if diff := cmp.Diff(want, s.Hand); diff != "" {
		t.Error(diff)
	}
	a, err := Tell(t.Context(), path, []string{"workers=32", "rate=1200/min", "hub.bandwidth=off"})
	wantAnswer := SetAnswer{PID: os.Getpid(), Changes: []Change{
		{"workers", "", "8", "32"}, {"target.rate", "lab.example.com:443", "600/min", "1200/min"},
		{"hub.bandwidth", "hub.example.com:443", "1.0MiB/s", "off"},
	}}
	if diff := cmp.Diff(wantAnswer, a); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if size, _ := run.Crew.Size(); size != 32 {
		t.Errorf("%d workers", size)
	}
	if s := run.Hosts.States(); s[1].Rate != 20 || s[1].Bandwidth != 1<<20 || s[0].Rate != 10 || s[0].Bandwidth != 0 {
		t.Errorf("%+v", s)
	}
}

func TestSettingsThatMakeNoSenseChangeNothing(t *testing.T) {
	run, path := newRun(t)
	serve(t, run, path)
	before := run.Hosts.States()
	for _, settings := range [][]string{
		nil, {"workers=3", "rate"}, {"workers=3", "nexus.rate=5/s"}, {"workers=3", "colour=red"}, {"workers=3", "workers=4"},
		{strings.Repeat("x", maxQuestion) + "=1"},
	} {
		var refused *Refused
		if _, err := Tell(t.Context(), path, settings); !errors.As(err, &refused) {
			t.Errorf("%.100q: %v", settings, err)
		}
	}
	if size, _ := run.Crew.Size(); size != 8 || !cmp.Equal(before, run.Hosts.States()) {
		t.Errorf("something changed: %d workers, %+v", size, run.Hosts.States())
	}
}

func TestAnswersHoldNoCredential(t *testing.T) {
	run, path := newRun(t)
	serve(t, run, path)
	s, err := Ask(t.Context(), path)
	text, marshal := json.Marshal(s)
	if err != nil || marshal != nil || strings.Contains(string(text), "s3cret") {
		t.Error(err, marshal, string(text))
	}
}

// TestNobodyElseCanOpenTheSocket, at any moment: also between its making and the setting of its permissions.
func TestNobodyElseCanOpenTheSocket(t *testing.T) {
	run, path := newRun(t)
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { // whatever the directory shows of sockets is either the owner's alone, or out of reach
		for {
			select {
			case <-over:
				return
			default:
			}
			entries, _ := os.ReadDir(filepath.Dir(path))
			for _, e := range entries {
				info, err := e.Info()
				if err == nil && strings.HasPrefix(e.Name(), ".pkgferry-") && info.Mode().Perm() != 0o700 ||
					err == nil && e.Type() == os.ModeSocket && info.Mode().Perm() != 0o600 {
					t.Errorf("%s has the mode %v", e.Name(), info.Mode())
				}
			}
		}
	})
	for range 50 {
		s, err := Serve(t.Context(), path, run)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(over)
	watch.Wait()
	if entries, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".pkgferry-*")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestStrangersAreHungUpOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	who := make(chan uint32, 1)
	l.allows = func(uid uint32) bool {
		who <- uid
		return false
	}
	ended := make(chan error)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_ = conn.Close()
		}
		ended <- err
	}()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("a stranger got %d bytes", n)
	}
	_ = conn.Close()
	_ = l.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("a stranger was let in: %v", err)
	}
	select {
	case uid := <-who:
		if uid != uint32(os.Geteuid()) {
			t.Errorf("the one at the other end was taken for %d", uid)
		}
	default:
		t.Error("nobody looked who was at the other end")
	}
	if !ours(uint32(os.Geteuid())) || !ours(0) || ours(uint32(os.Geteuid())+1) {
		t.Error("ours are the owner and root")
	}
}

func TestNobodyThere(t *testing.T) {
	run, path := newRun(t)
	ask := func() error {
		_, err := Ask(t.Context(), path)
		return err
	}
	if err := ask(); !errors.Is(err, ErrNoRun) {
		t.Errorf("without a socket: %v", err)
	}
	s := serve(t, run, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stayed: %v", err)
	}
	orphan(t, path)
	if err := ask(); !errors.Is(err, ErrNoRun) {
		t.Errorf("with the socket of a process that was killed: %v", err)
	}
	serve(t, run, path)
	if err := ask(); err != nil {
		t.Errorf("after the socket was replaced: %v", err)
	}
}

// orphan leaves a socket at path that nobody listens at, as a killed process does.
func orphan(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
}

func TestWhatIsInTheWayStays(t *testing.T) {
	run, path := newRun(t)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Serve(t.Context(), path, run); err == nil || !strings.HasSuffix(err.Error(), "is there and is no socket: remove it") {
		t.Errorf("over a file: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q %v", text, err)
	}
	if _, err := Ask(t.Context(), path); err == nil {
		t.Error("a file answered")
	}
	_ = os.Remove(path)
	serve(t, run, path)
	if _, err := Serve(t.Context(), path, run); err == nil || !strings.HasPrefix(err.Error(), "another process answers at the socket") {
		t.Errorf("over a socket in use: %v", err)
	}
	if _, err := Ask(t.Context(), path); err != nil {
		t.Errorf("the first one does not answer any more: %v", err)
	}
}

// TestASocketThatIsAnothersByNowStays: who closes takes away only what is its own.
func TestASocketThatIsAnothersByNowStays(t *testing.T) {
	run, path := newRun(t)
	s := serve(t, run, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	serve(t, run, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(t.Context(), path); err != nil {
		t.Errorf("the second one's socket went with the first: %v", err)
	}
}

func TestAPathThatIsTooLongForASocketIsReached(t *testing.T) {
	run, path := newRun(t)
	dir := filepath.Join(filepath.Dir(path), strings.Repeat("d", 100), strings.Repeat("e", 100))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, "c.db.sock")
	s := serve(t, run, long)
	if status, err := Ask(t.Context(), long); err != nil || status.PID != os.Getpid() {
		t.Errorf("%+v %v", status, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(t.Context(), long); !errors.Is(err, ErrNoRun) {
		t.Errorf("closed: %v", err)
	}
}

// TestTheEndHangsUp on who has not asked to the end, and leaves nothing behind.
func TestTheEndHangsUp(t *testing.T) {
	run, path := newRun(t)
	s := serve(t, run, path)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /status HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if text, err := io.ReadAll(conn); len(text) > 0 {
		t.Errorf("answered %q, %v", text, err)
	}
}

func TestOnlyWhatIsThereIsAnswered(t *testing.T) {
	run, path := newRun(t)
	serve(t, run, path)
	for what, want := range map[string]string{
		"GET /set": "405", "POST /status": "405", "DELETE /status": "405", "GET /": "404", "GET /debug/pprof/": "404",
	} {
		method, at, _ := strings.Cut(what, " ")
		err := call(t.Context(), path, method, at, nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	var refused *Refused
	if err := call(t.Context(), path, http.MethodPost, "/set", "no object", nil); !errors.As(err, &refused) {
		t.Errorf("a body that is no question: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ask(ctx, path); err == nil {
		t.Error("asked although it was cancelled")
	}
}
