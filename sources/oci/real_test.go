//go:build integration

package oci_test

// Real registries (https://distribution.github.io/distribution/), filled by go-containerregistry and listed page by page.

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/oci"
	"pkgferry/sources/sourcetest"
)

func TestRealRegistries(t *testing.T) {
	for _, release := range []realserver.Distribution{realserver.Distribution2, realserver.Distribution3} {
		for where, store := range map[string]func(*testing.T) *realserver.S3Store{
			"on disk": func(*testing.T) *realserver.S3Store { return nil },
			"on S3":   func(t *testing.T) *realserver.S3Store { return realserver.S3(t) },
		} {
			t.Run(string(release)+" "+where, func(t *testing.T) {
				// Fewer than a page of ours: n is over the maximum.
				base, err := url.Parse(realserver.Registry(t, release, realserver.RegistryOptions{CatalogMax: 3, Store: store(t)}))
				if err != nil {
					t.Fatal(err)
				}
				want := fill(t, base.Host)
				open := func(t *testing.T) *oci.Registry {
					client, err := httpx.New(httpx.Options{Name: "source registry", Base: base})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(client.HTTP().CloseIdleConnections)
					r, err := oci.New(client, oci.Options{})
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				sourcetest.Run(t, sourcetest.Case{
					New:  func(t *testing.T) sources.Source { return oci.NewSource(open(t), 2) },
					Want: want,
					Absent: func(_ *testing.T, f artifact.File) artifact.File {
						return artifact.ImageManifest("sha256:"+strings.Repeat("0", 64), f.Size, f.Locator)
					},
					Change: func(t *testing.T) []artifact.Package {
						return []artifact.Package{push(t, base.Host, "team/app-0", "new")}
					},
				})
				readBlobs(t, open(t), base.Host)
			})
		}
	}
}

// fill pushes some repositories with some tags each.
func fill(t *testing.T, host string) (all []artifact.Package) {
	t.Helper()
	for i := range 5 {
		for j := range 3 {
			all = append(all, push(t, host, fmt.Sprintf("team/app-%d", i), fmt.Sprintf("1.%d", j)))
		}
	}
	return append(all, push(t, host, "team/odd_name.x", "V1_rc.1-x"))
}

// push pushes an index of two images.
func push(t *testing.T, host, repository, tag string) artifact.Package {
	t.Helper()
	ref, err := name.ParseReference(host+"/"+repository+":"+tag, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	index, err := random.Index(2000, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := partial.Size(index)
	if err != nil {
		t.Fatal(err)
	}
	return artifact.Package{
		Format: artifact.Container, Name: repository, Version: tag, Files: []artifact.File{artifact.ImageManifest(digest.String(), size, "")},
	}
}

// readBlobs reads every layer of an image from its middle, against what go-containerregistry reads.
func readBlobs(t *testing.T, r *oci.Registry, host string) {
	t.Helper()
	ref, err := name.ParseReference(host+"/team/app-0:1.0", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) == 0 {
		t.Fatal(len(layers), err)
	}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			t.Fatal(err)
		}
		size, err := layer.Size()
		if err != nil {
			t.Fatal(err)
		}
		whole := readAll(t, r, digest.String(), 0)
		if sum := artifact.DigestsOf(whole).SHA256; sum != digest.Hex || int64(len(whole)) != size {
			t.Errorf("%s: %d bytes with the digest %s", digest, len(whole), sum)
		}
		if rest := readAll(t, r, digest.String(), size/2); rest != whole[size/2:] {
			t.Errorf("%s from its middle: %d bytes that are not the rest", digest, len(rest))
		}
	}
	content, err := r.Open(t.Context(), "team/app-0", artifact.ImageReferrers(manifest.Manifests[0].Digest.String(), ""), 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = content.Close()
}

func readAll(t *testing.T, r *oci.Registry, digest string, from int64) string {
	t.Helper()
	content, err := r.Open(t.Context(), "team/app-0", artifact.ImageBlob(digest, -1, ""), from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	var text strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := content.Read(buffer)
		text.Write(buffer[:n])
		if err != nil {
			return text.String()
		}
	}
}
