package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNPMSettings(t *testing.T) {
	rc := filepath.Join(t.TempDir(), ".npmrc")
	text := `; a comment = no
registry = http://127.0.0.1:4873/npm/
@acme:registry=https://acme.example/
@other:registry=https://other.example/
//127.0.0.1:4873/:_authToken="${TOKEN}"
//acme.example/:_auth=dTpwOnE=
//other.example/:username=u
//other.example/:_password=cA==
//bad.example/:_auth=!!
`
	if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		env    map[string]string
		scopes []string
		url    string
		login  Login
		err    string
	}{
		{"the user's file", nil, nil, "http://127.0.0.1:4873/npm", Login{Token: "t0"}, ""},
		{"environment first", map[string]string{"npm_config_registry": "https://env.example"}, nil, "https://env.example", Login{}, ""},
		{"a scope's own", map[string]string{"npm_config_registry": "https://env.example"}, []string{"@acme"}, "https://acme.example", Login{Username: "u", Password: "p:q"}, ""},
		{"scopes that differ", nil, []string{"@acme", "@other"}, "http://127.0.0.1:4873/npm", Login{Token: "t0"}, ""},
		{"user and password", nil, []string{"@other"}, "https://other.example", Login{Username: "u", Password: "p"}, ""},
		{"unreadable", map[string]string{"npm_config_registry": "https://bad.example"}, nil, "https://bad.example", Login{}, "the _auth in npm's own settings is not what npm writes"},
		{"no address", map[string]string{"npm_config_registry": "nowhere"}, nil, "", Login{}, "the registry in npm's own settings: an address starts with https:// and a host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lookup := func(name string) (string, bool) {
				env := map[string]string{"NPM_CONFIG_USERCONFIG": rc, "TOKEN": "t0"}
				for k, v := range c.env {
					env[k] = v
				}
				value, ok := env[name]
				return value, ok
			}
			url, login, err := NPM(t.Context(), c.scopes, lookup)
			got, said := "", ""
			if url != nil {
				got = url.String()
			}
			if err != nil {
				said = err.Error()
			}
			if diff := cmp.Diff([]any{c.url, c.login, c.err}, []any{got, login, said}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
