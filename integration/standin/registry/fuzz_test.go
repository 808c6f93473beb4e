package registry_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"pkgferry/integration/standin/registry"
)

func FuzzServe(f *testing.F) {
	s := seeded()
	for _, path := range []string{"/v2/", "/v2/acme/app/tags/list?n=1&last=a", "/v2/_catalog?n=-0", "/v2/acme/app/manifests/2.0", "/v2/acme/app/blobs/sha256:0"} {
		f.Add("GET", path, "application/json;q=1, */*", "bytes=1-")
	}
	f.Fuzz(func(t *testing.T, method, path, accept, ranges string) {
		u, err := url.Parse(path)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		r := &http.Request{Method: method, URL: u, Header: http.Header{"Accept": {accept}, "Range": {ranges}}}
		registry.Registry{Store: s, Catalog: &registry.Paging{}, Referrers: &registry.Paging{Max: 1}}.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %q: %d", method, path, w.Code)
		}
	})
}
