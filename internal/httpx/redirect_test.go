package httpx

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// credentials is a header with every kind of credential in it, and what may travel.
func credentials() http.Header {
	return http.Header{
		"Authorization": {"Basic c2VjcmV0"}, "Proxy-Authorization": {"secret"}, "Private-Token": {"secret"}, "Job-Token": {"secret"}, "Deploy-Token": {"secret"},
		"Cookie": {"session=secret"}, "X-Jfrog-Art-Api": {"secret"}, "X-Api-Key": {"secret"}, "Npm-Otp": {"secret"}, "X-Anything": {"secret"},
		"Accept": {"application/json"}, "Range": {"bytes=1-"},
	}
}

// A client beside another has the credentials of neither the other nor of any other address, and the other's limiters.
func TestBeside(t *testing.T) {
	var got []string
	note := func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Host+" "+r.Header.Get("Authorization")+r.Header.Get("Private-Token"))
	}
	home, away := serve(t, note), serve(t, note)
	c := client(t, home, func(o *Options) { o.Auth = Header("PRIVATE-TOKEN", "one"); o.Hosts = NewHosts() })
	beside, err := c.Beside(away, Bearer("two"))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*Client{c, beside} {
		for _, u := range []*url.URL{home, away} {
			resp, err := one.Get(t.Context(), u, nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
	}
	want := []string{home.Host + " one", away.Host + " ", home.Host + " ", away.Host + " Bearer two"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, host := range c.o.Hosts.States() {
		if host.Requests != 2 {
			t.Errorf("%s: %d requests by one limiter, want 2", host.Host, host.Requests)
		}
	}
	if _, err := c.Beside(address(t, "ftp://lab.example"), nil); err == nil {
		t.Error("an address that is none was taken")
	}
}

func TestCredentialsStayAtHome(t *testing.T) {
	var got []http.Header
	foreign := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header)
		if back := r.URL.Query().Get("back"); back != "" {
			http.Redirect(w, r, back, http.StatusFound)
		}
	})
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header)
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	byOtherName := strings.Replace(home.String(), "127.0.0.1", "localhost", 1)
	auths := map[string]Auth{"Authorization": Bearer("secret"), "Private-Token": Header("PRIVATE-TOKEN", "secret")}
	for name, auth := range auths {
		for where, tc := range map[string]struct {
			path string
			own  []bool // which of the requests may hold credentials
		}{
			"direct":           {home.String() + "/a", []bool{true}},
			"within":           {home.String() + "/a?to=/b", []bool{true, true}},
			"to another port":  {home.String() + "/a?to=" + foreign.String(), []bool{true, false}},
			"to another name":  {home.String() + "/a?to=" + byOtherName, []bool{true, false}},
			"away and back":    {home.String() + "/a?to=" + foreign.String() + "/?back=" + home.String() + "/c", []bool{true, false, false}},
			"foreign directly": {foreign.String() + "/a", []bool{false}},
		} {
			for _, library := range []bool{false, true} {
				got = nil
				c := client(t, home, func(o *Options) { o.Auth = auth })
				resp, err := c.request1(t, tc.path, library)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if len(got) != len(tc.own) {
					t.Fatalf("%s: %d requests", where, len(got))
				}
				for i, header := range got {
					if has := strings.Contains(fmt.Sprint(header), "secret"); has != tc.own[i] {
						t.Errorf("%s by %s, request %d: %v", where, name, i, header)
					}
					if tc.own[i] == (header.Get(name) == "") {
						t.Errorf("%s by %s, request %d: %v", where, name, i, header)
					}
					if i > 0 && header.Get("Accept") != "text/plain" {
						t.Errorf("%s: Accept was lost", where)
					}
				}
			}
		}
	}
}

// request1 asks for one address, by Get or as a library would.
func (c *Client) request1(t *testing.T, at string, library bool) (*http.Response, error) {
	t.Helper()
	header := http.Header{"Accept": {"text/plain"}}
	if !library {
		return c.Get(t.Context(), address(t, at), header)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	return c.HTTP().Do(req)
}

func TestTheCallersOwnCredentialsDoNotTravelEither(t *testing.T) {
	var got http.Header
	foreign := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, foreign.String()+"/x", http.StatusTemporaryRedirect)
	})
	c := client(t, home)
	resp, err := c.Get(t.Context(), c.URL("x", nil), credentials())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if strings.Contains(fmt.Sprint(got), "ecret") || got.Get("Range") == "" || got.Get("Accept") == "" || got.Get("Referer") != "" {
		t.Error(got)
	}
	resp, err = c.Get(t.Context(), c.URL("x", nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestCredentialsInAnAddressAreNotSent(t *testing.T) {
	var got []http.Header
	foreign := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header) })
	foreign.User = nil
	withUser := strings.Replace(foreign.String(), "://", "://anna:geheim@", 1)
	home := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, withUser, http.StatusFound) })
	c := client(t, home)
	for _, at := range []string{withUser, home.String()} {
		resp, err := c.Get(t.Context(), address(t, at), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for _, header := range got {
		if header.Get("Authorization") != "" {
			t.Error(header)
		}
	}
}

func TestARedirectNeverLeavesTLS(t *testing.T) {
	reached := false
	open := serve(t, func(http.ResponseWriter, *http.Request) { reached = true })
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, open.String(), http.StatusFound)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	file := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := client(t, address(t, server.URL), func(o *Options) { o.CAFile = file })
	_, err := c.Get(t.Context(), c.URL("x", nil), nil)
	if err == nil || !strings.Contains(err.Error(), "from https to http") || reached {
		t.Errorf("%v, reached %v", err, reached)
	}
	if got := c.o.Hosts.States()[0].Requests; got != 1 {
		t.Errorf("%d attempts", got)
	}
	assertIdle(t, c)
}

