package realserver

// The real container registries of the distribution project (https://distribution.github.io/distribution/about/configuration/):
// GitLab's own began as a copy of its release 2, and most registries that people run by themselves are one of the two.

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// Distribution is a release of the registry.
type Distribution string

// The releases: Debian's docker-registry, which is 2.8, and the newest.
const (
	Distribution2 Distribution = "2.8"
	Distribution3 Distribution = "3"
)

// RegistryOptions are what a registry is configured with; the zero value lets anybody push and pull.
type RegistryOptions struct {
	// Realm is the address of a token service, as clients are told it.
	Realm string
	// Service and Issuer are the aud and iss of its tokens.
	Service, Issuer string
	// Certificate is the PEM file of the certificate that its tokens carry.
	Certificate []byte
	// Store keeps the blobs, to which their readers are redirected; without, they lie in a directory.
	Store *S3Store
	// CatalogMax is how many repositories a page of the catalog has at most; 0 is the registry's default.
	CatalogMax int
}

// Registry starts an empty registry at localhost, and returns its address. Its token service should be at localhost too.
// It ends with the test.
func Registry(tb testing.TB, release Distribution, o RegistryOptions) (url string) {
	tb.Helper()
	dir := tb.TempDir()
	address := freeAddress(tb)
	config := map[string]any{
		"version": "0.1",
		"log":     map[string]any{"level": "error", "accesslog": map[string]any{"disabled": true}},
		"http":    map[string]any{"addr": address, "secret": "ferry"},
		"storage": storage(dir, o.Store),
	}
	if o.CatalogMax > 0 {
		config["catalog"] = map[string]any{"maxentries": o.CatalogMax}
	}
	if o.Realm != "" {
		write(tb, filepath.Join(dir, "token.crt"), string(o.Certificate))
		config["auth"] = map[string]any{"token": map[string]any{
			"realm": o.Realm, "service": o.Service, "issuer": o.Issuer, "rootcertbundle": filepath.Join(dir, "token.crt"),
		}}
	}
	text, err := json.Marshal(config) // YAML too
	if err != nil {
		tb.Fatal(err)
	}
	write(tb, filepath.Join(dir, "config.yml"), string(text))
	program := Cache(tb, "bin", "registry")
	if release == Distribution2 {
		program = Cache(tb, "docker-registry", "usr", "bin", "docker-registry")
	}
	url = onLocalhost(tb, address)
	serve(tb, url+"/v2/", dir, environment([]string{"registry_", "otel_", "aws_"}, "HOME="+dir, "OTEL_TRACES_EXPORTER=none"), program, "serve", "config.yml")
	return url
}

func storage(dir string, s *S3Store) map[string]any {
	config := map[string]any{"delete": map[string]any{"enabled": true}}
	if s == nil {
		config["filesystem"] = map[string]any{"rootdirectory": filepath.Join(dir, "data")}
		return config
	}
	config["s3"] = map[string]any{
		"regionendpoint": s.URL, "region": s.Region, "bucket": s.Bucket, "accesskey": s.AccessKey, "secretkey": s.SecretKey,
		"secure": false, "forcepathstyle": true, "rootdirectory": "/",
	}
	return config
}
