package dockerhub_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/dockerhub"
)

// payload is what a token says.
func payload(t testing.TB, token string) []byte {
	t.Helper()
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Whatever is asked of the API, it is answered and nothing breaks.
func FuzzAPI(f *testing.F) {
	s, err := dockerhub.New(standin.Options{Modes: map[string]string{"odd": "true", "api.limit": "0"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	for _, path := range []string{
		"/v2/namespaces/acme/repositories?page=2&page_size=-1&ordering=name", "/v2/namespaces/acme/repositories/many/tags?page=9999999999",
		"/v2/repositories/acme/app/tags/1.0/", "/v2/auth/token", "/v2/users/2fa-login",
	} {
		f.Add(http.MethodGet, path, `{"identifier":"acme","secret":"x"}`, "Bearer a.b.c")
		f.Add(http.MethodPost, path, `{"login_2fa_token":"a.b.c"}`, "")
	}
	f.Fuzz(func(t *testing.T, method, path, body, authorization string) {
		u, err := url.Parse(path)
		if err != nil || strings.HasPrefix(u.Path, "/_standin/") {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
		r.Method, r.URL = method, u
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %s: %d", method, path, w.Code)
		}
	})
}
