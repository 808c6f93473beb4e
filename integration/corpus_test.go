//go:build integration

package integration

// Real packages that nobody here wrote, of every format: what install.sh fetched goes to GitLab's stand-in, and every
// byte of it must be there.

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"

	"pkgferry/checkpoint"
	"pkgferry/integration/realserver"
	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/mapping"
	"pkgferry/sinks"
)

// unfit are the real packages that GitLab has no place for, with the reason that says so.
var unfit = map[string]artifact.Reason{
	// GitLab makes _ of the ! of an epoch, and no client would know the file again.
	"pkg:pypi/foursquare@1%212020.1.30": artifact.FileNameNotAllowed,
	"pkg:pypi/hodor@2%210":              artifact.FileNameNotAllowed,
	"pkg:pypi/isodatetime@1%212.0.0":    artifact.FileNameNotAllowed,
	"pkg:pypi/ohai@1%210":               artifact.FileNameNotAllowed,
	"pkg:pypi/psprint@1%211.3.4":        artifact.FileNameNotAllowed,
	// Charts of Helm's first days, without apiVersion.
	"pkg:helm/compressedchart-with-hyphens@0.1.0": artifact.TargetProcessingFailed,
	"pkg:helm/pre-release-chart@0.1.0-alpha":      artifact.TargetProcessingFailed,
	// Their charts arrive, the signatures beside them can not.
	"pkg:helm/hashtest@1.2.3": artifact.FileUnsupported,
	"pkg:helm/signtest@0.1.0": artifact.FileUnsupported,
}

