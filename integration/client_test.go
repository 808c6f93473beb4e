//go:build integration

package integration

import (
	"net/url"
	"testing"

	"pkgferry/internal/httpx"
)

// httpClient reads a server as pkgferry does.
func httpClient(t *testing.T, name, base string, auth httpx.Auth) *httpx.Client {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: name, Base: at, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
