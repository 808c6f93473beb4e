package artifact

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pkgferry/internal/fault"
)

// digestOf is a well-formed digest for tests: sha256 of one repeated hex digit.
func digestOf(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func TestImagePaths(t *testing.T) {
	long := "sha512:" + strings.Repeat("b", 128)
	for want, f := range map[[2]string]File{
		{"manifests", digestOf("a")}: ImageManifest(digestOf("a"), 7, "l"),
		{"blobs", digestOf("a")}:     ImageBlob(digestOf("a"), 7, "l"),
		{"blobs", long}:              ImageBlob(long, 7, "l"),
		{"referrers", digestOf("a")}: ImageReferrers(digestOf("a"), "l"),
	} {
		kind, digest, ok := ParseImagePath(f.Path)
		if !ok || kind != want[0] || digest != want[1] || f.Locator != "l" {
			t.Errorf("%+v is %s %s %v", f, kind, digest, ok)
		}
		algorithm, value := f.Digests.Strongest()
		if declared := algorithm + ":" + value; (kind == "referrers") != (declared == ":") || kind != "referrers" && (declared != digest || f.Size != 7) {
			t.Errorf("%s declares %s and %d bytes", f.Path, declared, f.Size)
		}
	}
	for _, path := range []string{
		"", "manifests", "manifests/latest", "manifests/sha256:abc", "tags/" + digestOf("a"), "blobs/" + digestOf("A"),
		"blobs/sha512:" + strings.Repeat("b", 64), "blobs/" + digestOf("a") + "/x", "/blobs/" + digestOf("a"), "blobs/" + digestOf("a") + "\n",
	} {
		if kind, _, ok := ParseImagePath(path); ok {
			t.Errorf("%q is taken for %s", path, kind)
		}
	}
}

func TestFallbackTag(t *testing.T) {
	for digest, want := range map[string]string{
		digestOf("a"):                        "sha256-" + strings.Repeat("a", 64),
		"sha512:" + strings.Repeat("b", 128): "sha512-" + strings.Repeat("b", 64),
	} {
		if got := FallbackTag(digest); got != want || !ImageTag(got) {
			t.Errorf("%s has the tag %s, want %s", digest, got, want)
		}
	}
}

func TestImageNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "team/app": true, "a.b_c__d-e---f/g": true, "0/1": true, strings.Repeat("a", 255): true,
		"": false, "A": false, "a/": false, "/a": false, "a//b": false, "a..b": false, "a-.b": false, "a___b": false,
		"a.": false, "-a": false, "a b": false, "ü": false, "a\n": false, strings.Repeat("a", 256): false,
	} {
		if ImageName(name) != want {
			t.Errorf("name %.20q: want %v", name, want)
		}
	}
	for tag, want := range map[string]bool{
		"latest": true, "_1.0-x": true, "V1": true, strings.Repeat("a", 128): true,
		"": false, ".a": false, "-a": false, "a:b": false, "a/b": false, "a+b": false, "é": false, "a\n": false, strings.Repeat("a", 129): false,
	} {
		if ImageTag(tag) != want {
			t.Errorf("tag %.20q: want %v", tag, want)
		}
	}
}

// descriptor is the JSON of one.
func descriptor(mediaType, digit, more string) string {
	return `{"mediaType":"` + mediaType + `","digest":"` + digestOf(digit) + `","size":7` + more + `}`
}

const layerType = "application/vnd.oci.image.layer.v1.tar+gzip"

