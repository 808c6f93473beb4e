package httpx

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestHTTP2(t *testing.T) {
	drops := 1
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.ProtoMajor != 2:
			t.Errorf("%s", r.Proto)
		case r.URL.Path == "/refused":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"message":"403 Forbidden"}`)
		case r.Method == http.MethodPut:
			fmt.Fprint(w, discard(r.Body))
		default:
			f := &file{content: random(100_000), ranges: true, header: headers("ETag", `"v1"`)}
			if drops > 0 {
				drops--
				f.cut = 30_000
			}
			f.ServeHTTP(w, r)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := client(t, address(t, server.URL), func(o *Options) { o.CAFile = ca })

	resp, err := c.Open(t.Context(), c.URL("f", nil), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != string(random(100_000)) || drops != 0 {
		t.Errorf("%d bytes, %d drops left", len(got), drops)
	}
	const size = 3 << 20
	resp, err = c.Send(t.Context(), put(c, make([]byte, size)))
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != fmt.Sprint(size) {
		t.Error(got)
	}
	body := &watched{Reader: zeros{}}
	_, err = c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("refused", nil), Size: 1 << 40, Body: body.open})
	if statusOf(err) != http.StatusForbidden || !strings.Contains(err.Error(), "403 Forbidden") || body.bytes.Load() != 0 || body.closed.Load() != 1 {
		t.Errorf("%v, %d bytes, closed %d times", err, body.bytes.Load(), body.closed.Load())
	}
	assertIdle(t, c)
}
