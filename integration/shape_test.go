//go:build integration

package integration

// The requests that publish a package, beside those of the ecosystem's own client for the same files: equal field by
// field, but for the differences that stand here with their reasons.

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
)

// differences are fields whose absence or other value is meant: a field, or all that begin with it when it ends in *, and why.
type differences map[string]string

// our differences of every format.
var credentials = differences{
	"header Private-Token": "pkgferry sends GitLab's own header, which all of GitLab's routes take",
	"header Authorization": "the client knows GitLab's token as a password or a bearer token only",
}

// compare tells where two clients' requests differ beyond what is meant, and what is meant and does not differ.
func compareShapes(t *testing.T, theirs, ours []shape, meant ...differences) {
	t.Helper()
	if len(theirs) != len(ours) {
		t.Fatalf("the client sends %d requests, pkgferry %d:\n%v\n%v", len(theirs), len(ours), theirs, ours)
	}
	all, used := differences{}, map[string]bool{}
	for _, one := range meant {
		maps.Copy(all, one)
	}
	for i := range theirs {
		fields := map[string]bool{}
		for field := range theirs[i] {
			fields[field] = true
		}
		for field := range ours[i] {
			fields[field] = true
		}
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			a, b := theirs[i][field], ours[i][field]
			if a == b {
				continue
			}
			if reason := all.covers(field); reason != "" {
				used[reason] = true
				continue
			}
			t.Errorf("%s %s: %s is %q from the client, %q from pkgferry", theirs[i]["method"], theirs[i]["path"], field, a, b)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(all)) {
		if !used[field] {
			t.Errorf("%s is listed as a difference (%s) and does not differ", field, all[field])
		}
	}
}

// covers finds the listed difference that a field belongs to; "" when there is none.
func (d differences) covers(field string) string {
	for _, listed := range slices.Sorted(maps.Keys(d)) {
		prefix, open := strings.CutSuffix(listed, "*")
		if field == listed || open && strings.HasPrefix(field, prefix) {
			return listed
		}
	}
	return ""
}

// ferried are the requests with which pkgferry publishes one package to a stand-in of its own.
func ferried(t *testing.T, p artifact.Package, files ...string) []shape {
	t.Helper()
	from, content := shelf.New(), map[string]shelf.Bytes{}
	for _, file := range files {
		content[filepath.Base(file)] = shelf.Disk(file)
	}
	if err := from.Put(p, content); err != nil {
		t.Fatal(err)
	}
	to := startStandin(t, "gitlab")
	recorder := record(t, to.URL)
	to.URL = recorder.url
	for purl, r := range arrivals(t, ferry(t, from, to)) {
		if r.Outcome != artifact.Published {
			t.Fatalf("%s: %s %s %s", purl, r.Outcome, r.Reason, r.Error)
		}
	}
	return publishing(recorder)
}

// publishing leaves out what is asked by POST and changes nothing.
func publishing(r *recorder) []shape {
	return slices.DeleteFunc(r.taken(), func(s shape) bool { return strings.HasSuffix(s["path"], "/graphql") })
}

// client is a stand-in behind a recorder, for one of the ecosystems' own clients.
func client(t *testing.T, project string) (r *recorder, base, token string) {
	t.Helper()
	to := startStandin(t, "gitlab")
	r = record(t, to.URL)
	to.URL = r.url
	return r, to.projectURL(t, to.Group+"/"+project), to.Token
}

