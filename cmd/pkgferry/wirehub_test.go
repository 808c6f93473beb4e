package main

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/config"
	"pkgferry/internal/httpx"
	"pkgferry/sources/dockerhub"
)

// TestHubsAddresses: Docker Hub's own, or those of the configuration, and credentials with no client: the adapter signs in.
func TestHubsAddresses(t *testing.T) {
	at := func(text string) config.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return config.URL{URL: u}
	}
	for _, c := range []struct {
		source config.Source
		want   []string
	}{
		{config.Source{Namespace: "acme"}, []string{"https://hub.docker.com", "https://registry-1.docker.io"}},
		{config.Source{Namespace: "acme", URL: at("http://127.0.0.1:1"), RegistryURL: at("http://127.0.0.1:2"), AuthURL: at("http://127.0.0.1:3")}, []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}},
	} {
		to, err := reachHub(t.Context(), c.source, config.Login{Username: "u", Token: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{to.base.String()}
		to.beside = func(base *url.URL) (*httpx.Client, error) {
			got = append(got, base.String())
			return httpx.New(httpx.Options{Name: "source hub", Base: base})
		}
		client, err := httpx.New(httpx.Options{Name: "source hub", Base: to.base})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openHub(nil, c.source, client, to); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if sent(t, to) != "" || cmp.Diff(to.secrets, []string{"secret"}) != "" || to.pause != dockerhub.Pause {
			t.Errorf("%+v", to)
		}
	}
}
