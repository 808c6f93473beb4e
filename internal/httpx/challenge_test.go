package httpx

import (
	"maps"
	"net/http"
	"testing"
)

func TestBearerChallenge(t *testing.T) {
	type parameters = map[string]string
	for line, want := range map[string]parameters{
		`Bearer realm="https://gitlab.example/jwt/auth",service="container_registry",scope="repository:a/b:pull,push",error="insufficient_scope"`: {
			"realm": "https://gitlab.example/jwt/auth", "service": "container_registry", "scope": "repository:a/b:pull,push", "error": "insufficient_scope",
		},
		`bearer  REALM = "x" , error=invalid_token`: {"realm": "x", "error": "invalid_token"},
		`Bearer realm="with \"quotes\" and \\", x`:  {"realm": `with "quotes" and \`, "x": ""},
		`Bearer realm="cut`:                         {"realm": "cut"},
		`Bearer realm="cut\`:                        {"realm": "cut"},
		`Bearer`:                                    {},
		`Bearer ,,,`:                                {"": ""},
	} {
		got, ok := BearerChallenge(http.Header{"Www-Authenticate": {`Basic realm="x"`, line}})
		if !ok || !maps.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", line, got, ok, want)
		}
	}
	for _, line := range []string{"", `Basic realm="x"`, "Bearertoken x=y"} {
		if _, ok := BearerChallenge(http.Header{"Www-Authenticate": {line}}); ok {
			t.Errorf("%q is taken for a challenge", line)
		}
	}
}

func FuzzBearerChallenge(f *testing.F) {
	f.Add(`Bearer realm="https://gitlab.example/jwt/auth",service="container_registry",error="invalid_token"`)
	f.Add(`Bearer realm="\`)
	f.Fuzz(func(t *testing.T, line string) {
		got, _ := BearerChallenge(http.Header{"Www-Authenticate": {line}})
		for name, value := range got {
			if len(name)+len(value) > 3*len(line) { // lower case may be longer
				t.Error("more was read than is there")
			}
		}
	})
}
