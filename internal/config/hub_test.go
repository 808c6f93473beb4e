package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHub: a Docker Hub source needs its namespace; other addresses than Docker Hub's own come together.
func TestHub(t *testing.T) {
	o := testOptions()
	o.Types = append(o.Types, "dockerhub")
	for _, c := range []struct{ keys, want string }{
		{"namespace: acme", ""},
		{"namespace: acme, visibility: public, username: u, token: '${T}', limits: {keep_pulls: 20}", ""},
		{"namespace: acme, url: http://127.0.0.1:1, registry_url: http://127.0.0.1:2, auth_url: http://127.0.0.1:3", ""},
		{"username: u, token: '${T}'", "f.yaml:2:5: the key namespace is missing"},
		{"namespace: Acme", "f.yaml:2:43: the name of an account or organization is expected here, in lower case, for example acme"},
		{"namespace: acme/app", "f.yaml:2:43: the name of an account or organization is expected here, in lower case, for example acme"},
		{"namespace: acme, visibility: private", "f.yaml:2:61: visibility is one of all, public"},
		{"namespace: acme, url: https://hub.example", "f.yaml:2:5: the key registry_url is missing\nf.yaml:2:5: the key auth_url is missing"},
		{"namespace: acme, url: https://h.example, registry_url: http://r.example, auth_url: https://a.example", "f.yaml:2:87: http carries credentials unprotected: use https, or say allow_http: true"},
		{"namespace: acme, scopes: ['@a']", "f.yaml:2:57: scopes does not apply to sources of type dockerhub"},
	} {
		text := "sources:\n  - {name: a, type: dockerhub, " + c.keys + "}\ntarget: {url: https://g.example, token: '${T}', group: acme}\n"
		_, err := Read("f.yaml", []byte(text), o)
		got := ""
		if errs, ok := err.(Errors); ok { //nolint:errorlint // Read never wraps
			got = strings.TrimSuffix(errs.Lines(), "\n")
		} else if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.keys, diff)
		}
	}
}
