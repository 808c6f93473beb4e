package scan_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/scan"
)

const group = "acme/artifact-management/"

// ids are those of the projects.
var ids = map[string]int64{
	group + "node-packages": 42, group + "node-legacy": 43, group + "java-packages": 44, group + "java-snapshots": 45, group + "python-packages": 46,
	group + "nuget-packages": 47, group + "helm-charts": 48, group + "generic-packages": 49, group + "docker-images": 50, group + "terraform-modules": 51,
}

// copied is a package that has arrived: "SOURCE REPOSITORY FORMAT NAME VERSION FILE PROJECT [NAME THERE]". A file's text is its path.
var copied = []string{
	"art npm-local npm @acme/ui 1.2.0 @acme/ui-1.2.0.tgz node-packages",
	"art npm-local npm left-pad 1.3.0 left-pad-1.3.0.tgz node-packages",
	"art npm-split npm @acme/old 0.9.0 @acme/old-0.9.0.tgz node-legacy",
	"art npm-split npm @acme/new 2.0.0 @acme/new-2.0.0.tgz node-packages",
	"art libs-release-local maven com.acme:lib 1.0 lib-1.0.jar java-packages",
	"art libs-all-local maven com.acme:one 1.0 one-1.0.jar java-packages",
	"art libs-all-local maven com.acme:two 1.0-SNAPSHOT two-1.0-20240501.101112-3.jar java-snapshots",
	"art pypi-local pypi Acme_Tools 1.0 acme_tools-1.0.tar.gz python-packages",
	"art nuget-local nuget Acme.Lib 1.0.0 Acme.Lib.1.0.0.nupkg nuget-packages",
	"art helm-local helm web 1.10.0 web-1.10.0.tgz helm-charts",
	"art tools-local generic cli 1.2.0 linux/cli.tgz generic-packages",
	"art tools-local generic tools-local 0.0.0 setup/install.sh generic-packages",
	"art docker-local container app 1.0 " + manifest + " docker-images",
	"art docker-local container team/base/java 17 manifests/sha256:" + ones + " docker-images team/base-java",
	"art docker-local container split 1.0 " + manifest + " docker-images split",
	"art docker-local container split 2.0 " + manifest + " docker-images split-two",
	"art tools-local generic multi 1.0 a.tgz generic-packages multi",
	"art tools-local generic multi 2.0 a.tgz generic-packages multi-new",
	"art tools-local generic odd 1.0 a#b?c%d.tgz generic-packages odd",
	"art tf-local terraform acme/vpc/aws 1.0.0 vpc-aws-1.0.0.zip terraform-modules vpc/aws",
	"nxs maven-releases maven com.acme:core 2.1 core-2.1.jar java-packages",
	"nxs npm-hosted npm @acme/ui 1.2.0 @acme/ui-1.2.0.tgz node-packages",
	"nxs raw-hosted generic raw-hosted 0.0.0 docs/index.html generic-packages",
	"nxs docker-hosted container web/shop 3.2 manifests/sha256:" + ones + " docker-images",
	"hub app container acme/app 2.0 " + manifest + " docker-images app",
	"hub base container acme/base latest " + manifest + " docker-images base",
	"npm - npm @acme/cli 0.3.0 @acme/cli-0.3.0.tgz node-packages",
}

const (
	ones     = "1111111111111111111111111111111111111111111111111111111111111111"
	manifest = "manifests/sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// world is a scanner of a migration from four registries.
func world(t testing.TB, tune ...func(*scan.Options)) *scan.Scanner {
	t.Helper()
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	bySource := map[string][]checkpoint.Entry{}
	for _, line := range copied {
		e := entry(strings.Fields(line))
		bySource[e.Package.Source] = append(bySource[e.Package.Source], e)
	}
	late := entry(strings.Fields("art npm-local npm @acme/late 1.0.0 @acme/late-1.0.0.tgz node-packages"))
	bySource["art"] = append(bySource["art"], late)
	for source, entries := range bySource {
		if err := store.List(t.Context(), source, checkpoint.Batch{Entries: entries, To: checkpoint.Listing{Cursor: "end", Complete: true}}); err != nil {
			t.Fatal(err)
		}
	}
	for r, err := range store.Records(t.Context(), checkpoint.Filter{Unsettled: true}) {
		if err == nil && r.Package.Name != late.Package.Name {
			err = store.Settle(t.Context(), r, checkpoint.Settlement{Outcome: artifact.Published, Proof: artifact.Server})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	o := scan.Options{
		Registries: []scan.Registry{
			{Source: "art", Type: "artifactory", URL: parse(t, "https://acme.example/artifactory")},
			{Source: "nxs", Type: "nexus", URL: parse(t, "https://nexus.example.test:8443/")},
			{Source: "hub", Type: "dockerhub", Namespace: "acme"},
			{Source: "npm", Type: "npmjs", URL: parse(t, "https://npm.example.test/"), Scopes: []string{"@acme"}},
		},
		Target: scan.Target{URL: parse(t, "https://gitlab.example.com"), Group: 7, Project: ids, Registry: "registry.gitlab.example.com"},
		Copies: store,
	}
	for _, one := range tune {
		one(&o)
	}
	s, err := scan.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func entry(words []string) checkpoint.Entry {
	repository := strings.TrimPrefix(words[1], "-")
	format := artifact.Format(words[2])
	f := artifact.File{Path: words[5], Size: int64(len(words[5])), Digests: artifact.DigestsOf(words[5])}
	name := words[3]
	if len(words) > 7 {
		name = words[7]
	}
	return checkpoint.Entry{
		Package:     artifact.Package{Source: words[0], Repository: repository, Format: format, Name: words[3], Version: words[4], Files: []artifact.File{f}},
		Destination: artifact.Destination{Project: group + words[6], Format: format, Name: name, Version: words[4]},
	}
}
