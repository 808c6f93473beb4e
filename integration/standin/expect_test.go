package standin_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/standintest"
)

// early answers without reading what it is sent, as a registry does that refuses.
type early struct{ stats standin.Stats }

func (*early) Ready(url string) standin.Ready { return standin.Ready{URL: url} }
func (*early) Close() error                   { return nil }
func (e *early) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.stats.Measure(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	})).ServeHTTP(w, r)
}

// A client that sends "Expect: 100-continue" gets an early answer without sending its body (RFC 9110, 10.1.1).
func TestEarlyAnswerToAClientThatWaits(t *testing.T) {
	url := standintest.Start(t, &early{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer before the body was sent: %v", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("answered %s", resp.Status)
	}
}
