package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/config"
)

// sent is the Authorization header that access sends; "" for none.
func sent(t *testing.T, to access) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if to.auth != nil {
		to.auth(req)
	}
	return req.Header.Get("Authorization")
}

func TestReachNexus(t *testing.T) {
	for _, c := range []struct {
		name    string
		login   config.Login
		header  string
		secrets []string
		err     string
	}{
		{"anonymous", config.Login{}, "", nil, ""},
		{"user and password", config.Login{Username: "u", Password: "p"}, "Basic dTpw", []string{"p"}, ""},
		{"user and token", config.Login{Username: "u", Token: "t"}, "Basic dTp0", []string{"t"}, ""},
		{"pair", config.Login{Token: "u:p"}, "Basic dTpw", []string{"u:p", "p"}, ""},
		{"half a pair", config.Login{Token: "t"}, "", []string{"t"}, "a user token of Nexus has two parts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, err := reachNexus(t.Context(), config.Source{}, c.login)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]any{c.header, c.secrets}, []any{sent(t, to), to.secrets}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestReachNPM: what the configuration says goes before npm's own settings.
func TestReachNPM(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"npm_config_registry", "NPM_CONFIG_REGISTRY", "npm_config_userconfig", "NPM_CONFIG_USERCONFIG"} {
		t.Setenv(name, "")
	}
	text := "registry=http://127.0.0.1:4873/\n//127.0.0.1:4873/:_authToken=from-npm\n"
	if err := os.WriteFile(filepath.Join(home, ".npmrc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(text string) config.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return config.URL{URL: u}
	}
	for _, c := range []struct {
		name         string
		source       config.Source
		login        config.Login
		base, header string
	}{
		{"npm's own", config.Source{}, config.Login{}, "http://127.0.0.1:4873/", "Bearer from-npm"},
		{"npm's address, our token", config.Source{}, config.Login{Token: "ours"}, "http://127.0.0.1:4873/", "Bearer ours"},
		{"our address, npm's token for it", config.Source{URL: at("http://127.0.0.1:4873")}, config.Login{}, "http://127.0.0.1:4873", "Bearer from-npm"},
		{"another address", config.Source{URL: at("https://npm.example")}, config.Login{}, "https://npm.example", ""},
		{"user and password", config.Source{URL: at("https://npm.example")}, config.Login{Username: "u", Password: "p"}, "https://npm.example", "Basic dTpw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, err := reachNPM(t.Context(), c.source, c.login)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{c.base, c.header}, []string{to.base.String(), sent(t, to)}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
