package integration

// What a published package costs GitLab: requests, counted by the stand-in while thousands of small packages go into an
// empty group.

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
)

// perName is how many versions each name of a stock has.
const perName = 10

// stock is a shelf with n small packages of one format. Images share their base layer.
func stock(t testing.TB, format artifact.Format, n int) *shelf.Shelf {
	t.Helper()
	from := shelf.New()
	if format == artifact.Container {
		stockImages(t, from, n)
		return from
	}
	for i := range n {
		name, version := fmt.Sprintf("pkg-%d", i/perName), fmt.Sprintf("1.%d.0", i%perName)
		p := artifact.Package{Repository: "stock", Format: format, Name: name, Version: version}
		files := smallest(&p)
		content := make(map[string]shelf.Bytes, len(files))
		for path, bytes := range files {
			content[path] = shelf.Text(bytes)
		}
		if err := from.Put(p, content); err != nil {
			t.Fatal(err)
		}
		if format == artifact.NPM && i%perName == perName-1 {
			index := artifact.Package{Repository: "stock", Format: format, Name: name}
			tag := map[string]shelf.Bytes{artifact.NPMTag("latest", version).Path: shelf.Text([]byte(version))}
			if err := from.Put(index, tag); err != nil {
				t.Fatal(err)
			}
		}
	}
	return from
}

// smallest are the files of the smallest package that GitLab takes under p's name, which it may set.
func smallest(p *artifact.Package) map[string][]byte {
	name, version := p.Name, p.Version
	switch p.Format {
	case artifact.Maven:
		p.Name = "com.acme:" + name
		stem := name + "-" + version
		return map[string][]byte{stem + ".jar": []byte(stem), stem + ".pom": []byte("<project/>")}
	case artifact.NPM:
		manifest := fmt.Sprintf(`{"name":%q,"version":%q}`, name, version)
		return map[string][]byte{artifact.NPMTarball(name, version): tarred("package/package.json", []byte(manifest))}
	case artifact.PyPI:
		stem := strings.ReplaceAll(name, "-", "_") + "-" + version
		metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)
		return map[string][]byte{stem + "-py3-none-any.whl": zipped(stem+".dist-info/METADATA", []byte(metadata))}
	case artifact.NuGet:
		return map[string][]byte{name + "." + version + ".nupkg": zipped(name+".nuspec", []byte(nuspec(name, version)))}
	case artifact.Helm:
		chart := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version)
		return map[string][]byte{artifact.HelmFile(name, version): tarred(name+"/Chart.yaml", []byte(chart))}
	case artifact.Terraform:
		p.Name = "acme/" + name + "/aws"
		return map[string][]byte{"module.tgz": tarred("main.tf", []byte("# "+name+" "+version+"\n"))}
	case artifact.Generic, artifact.Container:
	}
	return map[string][]byte{"file.txt": []byte(name + " " + version)}
}

func stockImages(t testing.TB, from *shelf.Shelf, n int) {
	t.Helper()
	base, err := random.Layer(64<<10, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		own, err := random.Layer(1<<10, types.OCILayer)
		if err != nil {
			t.Fatal(err)
		}
		image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), base, own)
		if err == nil {
			err = from.PutImage(fmt.Sprintf("app-%d", i/perName), fmt.Sprintf("1.%d.0", i%perName), image)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// copied migrates a stock into an empty group and returns how often each route was asked for it, and how often each file
// was written.
func copied(t testing.TB, format artifact.Format, n int, modes ...string) (requests, writes map[string]int) {
	t.Helper()
	args := make([]string, 0, 2*len(modes))
	for _, mode := range modes {
		args = append(args, "--mode", mode)
	}
	from, to := stock(t, format, n), startStandin(t, "gitlab", args...)
	for purl, r := range arrivals(t, ferry(t, from, to)) {
		if r.Outcome != artifact.Published && !r.Package.Index() { // a tag is often where it belongs already
			t.Fatalf("%s: %s %s %s", purl, r.Outcome, r.Reason, r.Error)
		}
	}
	counts := to.stats(t)
	return counts.Requests, counts.Writes
}

// BenchmarkRequests prints the requests per package, by route, of 5,000 packages of each format.
func BenchmarkRequests(b *testing.B) {
	const packages = 5000
	for _, format := range artifact.Formats() {
		b.Run(string(format), func(b *testing.B) {
			for range b.N {
				requests, writes := copied(b, format, packages)
				for _, route := range slices.Sorted(maps.Keys(requests)) {
					b.ReportMetric(float64(requests[route])/packages, strings.ReplaceAll(route, " ", "_")+"/package")
				}
				sum := 0
				for _, n := range writes {
					sum += n
				}
				b.ReportMetric(float64(sum)/float64(len(writes)), "writes/file")
			}
		})
	}
}

// A package costs what its format must: one write per file, no probe for what the listing shows as absent, and the proof.
// What does not grow with the packages is the same for all formats: both checks, the projects, the first listing, and the
// looks at what GitLab does in the background.
func TestRequestsOfAPackage(t *testing.T) {
	const packages, fixed = 100, 60
	for _, c := range []struct {
		format artifact.Format
		each   float64 // requests
		mode   string
	}{
		{artifact.Maven, 2 + 2, "npm=async"},     // two files; a look for the new row and its digests, less where workers share it
		{artifact.NPM, 1 + 0.3, "npm=async"},     // a tag of each name, and a look at the name
		{artifact.NPM, 1 + 1 + 0.3, "npm=sync"},  // and where GitLab stores at once, a look at each
		{artifact.PyPI, 1 + 0.5, "npm=async"},    // the index of each name, again when more of it was sent
		{artifact.NuGet, 1 + 0.1, "nuget=sync"},  // bulk lists
		{artifact.NuGet, 1 + 0.1, "nuget=async"}, // bulk lists
		{artifact.Terraform, 1 + 2, "npm=async"}, // a look for the new row and its digest
		{artifact.Helm, 1 + 0.2, "npm=async"},    // bulk lists
		{artifact.Generic, 1, "npm=async"},       // GitLab's answer is the proof
	} {
		t.Run(fmt.Sprintf("%s %s", c.format, c.mode), func(t *testing.T) {
			requests, writes := copied(t, c.format, packages, c.mode)
			sum := 0
			for _, n := range requests {
				sum += n
			}
			if most := fixed + int(c.each*packages); sum > most {
				t.Errorf("%d packages cost %d requests, more than %d: %v", packages, sum, most, requests)
			}
			for file, n := range writes {
				if n != 1 {
					t.Errorf("%s was written %d times", file, n)
				}
			}
		})
	}
}

// An image costs the protocol's minimum: a look for each blob or a mount of it, its upload, and one manifest.
func TestRequestsOfAnImage(t *testing.T) {
	const images, fixed = 100, 60
	requests, writes := copied(t, artifact.Container, images)
	t.Log(requests)
	uploads, manifests := requests["PUT registry upload"], requests["PUT registry manifest"]
	// Each image has a layer and a configuration of its own; the base layer is sent once and mounted into the other repositories.
	if uploads != 2*images+1 || manifests != images {
		t.Errorf("%d blobs and %d manifests were sent: %v", uploads, manifests, requests)
	}
	for file, n := range writes {
		if n != 1 {
			t.Errorf("%s was written %d times", file, n)
		}
	}
	sum := 0
	for _, n := range requests {
		sum += n
	}
	if most := fixed + 11*images; sum > most {
		t.Errorf("%d images cost %d requests, more than %d: %v", images, sum, most, requests)
	}
}