// corpus puts all that install.sh fetched on a shelf.
func corpus(t *testing.T) *shelf.Shelf {
	t.Helper()
	from := shelf.New()
	for format, put := range map[artifact.Format]func(*testing.T, string) (artifact.Package, string){
		artifact.NPM: npmFile, artifact.PyPI: pypiFile, artifact.Maven: mavenFile, artifact.NuGet: nugetFile,
		artifact.Helm: helmFile, artifact.Terraform: terraformFile,
	} {
		root := realserver.Cache(t, "packages", string(format))
		packages := map[string]artifact.Package{}
		files := map[string]map[string]shelf.Bytes{}
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			p, name := put(t, path)
			p.Repository, p.Format = "corpus", format
			at := p.Name + "\x00" + p.Version
			packages[at] = p
			if files[at] == nil {
				files[at] = map[string]shelf.Bytes{}
			}
			files[at][name] = shelf.Disk(path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for at, p := range packages {
			if err := from.Put(p, files[at]); err != nil {
				t.Fatal(err)
			}
		}
		if format == artifact.NPM {
			putLatest(t, from, packages)
		}
	}
	return from
}

// putLatest adds the index of each npm name: its tag latest.
func putLatest(t *testing.T, from *shelf.Shelf, packages map[string]artifact.Package) {
	t.Helper()
	latest := map[string]*semver.Version{}
	for _, p := range packages {
		version := semver.MustParse(p.Version)
		if newest := latest[p.Name]; newest == nil || newest.LessThan(version) {
			latest[p.Name] = version
		}
	}
	for name, version := range latest {
		index := artifact.Package{Repository: "corpus", Format: artifact.NPM, Name: name}
		tag := artifact.NPMTag("latest", version.Original())
		if err := from.Put(index, map[string]shelf.Bytes{tag.Path: shelf.Text([]byte(version.Original()))}); err != nil {
			t.Fatal(err)
		}
	}
}

func npmFile(t *testing.T, path string) (artifact.Package, string) {
	t.Helper()
	file := open(t, path)
	manifest, err := artifact.ReadNPMManifest(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return artifact.Package{Name: manifest.Name, Version: manifest.Version}, filepath.Base(path)
}

// pypiFile: a directory is called name==version.
func pypiFile(_ *testing.T, path string) (artifact.Package, string) {
	name, version, _ := strings.Cut(filepath.Base(filepath.Dir(path)), "==")
	return artifact.Package{Name: name, Version: version}, filepath.Base(path)
}

// mavenFile: a directory is group/artifact/version.
func mavenFile(t *testing.T, path string) (artifact.Package, string) {
	t.Helper()
	relative, err := filepath.Rel(realserver.Cache(t, "packages", "maven"), path)
	if err != nil {
		t.Fatal(err)
	}
	segments := strings.Split(filepath.ToSlash(relative), "/")
	n := len(segments)
	group := strings.Join(segments[:n-3], ".")
	return artifact.Package{Name: group + ":" + segments[n-3], Version: segments[n-2]}, segments[n-1]
}

func nugetFile(t *testing.T, path string) (artifact.Package, string) {
	t.Helper()
	file := open(t, path)
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := artifact.ReadNuSpec(file, info.Size())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return artifact.Package{Name: spec.ID, Version: spec.Version}, filepath.Base(path)
}

func helmFile(t *testing.T, path string) (artifact.Package, string) {
	t.Helper()
	chart, err := artifact.ReadChart(open(t, strings.TrimSuffix(path, ".prov")))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return artifact.Package{Name: chart.Name, Version: chart.Version}, filepath.Base(path)
}

// terraformFile: a .zip is what another source would hold under a version of its own, a later one.
func terraformFile(_ *testing.T, path string) (artifact.Package, string) {
	file := filepath.Base(path)
	name, _, _ := strings.Cut(file, "-"+moduleSystem+"-")
	version := moduleVersion
	if filepath.Ext(file) == ".zip" {
		version += "0"
	}
	return artifact.Package{Name: "acme/" + name + "/" + moduleSystem, Version: version}, file
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func TestRealPackages(t *testing.T) {
	from, to := corpus(t), startStandin(t, "gitlab", "--mode", "settle=immediate")
	rules := mapping.Defaults()
	for i := range rules {
		rules[i].Repack = slices.Contains(rules[i].Match.Format, string(artifact.Terraform))
	}
	o := ferry(t, from, to, rules...)
	found, formats := arrivals(t, o), map[artifact.Format]int{}
	stored := map[string]bool{}
	for _, line := range to.dump(t) {
		stored[line.SHA256] = true
	}
	for purl, r := range found {
		formats[r.Package.Format]++
		if r.Package.Index() && r.Outcome == artifact.Present {
			continue // GitLab points latest at what was published last
		}
		if r.Outcome != artifact.Published {
			if r.Reason == "" || unfit[purl] != r.Reason {
				t.Errorf("%s: %s %s: %s", purl, r.Outcome, r.Reason, r.Error)
			}
			continue
		}
		for _, f := range r.Package.Files {
			if r.Package.Index() {
				break // a tag is no file
			}
			digest := f.Digests.SHA256
			if r.Reason == artifact.Repacked {
				digest = r.Arrivals[f.Path].Ours.SHA256
			}
			if !stored[digest] {
				t.Errorf("%s is published, and GitLab holds no file with the bytes of %s", purl, f.Path)
			}
		}
	}
	t.Logf("%d real packages: %v", len(found), formats)
	if len(found) < 300 {
		t.Errorf("only %d packages were there", len(found))
	}
	for purl := range unfit {
		if _, ok := found[purl]; !ok {
			t.Errorf("%s is not among the packages", purl)
		}
	}
	readBackAll(t, from, to, rules)
	clientsRead(t, to)
}

// readBackAll verifies from afresh: everything that fits is there, with bytes that were downloaded or that GitLab hashed.
func readBackAll(t *testing.T, from *shelf.Shelf, to *server, rules []mapping.Rule) {
	t.Helper()
	o := ferry(t, from, to, rules...)
	o.Sink = sinks.Verify(o.Sink, func(artifact.Destination, artifact.Package) bool { return true })
	nothing := func(context.Context, artifact.Package) (map[string]checkpoint.Arrival, error) { return nil, nil }
	same := 0
	err := engine.Verify(t.Context(), o, nothing, func(l engine.Line) {
		switch {
		case l.Sign == engine.Same && l.Proof >= artifact.ReadBack:
			same++
		case unfit[l.PURL] == "":
			t.Errorf("%s %s is proven by %q: %s", l.Sign, l.PURL, l.Proof, l.Detail)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages were read back or are hashed by GitLab", same)
}
