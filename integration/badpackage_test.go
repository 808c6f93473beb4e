package integration

// Packages that are broken in themselves: each fails with a reason code of its own, memory stays bounded, and what is
// good beside them arrives.

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// maxHeap is far below what any of the bombs unpacks to.
const maxHeap = 96 << 20

func TestBrokenPackages(t *testing.T) {
	from, want := shelf.New(), map[string]string{}
	put := func(outcome string, p artifact.Package, file string, content []byte) {
		t.Helper()
		p.Repository = "broken"
		if err := from.Put(p, map[string]shelf.Bytes{file: shelf.Text(content)}); err != nil {
			t.Fatal(err)
		}
		want[p.PURL()] = outcome
	}
	pkg := func(format artifact.Format, name, version string) artifact.Package {
		return artifact.Package{Format: format, Name: name, Version: version}
	}
	const unreadable = "failed package-unreadable"
	metadata := "Metadata-Version: 2.1\nName: good\nVersion: 1.0\n"
	put("published", pkg(artifact.PyPI, "good", "1.0"), "good-1.0-py3-none-any.whl", zipped("good-1.0.dist-info/METADATA", []byte(metadata)))
	put(unreadable, pkg(artifact.PyPI, "corrupt", "1.0"), "corrupt-1.0-py3-none-any.whl", []byte("this is no zip archive"))
	put(unreadable, pkg(artifact.PyPI, "huge", "1.0"), "huge-1.0-py3-none-any.whl", zipped("huge-1.0.dist-info/METADATA", make([]byte, 200<<20)))
	put(unreadable, pkg(artifact.PyPI, "bomb", "1.0"), "bomb-1.0-py3-none-any.whl", bomb(t, "bomb-1.0.dist-info/METADATA"))
	put("published", pkg(artifact.NuGet, "Good", "1.0.0"), "good.1.0.0.nupkg", zipped("Good.nuspec", []byte(nuspec("Good", "1.0.0"))))
	put(unreadable, pkg(artifact.NuGet, "Empty", "1.0.0"), "empty.1.0.0.nupkg", zipped("readme.txt", []byte("no nuspec")))
	put(unreadable, pkg(artifact.NuGet, "Bomb", "1.0.0"), "bomb.1.0.0.nupkg", bomb(t, "Bomb.nuspec"))
	put("failed identity-mismatch", pkg(artifact.NuGet, "Mine", "1.0.0"), "mine.1.0.0.nupkg", zipped("Yours.nuspec", []byte(nuspec("Yours", "1.0.0"))))
	put("published", pkg(artifact.Helm, "good", "1.0.0"), "good-1.0.0.tgz", tarred("good/Chart.yaml", []byte("apiVersion: v2\nname: good\nversion: 1.0.0\n")))
	put(unreadable, pkg(artifact.Helm, "empty", "1.0.0"), "empty-1.0.0.tgz", tarred("empty/values.yaml", []byte("a: 1\n")))
	put(unreadable, pkg(artifact.Helm, "climber", "1.0.0"), "climber-1.0.0.tgz", tarred("../Chart.yaml", []byte("apiVersion: v2\nname: climber\nversion: 1.0.0\n")))
	put("published repacked", pkg(artifact.Terraform, "acme/good/aws", "1.0.0"), "good.zip", zipped("main.tf", []byte("# a module\n")))
	put(unreadable, pkg(artifact.Terraform, "acme/climber/aws", "1.0.0"), "climber.zip", zipped("../../main.tf", []byte("# outside\n")))
	put("published", pkg(artifact.Generic, "beside", "1.0"), "file.txt", []byte("a good neighbour"))
	brokenImages(t, from, want)

	rules := mapping.Defaults()
	for i := range rules {
		rules[i].Repack = rules[i].Match.Format[0] == string(artifact.Terraform)
	}
	to := startStandin(t, "gitlab", "--mode", "limit.pypi=0", "--mode", "limit.nuget=0")
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop := watchHeap(&peak)
	got := arrivals(t, ferry(t, from, to, rules...))
	stop()
	if grew := peak.Load() - min(peak.Load(), before.HeapInuse); grew > maxHeap {
		t.Errorf("the heap grew by %d MiB, more than %d", grew>>20, maxHeap>>20)
	}
	for purl, outcome := range want {
		r := got[purl]
		if is := strings.TrimSpace(fmt.Sprintf("%s %s", r.Outcome, r.Reason)); is != outcome {
			t.Errorf("%s: %s (%s), want %s", purl, is, r.Error, outcome)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d packages ended, %d were listed", len(got), len(want))
	}
	for _, line := range to.dump(t) {
		if line.Format == string(artifact.Container) {
			continue // blobs of an image that broke off may lie there until GitLab collects them
		}
		if !strings.Contains(strings.ToLower(line.Package), "good") && line.Package != "beside" {
			t.Errorf("%s %s %s was stored", line.Format, line.Package, line.File)
		}
	}
}

// brokenImages puts a good image beside one without a layer, and one whose manifest has other bytes than its digest says.
func brokenImages(t *testing.T, from *shelf.Shelf, want map[string]string) {
	t.Helper()
	for name, outcome := range map[string]string{
		"good": "published", "lost": "failed source-missing", "forged": "failed source-digest-mismatch", "text": "failed package-unreadable",
	} {
		image, err := random.Image(1<<10, 3)
		if err != nil {
			t.Fatal(err)
		}
		if err := from.PutImage(name, "v1", image); err != nil {
			t.Fatal(err)
		}
		want["pkg:oci/"+name+"@v1"] = outcome
		switch name {
		case "lost":
			from.Lose(name, "blobs/"+layerOf(t, image).String())
		case "forged":
			digest, err := image.Digest()
			if err != nil {
				t.Fatal(err)
			}
			body, err := image.RawManifest()
			if err != nil {
				t.Fatal(err)
			}
			from.Spoil(name, "manifests/"+digest.String(), bytes.ToUpper(body))
		}
	}
	p := artifact.Package{Repository: "images", Format: artifact.Container, Name: "text", Version: "v2"}
	body := []byte("neither an image nor an index")
	digest := "sha256:" + artifact.DigestsOf(string(body)).SHA256
	from.Spoil("text", "manifests/"+digest, body)
	p.Files = []artifact.File{artifact.ImageManifest(digest, int64(len(body)), "text")}
	from.List(p)
	want["pkg:oci/text@v1"], want["pkg:oci/text@v2"] = "published", "failed package-unreadable"
}

func layerOf(t *testing.T, image v1.Image) v1.Hash {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[1].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func nuspec(id, version string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>`+
		`<id>%s</id><version>%s</version><authors>someone</authors><description>a test</description></metadata></package>`, id, version)
}

// zipped is an archive of one entry, stored as it is, with its size before it: GitLab can not read others from the front.
func zipped(name string, content []byte) []byte {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	size := uint64(len(content))
	w, _ := archive.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(content), CompressedSize64: size, UncompressedSize64: size,
	})
	_, _ = w.Write(content)
	_ = archive.Close()
	return out.Bytes()
}

func tarred(name string, content []byte) []byte {
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	archive := tar.NewWriter(packed)
	_ = archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
	_, _ = archive.Write(content)
	_ = archive.Close()
	_ = packed.Close()
	return out.Bytes()
}

// bomb is a zip archive of 1 MiB with one entry that says it has a kilobyte and unpacks to 1 GiB.
func bomb(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	w, err := archive.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, UncompressedSize64: 1 << 10, CompressedSize64: 0, Flags: 8})
	if err != nil {
		t.Fatal(err)
	}
	deflated, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for range 1 << 10 {
		if _, err := deflated.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := deflated.Close(); err != nil {
		t.Fatal(err)
	}
	_ = archive.Close()
	return out.Bytes()
}