func TestRedirectsEnd(t *testing.T) {
	n := 0
	c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	_, err := c.Get(t.Context(), c.URL("x", nil), nil)
	if err == nil || !strings.Contains(err.Error(), "more than 10 redirects") || n != 11 {
		t.Errorf("%v after %d", err, n)
	}
	for _, to := range []string{"file:///etc/passwd", "gopher://127.0.0.1/"} {
		c = client(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}))
		if _, err = c.Get(t.Context(), c.URL("x", nil), nil); err == nil || !strings.Contains(err.Error(), "a redirect leads to the scheme") {
			t.Error(err)
		}
		assertIdle(t, c)
	}
}

func TestNoFollowReturnsTheRedirect(t *testing.T) {
	c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) }))
	for _, method := range []func(context.Context) (*http.Response, error){
		func(ctx context.Context) (*http.Response, error) { return c.Get(ctx, c.URL("x", nil), nil) },
		func(ctx context.Context) (*http.Response, error) { return c.Head(ctx, c.URL("x", nil), nil) },
	} {
		resp, err := method(NoFollow(t.Context()))
		if err != nil || resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "/there" {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
	}
	assertIdle(t, c)
}

func TestALibrarysWriteIsNotTurnedIntoARead(t *testing.T) {
	var got []string
	c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method)
		http.Redirect(w, r, "/there", http.StatusMovedPermanently)
	}))
	resp, err := c.HTTP().Post(c.URL("x", nil).String(), "text/plain", strings.NewReader("content"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMovedPermanently || !slices.Equal(got, []string{"POST"}) {
		t.Error(resp.Status, got)
	}
}

// publicConn is a loopback connection that looks like one to a public address.
type publicConn struct{ net.Conn }

func (publicConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("203.0.113.7:80"))
}

func TestAPublicServerDoesNotSteerIntoThePrivateNetwork(t *testing.T) {
	reached := 0
	inside := serve(t, func(http.ResponseWriter, *http.Request) { reached++ })
	inside.Host = strings.Replace(inside.Host, "127.0.0.1", "localhost", 1)
	outside := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside.String(), http.StatusFound) })
	for _, tc := range []struct {
		name               string
		public, configured bool
		refused            bool
	}{
		{"public to private", true, false, true},
		{"private to private", false, false, false},
		{"public to a configured server", true, true, false},
	} {
		hosts := NewHosts()
		reached = 0
		c := client(t, outside, func(o *Options) { o.Hosts = hosts })
		if tc.configured {
			client(t, inside, func(o *Options) { o.Hosts = hosts })
		}
		c.transport.DialContext = func(ctx context.Context, network, at string) (net.Conn, error) {
			conn, err := dial(ctx, network, at)
			if err == nil && tc.public && at == outside.Host {
				conn = publicConn{conn}
			}
			return conn, err
		}
		resp, err := c.Get(t.Context(), c.URL("x", nil), nil)
		var refusal *policyError
		if errors.As(err, &refusal) != tc.refused || (reached == 0) != tc.refused {
			t.Errorf("%s: %v, reached %d times", tc.name, err, reached)
		}
		if resp != nil {
			resp.Body.Close()
		}
		if !tc.refused {
			continue
		}
		if _, err = c.Get(t.Context(), inside, nil); !errors.As(err, &refusal) { // an address out of a listing
			t.Errorf("%s: %v", tc.name, err)
		}
		beside, err := c.Beside(inside, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = beside.Get(t.Context(), inside, nil); !errors.As(err, &refusal) { // an address out of a project's settings
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestPrivateAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true, "169.254.169.254": true, "::1": true, "fe80::1": true, "fd00::1": true,
		"::ffff:10.0.0.1": true, "0.0.0.0": true, "203.0.113.7": false, "2001:db8::1": false, "172.32.0.1": false,
	} {
		if got := private(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
