//go:build integration

package gitlab_test

// Images in real registries (https://distribution.github.io/distribution/), of which GitLab's own began as a copy. They
// trust the tokens of the stand-in.

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

func TestRealRegistries(t *testing.T) {
	for name, start := range map[string]func(*testing.T) (realserver.Distribution, *realserver.S3Store){
		"2": func(*testing.T) (realserver.Distribution, *realserver.S3Store) { return realserver.Distribution2, nil },
		"3": func(*testing.T) (realserver.Distribution, *realserver.S3Store) { return realserver.Distribution3, nil },
		"2 on S3": func(t *testing.T) (realserver.Distribution, *realserver.S3Store) {
			return realserver.Distribution2, realserver.S3(t)
		},
		"3 on S3": func(t *testing.T) (realserver.Distribution, *realserver.S3Store) {
			return realserver.Distribution3, realserver.S3(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			release, store := start(t)
			publishToReal(t, release, store)
		})
	}
}

func publishToReal(t *testing.T, release realserver.Distribution, store *realserver.S3Store) {
	t.Helper()
	s := startRegistry(t, "registry.token.json", "docker")
	body := s.get(t, "registry.crt")
	defer func() { _ = body.Close() }()
	certificate, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := url.Parse(realserver.Registry(t, release, realserver.RegistryOptions{
		Realm: strings.Replace(s.url, "127.0.0.1", "localhost", 1) + "/jwt/auth", Service: "container_registry", Issuer: "gitlab-issuer",
		Certificate: certificate, Store: store,
	}))
	if err != nil {
		t.Fatal(err)
	}
	s.setModes(t, "registry.host", registry.Host)
	m, sink := sign("team/app"), s.sink(t)
	large := makeLargeImage(t, 20<<20)
	all := append(m.samples, m.sample("other", "1.0", m.root), makeImage(t, 1, "a"), makeImage(t, 2, "a"), large)
	for _, one := range all {
		if err := s.publish(t, sink, one); err != nil {
			t.Fatalf("%s: %v", one.PURL(), err)
		}
	}
	want := map[string]bool{}
	for _, one := range all {
		dst := s.destination(one.Package)
		want[dst.Name+":"+dst.Version] = true
		for _, looking := range []sinks.Sink{sink, s.sink(t)} {
			held := look(t, looking, dst, one.Package).Files[one.Files[0].Path]
			if held.Digests.Compare(one.Files[0].Digests) != artifact.Same {
				t.Errorf("%s is held as %+v", one.PURL(), held)
			}
		}
		logins := realserver.Logins{registry.Host: {Username: "any", Password: token}}
		image := registry.Host + "/" + s.project + "/" + dst.Name + ":" + dst.Version
		if out, err := realserver.Crane(t, logins, "digest", image); err != nil || "manifests/"+strings.TrimSpace(out) != one.Files[0].Path {
			t.Errorf("crane tells %s: %q, %v", image, out, err)
		}
		if out, err := realserver.Crane(t, logins, "pull", "--format=oci", image, t.TempDir()); err != nil {
			t.Errorf("crane pulls %s: %v\n%s", image, err, out)
		}
	}
	for dst, err := range s.sink(t).Packages(t.Context(), s.project, artifact.Container) {
		if err != nil || !want[dst.Name+":"+dst.Version] {
			t.Errorf("%+v is listed, %v", dst, err)
		}
		delete(want, dst.Name+":"+dst.Version)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %s", fmt.Sprint(want))
	}
}
