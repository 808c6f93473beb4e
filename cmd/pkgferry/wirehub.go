package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"

	"pkgferry/internal/config"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/dockerhub"
)

// reachHub: Docker Hub is at its own addresses unless the configuration names others. Who signs in is the adapter's matter,
// since the API and the registry want it in different ways.
func reachHub(_ context.Context, s config.Source, l config.Login) (access, error) {
	base, err := address(s.URL, dockerhub.API)
	return access{base: base, secrets: l.Secrets(), login: l, pause: dockerhub.Pause}, err
}

// openHub makes the source with its registry beside the API.
func openHub(_ *config.File, s config.Source, api *httpx.Client, to access) (sources.Source, error) {
	at, err := address(s.RegistryURL, dockerhub.Registry)
	if err != nil {
		return nil, err
	}
	registry, err := to.beside(at)
	if err != nil {
		return nil, err
	}
	tokens, err := address(s.AuthURL, dockerhub.TokenService)
	if err != nil {
		return nil, err
	}
	return dockerhub.New(s.Name, api, registry, dockerhub.Options{
		Namespace: string(s.Namespace), Username: to.login.Username, Secret: cmp.Or(to.login.Token, to.login.Password),
		Repositories: s.Repositories, Public: s.Visibility == "public", KeepPulls: s.Limits.KeepPulls,
		Listings: s.Limits.ConcurrentListings, TokenService: tokens, Told: to.told,
	})
}

// address is what the configuration says, or else a fixed one.
func address(configured config.URL, own string) (*url.URL, error) {
	if configured.URL != nil {
		return configured.URL, nil
	}
	u, err := url.Parse(own)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", own, err)
	}
	return u, nil
}
