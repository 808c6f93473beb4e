//go:build integration

package integration

// The real clients of container registries push real content to GitLab's stand-in and to real registries that trust
// GitLab's tokens, and read it there.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
)

// onLocalhost is a loopback address with its name, to which go-containerregistry goes for a token.
func onLocalhost(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }

// realRegistry starts a real registry whose token service is GitLab's stand-in.
func realRegistry(t *testing.T, gitlab *server, release realserver.Distribution, store *realserver.S3Store) string {
	t.Helper()
	body := gitlab.get(t, "registry.crt")
	defer func() { _ = body.Close() }()
	certificate, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return realserver.Registry(t, release, realserver.RegistryOptions{
		Realm: onLocalhost(gitlab.URL) + "/jwt/auth", Service: "container_registry", Issuer: "gitlab-issuer", Certificate: certificate, Store: store,
	})
}

func TestImageClients(t *testing.T) {
	for name, start := range map[string]func(t *testing.T, gitlab *server) string{
		"stand-in": func(_ *testing.T, gitlab *server) string { return onLocalhost(gitlab.URL) },
		"distribution 2": func(t *testing.T, gitlab *server) string {
			return realRegistry(t, gitlab, realserver.Distribution2, nil)
		},
		"distribution 3": func(t *testing.T, gitlab *server) string {
			return realRegistry(t, gitlab, realserver.Distribution3, nil)
		},
		"distribution 2 on S3": func(t *testing.T, gitlab *server) string {
			return realRegistry(t, gitlab, realserver.Distribution2, realserver.S3(t))
		},
		"distribution 3 on S3": func(t *testing.T, gitlab *server) string {
			return realRegistry(t, gitlab, realserver.Distribution3, realserver.S3(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			gitlab := startStandin(t, "gitlab", "--mode", "registry.token.json=docker")
			at, err := url.Parse(start(t, gitlab))
			if err != nil {
				t.Fatal(err)
			}
			imageClients(t, at.Host, gitlab)
		})
	}
}

func imageClients(t *testing.T, host string, gitlab *server) {
	t.Helper()
	logins := realserver.Logins{host: {Username: anybody, Password: gitlab.Token}}
	must := func(out string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.TrimSpace(out)
	}
	crane := func(arg ...string) string { return must(realserver.Crane(t, logins, arg...)) }
	skopeo := func(command string, arg ...string) string {
		return must(realserver.Skopeo(t, logins, command, arg...))
	}
	project := host + "/" + gitlab.Group + "/docker-images"
	one, two, three := project+"/app:1", project+"/nested/app:2", project+":3"
	layer := realserver.Cache(t, "packages", "npm", "yargs-17.7.2.tgz")
	crane("append", "--oci-empty-base", "-f", layer, "-t", one)
	digest := crane("digest", one)

	skopeo("copy", "docker://"+one, "docker://"+two)
	if got := crane("digest", two); got != digest {
		t.Errorf("skopeo copied %s, which is %s there", digest, got)
	}
	podman := realserver.NewPodman(t, logins)
	must(podman.Run(t, "pull", "--quiet", two))
	must(podman.Run(t, "push", "--quiet", two, three))
	if got, want := export(t, logins, three), export(t, logins, one); !bytes.Equal(got, want) {
		t.Errorf("the image has %d other bytes after podman pulled and pushed it", len(got))
	}

	second, index := project+":second", project+":index"
	crane("append", "--oci-empty-base", "-f", realserver.Cache(t, "packages", "npm", "y18n-5.0.8.tgz"), "-t", second)
	crane("index", "append", "-m", one, "-m", second, "-t", index)
	crane("copy", index, project+"/nested/index:1")
	if got, want := crane("digest", project+"/nested/index:1"), crane("digest", index); got != want {
		t.Errorf("crane copied the index %s, which is %s there", want, got)
	}

	helm := realserver.NewHelm(t, logins)
	chart := realserver.Cache(t, "packages", "helm", "hashtest-1.2.3.tgz")
	must(helm.Run(t, "push", chart, "oci://"+project+"/charts", "--plain-http"))
	must(helm.Run(t, "pull", "oci://"+project+"/charts/hashtest", "--version", "1.2.3", "--plain-http"))
	got, err := os.ReadFile(filepath.Join(helm.Dir, "hashtest-1.2.3.tgz"))
	if err != nil || !bytes.Equal(got, cached(t, "packages", "helm", "hashtest-1.2.3.tgz")) {
		t.Errorf("helm pulls another chart than it pushed: %v", err)
	}

	wrong := realserver.Logins{host: {Username: anybody, Password: "a-wrong-token"}}
	if out, err := realserver.Crane(t, wrong, "digest", one); err == nil {
		t.Errorf("a wrong token reads an image: %s", out)
	}
}

// Who reads a blob of a registry on S3 is sent to the store, at an address that is good without a credential.
func TestRegistriesOnS3Redirect(t *testing.T) {
	for _, release := range []realserver.Distribution{realserver.Distribution2, realserver.Distribution3} {
		store := realserver.S3(t)
		registry := realserver.Registry(t, release, realserver.RegistryOptions{Store: store})
		host := strings.TrimPrefix(registry, "http://")
		if out, err := realserver.Crane(t, nil, "append", "--oci-empty-base", "-f", realserver.Cache(t, "packages", "npm", "y18n-5.0.8.tgz"), "-t", host+"/a:1"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		config, err := realserver.Crane(t, nil, "config", host+"/a:1")
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(config))
		blob := registry + "/v2/a/blobs/sha256:" + hex.EncodeToString(sum[:])
		resp, err := http.DefaultTransport.RoundTrip(request(t, blob))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		location := resp.Header.Get("Location")
		if resp.StatusCode != http.StatusTemporaryRedirect || !strings.HasPrefix(location, store.URL) {
			t.Errorf("distribution %s answers %s and sends to %q", release, resp.Status, location)
		}
		if got := realserver.Curl(t, location); string(got) != config {
			t.Errorf("the store has %q, want %q", got, config)
		}
	}
}

// Both releases refuse a page of the catalog that is larger than their limit.
func TestRegistriesLimitTheirCatalog(t *testing.T) {
	for _, release := range []realserver.Distribution{realserver.Distribution2, realserver.Distribution3} {
		registry := realserver.Registry(t, release, realserver.RegistryOptions{CatalogMax: 5})
		for n, want := range map[string]int{"5": http.StatusOK, "6": http.StatusBadRequest} {
			resp, err := http.DefaultTransport.RoundTrip(request(t, registry+"/v2/_catalog?n="+n))
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("distribution %s, n=%s: %s, want %d", release, n, resp.Status, want)
			}
		}
	}
}

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// export is the file system of an image as a tar.
func export(t *testing.T, logins realserver.Logins, image string) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image.tar")
	if out, err := realserver.Crane(t, logins, "export", image, to); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