func TestParseManifest(t *testing.T) {
	config := `"config":` + descriptor("application/vnd.oci.image.config.v1+json", "c", "")
	for name, c := range map[string]struct {
		body, mediaType, config string
		manifests, blobs        []string
	}{
		"Docker's": {
			`{"schemaVersion":2,"mediaType":"` + DockerManifest + `",` + config + `,"layers":[` + descriptor(layerType, "1", "") + `,` + descriptor(layerType, "2", "") + `]}`,
			DockerManifest, "application/vnd.oci.image.config.v1+json", nil, []string{"c", "1", "2"},
		},
		"OCI's without a type, one layer twice": {
			`{"schemaVersion":2,` + config + `,"layers":[` + descriptor(layerType, "1", "") + `,` + descriptor(layerType, "1", "") + `]}`,
			OCIManifest, "application/vnd.oci.image.config.v1+json", nil, []string{"c", "1"},
		},
		"an artifact whose layer is its configuration": {
			`{"schemaVersion":2,"mediaType":"` + OCIManifest + `","artifactType":"a/b","config":` + descriptor("application/vnd.oci.empty.v1+json", "4", "") +
				`,"layers":[` + descriptor("application/vnd.oci.empty.v1+json", "4", "") + `],"subject":` + descriptor(OCIManifest, "5", "") + `}`,
			OCIManifest, "application/vnd.oci.empty.v1+json", nil, []string{"4"},
		},
		"foreign layers": {
			`{"schemaVersion":2,"mediaType":"` + DockerManifest + `",` + config + `,"layers":[` +
				descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "1", `,"urls":["https://layers.example/1"]`) + `,` +
				descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "2", "") + `,` +
				descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "3", `,"urls":["https://layers.example/3"]`) + `,` +
				descriptor(layerType, "4", `,"urls":["https://layers.example/4"]`) + `]}`,
			DockerManifest, "application/vnd.oci.image.config.v1+json", nil, []string{"c", "2", "4"},
		},
		"Docker's list": {
			`{"schemaVersion":2,"mediaType":"` + DockerList + `","manifests":[` + descriptor(DockerManifest, "1", `,"platform":{"os":"linux"}`) + `]}`,
			DockerList, "", []string{"1"}, nil,
		},
		"OCI's index without a type, with an attestation": {
			`{"schemaVersion":2,"manifests":[` + descriptor(OCIManifest, "1", "") + `,` +
				descriptor(OCIManifest, "2", `,"annotations":{"vnd.docker.reference.type":"attestation-manifest"},"platform":{"os":"unknown"}`) + `]}`,
			OCIIndex, "", []string{"1", "2"}, nil,
		},
		"an empty index": {`{"schemaVersion":2,"mediaType":"` + OCIIndex + `"}`, OCIIndex, "", nil, nil},
		"a BuildKit cache": {
			`{"schemaVersion":2,"mediaType":"` + OCIIndex + `","manifests":[` + descriptor(layerType, "1", "") + `,` + descriptor(buildKitCache, "2", "") + `]}`,
			OCIIndex, buildKitCache, nil, []string{"1", "2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseManifest([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			digits := func(all []Descriptor) (out []string) {
				for _, d := range all {
					if d.Size != 7 {
						t.Errorf("%s has %d bytes", d.Digest, d.Size)
					}
					out = append(out, d.Digest[len(d.Digest)-1:])
				}
				return out
			}
			if m.MediaType != c.mediaType || m.ConfigType != c.config || m.Schema1 {
				t.Errorf("read %+v", m)
			}
			if got := digits(m.Manifests); !slices.Equal(got, c.manifests) {
				t.Errorf("manifests %v, want %v", got, c.manifests)
			}
			if got := digits(m.Blobs); !slices.Equal(got, c.blobs) {
				t.Errorf("blobs %v, want %v", got, c.blobs)
			}
			if artifact := strings.Contains(c.body, "subject"); artifact && (m.Subject == nil || m.Subject.Digest != digestOf("5") || m.ArtifactType != "a/b") || !artifact && m.Subject != nil {
				t.Errorf("subject %+v of %q", m.Subject, m.ArtifactType)
			}
		})
	}
}

func TestParseManifestTellsSchema1(t *testing.T) {
	for body, want := range map[string]string{
		`{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[{"blobSum":"x"}],"signatures":[{}]}`: DockerSchema1Signed,
		`{"schemaVersion":1,"fsLayers":[]}`: DockerSchema1,
		`{"schemaVersion":1,"mediaType":"` + DockerSchema1Signed + `","fsLayers":[],"history":[]}`: DockerSchema1Signed,
	} {
		if m, err := ParseManifest([]byte(body)); err != nil || !m.Schema1 || m.MediaType != want || m.Blobs != nil {
			t.Errorf("%s is %+v, %v", body, m, err)
		}
	}
}

