package oci

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"

	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// serve is a registry at the address of its own token service; answer is the latter.
func serve(t *testing.T, answer http.HandlerFunc, o Options) *Registry {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	client, err := httpx.New(httpx.Options{Name: "source registry", Base: parse(t, server.URL), Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	r, err := New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhoWaitsForATokenDoesNotFailWithWhoAskedForIt.
func TestWhoWaitsForATokenDoesNotFailWithWhoAskedForIt(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"token":"good"}`)) }, Options{})
	r.tokens.ask = &challenge{realm: r.client.URL("token", nil)}
	synctest.Test(t, func(t *testing.T) {
		defer r.client.HTTP().CloseIdleConnections()
		_, fetch := r.tokens.claim("acme/app")
		if fetch == nil {
			t.Fatal("nobody has a token, and it is not to be fetched")
		}
		var got *token
		var err error
		var group sync.WaitGroup
		group.Go(func() { _, got, err = r.tokens.bearing(t.Context(), "acme/app") })
		synctest.Wait() // it waits for the one who asks
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		fetch(gone)
		group.Wait()
		if err != nil || got == nil || got.text != "good" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, _, err := r.tokens.bearing(gone, "acme/other"); !errors.Is(err, context.Canceled) {
			t.Errorf("who goes away: %v", err)
		}
	})
}

func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://registry.test/artifactory", "https://registry.test:443/artifactory/api/docker/images/v2/token", true},
		{"http://registry.test", "HTTP://Registry.Test:80/token", true},
		{"https://registry.test", "http://registry.test:443/token", false},
		{"https://registry.test", "https://registry.test:8443/token", false},
		{"https://registry.test", "https://registry.test.elsewhere.test/token", false},
	} {
		if got := sameHost(parse(t, c.a), parse(t, c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// TestALoginThatIsRefusedStopsTheRun also when the registry then speaks of tokens that would be had elsewhere.
func TestALoginThatIsRefusedStopsTheRun(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://internal.test:8081/token",service="internal.test"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	_, err := serve(t, refuse, Options{Login: httpx.Basic("reader", "wrong"), Direct: true}).Tags(t.Context(), "acme/app")
	if status(err) != http.StatusUnauthorized || !fault.IsStop(err) {
		t.Errorf("%v", err)
	}
}

// TestNobodyIsRefused: a token service that wants credentials says so.
func TestNobodyIsRefused(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}, Options{})
	if _, err := r.Tags(t.Context(), "acme/app"); !fault.IsStop(err) {
		t.Errorf("%v", err)
	}
}

// TestWithoutALoginATokenMayComeFromElsewhere, since there is nothing that could go astray.
func TestWithoutALoginATokenMayComeFromElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"token":"good"}`)) }))
	defer elsewhere.Close()
	front := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+elsewhere.URL+`/token"`)
		if r.Header.Get("Authorization") != "Bearer good" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"tags":["1"]}`))
	}
	tags, err := serve(t, front, Options{}).Tags(t.Context(), "acme/app")
	if err != nil || len(tags) != 1 {
		t.Errorf("%v, %v", tags, err)
	}
	if _, err := serve(t, front, Options{Login: httpx.Basic("reader", "secret")}).Tags(t.Context(), "acme/app"); !fault.IsStop(err) {
		t.Errorf("with a login: %v", err)
	}
}

// FuzzTokens: whatever a token service says, no token is used that can not stand in a header.
func FuzzTokens(f *testing.F) {
	f.Add(`{"token":"a.b.c","expires_in":300}`)
	f.Add(`{"access_token":"a"}`)
	f.Add(`{"token":"a\r\nb","expires_in":-1e300}`)
	f.Add(`{"token":"é"}`)
	f.Fuzz(func(t *testing.T, answer string) {
		r := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }, Options{})
		r.tokens.ask = &challenge{realm: r.client.URL("token", nil)}
		_, one, err := r.tokens.bearing(t.Context(), "acme/app")
		if err != nil {
			return
		}
		if !regexp.MustCompile(`^[ -~]+$`).MatchString(one.text) {
			t.Errorf("a token %q", one.text)
		}
	})
}
