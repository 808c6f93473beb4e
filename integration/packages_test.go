//go:build integration

package integration

// What the formats' grammar reads in real packages: every file that install.sh fetched is what the lists say it is.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
)

// listed is a list of realserver/testdata, line by line.
func listed(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("realserver", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// same fails the test unless got has every element of want and nothing else.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	got = slices.Compact(got)
	for _, one := range want {
		if !slices.Contains(got, one) {
			t.Errorf("%s: %s is missing", what, one)
		}
	}
	for _, one := range got {
		if !slices.Contains(want, one) {
			t.Errorf("%s: %s is on no list", what, one)
		}
	}
}

// eachFile reads every real file of a format.
func eachFile(t *testing.T, format string, read func(file string, content []byte)) {
	t.Helper()
	for _, file := range realserver.Files(t, format) {
		read(file, cached(t, "packages", format, filepath.FromSlash(file)))
	}
}

func TestRealNPMPackages(t *testing.T) {
	var got []string
	large := 0
	eachFile(t, "npm", func(file string, content []byte) {
		m, err := artifact.ReadNPMManifest(bytes.NewReader(content))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		got = append(got, m.Name+"@"+m.Version)
		if text, err := json.Marshal(m.Fields); err != nil {
			t.Errorf("%s: %v", file, err)
		} else if len(text) > 20_000 {
			large++
		}
	})
	same(t, "npm", got, listed(t, "npm.txt"))
	if large < 3 {
		t.Errorf("only %d packages have a manifest that GitLab finds too long", large)
	}
}

func TestRealPyPIPackages(t *testing.T) {
	var got []string
	without := 0
	eachFile(t, "pypi", func(file string, content []byte) {
		release := path.Dir(file)
		got = append(got, release)
		wantName, wantVersion, _ := strings.Cut(release, "==")
		check := func(what, name, version string) {
			is, ok := artifact.PyPIVersion(version)
			want, _ := artifact.PyPIVersion(wantVersion)
			if artifact.PyPIName(name) != artifact.PyPIName(wantName) || !ok || is != want {
				t.Errorf("%s: the %s says %q %q", file, what, name, version)
			}
		}
		name, version, ok := artifact.ParsePyPIFile(path.Base(file))
		if !ok {
			t.Errorf("%s: no file name of a package", file)
			return
		}
		check("file name", name, version)
		m, ok, err := artifact.ReadPyPIMetadata(path.Base(file), bytes.NewReader(content), int64(len(content)))
		switch {
		case err != nil:
			t.Errorf("%s: %v", file, err)
		case ok:
			check("metadata", m.Name, m.Version)
		default:
			without++
			if path.Ext(file) != ".exe" {
				t.Errorf("%s: no metadata", file)
			}
		}
	})
	same(t, "pypi", got, listed(t, "pypi.txt"))
	if without == 0 {
		t.Error("every file has metadata, installers too")
	}
}

func TestRealMavenPackages(t *testing.T) {
	var got []string
	for _, file := range realserver.Files(t, "maven") {
		f, ok := artifact.ParseMavenPath(file)
		if !ok {
			t.Errorf("%s: no path of Maven's layout", file)
		}
		got = append(got, f.Name+":"+f.Version)
	}
	var want []string
	for _, line := range listed(t, "maven.txt") {
		part := strings.Split(line, ":")
		want = append(want, strings.Join(part[:3], ":"))
	}
	same(t, "maven", got, slices.Compact(want))
}

func TestRealNuGetPackages(t *testing.T) {
	eachFile(t, "nuget", func(file string, content []byte) {
		spec, err := artifact.ReadNuSpec(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		version, ok := artifact.NuGetVersion(spec.Version)
		stem := strings.TrimSuffix(strings.ToLower(file), path.Ext(file))
		if !ok || stem != artifact.NuGetID(spec.ID)+"."+version {
			t.Errorf("%s: the .nuspec says %q %q", file, spec.ID, spec.Version)
		}
		if artifact.NuGetSymbols(file) != (path.Ext(file) == ".snupkg") {
			t.Errorf("%s: taken for another kind", file)
		}
	})
	if n := len(realserver.Files(t, "nuget")); n < 20 {
		t.Errorf("only %d packages", n)
	}
}

func TestRealHelmPackages(t *testing.T) {
	var got, want []string
	eachFile(t, "helm", func(file string, content []byte) {
		if artifact.HelmProvenance(file) {
			return
		}
		chart, err := artifact.ReadChart(bytes.NewReader(content))
		if err != nil || artifact.HelmFile(chart.Name, chart.Version) != file {
			t.Errorf("%s: it holds %v, %v", file, chart, err)
		}
		got = append(got, file)
	})
	for _, line := range listed(t, "helm.txt") {
		if path.Ext(line) == ".tgz" {
			want = append(want, path.Base(line))
		}
	}
	for _, file := range want {
		if !slices.Contains(got, file) {
			t.Errorf("helm: %s is missing", file)
		}
	}
	if len(got) <= len(want) {
		t.Errorf("helm packaged no chart: %v", got)
	}
}

// The .tgz that a zip is repacked as holds the same files as the one that tar made.
func TestRealTerraformPackages(t *testing.T) {
	files := realserver.Files(t, "terraform")
	if len(files) != 2*len(listed(t, "terraform.txt")) {
		t.Errorf("want a .tgz and a .zip of each line of the list, got %v", files)
	}
	for _, file := range files {
		stem, zipped := strings.CutSuffix(file, ".zip")
		if !zipped {
			continue
		}
		content := cached(t, "packages", "terraform", file)
		var repacked bytes.Buffer
		if err := artifact.RepackTerraform(bytes.NewReader(content), int64(len(content)), &repacked); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got, want := untar(t, repacked.Bytes()), untar(t, cached(t, "packages", "terraform", stem+".tgz"))
		if len(want) == 0 || len(got) != len(want) {
			t.Errorf("%s: %d files became %d", file, len(want), len(got))
		}
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%s: other bytes in %s", file, name)
			}
		}
	}
}

// untar is the content of each regular file in a .tgz.
func untar(t *testing.T, content []byte) map[string]string {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			files[path.Clean(header.Name)] = string(text)
		}
	}
}

func TestThereAreManyRealPackages(t *testing.T) {
	maven := map[string]bool{}
	for _, line := range listed(t, "maven.txt") {
		maven[strings.Join(strings.Split(line, ":")[:3], ":")] = true
	}
	if n := len(listed(t, "npm.txt")) + len(listed(t, "pypi.txt")) + len(maven); n < 300 {
		t.Errorf("the lists of npm, PyPI and Maven have only %d packages", n)
	}
}
