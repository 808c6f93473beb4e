package httpx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server on loopback until the test ends.
func serve(t testing.TB, handler http.HandlerFunc) *url.URL {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return address(t, server.URL)
}

func address(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// client is one for base, with options changed by change.
func client(t testing.TB, base *url.URL, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{Name: "source lab", Base: base}
	for _, one := range change {
		one(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.HTTP().CloseIdleConnections)
	return c
}

// canned is a client of a server that answers its first request with these bytes, before it reads any content.
func canned(t *testing.T, answer string) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		r := bufio.NewReader(conn)
		for line, _ := r.ReadString('\n'); strings.TrimSpace(line) != ""; line, _ = r.ReadString('\n') {
		}
		_, _ = io.WriteString(conn, answer)
		discard(r)
	}()
	return client(t, address(t, "http://"+listener.Addr().String()))
}

// pipes is a server and a client of it without a network, so that both run on the fake clock of a synctest bubble.
func pipes(t *testing.T, handler http.HandlerFunc, change ...func(*Options)) *Client {
	t.Helper()
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	var handling atomic.Int64
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handling.Add(1)
		defer handling.Add(-1)
		handler(w, r)
	})}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	c := client(t, &url.URL{Scheme: "http", Host: "lab.example"}, change...)
	c.transport.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	c.transport.DialContext = listener.dial
	t.Cleanup(func() {
		c.transport.CloseIdleConnections()
		_ = server.Close()
		<-served
		for synctest.Wait(); handling.Load() > 0; synctest.Wait() {
			time.Sleep(time.Minute) // of the fake clock, until the handlers have ended
		}
	})
	return c
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return &heldConn{Conn: ours, closed: make(chan struct{})}, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// text reads a response to its end.
func text(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestNewRefusesWhatCanNotBeMeant(t *testing.T) {
	for name, o := range map[string]Options{
		"no address":  {},
		"no host":     {Base: &url.URL{Scheme: "https"}},
		"scheme":      {Base: address(t, "ftp://lab.example")},
		"user":        {Base: address(t, "https://anna:geheim@lab.example")},
		"limit":       {Base: address(t, "https://lab.example"), Limits: Limits{Connections: -1}},
		"no CA file":  {Base: address(t, "https://lab.example"), CAFile: t.TempDir() + "/absent.pem"},
		"CA file of":  {Base: address(t, "https://lab.example"), CAFile: "client_test.go"},
		"CA file dir": {Base: address(t, "https://lab.example"), CAFile: t.TempDir()},
	} {
		o.Name = "source lab"
		_, err := New(o)
		if err == nil || !strings.HasPrefix(err.Error(), "source lab: ") || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestURLKeepsEscapes(t *testing.T) {
	c := client(t, address(t, "https://lab.example:8443/nexus%20one/?x=1"))
	for path, want := range map[string]string{
		"/repository/@acme%2fui/-/a b.tgz": "https://lab.example:8443/nexus%20one/repository/@acme%2fui/-/a%20b.tgz",
		"a/%2B+%25":                        "https://lab.example:8443/nexus%20one/a/%2B+%25",
		"100%":                             "https://lab.example:8443/nexus%20one/100%25",
		"":                                 "https://lab.example:8443/nexus%20one/",
	} {
		if got := c.URL(path, nil).String(); got != want {
			t.Errorf("URL(%q) = %s, want %s", path, got, want)
		}
	}
	if got := c.URL("a", url.Values{"q": {"x y"}}).String(); got != "https://lab.example:8443/nexus%20one/a?q=x+y" {
		t.Error(got)
	}
}

func TestGetReturnsWhatWorksAndExplainsWhatDoesNot(t *testing.T) {
	var seen []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.URL.EscapedPath()+" "+r.Header.Get("User-Agent"))
		if strings.HasSuffix(r.URL.Path, "/absent") {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"404 Package Not Found"}`)
			return
		}
		fmt.Fprint(w, "hello")
	})
	c := client(t, base)
	resp, err := c.Get(t.Context(), c.URL("a%2fb", nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != "hello" {
		t.Error(got)
	}
	_, err = c.Get(t.Context(), c.URL("absent", nil), nil)
	var status *StatusError
	if !errors.As(err, &status) || status.Message() != "404 Package Not Found" {
		t.Fatalf("%#v", err)
	}
	if want := "source lab: GET " + base.String() + "/absent: 404 Not Found: 404 Package Not Found"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if strings.Join(seen, "|") != "GET /a%2fb pkgferry|GET /absent pkgferry" {
		t.Error(seen)
	}
}