func TestParseManifestRefuses(t *testing.T) {
	config := `"config":` + descriptor("x", "c", "")
	for name, c := range map[string]struct {
		body string
		code Reason
	}{
		"nothing":             {"", PackageUnreadable},
		"no JSON":             {"<html>", PackageUnreadable},
		"an array":            {"[]", PackageUnreadable},
		"no version":          {"{" + config + "}", PackageUnreadable},
		"version 3":           {`{"schemaVersion":3,` + config + "}", PackageUnreadable},
		"no members":          {`{"schemaVersion":2}`, PackageUnreadable},
		"both kinds":          {`{"schemaVersion":2,` + config + `,"manifests":[]}`, PackageUnreadable},
		"layers of an index":  {`{"schemaVersion":2,"mediaType":"` + OCIIndex + `","layers":[]}`, PackageUnreadable},
		"manifests of a file": {`{"schemaVersion":2,"mediaType":"` + DockerManifest + `","manifests":[]}`, PackageUnreadable},
		"schema 1 inside 2":   {`{"schemaVersion":2,` + config + `,"fsLayers":[]}`, PackageUnreadable},
		"bad digest":          {`{"schemaVersion":2,"manifests":[{"digest":"sha256:../x","size":1}]}`, PackageUnreadable},
		"upper-case digest":   {`{"schemaVersion":2,"manifests":[` + descriptor("x", "A", "") + `]}`, PackageUnreadable},
		"bad subject":         {`{"schemaVersion":2,` + config + `,"subject":{"digest":"md5:0"}}`, PackageUnreadable},
		"bad layer":           {`{"schemaVersion":2,` + config + `,"layers":[null]}`, PackageUnreadable},
		"negative size":       {`{"schemaVersion":2,"config":{"digest":"` + digestOf("c") + `","size":-1}}`, PackageUnreadable},
		"another type":        {`{"schemaVersion":2,"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[]}`, MediaTypeUnsupported},
		"too large":           {`{"schemaVersion":2,` + config + strings.Repeat(" ", MaxManifest) + `}`, ManifestTooLarge},
	} {
		if m, err := ParseManifest([]byte(c.body)); err == nil || fault.CodeOf(err) != string(c.code) {
			t.Errorf("%s: got %+v, %v, want %s", name, m, err, c.code)
		}
	}
}

func TestManifestsTakeLittleMemory(t *testing.T) {
	full := `{"schemaVersion":2,"manifests":[` + descriptor("x", "1", "")
	full += strings.Repeat(","+descriptor("x", "1", ""), (MaxManifest-len(full)-2)/(len(descriptor("x", "1", ""))+1)) + "]}"
	if m, err := ParseManifest([]byte(full)); err != nil || len(m.Manifests) != 1 {
		t.Errorf("%d descriptors, %v", len(m.Manifests), err)
	}
	empty := []byte(`{"schemaVersion":2,"manifests":[{}` + strings.Repeat(",{}", MaxManifest/3-20) + "]}")
	used := allocated(func() {
		_, err := ParseManifest(empty)
		unreadableFor(t, err, "members")
	})
	if used > 1<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":` + descriptor("x", "c", "") + `,"layers":[` + descriptor(layerType, "1", `,"urls":["u"]`) + `]}`))
	f.Add([]byte(`{"schemaVersion":2,"manifests":[` + descriptor(buildKitCache, "1", "") + `]}`))
	f.Add([]byte(`{"schemaVersion":1,"fsLayers":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ParseManifest(body)
		if (err == nil) == (fault.CodeOf(err) != "") {
			t.Errorf("the error %v has the code %q", err, fault.CodeOf(err))
		}
		for _, d := range slices.Concat(m.Manifests, m.Blobs) {
			if _, _, ok := ParseImagePath(ImageBlob(d.Digest, d.Size, "").Path); !ok || d.Size < 0 {
				t.Errorf("%+v was let through", d)
			}
		}
		if err == nil && !json.Valid(body) {
			t.Error("what is no JSON was read")
		}
	})
}