func TestShapeOfNPMPublish(t *testing.T) {
	tarball := realserver.Cache(t, "npm", "is-odd-3.0.1.tgz")
	recorder, base, token := client(t, "node-packages")
	realserver.NewNPM(t, base+"/npm", token).Run(t, "publish", tarball)
	p := artifact.Package{Repository: "r", Format: artifact.NPM, Name: "is-odd", Version: "3.0.1"}
	meant := differences{
		"header Npm-*":       "npm says which command runs; GitLab looks at it for deprecations alone",
		"member access":      "GitLab does not read it: the project's visibility decides",
		"member description": "GitLab does not keep it",
	}
	for _, member := range []string{
		"_from", "_id", "_integrity", "_nodeVersion", "_npmVersion", "_resolved", "author *", "bugs *", "contributors", "description",
		"dist integrity", "files", "homepage", "keywords", "license", "main", "readme", "readmeFilename", "repository *", "verb *",
	} {
		meant["member versions 3.0.1 "+member] = "GitLab serves nothing of it, and takes no version object of 20,000 characters"
	}
	compareShapes(t, publishing(recorder), ferried(t, p, tarball), credentials, meant)
}

func TestShapeOfMavenDeploy(t *testing.T) {
	jar, pom := realserver.Cache(t, "jars", "hamcrest-core-1.3.jar"), realserver.Cache(t, "jars", "hamcrest-core-1.3.pom")
	recorder, base, token := client(t, "java-packages")
	realserver.NewMaven(t, base+"/maven", realserver.Login{Header: "Private-Token", Value: token}).Deploy(t, realserver.Artifact{File: jar, POM: pom})
	theirs := slices.DeleteFunc(publishing(recorder), func(s shape) bool {
		// Checksums, which GitLab computes itself, and the index, which is a package of its own.
		return strings.HasSuffix(s["path"], ".sha1") || strings.HasSuffix(s["path"], ".md5") || strings.Contains(s["path"], "maven-metadata.xml")
	})
	p := artifact.Package{Repository: "r", Format: artifact.Maven, Name: "org.hamcrest:hamcrest-core", Version: "1.3"}
	compareShapes(t, byPath(theirs), byPath(ferried(t, p, jar, pom)))
}

// byPath is an order for clients that send files in their own.
func byPath(shapes []shape) []shape {
	slices.SortStableFunc(shapes, func(a, b shape) int { return strings.Compare(a["path"], b["path"]) })
	return shapes
}

func TestShapeOfTwineUpload(t *testing.T) {
	meant := differences{
		"field description": "GitLab keeps 4,000 characters; pkgferry says by three dots that it cut the rest off",
		"field md5_digest":  "GitLab stores the claim and compares nothing with it; the SHA-256 is the file's address",
	}
	for _, field := range []string{
		"author", "blake2_256_digest", "classifiers*", "filetype", "home_page", "license", "maintainer", "maintainer_email", "platform",
		"project_urls*", "provides_extra*", "pyversion", "requires_dist*",
	} {
		meant["field "+field] = "GitLab's route declares no such parameter, and reads it nowhere (lib/api/pypi_packages.rb)"
	}
	var theirs, ours []shape
	for name, files := range pypiSamples(t) {
		recorder, base, token := client(t, "python-packages")
		if out, err := realserver.Twine(t, base+"/pypi", "someone", token, files...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		theirs = append(theirs, publishing(recorder)...)
		project, version, _ := strings.Cut(name, "==")
		p := artifact.Package{Repository: "r", Format: artifact.PyPI, Name: project, Version: version}
		ours = append(ours, ferried(t, p, files...)...)
	}
	compareShapes(t, byFile(theirs), byFile(ours), credentials, meant)
}

func byFile(shapes []shape) []shape {
	slices.SortStableFunc(shapes, func(a, b shape) int { return strings.Compare(a["file name of content"], b["file name of content"]) })
	return shapes
}

// pypiSamples are the files of a few real versions: a wheel and an sdist each.
func pypiSamples(t *testing.T) map[string][]string {
	t.Helper()
	samples := map[string][]string{}
	for _, name := range []string{"html5lib==1.1", "python-dateutil==2.8.2"} {
		dir := realserver.Cache(t, "packages", "pypi", name)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			samples[name] = append(samples[name], filepath.Join(dir, entry.Name()))
		}
	}
	return samples
}
