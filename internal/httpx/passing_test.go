package httpx_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

func TestPassing(t *testing.T) {
	answer := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	for _, c := range []struct {
		name  string
		start func(http.Handler) *httptest.Server
		serve http.HandlerFunc
		want  bool
	}{
		{"in trouble", httptest.NewServer, answer(http.StatusServiceUnavailable), true},
		{"breaks off", httptest.NewServer, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		{"down", func(h http.Handler) *httptest.Server { s := httptest.NewServer(h); s.Close(); return s }, answer(http.StatusOK), true},
		{"refuses the token", httptest.NewServer, answer(http.StatusUnauthorized), false},
		{"forbids", httptest.NewServer, answer(http.StatusForbidden), false},
		{"is not who it should be", httptest.NewTLSServer, answer(http.StatusOK), false},
	} {
		server := c.start(c.serve)
		defer server.Close()
		base, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		client, err := httpx.New(httpx.Options{Name: "source", Base: base, Hosts: httpx.NewHosts(), Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get(t.Context(), base, nil)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%s: no error", c.name)
		}
		if err = fault.Stop(fmt.Errorf("checking: %w", err)); httpx.Passing(err) != c.want {
			t.Errorf("%s: passing is %v: %v", c.name, !c.want, err)
		}
	}
	if httpx.Passing(nil) || httpx.Passing(context.Canceled) {
		t.Error("no error passes")
	}
}
