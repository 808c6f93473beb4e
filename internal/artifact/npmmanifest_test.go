package artifact

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

type entry struct{ name, text string }

func tarball(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var packed bytes.Buffer
	zipper := gzip.NewWriter(&packed)
	writer := tar.NewWriter(zipper)
	for _, one := range entries {
		if err := writer.WriteHeader(&tar.Header{Name: one.name, Mode: 0o644, Size: int64(len(one.text))}); err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(writer, one.text); err != nil {
			tb.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), zipper.Close()); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

func TestReadNPMManifestTakesTheLastOneDirectoryDeep(t *testing.T) {
	m, err := ReadNPMManifest(bytes.NewReader(tarball(t,
		entry{"package.json", `{"name":"outside","version":"1.0.0"}`},
		entry{"package/package.json", `{"name":"first","version":"1.0.0"}`},
		entry{"package/npm-shrinkwrap.json", `{}`},
		entry{"./ui/package.json", "\ufeff" + `{"name":"@acme/ui","Name":"other","version":"1.2.0","scripts":{"test": "x"}}`},
		entry{"package/node_modules/x/package.json", `{"name":"x","version":"9.0.0"}`},
	)))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "@acme/ui" || m.Version != "1.2.0" || !m.Shrinkwrap || string(m.Fields["scripts"]) != `{"test": "x"}` {
		t.Errorf("read %+v", m)
	}
}

func TestReadNPMManifestRefuses(t *testing.T) {
	good := tarball(t, entry{"package/package.json", `{"name":"a","version":"1.0.0"}`})
	for name, c := range map[string]struct {
		tarball []byte
		says    string
	}{
		"empty":       {nil, "not gzip"},
		"no gzip":     {[]byte("plain"), "not gzip"},
		"no manifest": {tarball(t, entry{"package/index.js", ""}), "no package.json"},
		"no name":     {tarball(t, entry{"package/package.json", `{"version":"1.0.0"}`}), "no name"},
		"null name":   {tarball(t, entry{"package/package.json", `{"name":null,"version":"1.0.0"}`}), "no name"},
		"no version":  {tarball(t, entry{"package/package.json", `{"name":"a","version":3}`}), "no version"},
		"no object":   {tarball(t, entry{"package/package.json", `["a"]`}), "package.json"},
		"too large": {
			tarball(t, entry{"package/package.json", `{"name":"` + strings.Repeat("a", maxNPMManifest) + `"}`}), "more than",
		},
		"cut short": {good[:len(good)/2], "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadNPMManifest(bytes.NewReader(c.tarball))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got error %v, want one that says %q", err, c.says)
			}
		})
	}
}

func FuzzReadNPMManifest(f *testing.F) {
	f.Add(tarball(f, entry{"package/package.json", `{"name":"@acme/ui","version":"1.0.0"}`}))
	f.Add(tarball(f, entry{"x", "y"}))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, packed []byte) {
		m, err := ReadNPMManifest(bytes.NewReader(packed))
		if err == nil && (m.Name == "" || m.Version == "") {
			t.Error("a manifest without a name was read")
		}
	})
}
